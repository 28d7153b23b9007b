resource "huaweivpc_container_route" "example" {
  vpc_id      = "0d4f1c6e-5a2b-4d7e-9c10-6f2b7a8e1c01"
  destination = "10.0.2.0/24"
  host_ip     = "192.168.0.2"
  description = "Containers of ecs1"
}
