# Every server of the plan may send packets with its containers' addresses.
resource "huaweivpc_ecs_port_source_checks" "example" {
  vpc_id = "99d9d709-8478-4b46-9f3f-2206b1023fd3"
  hosts  = ["192.168.0.2", "192.168.0.3"]
}

# The routes come after all checks, so that no packet is sent to a server that would not forward it.
resource "huaweivpc_container_routes" "example" {
  vpc_id = "99d9d709-8478-4b46-9f3f-2206b1023fd3"
  routes = {
    "10.0.2.0/24" = { host_ip = "192.168.0.2" }
    "10.0.3.0/24" = { host_ip = "192.168.0.3" }
  }

  depends_on = [huaweivpc_ecs_port_source_checks.example]
}
