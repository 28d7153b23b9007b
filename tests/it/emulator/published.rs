//! Objects as the cloud's reference prints them: the emulator's answers have those keys and those kinds of values.

use serde_json::{Value, json};

use super::harness::{Cloud, GUIDE};

/// A published example. Ids and times are different here; what matters is which keys exist and what kind they are.
fn examples() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        (
            "/v1/{p}/routetables",
            "/routetables/0",
            json!({ "id": "", "name": "", "default": true, "vpc_id": "", "tenant_id": "",
                    "subnets": [{ "id": "" }], "created_at": "", "updated_at": "" }),
        ),
        (
            "/v1/{p}/routetables/{table:rtb-vpc-containers}",
            "/routetable",
            json!({ "id": "", "name": "", "default": true, "vpc_id": "", "tenant_id": "",
                    "routes": [{ "type": "local", "destination": "", "nexthop": "-" }],
                    "subnets": [{ "id": "" }], "created_at": "", "updated_at": "" }),
        ),
        (
            "/v1/{p}/ports",
            "/ports/0",
            json!({ "id": "", "name": "", "status": "ACTIVE", "admin_state_up": true, "network_id": "",
                    "fixed_ips": [{ "subnet_id": "", "ip_address": "" }], "mac_address": "", "device_id": "",
                    "device_owner": "", "tenant_id": "", "security_groups": [""],
                    "allowed_address_pairs": [], "extra_dhcp_opts": [], "binding:vnic_type": "normal",
                    "binding:vif_details": { "primary_interface": true }, "binding:profile": {},
                    "dns_name": "", "dns_assignment": [{ "hostname": "", "ip_address": "", "fqdn": "" }],
                    "instance_id": "", "instance_type": "", "port_security_enabled": true, "zone_id": "",
                    "enable_efi": false }),
        ),
        (
            "/v3/{p}/ports/{port:192.168.0.2}",
            "/port",
            json!({ "id": "", "name": "", "status": "", "admin_state_up": true, "project_id": "", "vpc_id": "",
                    "virsubnet_id": "", "private_ips": [{ "subnet_cidr_id": "", "ip_address": "" }],
                    "mac_address": "", "device_id": "", "device_owner": "", "security_groups": [""],
                    "allowed_address_pairs": [], "binding:vif_details": { "primary_interface": true },
                    "port_security_enabled": true, "tags": [], "created_at": "", "updated_at": "" }),
        ),
        (
            "/v1/{p}/cloudservers/{server:ECS1}/os-interface",
            "",
            json!({ "attachableQuantity": { "free_nic": 11 }, "interfaceAttachments": [{
                    "port_id": "", "port_state": "ACTIVE", "net_id": "", "mac_addr": "",
                    "fixed_ips": [{ "subnet_id": "", "ip_address": "" }], "delete_on_termination": true,
                    "driver_mode": null, "min_rate": null, "multiqueue_num": null, "pci_address": null }] }),
        ),
        (
            "/v3/{p}/vpc/security-groups/{group:sg-containers}",
            "",
            json!({ "request_id": "", "security_group": { "id": "", "name": "", "description": "", "project_id": "",
                    "enterprise_project_id": "0", "tags": [], "created_at": "", "updated_at": "",
                    "security_group_rules": [{ "id": "", "security_group_id": "", "direction": "ingress",
                        "ethertype": "IPv4", "protocol": null, "multiport": null, "remote_ip_prefix": null,
                        "remote_group_id": "", "remote_address_group_id": null, "action": "allow",
                        "priority": 100, "description": "", "project_id": "", "created_at": "",
                        "updated_at": "" }] } }),
        ),
        (
            "/v1/{p}/security-group-rules",
            "/security_group_rules/0",
            json!({ "id": "", "tenant_id": "", "security_group_id": "", "direction": "", "ethertype": "",
                    "protocol": null, "port_range_min": null, "port_range_max": null,
                    "remote_ip_prefix": null, "remote_group_id": "", "description": "" }),
        ),
        (
            "/v1/{p}/vpcs/{vpc:vpc-containers}",
            "/vpc",
            json!({ "id": "", "name": "", "description": "", "cidr": "", "status": "OK",
                    "enterprise_project_id": "0", "routes": [], "tenant_id": "", "created_at": "",
                    "updated_at": "" }),
        ),
        (
            "/v3/{p}/vpc/vpcs/{vpc:vpc-containers}",
            "",
            json!({ "request_id": "", "vpc": { "id": "", "name": "", "description": "", "cidr": "",
                    "extend_cidrs": [], "status": "ACTIVE", "enterprise_project_id": "0", "project_id": "",
                    "tags": [], "cloud_resources": [{ "resource_type": "", "resource_count": 1 }],
                    "created_at": "", "updated_at": "" } }),
        ),
        (
            "/v1/{p}/subnets/{subnet:subnet-containers}",
            "/subnet",
            json!({ "id": "", "name": "", "description": "", "cidr": "", "gateway_ip": "", "ipv6_enable": false,
                    "dhcp_enable": true, "primary_dns": "", "secondary_dns": "", "dnsList": [""],
                    "availability_zone": "", "vpc_id": "", "status": "ACTIVE", "neutron_network_id": "",
                    "neutron_subnet_id": "", "extra_dhcp_opts": [], "tenant_id": "", "created_at": "",
                    "updated_at": "" }),
        ),
        (
            "/v3/{p}/vpc/virsubnets",
            "/virsubnets/0",
            json!({ "id": "", "name": "", "description": "", "vpc_id": "", "status": "ACTIVE", "project_id": "",
                    "zone_id": "", "scope": "center", "dns_nameservers": [""],
                    "subnet_cidrs": [{ "id": "", "ip_version": 4, "cidr": "", "gateway_ip": "",
                                       "enable_dhcp": true }],
                    "extra_dhcp_opts": [], "tags": [], "created_at": "", "updated_at": "" }),
        ),
        (
            "/v1/{p}/cloudservers/{server:ECS1}",
            "/server",
            json!({ "id": "", "name": "", "status": "ACTIVE", "tenant_id": "", "enterprise_project_id": "0",
                    "network_interfaces": [{ "port_id": "", "primary": true, "ip_addresses": [""],
                                             "ipv6_addresses": [], "subnet_id": "" }],
                    "metadata": { "vpc_id": "", "os_type": "Linux", "charging_mode": "0" },
                    "security_groups": [{ "id": "", "name": "" }],
                    "flavor": { "id": "", "name": "", "vcpus": "2", "ram": "4096", "disk": "0" },
                    "image": { "id": "" }, "tags": [""], "sys_tags": [], "OS-EXT-AZ:availability_zone": "",
                    "OS-EXT-STS:vm_state": "active", "OS-EXT-STS:task_state": null,
                    "OS-EXT-STS:power_state": 1, "created": "", "updated": "", "locked": false,
                    "description": "", "hostId": "" }),
        ),
        (
            "/v1/{p}/quotas",
            "/quotas/resources/0",
            json!({ "type": "", "used": 0, "quota": 200, "min": 0 }),
        ),
        (
            "/v3/projects",
            "/projects/0",
            json!({ "id": "", "name": "", "domain_id": "", "parent_id": "", "enabled": true,
                    "is_domain": false, "description": "" }),
        ),
    ]
}

