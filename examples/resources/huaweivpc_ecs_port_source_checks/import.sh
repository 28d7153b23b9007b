# The id is the VPC's. Every server's network interface in it whose check is off is taken over, by its address; the next
# plan shows what the configuration does not name.
terraform import huaweivpc_ecs_port_source_checks.example 99d9d709-8478-4b46-9f3f-2206b1023fd3
