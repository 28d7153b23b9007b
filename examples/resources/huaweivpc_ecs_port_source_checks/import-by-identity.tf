import {
  to = huaweivpc_ecs_port_source_checks.example
  identity = {
    vpc_id = "99d9d709-8478-4b46-9f3f-2206b1023fd3"
  }
}
