//! Each finding, met in the cloud: its code, its words, its place and what to do about it.

use huaweivpc::framework::Severity;
use serde_json::json;

use super::{
    GUIDE, PLAN, a_larger_world,
    expected::{Expected, about_b},
    query,
};
use crate::harness::{config::patched, world::World};

#[tokio::test]
async fn each_range_that_breaks_something() {
    let world = a_larger_world(json!({})).await;
    let subnet = format!("subnet {}", world.subnet("subnet-two").await);
    let own_pools = json!({ "docker_pools": [] });
    for (range, patch, expected) in [
        (
            "10.0.2.128/25",
            json!({}),
            about_b(
                "cidr_overlaps_host",
                Severity::Error,
                "host `a`",
                "10.0.2.128/25 of `b` overlaps 10.0.2.0/24 of `a`.",
                "a range of its own",
            ),
        ),
        (
            "192.168.1.128/25",
            own_pools.clone(),
            about_b(
                "cidr_in_subnet",
                Severity::Error,
                &subnet,
                "192.168.1.128/25 overlaps 192.168.1.0/24 of the subnet `subnet-two`",
                "outside every subnet",
            ),
        ),
        (
            "192.168.7.0/24",
            own_pools.clone(),
            about_b(
                "cidr_in_vpc_range",
                Severity::Warning,
                "192.168.0.0/16",
                "192.168.7.0/24 overlaps 192.168.0.0/16 of the VPC",
                "outside the VPC's own ranges",
            ),
        ),
        (
            "10.200.7.0/24",
            json!({}),
            about_b(
                "cidr_in_vpc_range",
                Severity::Warning,
                "10.200.0.0/16",
                "10.200.7.0/24 overlaps 10.200.0.0/16 of the VPC",
                "outside the VPC's own ranges",
            ),
        ),
        (
            "100.125.1.0/24",
            json!({}),
            about_b(
                "cidr_system_range",
                Severity::Error,
                "100.64.0.0/10",
                "100.125.1.0/24 overlaps 100.64.0.0/10",
                "10.0.0.0/8",
            ),
        ),
        (
            "fe80:1::/64",
            json!({}),
            about_b(
                "cidr_system_range",
                Severity::Error,
                "fe80::/10",
                "link-local",
                "a private range",
            ),
        ),
        (
            "10.0.3.0/24",
            json!({ "reserved_cidrs": ["10.0.0.0/23", "10.0.3.64/26"] }),
            about_b(
                "cidr_reserved",
                Severity::Error,
                "10.0.3.64/26",
                "10.0.3.0/24 overlaps 10.0.3.64/26",
                "outside `reserved_cidrs`",
            ),
        ),
        (
            "172.17.3.0/24",
            json!({}),
            about_b(
                "cidr_docker_pool",
                Severity::Warning,
                "172.17.0.0/16",
                "172.17.3.0/24 overlaps 172.17.0.0/16",
                "`docker_pools`",
            ),
        ),
        (
            "10.0.3.0/24",
            json!({ "docker_pools": ["10.0.3.0/26"] }),
            about_b(
                "cidr_docker_pool",
                Severity::Warning,
                "10.0.3.0/26",
                "10.0.3.0/24 overlaps 10.0.3.0/26",
                "`docker_pools`",
            ),
        ),
        (
            "10.0.3.0/31",
            json!({}),
            about_b(
                "cidr_too_small",
                Severity::Error,
                "",
                "10.0.3.0/31 holds 0 containers, 1 are wanted",
                "a shorter prefix length",
            ),
        ),
    ] {
        let hosts = [("a", "192.168.0.2", "10.0.2.0/24"), ("b", "192.168.0.3", range)];
        expected.expect_alone(&world, query(&world, &hosts, patch).await).await;
    }
}

