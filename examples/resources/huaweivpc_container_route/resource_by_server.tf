# In a route table of one's own choice, to a server by its id.
resource "huaweivpc_container_route" "by_server" {
  route_table_id = "3d901e64-15bf-4c70-8d3f-4e6b8cafa004"
  destination    = "10.0.3.0/24"
  ecs_id         = "4ea12f75-26c0-4d81-9e40-5f7c9dbab105"

  timeouts {
    create = "2m"
  }
}
