# What the containers of all hosts and the servers of the subnet may reach: ping, traceroute and the application.
resource "huaweivpc_secgroup_rules" "example" {
  security_group_id = "60c34197-48e2-4fa3-9062-7b9ebfdcd307"
  rules = {
    ping = {
      protocol         = "icmp"
      remote_ip_prefix = "10.0.0.0/16"
    }
    web = {
      protocol         = "tcp"
      ports            = "80,443,8000-8010"
      remote_ip_prefix = "10.0.0.0/16"
    }
    web-from-servers = {
      protocol         = "tcp"
      ports            = "80,443"
      remote_ip_prefix = "192.168.0.0/24"
    }
    members = {
      protocol        = "all"
      remote_group_id = "60c34197-48e2-4fa3-9062-7b9ebfdcd307"
      priority        = 50
    }
  }
}
