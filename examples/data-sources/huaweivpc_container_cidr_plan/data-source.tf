data "huaweivpc_container_cidr_plan" "example" {
  vpc_id = "0d4f1c6e-5a2b-4d7e-9c10-6f2b7a8e1c01"

  hosts = {
    ecs1 = { host_ip = "192.168.0.2", container_cidr = "10.0.2.0/24" }
    ecs2 = { host_ip = "192.168.0.3", container_cidr = "10.0.3.0/24", containers = 100 }
  }

  # The office network behind the VPN stays reachable.
  reserved_cidrs = ["172.20.0.0/16"]
}

output "gateways" {
  value = { for name, host in data.huaweivpc_container_cidr_plan.example.plan : name => host.gateway }
}

# What the resources of the same configuration are still to do, such as a route that is not there yet.
output "still_to_do" {
  value = [
    for finding in data.huaweivpc_container_cidr_plan.example.findings : finding.message
    if finding.resolved_by != ""
  ]
}
