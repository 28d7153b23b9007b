# ["10.0.2.0/23", "192.168.0.0/24"]
output "sources" {
  value = provider::huaweivpc::cidr_aggregate([
    "192.168.0.0/24",
    "10.0.3.0/24",
    "10.0.2.0/24",
    "10.0.2.128/25",
  ])
}
