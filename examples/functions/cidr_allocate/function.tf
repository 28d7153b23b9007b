# { ecs1 = "10.0.2.0/24", ecs2 = "10.0.140.0/24" }
output "with_what_is_there" {
  value = provider::huaweivpc::cidr_allocate(
    "10.0.0.0/16",
    24,
    { ecs1 = "10.0.2.0/24", ecs2 = null },
    [],
  )
}

# { ecs1 = "10.0.23.0/24", ecs2 = "10.0.140.0/24" }: by a list of names, for hosts that have no ranges yet.
output "by_name" {
  value = provider::huaweivpc::cidr_allocate("10.0.0.0/16", 24, ["ecs1", "ecs2"], ["10.0.0.0/20"])
}
