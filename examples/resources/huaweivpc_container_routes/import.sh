# The id is the route table's. Every route of it to a server, a network interface or a virtual IP address is taken over;
# the next plan shows what the configuration does not name.
terraform import huaweivpc_container_routes.example 3d901e64-15bf-4c70-8d3f-4e6b8cafa004
