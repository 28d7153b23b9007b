import {
  to = huaweivpc_secgroup_rules.example
  id = "71d452a8-59f3-40b4-8173-8cafc0ede408,71d452a8-59f3-40b4-8173-8cafc0ede409"
}