#[tokio::test]
async fn a_range_that_is_too_small_for_what_is_wanted() {
    let world = World::start().await;
    let host = |containers: u64| {
        let host = json!({ "host_ip": "192.168.0.2", "container_cidr": "10.0.2.0/28",
                           "containers": containers });
        json!({ "hosts": { "b": host } })
    };
    let expected = about_b(
        "cidr_too_small",
        Severity::Error,
        "",
        "10.0.2.0/28 holds 13 containers, 14 are wanted",
        "a shorter prefix length",
    );
    expected.expect_alone(&world, query(&world, &[], host(14)).await).await;
    let answer = world.read(PLAN, query(&world, &[], host(13)).await).await;
    assert_eq!(answer.value["findings"], json!([]));
}

#[tokio::test]
async fn each_host_that_cannot_be_or_should_not() {
    let world = a_larger_world(json!({})).await;
    let nobody = "00000000-0000-4000-8000-000000000000";
    let (one, elsewhere) = (world.server("ECS1").await, world.server("elsewhere").await);
    let two = world.subnet("subnet-two").await;
    for (host, expected) in [
        (
            json!({ "host_ip": "192.168.0.9" }),
            about_b(
                "host_not_found",
                Severity::Error,
                "",
                "the private address 192.168.0.9",
                "an existing server",
            ),
        ),
        (
            json!({ "host_ip": "10.50.0.2" }),
            about_b("host_not_found", Severity::Error, "", "10.50.0.2", "an existing server"),
        ),
        (
            json!({ "host_ip": "192.168.0.100" }),
            about_b("host_not_found", Severity::Error, "", "192.168.0.100", "an existing server"),
        ),
        (
            json!({ "ecs_id": nobody }),
            about_b("host_not_found", Severity::Error, "", nobody, "an existing server"),
        ),
        (
            json!({ "ecs_id": elsewhere }),
            about_b("host_other_vpc", Severity::Error, "", &elsewhere, "a server of this VPC"),
        ),
        (
            json!({ "host_ip": "192.168.1.2" }),
            about_b("host_other_subnet", Severity::Warning, "host `a`", &two, "route table"),
        ),
        (
            json!({ "ecs_id": one }),
            about_b(
                "host_repeated",
                Severity::Warning,
                "host `a`",
                "`a` and `b` are the same server",
                "one range that is large enough",
            ),
        ),
        (
            json!({ "host_ip": "192.168.0.12" }),
            about_b("host_repeated", Severity::Warning, "host `a`", &one, "one range"),
        ),
    ] {
        let host = patched(&host, &json!({ "container_cidr": "10.0.3.0/24" }));
        let home = json!({ "host_ip": "192.168.0.2", "container_cidr": "10.0.2.0/24" });
        let hosts = json!({ "hosts": { "a": home, "b": host } });
        expected.expect_alone(&world, query(&world, &[], hosts).await).await;
    }
}

#[tokio::test]
async fn an_address_that_two_servers_have() {
    let world = World::start().await;
    let subnet = world.subnet("subnet-containers").await;
    let port = |id: &str, server: &str| {
        json!({ "id": id, "network_id": subnet, "device_id": server, "device_owner": "compute:az",
                "fixed_ips": [{ "ip_address": "192.168.0.2" }] })
    };
    let ports = json!({ "ports": [port("p-1", "s-1"), port("p-2", "s-2")] });
    let fault = json!({ "method": "GET", "path": "/v1/*/ports", "times": 2,
                        "answer": { "status": 200, "body": ports } });
    world.order_faults(json!([fault])).await;
    let expected = about_b(
        "host_ambiguous",
        Severity::Error,
        "s-1, s-2",
        "Several servers have the private address 192.168.0.2: s-1, s-2",
        "`ecs_id` instead of `host_ip`",
    );
    let hosts = [("b", "192.168.0.2", "10.0.2.0/24")];
    expected.expect_alone(&world, query(&world, &hosts, json!({})).await).await;
}

