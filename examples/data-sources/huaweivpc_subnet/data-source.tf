data "huaweivpc_vpc" "example" {
  name = "vpc-containers"
}

data "huaweivpc_subnet" "example" {
  vpc_id = data.huaweivpc_vpc.example.id
  name   = "subnet-containers"
}

# The routes of containers belong in the table that steers the subnet.
output "route_table_id" {
  value = data.huaweivpc_subnet.example.route_table_id
}
