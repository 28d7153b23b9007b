//! Reading objects, in the forms the cloud's documents show and in those its regions really use.

use huaweivpc::cloud::{Nic, PortId, RuleId, Server as Instance, SubnetId, VpcId};
use huaweivpc::network::{NextHop, Route};
use serde_json::json;

use super::{
    GROUP, PORT, PROJECT, RULE, SERVER, SUBNET, TABLE, VPC, cloud, config, id,
    script::{Server, json, text},
};

const NOT_PUBLISHED: &str =
    r#"{"error_msg":"API not found","error_code":"APIGW.0101","request_id":"r1"}"#;

#[tokio::test]
async fn a_vpc_shows_its_secondary_ranges() {
    let server = Server::start([json(
        200,
        json!({ "request_id": "r", "vpc": {
            "id": VPC, "name": "vpc-a", "cidr": "192.168.0.0/16", "extend_cidrs": ["10.50.0.0/16"],
            "status": "ACTIVE", "tags": [], "cloud_resources": [{ "resource_type": "x", "resource_count": 1 }],
        } }),
    )])
    .await;
    let vpc = cloud(&server).vpc(&id(VPC)).await.unwrap().unwrap();
    assert_eq!(vpc.name, "vpc-a");
    assert_eq!(vpc.cidr, Some("192.168.0.0/16".parse().unwrap()));
    assert_eq!(vpc.secondary_cidrs, Some(vec!["10.50.0.0/16".parse().unwrap()]));
    assert_eq!(server.lines(), [format!("GET /v3/P/vpc/vpcs/{VPC}")]);
}

#[tokio::test]
async fn a_vpc_is_asked_of_v1_where_v3_is_not_published() {
    let body = json!({ "vpc": { "id": VPC, "name": "vpc-a", "cidr": "", "routes": [] } });
    let server = Server::start([text(404, NOT_PUBLISHED), json(200, body)]).await;
    let vpc = cloud(&server).vpc(&id(VPC)).await.unwrap().unwrap();
    assert_eq!((vpc.cidr, vpc.secondary_cidrs), (None, None));
    assert_eq!(
        server.lines(),
        [format!("GET /v3/P/vpc/vpcs/{VPC}"), format!("GET /v1/P/vpcs/{VPC}")]
    );
}

#[tokio::test]
async fn a_route_table_has_routes_without_next_hop_and_description() {
    let table = json!({
        "id": TABLE, "vpc_id": VPC, "default": true, "name": null, "extra_info": {},
        "subnets": [{ "id": SUBNET }],
        "routes": [
            { "type": "local", "destination": "127.0.0.0/8", "nexthop": null, "description": null },
            { "type": "ecs", "destination": "10.244.1.0/24", "nexthop": SERVER, "description": "node-1",
              "nexthop_mac": "fa:16:3e:11:22:33" },
        ],
    });
    // The documents show it with and without a wrapper.
    for body in [json!({ "routetable": table }), table.clone()] {
        let server = Server::start([json(200, body)]).await;
        let table = cloud(&server).route_table(&id(TABLE)).await.unwrap().unwrap();
        let route = |kind: &str, destination: &str, next_hop: &str, description: &str| Route {
            destination: destination.parse().unwrap(),
            next_hop: NextHop::new(kind.parse().unwrap(), next_hop),
            description: description.to_owned(),
        };
        assert!(table.is_default);
        assert_eq!(
            table.routes,
            [
                route("local", "127.0.0.0/8", "", ""),
                route("ecs", "10.244.1.0/24", SERVER, "node-1")
            ]
        );
        assert_eq!(table.subnets, [id::<SubnetId>(SUBNET)]);
        assert_eq!(server.lines(), [format!("GET /v1/P/routetables/{TABLE}")]);
    }
}

#[tokio::test]
async fn a_list_of_route_tables_may_not_say_which_is_the_default() {
    let server = Server::start([json(
        200,
        json!({ "routetables": [
            { "id": TABLE, "vpc_id": VPC, "default": true, "subnets": [{ "id": SUBNET }] },
            { "id": "other", "vpc_id": VPC },
        ] }),
    )])
    .await;
    let tables = cloud(&server).cached().route_tables(&id(VPC)).await.unwrap();
    let defaults: Vec<_> = tables.iter().map(|table| table.is_default).collect();
    assert_eq!(defaults, [Some(true), None]);
    assert_eq!(server.lines(), [format!("GET /v1/P/routetables?limit=1000&vpc_id={VPC}")]);
}

