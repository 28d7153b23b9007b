# What a user of this module may write, and what is refused where. Wants a cloud with the guide's two servers, such as
# the emulator with examples/scenarios/guide.json.

run "one_range_for_two_servers_is_refused_in_the_variable" {
  command = plan

  variables {
    hosts = {
      ecs1 = { host_ip = "192.168.0.2", container_cidr = "10.0.2.0/23" }
      ecs2 = { host_ip = "192.168.0.3", container_cidr = "10.0.3.0/24" }
    }
  }

  expect_failures = [var.hosts]
}

run "a_range_from_elsewhere_is_refused_in_the_variable" {
  command = plan

  variables {
    hosts = {
      ecs1 = { host_ip = "192.168.0.2", container_cidr = "10.1.2.0/24" }
    }
  }

  expect_failures = [var.hosts]
}

run "a_range_that_must_stay_reachable_stops_the_routes" {
  command = plan

  variables {
    reserved_cidrs = ["10.0.3.128/25"]
  }

  expect_failures = [huaweivpc_container_routes.this]
}

run "the_report_says_what_is_wrong" {
  command = plan

  variables {
    hosts = {
      ecs1 = { host_ip = "192.168.0.2", container_cidr = "10.0.2.0/24" }
      gone = { host_ip = "192.168.0.99", container_cidr = "10.0.99.0/24" }
    }
  }

  plan_options {
    target = [data.huaweivpc_container_cidr_plan.this]
  }

  assert {
    condition     = [for finding in data.huaweivpc_container_cidr_plan.this.findings : finding.code if finding.severity == "error"] == ["host_not_found"]
    error_message = "A server that is not there is the one error."
  }
}

run "two_servers_with_a_range_each" {
  assert {
    condition     = data.huaweivpc_container_cidr_plan.this.valid
    error_message = "The guide's ranges are in order."
  }

  assert {
    condition     = data.huaweivpc_container_cidr_plan.this.plan["ecs1"].gateway == "10.0.2.1"
    error_message = "The bridge of a server takes the first address."
  }

  assert {
    condition     = length(huaweivpc_container_routes.this.routes) == 2
    error_message = "Each server has its route."
  }
}

run "two_servers_that_exchange_their_ranges" {
  variables {
    hosts = {
      ecs1 = { host_ip = "192.168.0.2", container_cidr = "10.0.3.0/24" }
      ecs2 = { host_ip = "192.168.0.3", container_cidr = "10.0.2.0/24" }
    }
  }

  assert {
    condition     = huaweivpc_container_routes.this.routes["10.0.3.0/24"].host_ip == "192.168.0.2"
    error_message = "The route follows the range."
  }
}