/// Where `found` lacks a key of `published` or has another kind of value there.
fn differences(published: &Value, found: &Value, place: &str) -> Vec<String> {
    match (published, found) {
        (Value::Object(published), Value::Object(found)) => published
            .iter()
            .flat_map(|(key, value)| match found.get(key) {
                Some(found) => differences(value, found, &format!("{place}/{key}")),
                None => vec![format!("{place}/{key} is missing")],
            })
            .collect(),
        (Value::Array(published), Value::Array(found)) => {
            match (published.first(), found.first()) {
                (Some(published), Some(found)) => {
                    differences(published, found, &format!("{place}/0"))
                }
                (Some(_), None) => vec![format!("{place} is empty")],
                _ => Vec::new(),
            }
        }
        (a, b) if std::mem::discriminant(a) == std::mem::discriminant(b) => Vec::new(),
        (a, b) => vec![format!("{place} is {b}, published as {a}")],
    }
}

#[tokio::test]
async fn answers_have_the_published_keys() {
    let cloud = Cloud::start(GUIDE).await;
    for (path, pointer, published) in examples() {
        let answer = cloud.get(path).await.expect(200);
        let found = answer.pointer(pointer).unwrap_or_else(|| panic!("{path} has no {pointer}"));
        assert_eq!(differences(&published, found, ""), Vec::<String>::new(), "{path}");
    }
}

#[tokio::test]
async fn times_are_written_as_each_api_writes_them() {
    let cloud = Cloud::start(GUIDE).await;
    for (path, pointer, time) in [
        (
            "/v1/{p}/routetables/{table:rtb-vpc-containers}",
            "/routetable/created_at",
            "2026-01-01T00:00:00",
        ),
        ("/v3/{p}/vpc/vpcs/{vpc:vpc-containers}", "/vpc/created_at", "2026-01-01T00:00:00"),
        ("/v3/{p}/vpc/security-groups", "/security_groups/0/created_at", "2026-01-01T00:00:00Z"),
        ("/v1/{p}/cloudservers/{server:ECS1}", "/server/created", "2026-01-01T00:00:00Z"),
    ] {
        let answer = cloud.get(path).await.expect(200);
        assert_eq!(answer.pointer(pointer), Some(&json!(time)), "{path}");
    }
    let rule = r#"{ "security_group_rule": { "security_group_id": "{group:sg-containers}",
        "direction": "ingress", "ethertype": "IPv4", "protocol": "udp", "multiport": "8472",
        "remote_ip_prefix": "192.168.0.0/16", "action": "allow", "priority": 1, "description": "vxlan between nodes" } }"#;
    let created = cloud.post("/v3/{p}/vpc/security-group-rules", rule).await.expect(201);
    assert_eq!(created["security_group_rule"]["created_at"], "2026-01-02T03:04:05.000+00:00");
}

#[tokio::test]
async fn the_request_id_is_in_the_header_and_in_bodies_of_version_3() {
    let cloud = Cloud::start(GUIDE).await;
    for path in
        ["/v3/{p}/vpc/vpcs", "/v3/{p}/vpc/vpcs/nothing", "/v1/{p}/cloudservers/detail", "/nothing"]
    {
        let answer = cloud.get(path).await;
        assert_eq!(
            answer.headers["x-request-id"],
            *answer.body["request_id"].as_str().unwrap(),
            "{path}"
        );
    }
    let iam = cloud.get("/v3/projects").await.headers;
    assert_eq!(iam["x-iam-trace-id"], iam["x-request-id"], "IAM has a name of its own for it");
    let first = cloud.get("/v1/{p}/vpcs").await.headers["x-request-id"].clone();
    let second = cloud.get("/v1/{p}/vpcs").await.headers["x-request-id"].clone();
    assert_ne!(first, second);
}
