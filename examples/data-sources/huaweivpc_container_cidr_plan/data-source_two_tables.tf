# Servers in subnets under different route tables reach each other's containers if each of the tables has every route:
# a plan and a set of routes for each table.
locals {
  hosts = {
    ecs1 = { host_ip = "192.168.0.2", container_cidr = "10.0.2.0/24" }
    ecs3 = { host_ip = "192.168.1.2", container_cidr = "10.0.4.0/24" }
  }
}

data "huaweivpc_subnet" "of_hosts" {
  for_each = toset(["subnet-one", "subnet-two"])

  vpc_id = "0d4f1c6e-5a2b-4d7e-9c10-6f2b7a8e1c01"
  name   = each.value
}

data "huaweivpc_container_cidr_plan" "of_table" {
  for_each = toset([for subnet in data.huaweivpc_subnet.of_hosts : subnet.route_table_id])

  vpc_id         = "0d4f1c6e-5a2b-4d7e-9c10-6f2b7a8e1c01"
  route_table_id = each.value
  hosts          = local.hosts
}

resource "huaweivpc_container_routes" "of_table" {
  for_each = data.huaweivpc_container_cidr_plan.of_table

  route_table_id = each.key
  routes = {
    for host in each.value.plan : host.container_cidr => { ecs_id = host.ecs_id }
  }
}
