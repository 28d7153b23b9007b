output "next_hops" {
  description = "Which server (by its id) each container range goes to."
  value       = { for route in huaweivpc_container_route.host : route.destination => route.nexthop }
}

output "first_containers" {
  description = "The address to give to the first container of each host."
  value       = { for name, host in data.huaweivpc_container_cidr_plan.this.plan : name => host.first_container }
}
