resource "huaweivpc_container_routes" "example" {
  vpc_id = "0d4f1c6e-5a2b-4d7e-9c10-6f2b7a8e1c01"

  routes = {
    "10.0.2.0/24" = { host_ip = "192.168.0.2", description = "Containers of ecs1" }
    "10.0.3.0/24" = { host_ip = "192.168.0.3", description = "Containers of ecs2" }
  }
}
