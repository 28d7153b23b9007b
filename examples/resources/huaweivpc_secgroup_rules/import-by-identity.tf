import {
  to = huaweivpc_secgroup_rules.example
  identity = {
    security_group_id = "60c34197-48e2-4fa3-9062-7b9ebfdcd307"
  }
}
