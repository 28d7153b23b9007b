# Ping and traceroute between the containers of all hosts.
resource "huaweivpc_secgroup_icmp_udp_rule" "example" {
  security_group_id = "60c34197-48e2-4fa3-9062-7b9ebfdcd307"
  remote_ip_prefix  = "10.0.0.0/16"
  udp_ports         = "33434-33534"
}
