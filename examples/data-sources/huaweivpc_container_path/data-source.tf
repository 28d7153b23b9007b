data "huaweivpc_container_path" "example" {
  vpc_id = "0d4f1c6e-5a2b-4d7e-9c10-6f2b7a8e1c01"

  from = { host_ip = "192.168.0.2", container_ip = "10.0.2.2" }
  to   = { host_ip = "192.168.0.3", container_ip = "10.0.3.2" }

  protocol = "tcp"
  port     = 80

  # What decides on the servers, as far as it is known.
  hosts = {
    "192.168.0.2" = { engine_version = "28.5.2", gateway_mode = "nat-unprotected", masquerade = false, forwarding = true }
    "192.168.0.3" = { engine_version = "26.1.5", forward_policy = "accept", masquerade = true, forwarding = true }
  }
}

output "what_traceroute_shows" {
  value = data.huaweivpc_container_path.example.forward.traceroute
}

check "containers_reach_each_other" {
  assert {
    condition     = data.huaweivpc_container_path.example.verdict == "reachable"
    error_message = "${data.huaweivpc_container_path.example.forward.message} ${data.huaweivpc_container_path.example.forward.fix}"
  }
}
