data "huaweivpc_subnet" "example" {
  vpc_id = "0d4f1c6e-5a2b-4d7e-9c10-6f2b7a8e1c01"
  name   = "subnet-containers"
}

data "huaweivpc_ecs_hosts" "example" {
  subnet_id = data.huaweivpc_subnet.example.id
  tags      = { role = "container-host" }
}

# Which range each server hosts is written down: a server that comes or goes moves nobody else's.
variable "ranges" {
  type    = map(string)
  default = { ECS1 = "10.0.2.0/24", ECS2 = "10.0.3.0/24" }
}

data "huaweivpc_container_cidr_plan" "example" {
  vpc_id = data.huaweivpc_subnet.example.vpc_id

  hosts = {
    for name, host in data.huaweivpc_ecs_hosts.example.hosts :
    name => { ecs_id = host.ecs_id, container_cidr = var.ranges[name] }
  }
}

resource "huaweivpc_ecs_port_source_checks" "example" {
  vpc_id = data.huaweivpc_subnet.example.vpc_id
  hosts  = [for host in data.huaweivpc_ecs_hosts.example.hosts : host.host_ip]
}

# The routes are named after the ranges: one that moves to another server is changed in place, without a gap.
resource "huaweivpc_container_routes" "example" {
  vpc_id = data.huaweivpc_subnet.example.vpc_id
  routes = {
    for host in data.huaweivpc_container_cidr_plan.example.plan :
    host.container_cidr => { ecs_id = host.ecs_id }
  }

  depends_on = [huaweivpc_ecs_port_source_checks.example]
}
