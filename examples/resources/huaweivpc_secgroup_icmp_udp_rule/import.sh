# The id is <security_group_id>/<direction>/<remote_ip_prefix>, or the ids of the rules joined by commas.
terraform import huaweivpc_secgroup_icmp_udp_rule.example 60c34197-48e2-4fa3-9062-7b9ebfdcd307/ingress/10.0.0.0/16
