# The ids of the rules, joined by commas; or <security_group_id> for all rules of the group but those every group has.
terraform import huaweivpc_secgroup_rules.example 71d452a8-59f3-40b4-8173-8cafc0ede408,71d452a8-59f3-40b4-8173-8cafc0ede409
