import {
  to = huaweivpc_secgroup_icmp_udp_rule.example
  identity = {
    security_group_id = "60c34197-48e2-4fa3-9062-7b9ebfdcd307"
    direction         = "ingress"
    remote_ip_prefix  = "10.0.0.0/16"
  }
}
