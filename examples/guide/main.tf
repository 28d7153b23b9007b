# Containers on different servers of a VPC reach each other by plain IP, without an overlay: the VPC's route table
# sends each container range to the server that hosts it. Servers, VPC and security group are there already and
# stay yours; this configuration adds the three things that make the servers forward.

provider "huaweivpc" {
  # Credentials come from HW_ACCESS_KEY and HW_SECRET_KEY, so that none is written down here.
  region    = var.region
  endpoints = var.endpoints
}

# 1. Check before anything is built: ranges that overlap each other or a subnet, a server that does not exist, a
#    route table that is full. All that is wrong is reported at once, each on its host, and the plan ends there.
#    The result says where each host is: its server, network interface and route table.
data "huaweivpc_container_cidr_plan" "this" {
  vpc_id = var.vpc_id
  hosts  = var.hosts
}

# 2. Let each server send packets that carry a container's address instead of its own.
resource "huaweivpc_ecs_port_source_check" "host" {
  for_each = var.hosts

  port_id = data.huaweivpc_container_cidr_plan.this.plan[each.key].port_id
  enabled = false
}

# 3. Send each container range to its server. The routes are named after the ranges: when a range moves to another
#    server in `hosts`, its route is changed in place, without a gap.
resource "huaweivpc_container_route" "range" {
  for_each = { for name, host in var.hosts : host.container_cidr => name }

  route_table_id = data.huaweivpc_container_cidr_plan.this.plan[each.value].route_table_id
  destination    = each.key
  host_ip        = var.hosts[each.value].host_ip
  description    = "Containers of ${each.value}"

  # No packets for a server that would not forward them yet.
  depends_on = [huaweivpc_ecs_port_source_check.host]
}

# 4. Let ping and traceroute in.
resource "huaweivpc_secgroup_icmp_udp_rule" "containers" {
  security_group_id = var.security_group_id
  remote_ip_prefix  = var.icmp_udp_from
  description       = "Ping and traceroute between containers"
}
