# The guide's topology with nothing left to chance: what is wrong with the ranges is found where a module's user can
# read it best, in the variables, before anything is made, and after every apply once more.

provider "huaweivpc" {
  region    = var.region
  endpoints = var.endpoints
}

# What the cloud knows against the plan. With `report` nothing fails here, so that the precondition below can say it in
# the words of this module.
data "huaweivpc_container_cidr_plan" "this" {
  vpc_id         = var.vpc_id
  hosts          = var.hosts
  reserved_cidrs = var.reserved_cidrs
  on_error       = "report"
}

# All checks in one set: one call a server, and a few that read them all.
resource "huaweivpc_ecs_port_source_checks" "this" {
  vpc_id = var.vpc_id
  hosts  = [for host in var.hosts : host.host_ip]
}

# All routes in one set: one call, however many there are.
resource "huaweivpc_container_routes" "this" {
  vpc_id = var.vpc_id
  routes = {
    for name, host in var.hosts :
    host.container_cidr => { host_ip = host.host_ip, description = "Containers of ${name}" }
  }

  depends_on = [huaweivpc_ecs_port_source_checks.this]

  lifecycle {
    precondition {
      condition     = data.huaweivpc_container_cidr_plan.this.valid
      error_message = "These ranges do not work in this VPC:\n${join("\n", local.errors)}"
    }
  }
}

locals {
  errors = [
    for finding in data.huaweivpc_container_cidr_plan.this.findings : "${finding.message} ${finding.fix}"
    if finding.severity == "error"
  ]
}

# After every plan and apply: is what was built still there? A failed check warns and stops nothing.
check "containers_are_reachable" {
  data "huaweivpc_container_cidr_plan" "now" {
    vpc_id     = var.vpc_id
    hosts      = var.hosts
    on_error   = "report"
    depends_on = [huaweivpc_container_routes.this]
  }

  assert {
    condition     = data.huaweivpc_container_cidr_plan.now.valid
    error_message = "The plan does not hold any more: a finding is an error."
  }

  assert {
    # A server that is gone is not in `plan`.
    condition = length(data.huaweivpc_container_cidr_plan.now.plan) == length(var.hosts) && alltrue([
      for host in data.huaweivpc_container_cidr_plan.now.plan :
      host.route_exists && !host.source_check_enabled
    ])
    error_message = "A server is gone, has lost its route, or has its source/destination check on again."
  }
}
