data "huaweivpc_vpc" "example" {
  name = "vpc-containers"
}

data "huaweivpc_container_cidr_plan" "example" {
  vpc_id = data.huaweivpc_vpc.example.id

  hosts = {
    ecs1 = { host_ip = "192.168.0.2", container_cidr = "10.0.2.0/24" }
    ecs2 = { host_ip = "192.168.0.3", container_cidr = "10.0.3.0/24" }
  }
}

data "huaweivpc_container_host_setup" "example" {
  for_each = data.huaweivpc_container_cidr_plan.example.plan

  container_cidr = each.value.container_cidr
  vpc_cidrs      = concat([data.huaweivpc_vpc.example.cidr], coalesce(data.huaweivpc_vpc.example.secondary_cidrs, []))

  # All servers get their ranges from here, so a new server changes nobody else's script.
  peer_cidrs = ["10.0.0.0/16"]
}

# For servers that are there already: as /etc/huaweivpc/host, to run with `apply`.
output "scripts" {
  value = { for name, setup in data.huaweivpc_container_host_setup.example : name => setup.script }
}

# For servers that are still to be made.
output "user_data" {
  value = { for name, setup in data.huaweivpc_container_host_setup.example : name => setup.user_data }
}
