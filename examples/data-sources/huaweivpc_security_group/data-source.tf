data "huaweivpc_security_group" "example" {
  name = "sg-containers"
}

resource "huaweivpc_secgroup_icmp_udp_rule" "example" {
  security_group_id = data.huaweivpc_security_group.example.id
  remote_ip_prefix  = "10.0.0.0/16"
}

output "open_to_everyone" {
  value = [
    for rule in data.huaweivpc_security_group.example.rules : rule.id
    if rule.direction == "ingress" && rule.action == "allow" && rule.remote_ip_prefix == "0.0.0.0/0"
  ]
}
