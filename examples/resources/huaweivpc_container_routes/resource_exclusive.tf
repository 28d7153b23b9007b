# Nothing else may lead anywhere from this table, but for the NAT gateway and what a cluster makes.
resource "huaweivpc_container_routes" "exclusive" {
  route_table_id = "3d901e64-15bf-4c70-8d3f-4e6b8cafa004"
  mode           = "exclusive"

  routes = {
    "10.0.4.0/24" = { ecs_id = "4ea12f75-26c0-4d81-9e40-5f7c9dbab105" }
  }

  keep = [
    { type = "nat" },
    { destination_within = "172.16.0.0/12", description_prefix = "cluster-a" },
  ]
}
