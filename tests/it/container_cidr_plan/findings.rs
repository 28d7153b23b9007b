//! Findings together: their order, what is no finding, and what could not be looked at.

use serde_json::{Value as Json, json};

use super::{GUIDE, PLAN, a_larger_world, query};
use crate::harness::{config::patched, world::World};

/// The codes of the findings with what they are about.
fn found(answer: &Json) -> Vec<(&str, &str)> {
    let text = |finding: &'_ Json, name: &str| finding[name].as_str().map(str::len);
    let findings = answer["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| text(finding, "fix") > Some(0)));
    findings
        .iter()
        .map(|finding| (finding["code"].as_str().unwrap(), finding["subject"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn the_description_of_a_route_forges_no_message() {
    const FORGED: &str = "x\n\nError: forged\u{1b}[2J\u{202e}";
    const TOLD: &str = "`x\\n\\nError: forged\\u001b[2J\\u202e`";
    let nic = json!({ "subnet": "subnet", "ip_address": "192.168.0.2", "security_groups": ["sg"] });
    let scenario = json!({
        "security_groups": [{ "name": "sg" }],
        "vpcs": [{ "name": "vpc-containers", "cidr": "192.168.0.0/16", "gateways": [
            { "type": "peering", "name": "peer" },
        ] }],
        "subnets": [
            { "name": "subnet", "vpc": "vpc-containers", "cidr": "192.168.0.0/24" },
        ],
        "servers": [{ "name": "ECS1", "nics": [nic] }],
        "route_tables": [{ "name": "rtb", "vpc": "vpc-containers", "default": true, "routes": [
            { "type": "peering", "destination": "10.0.2.0/24", "nexthop": "peer", "description": FORGED },
        ] }],
    });
    let world = World::with(scenario, json!({})).await;
    let hosts = [("a", "192.168.0.2", "10.0.2.0/24")];
    let reporting = query(&world, &hosts, json!({ "on_error": "report" })).await;

    let answer = world.read(PLAN, reporting).await;

    let findings = answer.value["findings"].as_array().unwrap();
    let finding = findings.iter().find(|it| it["code"] == "route_foreign_owner").unwrap();
    assert!(finding["message"].as_str().unwrap().contains(TOLD), "{finding}");
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once_errors_first() {
    let world = a_larger_world(json!({})).await;
    let hosts = [
        ("a", "192.168.0.2", "172.18.0.0/24"),
        ("b", "192.168.0.12", "172.18.0.128/25"),
        ("c", "192.168.1.2", "192.168.1.0/25"),
        ("d", "192.168.0.9", "100.64.0.1/24"),
    ];
    let expected = [
        ("cidr_overlaps_host", "host `b`"),
        ("cidr_in_subnet", "host `c`"),
        ("host_not_found", "host `d`"),
        ("cidr_not_canonical", "host `d`"),
        ("cidr_system_range", "host `d`"),
        ("cidr_docker_pool", "host `a`"),
        ("host_repeated", "host `b`"),
        ("host_multi_nic", "host `b`"),
        ("source_check_on", "host `a`"),
        ("route_missing", "host `a`"),
        ("source_check_on", "host `b`"),
        ("source_check_on", "host `c`"),
    ];
    let reporting = query(&world, &hosts, json!({ "on_error": "report" })).await;

    let answer = world.read(PLAN, reporting.clone()).await;

    assert_eq!(found(&answer.value), expected);
    assert_eq!(answer.warnings.len(), 3, "{:#?}", answer.warnings);
    // Who was not found is not in the plan; the others are.
    let planned: Vec<&String> = answer.value["plan"].as_object().unwrap().keys().collect();
    assert_eq!(planned, ["a", "b", "c"]);
    let again = world.read(PLAN, reporting.clone()).await;
    assert_eq!(again.value["findings"], answer.value["findings"], "the same in every plan");

    // Host bits are refused before anything is looked at.
    let failing = patched(&reporting, &json!({ "on_error": "fail" }));
    let refusal = world.refuse_to_read(PLAN, failing).await;
    refusal.expect_problem("hosts[\"d\"]", "Write `100.64.0.0/24`").expect_nothing_else();
    let hosts = [hosts[0], hosts[1], hosts[2], ("d", "192.168.0.9", "100.64.0.0/24")];
    let problems =
        world.refuse_to_read(PLAN, query(&world, &hosts, json!({})).await).await.problems;
    let expected = expected[..8].iter().filter(|(code, _)| *code != "cidr_not_canonical");
    let codes: Vec<bool> = problems
        .iter()
        .zip(expected)
        .map(|(problem, (code, _))| problem.detail.ends_with(&format!("({code})")))
        .collect();
    assert_eq!(codes, [true; 7], "{problems:#?}");
}

#[tokio::test]
async fn what_the_apply_is_about_to_do_is_neither_an_error_nor_a_warning() {
    let world = World::start().await;

    let answer = world.read(PLAN, query(&world, GUIDE, json!({})).await).await;

    assert_eq!(answer.warnings, []);
    assert_eq!(answer.value["valid"], true);
    let findings = answer.value["findings"].as_array().unwrap();
    let resolved: Vec<&str> =
        findings.iter().map(|finding| finding["resolved_by"].as_str().unwrap()).collect();
    let (check, route) = ("huaweivpc_ecs_port_source_check", "huaweivpc_container_route");
    assert_eq!(resolved, [check, route, check, route]);
}

#[tokio::test]
async fn routes_that_exist_already_need_no_room() {
    let quotas = json!({ "routetableContainRoutes": 2 });
    let world = World::with(json!({ "quotas": quotas }), json!({})).await;
    let table = world.default_table("vpc-containers").await;
    for (range, server, address) in
        [("10.0.2.0/24", "ECS1", "192.168.0.2"), ("10.0.3.0/24", "ECS2", "192.168.0.3")]
    {
        world.add_route(&table, range, "ecs", &world.server(server).await).await;
        world.set_pairs(&world.port(address).await, &["1.1.1.1/0"]).await;
    }

    let answer = world.read(PLAN, query(&world, GUIDE, json!({})).await).await;

    assert_eq!(answer.value["findings"], json!([]));
    assert_eq!(answer.value["routes_free"], json!(0));
}

/// Networks as people have them, in which nothing is wrong.
#[tokio::test]
async fn what_is_right_is_planned_in_silence() {
    let nic = |subnet: &str, address: &str| json!({ "subnet": subnet, "ip_address": address, "security_groups": ["sg-containers"] });
    let route = |destination: &str, kind: &str, hop: &str| json!({ "destination": destination, "type": kind, "nexthop": hop });
    let nodes: Vec<Json> = (0..8)
        .map(|number| {
            let subnet = ["subnet-containers", "subnet-nodes"][number % 2];
            let address = format!("192.168.{}.{}", number % 2, 100 + number);
            json!({ "name": format!("node-{number}"), "nics": [nic(subnet, &address)] })
        })
        .collect();
    let servers: Vec<Json> = [
        json!({ "name": "ECS1", "nics": [nic("subnet-containers", "192.168.0.2"),
                                         nic("subnet-containers", "192.168.0.12")] }),
        json!({ "name": "ECS2", "nics": [nic("subnet-nodes", "192.168.1.3")] }),
    ]
    .into_iter()
    .chain(nodes)
    .collect();
    // A cluster has a range for each of its nodes, in every table.
    let cluster = |number: usize| {
        let range = format!("10.0.{}.0/25", 128 + number);
        let described = json!({ "description": "cce node" });
        patched(&route(&range, "ecs", &format!("node-{number}")), &described)
    };
    let gateways = [
        route("0.0.0.0/0", "nat", "nat"),
        route("172.16.0.0/16", "peering", "peer"),
        route("10.8.0.0/14", "vpn", "office"),
        route("10.16.0.0/12", "er", "router"),
        route("fd00:5::/48", "peering", "peer"),
    ];
    let routes: Vec<Json> = gateways.into_iter().chain((0..8).map(cluster)).collect();
    let scenario = json!({
        "vpcs": [{ "name": "vpc-containers", "cidr": "192.168.0.0/16",
                   "extend_cidrs": ["10.200.0.0/16"],
                   "gateways": [{ "name": "nat", "type": "nat" }, { "name": "peer", "type": "peering" },
                                { "name": "office", "type": "vpn" }, { "name": "router", "type": "er" }] }],
        "subnets": [
            { "name": "subnet-containers", "vpc": "vpc-containers", "cidr": "192.168.0.0/24" },
            { "name": "subnet-nodes", "vpc": "vpc-containers", "cidr": "192.168.1.0/24" },
            { "name": "subnet-second-range", "vpc": "vpc-containers", "cidr": "10.200.0.0/24" },
        ],
        "servers": servers,
        "quotas": { "vpcContainRoutetable": 3 },
        "route_tables": [
            { "name": "default", "vpc": "vpc-containers", "default": true, "routes": routes },
            { "name": "rtb-cluster", "vpc": "vpc-containers", "routes": (0..8).map(cluster).collect::<Vec<_>>() },
        ],
    });
    let world = World::with(scenario, json!({})).await;
    let across_subnets = [("a", "192.168.0.2", "10.0.2.0/24"), ("b", "192.168.1.3", "10.0.3.0/24")];
    let beside_the_cluster =
        [("a", "192.168.0.2", "10.0.128.128/25"), ("b", "192.168.1.3", "10.0.0.0/17")];
    let of_v6 = [("a", "192.168.0.2", "fd00:2::/64"), ("b", "192.168.1.3", "fd00:3::/64")];
    for hosts in [across_subnets, beside_the_cluster, of_v6] {
        let answer = world.read(PLAN, query(&world, &hosts, json!({})).await).await;

        assert_eq!(answer.warnings, [], "{hosts:?}");
        let findings = answer.value["findings"].as_array().unwrap();
        assert!(findings.iter().all(|finding| finding["resolved_by"] != ""), "{findings:#?}");
    }
}

#[tokio::test]
async fn ranges_of_the_other_family_meet_only_their_own() {
    let world = World::start().await;
    let (vpc, subnet) =
        (world.vpc("vpc-containers").await, world.subnet("subnet-containers").await);
    let dual = json!({ "subnets": [{
        "id": subnet, "name": "dual", "vpc_id": vpc,
        "cidr": "192.168.0.0/24", "cidr_v6": "fd00:1::/64",
    }] });
    let answer = json!({ "answer": { "status": 200, "body": dual } });
    world.disturb("GET", "/v1/*/subnets", answer).await;
    let hosts = [("b", "192.168.0.2", "fd00:1::/80")];
    let refusal = world.refuse_to_read(PLAN, query(&world, &hosts, json!({})).await).await;
    refusal
        .expect_problem("hosts[\"b\"]", "fd00:1::/80 overlaps fd00:1::/64 of the subnet `dual`")
        .expect_problem("hosts[\"b\"]", "fd00:1:0:1::/80 is free.")
        .expect_nothing_else();
}

#[tokio::test]
async fn however_many_hosts_there_are_each_list_is_read_once() {
    let world = World::start().await;
    let (one, other) = (world.server("ECS1").await, world.server("ECS2").await);
    let by_id = |server: &str, range: &str| json!({ "ecs_id": server, "container_cidr": range });
    for hosts in [
        query(&world, GUIDE, json!({})).await,
        query(&world, &[], json!({ "hosts": { "a": by_id(&one, "10.0.2.0/24"), "b": by_id(&other, "10.0.3.0/24") } }))
            .await,
    ] {
        world.forget_requests().await;
        world.read(PLAN, hosts).await;
        let mut paths: Vec<String> = world.requests().await;
        paths.sort_unstable();
        let table = world.default_table("vpc-containers").await;
        let vpc = world.vpc("vpc-containers").await;
        let expected = [
            "GET /v1/cloudservers/detail".to_owned(),
            "GET /v1/ports".to_owned(),
            "GET /v1/quotas".to_owned(),
            "GET /v1/routetables".to_owned(),
            format!("GET /v1/routetables/{table}"),
            "GET /v1/subnets".to_owned(),
            format!("GET /v3/vpc/vpcs/{vpc}"),
        ];
        assert_eq!(paths, expected);
    }
}

#[tokio::test]
async fn what_may_not_be_read_is_said_and_the_rest_is_judged() {
    let world = a_larger_world(json!({})).await;
    let denied = json!({ "error_msg": "Policy doesn't allow it.", "error_code": "VPC.2201" });
    let hosts = [("a", "192.168.0.2", "10.0.2.0/24"), ("b", "192.168.1.2", "100.64.0.0/24")];
    for (path, part) in [
        ("v3/*/vpc/vpcs/*", "the VPC"),
        ("v1/*/routetables/*", "a route table"),
        ("v1/*/quotas", "the quota"),
        ("v1/*/cloudservers/detail", "the servers"),
    ] {
        let fault = json!({ "method": "GET", "path": format!("/{path}"), "every": 1,
                            "answer": { "status": 403, "body": denied } });
        world.order_faults(json!([fault])).await;
        let query = query(&world, &hosts, json!({ "on_error": "report" })).await;

        let answer = world.read(PLAN, query).await;

        let found = found(&answer.value);
        assert!(found.contains(&("cidr_system_range", "host `b`")), "{part}: {found:?}");
        assert!(found.contains(&("not_checked", part)), "{part}: {found:?}");
        assert_eq!(answer.value["plan"].as_object().unwrap().len(), 2, "{part}");
        let said = |phrase: &str| answer.warnings.iter().any(|it| it.detail.contains(phrase));
        assert!(said("VPC.2201") && said("Not checked:"), "{:#?}", answer.warnings);
        world.cancel_faults().await;
    }
}

/// A plan that lacks hosts because nobody could look for them would have their resources destroyed.
#[tokio::test]
async fn without_a_look_at_the_hosts_there_is_no_plan() {
    let world = a_larger_world(json!({})).await;
    let query =
        query(&world, &[("a", "192.168.0.2", "10.0.2.0/24")], json!({ "on_error": "report" }))
            .await;
    for path in ["subnets", "routetables", "ports"] {
        let body = json!({ "error_msg": "Policy doesn't allow it.", "error_code": "VPC.2201" });
        let fault = json!({ "method": "GET", "path": format!("/v1/*/{path}"), "every": 1,
                            "answer": { "status": 403, "body": body } });
        world.order_faults(json!([fault])).await;

        let refusal = world.refuse_to_read(PLAN, query.clone()).await;

        refusal.expect_problem("", "VPC.2201").expect_nothing_else();
        world.cancel_faults().await;
    }
}