#[tokio::test]
async fn a_port_is_read_whatever_the_region_makes_of_its_fields() {
    for admin_state_up in [json!("true"), json!(true)] {
        let server = Server::start([json(
            200,
            json!({ "port": {
                "id": PORT, "name": "", "status": "ACTIVE", "admin_state_up": admin_state_up, "network_id": SUBNET,
                "fixed_ips": [{ "subnet_id": "s", "ip_address": "192.168.0.11" }, { "ip_address": "fd00::b" }],
                "mac_address": "fa:16:3e:11:22:33", "device_id": SERVER, "device_owner": "compute:cn-north-4a",
                "security_groups": [GROUP],
                "allowed_address_pairs": [
                    { "ip_address": "1.1.1.1/0", "mac_address": "fa:16:3e:11:22:33" },
                    { "ip_address": "192.168.0.200" },
                ],
                "binding:vif_details": { "primary_interface": true }, "binding:profile": {}, "extra_dhcp_opts": [],
            } }),
        )])
        .await;
        let port = cloud(&server).port(&id(PORT)).await.unwrap().unwrap();
        assert_eq!(port.subnet_id, id::<SubnetId>(SUBNET));
        assert_eq!(
            port.fixed_ips,
            ["192.168.0.11".parse::<std::net::IpAddr>().unwrap(), "fd00::b".parse().unwrap()]
        );
        assert_eq!(port.is_primary, Some(true));
        let pairs: Vec<_> = port
            .address_pairs
            .iter()
            .map(|pair| (pair.ip_address.as_str(), pair.mac_address.as_deref()))
            .collect();
        assert_eq!(pairs, [("1.1.1.1/0", Some("fa:16:3e:11:22:33")), ("192.168.0.200", None)]);
    }
}

#[tokio::test]
async fn a_bare_port_is_a_port_too() {
    let body = json!({ "port": { "id": PORT, "network_id": SUBNET, "allowed_address_pairs": null, "device_id": null } });
    let server = Server::start([json(200, body)]).await;
    let port = cloud(&server).port(&id(PORT)).await.unwrap().unwrap();
    assert_eq!((port.device_id.as_str(), port.is_primary, port.address_pairs.len()), ("", None, 0));
}

#[tokio::test]
async fn ports_are_filtered_by_the_cloud() {
    let server = Server::start((0..3).map(|_| json(200, json!({ "ports": [] })))).await;
    let config =
        huaweivpc::cloud::Config { enterprise_project_id: Some("0".to_owned()), ..config(&server) };
    let cloud = crate::cloud::connect(config);
    cloud.ports_of_server(&id(SERVER)).await.unwrap();
    cloud.ports_of_subnet(&id(SUBNET)).await.unwrap();
    cloud.ports_with_address("192.168.0.11".parse().unwrap()).await.unwrap();
    let common = "enterprise_project_id=0";
    assert_eq!(
        server.lines(),
        [
            format!("GET /v1/P/ports?device_id={SERVER}&{common}&limit=1000"),
            format!("GET /v1/P/ports?{common}&limit=1000&network_id={SUBNET}"),
            format!("GET /v1/P/ports?{common}&fixed_ips=ip_address%3D192.168.0.11&limit=1000"),
        ]
    );
}

#[tokio::test]
async fn a_list_is_read_to_its_end() {
    let subnet =
        |number: usize| json!({ "id": format!("s{number}"), "vpc_id": VPC, "cidr": "10.0.0.0/24" });
    let page = |numbers: std::ops::Range<usize>| {
        json(200, json!({ "subnets": numbers.map(subnet).collect::<Vec<_>>() }))
    };
    // v1 tells the end only by a page that is not full.
    let server = Server::start([page(0..1000), page(1000..2000), page(2000..2003)]).await;
    let subnets = cloud(&server).subnets(&id(VPC)).await.unwrap();
    assert_eq!(subnets.len(), 2003);
    assert_eq!(
        server.lines(),
        [
            format!("GET /v1/P/subnets?limit=1000&vpc_id={VPC}"),
            format!("GET /v1/P/subnets?limit=1000&marker=s999&vpc_id={VPC}"),
            format!("GET /v1/P/subnets?limit=1000&marker=s1999&vpc_id={VPC}"),
        ]
    );
}

