import {
  to = huaweivpc_ecs_port_source_check.example
  identity = {
    port_id = "5fb23086-37d1-4e92-8f51-6a8daecbc206"
  }
}
