# true
output "contains" {
  value = provider::huaweivpc::cidr_contains("10.0.0.0/16", "10.0.2.0/24")
}
