variable "region" {
  description = "Region of the VPC, such as `ap-southeast-3`. Null: taken from HW_REGION_NAME."
  type        = string
  default     = null
}

variable "endpoints" {
  description = "Addresses of the services by name (iam, vpc, ecs), for a private cloud or the emulator. Null: the public cloud."
  type        = map(string)
  default     = null
}

variable "vpc_id" {
  description = "VPC in which the servers are."
  type        = string
}

variable "reserved_cidrs" {
  description = "Ranges that containers have to reach elsewhere: the office, peers, services."
  type        = list(string)
  nullable    = false
  default     = []
}

variable "hosts" {
  description = "Who hosts which containers: for each server its private IP address and the range of its containers."
  type = map(object({
    host_ip        = string
    container_cidr = string
  }))
  nullable = false
  default = {
    ecs1 = { host_ip = "192.168.0.2", container_cidr = "10.0.2.0/24" }
    ecs2 = { host_ip = "192.168.0.3", container_cidr = "10.0.3.0/24" }
  }

  # No cloud is needed to see these.
  validation {
    condition     = length(provider::huaweivpc::cidr_overlaps([for host in var.hosts : host.container_cidr])) == 0
    error_message = "The ranges of two hosts overlap: each server needs a range of its own."
  }

  validation {
    condition = alltrue([
      for host in var.hosts : provider::huaweivpc::cidr_contains("10.0.0.0/16", host.container_cidr)
    ])
    error_message = "Containers live in 10.0.0.0/16 here."
  }
}
