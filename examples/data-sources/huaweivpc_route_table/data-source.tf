# The default table of the VPC.
data "huaweivpc_route_table" "default" {
  vpc_id = "0d4f1c6e-5a2b-4d7e-9c10-6f2b7a8e1c01"
}

# The table that steers a subnet.
data "huaweivpc_route_table" "of_subnet" {
  subnet_id = "1b7e0c42-93fd-4a5e-8b1d-2c4f6a8d0e02"
}

output "local_destinations" {
  value = [for route in data.huaweivpc_route_table.default.routes : route.destination if route.type == "local"]
}

output "room" {
  value = data.huaweivpc_route_table.default.routes_free
}