#[tokio::test]
async fn tables_without_room() {
    for (quota, others, code, severity, message) in [
        (3, 2, "quota_exceeded", Severity::Error, "2 of 3 routes"),
        (4, 2, "quota_nearly_full", Severity::Warning, "2 of 4 routes"),
        (8, 2, "quota_nearly_full", Severity::Warning, "5 local routes may count"),
    ] {
        let quotas = json!({ "vpcContainRoutetable": 3, "routetableContainRoutes": quota });
        let world = a_larger_world(json!({ "quotas": quotas })).await;
        let table = world.default_table("vpc-containers").await;
        for index in 0..others {
            let range = format!("10.{}.0.0/16", 60 + index);
            world.add_route(&table, &range, "ecs", &world.server("ECS1").await).await;
        }
        let subject = format!("route table `{table}`");
        let expected = Expected {
            code,
            severity,
            subject: &subject,
            conflicts_with: "",
            message,
            fix: "a higher quota",
            path: "hosts",
        };
        expected.expect_alone(&world, query(&world, GUIDE, json!({})).await).await;
        // The other table has room.
        let custom = json!({ "route_table_id": world.table("rtb-two").await });
        let answer = world.read(PLAN, query(&world, GUIDE, custom).await).await;
        assert_eq!(answer.value["valid"], json!(true));
    }
}

#[tokio::test]
async fn routes_that_exist_already_need_no_room() {
    let quotas = json!({ "routetableContainRoutes": 2 });
    let world = World::with(json!({ "quotas": quotas }), json!({})).await;
    let table = world.default_table("vpc-containers").await;
    for (range, server) in [("10.0.2.0/24", "ECS1"), ("10.0.3.0/24", "ECS2")] {
        world.add_route(&table, range, "ecs", &world.server(server).await).await;
    }

    let answer = world.read(PLAN, query(&world, GUIDE, json!({})).await).await;

    assert_eq!(answer.value["findings"], json!([]));
    assert_eq!(answer.value["routes_free"], json!(0));
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
    let fault = json!({ "method": "GET", "path": "/v1/*/subnets", "times": 2,
                        "answer": { "status": 200, "body": dual } });
    world.order_faults(json!([fault])).await;
    let conflict = format!("subnet {subnet}");
    let expected = about_b(
        "cidr_in_subnet",
        Severity::Error,
        &conflict,
        "fd00:1::/80 overlaps fd00:1::/64 of the subnet `dual`",
        "outside every subnet",
    );
    let hosts = [("b", "192.168.0.2", "fd00:1::/80")];
    expected.expect_alone(&world, query(&world, &hosts, json!({})).await).await;

    let hosts = [("a", "192.168.0.2", "fd00:2::/64"), ("b", "192.168.0.3", "10.0.3.0/24")];
    let answer = world.read(PLAN, query(&world, &hosts, json!({})).await).await;
    assert_eq!(answer.value["findings"], json!([]));
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once_errors_first() {
    let world = a_larger_world(json!({})).await;
    let hosts = [
        ("a", "192.168.0.2", "172.17.0.0/24"),
        ("b", "192.168.0.12", "172.17.0.128/25"),
        ("c", "192.168.1.2", "192.168.1.0/25"),
        ("d", "192.168.0.9", "100.64.0.0/24"),
    ];
    let expected = [
        ("cidr_overlaps_host", "host `b`"),
        ("cidr_in_subnet", "host `c`"),
        ("host_not_found", "host `d`"),
        ("cidr_system_range", "host `d`"),
        ("cidr_docker_pool", "host `a`"),
        ("host_repeated", "host `b`"),
        ("cidr_docker_pool", "host `b`"),
        ("host_other_subnet", "host `c`"),
    ];
    let query = query(&world, &hosts, json!({ "on_error": "report" })).await;

    let answer = world.read(PLAN, query.clone()).await;

    let found = answer.value["findings"].as_array().unwrap().clone();
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|finding| (finding["code"].as_str().unwrap(), finding["subject"].as_str().unwrap()))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(answer.warnings.len(), 4);
    // Who was not found is not in the plan; the others are.
    let planned: Vec<&String> = answer.value["plan"].as_object().unwrap().keys().collect();
    assert_eq!(planned, ["a", "b", "c"]);

    let failing = patched(&query, &json!({ "on_error": "fail" }));
    let problems = world.refuse_to_read(PLAN, failing).await.problems;
    let codes: Vec<bool> = problems
        .iter()
        .zip(expected)
        .map(|(problem, (code, _))| problem.detail.ends_with(&format!("({code})")))
        .collect();
    assert_eq!(codes, [true; 8], "{problems:#?}");
}
