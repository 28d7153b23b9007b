data "huaweivpc_subnet" "example" {
  vpc_id = "0d4f1c6e-5a2b-4d7e-9c10-6f2b7a8e1c01"
  name   = "subnet-containers"
}

data "huaweivpc_ecs_hosts" "example" {
  subnet_id = data.huaweivpc_subnet.example.id
  tags      = { role = "container-host" }
}

locals {
  ranges = provider::huaweivpc::cidr_allocate("10.0.0.0/16", 24, keys(data.huaweivpc_ecs_hosts.example.hosts), [])
}

data "huaweivpc_container_cidr_plan" "example" {
  vpc_id = data.huaweivpc_subnet.example.vpc_id

  hosts = {
    for name, host in data.huaweivpc_ecs_hosts.example.hosts :
    name => { ecs_id = host.ecs_id, container_cidr = local.ranges[name] }
  }
}

resource "huaweivpc_ecs_port_source_check" "example" {
  for_each = data.huaweivpc_ecs_hosts.example.hosts

  port_id = each.value.port_id
}

resource "huaweivpc_container_route" "example" {
  for_each = data.huaweivpc_container_cidr_plan.example.plan

  route_table_id = each.value.route_table_id
  destination    = each.value.container_cidr
  ecs_id         = each.value.ecs_id
}