#[tokio::test]
async fn v3_says_where_the_next_page_begins() {
    let rule = |id: &str| {
        json!({ "id": id, "security_group_id": GROUP, "direction": "ingress", "ethertype": "IPv4",
            "action": "allow", "priority": 1 })
    };
    let server = Server::start([
        json(200, json!({ "security_group_rules": [rule("a")], "page_info": { "next_marker": "a", "current_count": 1 } })),
        json(200, json!({ "security_group_rules": [rule("b")], "page_info": { "previous_marker": "b", "current_count": 1 } })),
    ])
    .await;
    let rules = cloud(&server).security_group_rules(&id(GROUP)).await.unwrap();
    let ids: Vec<_> = rules.iter().map(|rule| rule.id.clone()).collect();
    assert_eq!(ids, [id::<RuleId>("a"), id("b")]);
    let path = "GET /v3/P/vpc/security-group-rules?limit=1000";
    assert_eq!(
        server.lines(),
        [
            format!("{path}&security_group_id={GROUP}"),
            format!("{path}&marker=a&security_group_id={GROUP}")
        ]
    );
}

#[tokio::test]
async fn a_list_that_never_ends_is_an_error() {
    let page =
        || json(200, json!({ "security_group_rules": [], "page_info": { "next_marker": "a" } }));
    let server = Server::start((0..5).map(|_| page())).await;
    let error = cloud(&server).security_group_rules(&id(GROUP)).await.unwrap_err();
    assert_eq!(error.kind(), huaweivpc::cloud::Kind::Unreadable);
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn the_ports_of_a_rule_are_a_text_or_a_number() {
    for (multiport, expected) in
        [(json!("53,4789"), Some("53,4789")), (json!(8472), Some("8472")), (json!(null), None)]
    {
        let server = Server::start([json(
            200,
            json!({ "security_group_rule": {
                "id": RULE, "security_group_id": GROUP, "direction": "ingress", "ethertype": "IPv4",
                "protocol": "udp", "multiport": multiport, "remote_ip_prefix": "10.0.0.0/8", "remote_group_id": null,
                "action": "deny", "priority": 7, "description": null, "created_at": "2026-01-02T03:04:05.000+00:00",
            } }),
        )])
        .await;
        let rule = cloud(&server).security_group_rule(&id(RULE)).await.unwrap().unwrap();
        assert_eq!(rule.multiport.as_deref(), expected);
        assert_eq!((rule.action.as_str(), rule.priority), ("deny", 7));
        assert_eq!((rule.remote_group_id, rule.description.as_str()), (None, ""));
    }
}

#[tokio::test]
async fn the_ports_of_a_rule_of_v1_are_one_range() {
    let cases = [
        ("udp", json!(53), json!(53), Some("53")),
        ("udp", json!("33434"), json!("33534"), Some("33434-33534")),
        ("udp", json!(null), json!(null), None),
        // For ICMP the range is a type and a code, and not all of ICMP.
        ("icmp", json!(8), json!(0), Some("8/0")),
        ("icmp", json!(null), json!(null), None),
    ];
    for (protocol, min, max, expected) in cases {
        let rule = json!({ "security_group_rules": [{
            "id": RULE, "security_group_id": GROUP, "direction": "ingress", "ethertype": "IPv4",
            "protocol": protocol, "port_range_min": min, "port_range_max": max, "remote_ip_prefix": "10.0.0.0/8",
        }] });
        let server = Server::start([text(404, NOT_PUBLISHED), json(200, rule)]).await;
        let rules = cloud(&server).security_group_rules(&id(GROUP)).await.unwrap();
        assert_eq!(rules[0].multiport.as_deref(), expected, "{protocol}");
        assert_eq!((rules[0].action.as_str(), rules[0].priority), ("allow", 1));
    }
}

fn nic(subnet_id: Option<&str>, is_primary: Option<bool>) -> Nic {
    Nic {
        port_id: id::<PortId>(PORT),
        subnet_id: subnet_id.map(id),
        addresses: vec!["192.168.0.11".parse().unwrap()],
        is_primary,
    }
}

async fn server_of(body: serde_json::Value) -> Option<Instance> {
    let server = Server::start([json(200, json!({ "server": body }))]).await;
    let found = cloud(&server).server(&id(SERVER)).await.unwrap();
    assert_eq!(server.lines(), [format!("GET /v1/P/cloudservers/{SERVER}")]);
    found
}

#[tokio::test]
async fn a_server_lists_its_interfaces_in_newer_regions() {
    let server = server_of(json!({
        "id": SERVER, "name": "node-1", "status": "ACTIVE",
        "addresses": { VPC: [
            { "addr": "192.168.0.11", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS:port_id": PORT, "primary": true },
            { "addr": "203.0.113.5", "OS-EXT-IPS:type": "floating", "OS-EXT-IPS:port_id": PORT },
        ] },
        "network_interfaces": [{ "port_id": PORT, "primary": true, "ip_addresses": ["192.168.0.11"],
            "ipv6_addresses": [], "subnet_id": SUBNET }],
        "metadata": { "vpc_id": VPC },
    }))
    .await
    .unwrap();
    assert_eq!(server.vpc_id, Some(id::<VpcId>(VPC)));
    assert!(server.has_public_ip);
    assert_eq!(server.nics, [nic(Some(SUBNET), Some(true))]);
}

#[tokio::test]
async fn the_interfaces_of_a_server_follow_from_its_addresses_in_older_regions() {
    let server = server_of(json!({
        "id": SERVER, "name": "node-1", "status": "SHUTOFF", "metadata": {},
        "addresses": { VPC: [
            { "addr": "192.168.0.11", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS:port_id": PORT },
        ] },
    }))
    .await
    .unwrap();
    assert_eq!(server.vpc_id, Some(id::<VpcId>(VPC)));
    assert!(!server.has_public_ip);
    assert_eq!(server.nics, [nic(None, None)]);
}

#[tokio::test]
async fn a_deleted_server_is_gone() {
    assert_eq!(server_of(json!({ "id": SERVER, "status": "DELETED" })).await, None);
}

#[tokio::test]
async fn a_quota_is_a_limit_or_none() {
    for (quota, expected) in [(200, Some(200)), (-1, None)] {
        let body = json!({ "quotas": { "resources": [
            { "type": "routetableContainRoutes", "used": 0, "quota": quota, "min": 0 },
        ] } });
        let server = Server::start([json(200, body)]).await;
        assert_eq!(
            cloud(&server).cached().quota("routetableContainRoutes").await.unwrap(),
            expected
        );
        assert_eq!(server.lines(), ["GET /v1/P/quotas?type=routetableContainRoutes"]);
    }
}

#[tokio::test]
async fn every_call_says_what_it_signs() {
    let server = Server::start([json(200, json!({ "subnets": [] }))]).await;
    cloud(&server).subnets(&id(VPC)).await.unwrap();
    let seen = &server.seen()[0];
    let authority = server.url().authority().to_owned();
    assert_eq!(seen.header("host"), authority);
    assert_eq!(seen.header("x-sdk-date"), "20260102T030405Z");
    assert_eq!(seen.header("x-project-id"), PROJECT);
    assert_eq!(seen.header("user-agent"), "test");
    let names = ["content-type", "host", "x-project-id", "x-sdk-date"];
    let headers: Vec<_> =
        names.into_iter().map(|name| (name, seen.header(name).to_owned())).collect();
    let huaweivpc::cloud::Credentials::AccessKey(key) = super::permanent_key() else {
        unreachable!("a key was made");
    };
    let signed = huaweivpc::cloud::sign::Request {
        method: &seen.method,
        path: &seen.path,
        query: &seen.query,
        headers: &headers,
        body: seen.body.as_bytes(),
    };
    assert_eq!(seen.header("authorization"), huaweivpc::cloud::sign::authorization(signed, &key));
}
