data "huaweivpc_vpc" "example" {
  name = "vpc-containers"
}

output "ranges" {
  value = concat([data.huaweivpc_vpc.example.cidr], coalesce(data.huaweivpc_vpc.example.secondary_cidrs, []))
}
