variable "container_cidrs" {
  type    = list(string)
  default = ["10.0.2.0/24", "10.0.3.0/24"]
}

output "container_cidrs" {
  value = var.container_cidrs

  precondition {
    condition     = length(provider::huaweivpc::cidr_overlaps(var.container_cidrs)) == 0
    error_message = "The container ranges of two hosts overlap."
  }
}

# [{ a = "10.0.2.0/23", b = "10.0.3.0/24" }]
output "overlaps" {
  value = provider::huaweivpc::cidr_overlaps(["10.0.2.0/23", "10.0.3.0/24", "10.0.4.0/24"])
}
