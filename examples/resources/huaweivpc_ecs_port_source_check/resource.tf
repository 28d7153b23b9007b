# The primary network interface of a server may send packets with its containers' addresses.
resource "huaweivpc_ecs_port_source_check" "example" {
  ecs_id  = "4ea12f75-26c0-4d81-9e40-5f7c9dbab105"
  enabled = false
}
