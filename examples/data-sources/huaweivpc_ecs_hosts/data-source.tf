data "huaweivpc_subnet" "example" {
  vpc_id = "0d4f1c6e-5a2b-4d7e-9c10-6f2b7a8e1c01"
  name   = "subnet-containers"
}

data "huaweivpc_ecs_hosts" "example" {
  subnet_id = data.huaweivpc_subnet.example.id
  tags      = { role = "container-host" }
}

# Who has which range is written down, and stays. Null for a server that has none yet; write down what it gets.
locals {
  present = { host-1 = "10.0.2.0/24", host-2 = "10.0.3.0/24" }
  hosts   = { for name, host in data.huaweivpc_ecs_hosts.example.hosts : name => lookup(local.present, name, null) }
  ranges  = provider::huaweivpc::cidr_allocate("10.0.0.0/16", 24, local.hosts, [])
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
  # By range: when two servers exchange theirs, each route is changed in place.
  for_each = { for host in data.huaweivpc_container_cidr_plan.example.plan : host.container_cidr => host }

  route_table_id = each.value.route_table_id
  destination    = each.key
  ecs_id         = each.value.ecs_id
}
