import {
  to = huaweivpc_container_routes.example
  identity = {
    route_table_id = "3d901e64-15bf-4c70-8d3f-4e6b8cafa004"
  }
}
