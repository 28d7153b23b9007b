# The route table remembers who has which range: each range leads to its server.
data "huaweivpc_route_table" "example" {
  vpc_id = "0d4f1c6e-5a2b-4d7e-9c10-6f2b7a8e1c01"
}

data "huaweivpc_ecs_hosts" "example" {
  vpc_id = data.huaweivpc_route_table.example.vpc_id
  tags   = { role = "container-host" }
}

locals {
  pool   = "10.0.0.0/16"
  routes = data.huaweivpc_route_table.example.routes

  # Null for a server that has no range of the pool yet.
  present = {
    for name, host in data.huaweivpc_ecs_hosts.example.hosts : name => one([
      for route in local.routes : route.destination
      if route.nexthop == host.ecs_id && provider::huaweivpc::cidr_contains(local.pool, route.destination)
    ])
  }

  ranges = provider::huaweivpc::cidr_allocate(local.pool, 24, local.present, local.routes[*].destination)
}

resource "huaweivpc_container_route" "by_allocation" {
  for_each = { for name, range in local.ranges : range => name }

  route_table_id = data.huaweivpc_route_table.example.id
  destination    = each.key
  ecs_id         = data.huaweivpc_ecs_hosts.example.hosts[each.value].ecs_id
}
