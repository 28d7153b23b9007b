//! Stories of the data source `huaweivpc_container_cidr_plan`: what it answers where nothing is wrong.

use serde_json::{Value as Json, json};

use crate::harness::{config::patched, world::World};

mod findings;
mod many;
mod stories;

const PLAN: &str = "container_cidr_plan";

/// A VPC with a secondary range and two subnets, each under a table of its own, and a second VPC.
async fn a_larger_world(patch: Json) -> World {
    let nic = |subnet: &str, address: &str| json!({ "subnet": subnet, "ip_address": address, "security_groups": ["sg-containers"] });
    let scenario = json!({
        "vpcs": [
            { "name": "vpc-containers", "cidr": "192.168.0.0/16",
              "extend_cidrs": ["10.200.0.0/16"] },
            { "name": "vpc-other", "cidr": "10.50.0.0/16" },
        ],
        "subnets": [
            { "name": "subnet-containers", "vpc": "vpc-containers", "cidr": "192.168.0.0/24" },
            { "name": "subnet-two", "vpc": "vpc-containers", "cidr": "192.168.1.0/24" },
            { "name": "subnet-other", "vpc": "vpc-other", "cidr": "10.50.0.0/24" },
        ],
        "servers": [
            { "name": "ECS1", "nics": [nic("subnet-containers", "192.168.0.2"),
                                       nic("subnet-containers", "192.168.0.12")] },
            { "name": "ECS2", "nics": [nic("subnet-containers", "192.168.0.3")] },
            { "name": "ECS3", "nics": [nic("subnet-two", "192.168.1.2")] },
            { "name": "elsewhere", "nics": [nic("subnet-other", "10.50.0.2")] },
        ],
        "vips": [{ "name": "vip", "subnet": "subnet-containers", "ip_address": "192.168.0.100" }],
        "quotas": { "vpcContainRoutetable": 3 },
        "route_tables": [
            { "name": "rtb-two", "vpc": "vpc-containers", "subnets": ["subnet-two"] },
        ],
    });
    World::with(patched(&scenario, &patch), json!({})).await
}

/// A query for these hosts, as pairs of a private address and a container range.
async fn query(world: &World, hosts: &[(&str, &str, &str)], patch: Json) -> Json {
    let host = |(name, address, range): &(&str, &str, &str)| {
        ((*name).to_owned(), json!({ "host_ip": address, "container_cidr": range }))
    };
    let hosts: Json = Json::Object(hosts.iter().map(host).collect());
    let query = json!({ "vpc_id": world.vpc("vpc-containers").await, "hosts": hosts });
    patched(&query, &patch)
}

const GUIDE: &[(&str, &str, &str)] =
    &[("ecs1", "192.168.0.2", "10.0.2.0/24"), ("ecs2", "192.168.0.3", "10.0.3.0/24")];

#[tokio::test]
async fn the_guides_plan_has_everything_that_for_each_needs() {
    let world = a_larger_world(json!({})).await;
    let table = world.default_table("vpc-containers").await;

    let answer = world.read(PLAN, query(&world, GUIDE, json!({})).await).await;

    assert_eq!(answer.warnings, []);
    assert_eq!(answer.value["valid"], json!(true));
    let host = |server: String, port: String, address: &str, range: &str, gateway: &str| {
        json!({
            "ecs_id": server,
            "host_ip": address,
            "port_id": port,
            "subnet_id": null,
            "vpc_id": null,
            "route_table_id": table,
            "container_cidr": range,
            "gateway": format!("{gateway}.1"),
            "first_container": format!("{gateway}.2"),
            "capacity": 253,
            "source_check_enabled": true,
            "route_exists": false,
        })
    };
    let (subnet, vpc) =
        (world.subnet("subnet-containers").await, world.vpc("vpc-containers").await);
    let place = json!({ "subnet_id": subnet, "vpc_id": vpc });
    let (one, other) = (world.server("ECS1").await, world.server("ECS2").await);
    let (nic, other_nic) = (world.port("192.168.0.2").await, world.port("192.168.0.3").await);
    let plan = json!({
        "ecs1": patched(&host(one, nic, "192.168.0.2", "10.0.2.0/24", "10.0.2"), &place),
        "ecs2": patched(&host(other, other_nic, "192.168.0.3", "10.0.3.0/24", "10.0.3"), &place),
    });
    assert_eq!(answer.value["plan"], plan);
}

#[tokio::test]
async fn a_host_is_named_by_its_id_or_by_any_of_its_addresses() {
    let world = a_larger_world(json!({})).await;
    let server = world.server("ECS1").await;
    let (first, second) = (world.port("192.168.0.2").await, world.port("192.168.0.12").await);
    for (host, port, address) in [
        (json!({ "ecs_id": server }), &first, "192.168.0.2"),
        (json!({ "host_ip": "192.168.0.2" }), &first, "192.168.0.2"),
        (json!({ "host_ip": "192.168.0.12" }), &second, "192.168.0.12"),
    ] {
        let host = patched(&host, &json!({ "container_cidr": "10.0.2.0/24", "containers": 253 }));
        let hosts = json!({ "hosts": { "a": host } });

        let answer = world.read(PLAN, query(&world, &[], hosts).await).await;

        let planned = &answer.value["plan"]["a"];
        assert_eq!((&planned["ecs_id"], &planned["port_id"]), (&json!(server), &json!(port)));
        assert_eq!(planned["host_ip"], address);
        assert_eq!(answer.value["valid"], true);
    }
}

#[tokio::test]
async fn each_host_has_the_table_of_its_subnet_unless_one_is_given() {
    let world = a_larger_world(json!({})).await;
    let (default, custom) =
        (world.default_table("vpc-containers").await, world.table("rtb-two").await);
    let hosts = [("a", "192.168.0.2", "10.0.2.0/24"), ("b", "192.168.1.2", "10.0.3.0/24")];
    // The routes alone would not let the two reach each other, and that is an error.
    for (patch, tables) in [
        (json!({ "on_error": "report" }), [&default, &custom]),
        (json!({ "route_table_id": custom }), [&custom, &custom]),
        (json!({ "route_table_id": default }), [&default, &default]),
    ] {
        let plan = world.read(PLAN, query(&world, &hosts, patch).await).await.value["plan"].clone();
        let planned = [&plan["a"]["route_table_id"], &plan["b"]["route_table_id"]];
        assert_eq!(planned, [&json!(tables[0]), &json!(tables[1])]);
    }
}

#[tokio::test]
async fn hosts_under_two_tables_are_an_error_until_each_table_has_every_route() {
    let world = a_larger_world(json!({})).await;
    let (default, custom) =
        (world.default_table("vpc-containers").await, world.table("rtb-two").await);
    let hosts = [("a", "192.168.0.2", "10.0.2.0/24"), ("b", "192.168.1.2", "10.0.3.0/24")];
    let whole = query(&world, &hosts, json!({})).await;
    let refusal = world.refuse_to_read(PLAN, whole.clone()).await;
    assert_eq!(refusal.problems.len(), 1, "{:#?}", refusal.problems);
    assert!(refusal.problems[0].detail.ends_with("(host_other_subnet)"), "{refusal:#?}");

    // The remedy: a plan for each table, which fails for neither.
    let mut warned = Vec::new();
    for table in [&default, &custom] {
        let query = query(&world, &hosts, json!({ "route_table_id": table })).await;
        let answer = world.read(PLAN, query).await;
        assert_eq!(answer.value["valid"], json!(true));
        warned.push(answer.warnings.len());
        for host in answer.value["plan"].as_object().unwrap().values() {
            let (range, server) = (&host["container_cidr"], &host["ecs_id"]);
            world.add_route(table, range.as_str().unwrap(), "ecs", server.as_str().unwrap()).await;
        }
    }
    // The second plan finds the routes of the first in their table.
    assert_eq!(warned, [1, 0]);
    let answer = world.read(PLAN, whole).await;
    assert_eq!((answer.warnings.len(), &answer.value["valid"]), (0, &json!(true)));
}

#[tokio::test]
async fn what_is_done_already_shows_in_the_plan() {
    let world = a_larger_world(json!({})).await;
    let (table, custom) =
        (world.default_table("vpc-containers").await, world.table("rtb-two").await);
    let (one, other) = (world.server("ECS1").await, world.server("ECS2").await);
    world.set_pairs(&world.port("192.168.0.2").await, &["10.9.0.0/16", "1.1.1.1/0"]).await;
    world.add_route(&table, "10.0.2.0/24", "ecs", &one).await;
    // Neither to this host, nor in its table, nor of its range.
    world.add_route(&table, "10.0.3.0/24", "ecs", &one).await;
    world.add_route(&custom, "10.0.3.0/24", "ecs", &other).await;
    world.add_route(&table, "10.0.3.0/25", "ecs", &other).await;

    let plan = world.read(PLAN, query(&world, GUIDE, json!({})).await).await.value["plan"].clone();

    let done = |host: &str| {
        (plan[host]["source_check_enabled"].clone(), plan[host]["route_exists"].clone())
    };
    assert_eq!(done("ecs1"), (json!(false), json!(true)));
    assert_eq!(done("ecs2"), (json!(true), json!(false)));

    let second = world.port("192.168.0.12").await;
    world.add_route(&table, "10.0.4.0/24", "eni", &second).await;
    let hosts = [("nic", "192.168.0.12", "10.0.4.0/24")];
    let plan = world.read(PLAN, query(&world, &hosts, json!({})).await).await.value["plan"].clone();
    assert_eq!(plan["nic"]["route_exists"], json!(true));
}

#[tokio::test]
async fn ranges_of_every_size_have_their_numbers() {
    let world = World::start().await;
    for (range, gateway, first, capacity) in [
        ("10.0.0.0/8", json!("10.0.0.1"), json!("10.0.0.2"), json!(16_777_213)),
        ("10.0.2.0/30", json!("10.0.2.1"), json!("10.0.2.2"), json!(1)),
        ("10.0.2.0/32", json!(null), json!(null), json!(0)),
        ("fd00:10:2::/112", json!("fd00:10:2::1"), json!("fd00:10:2::2"), json!(65_534)),
        ("fd00:10:2::/64", json!("fd00:10:2::1"), json!("fd00:10:2::2"), json!(u64::MAX - 1)),
        ("fd00::/8", json!("fd00::1"), json!("fd00::2"), json!(u64::MAX)),
    ] {
        let hosts = [("a", "192.168.0.2", range)];
        let query = query(&world, &hosts, json!({ "on_error": "report" })).await;
        let planned = world.read(PLAN, query).await.value["plan"]["a"].clone();
        assert_eq!(planned["gateway"], gateway, "{range}");
        assert_eq!(planned["first_container"], first, "{range}");
        assert_eq!(planned["capacity"], capacity, "{range}");
    }
}

#[tokio::test]
async fn routes_are_counted_in_the_fullest_table_without_local_ones() {
    let quotas = json!({ "vpcContainRoutetable": 3, "routetableContainRoutes": 20 });
    let world = a_larger_world(json!({ "quotas": quotas })).await;
    let (table, custom) =
        (world.default_table("vpc-containers").await, world.table("rtb-two").await);
    let server = world.server("ECS1").await;
    world.add_route(&table, "10.1.0.0/16", "ecs", &server).await;
    for range in ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"] {
        world.add_route(&custom, range, "ecs", &server).await;
    }
    let both = [("a", "192.168.0.2", "10.0.2.0/24"), ("b", "192.168.1.2", "10.0.3.0/24")];
    for (hosts, patch, used) in [
        (GUIDE, json!({}), 1),
        (&both[..], json!({ "on_error": "report" }), 3),
        (GUIDE, json!({ "route_table_id": custom }), 3),
        (&[], json!({ "route_table_id": custom }), 3),
    ] {
        let answer = world.read(PLAN, query(&world, hosts, patch).await).await.value;
        let numbers =
            ["routes_used", "routes_quota", "routes_free"].map(|name| answer[name].clone());
        assert_eq!(numbers, [json!(used), json!(20), json!(20 - used)]);
    }
}

#[tokio::test]
async fn without_a_quota_there_is_no_number() {
    let world = World::start().await;
    let unlimited = json!({ "quotas": { "resources": [
        { "type": "routetableContainRoutes", "used": 0, "quota": -1, "min": 0 },
    ] } });
    let answer = json!({ "answer": { "status": 200, "body": unlimited } });
    world.disturb("GET", "/v1/*/quotas", answer).await;

    let answer = world.read(PLAN, query(&world, GUIDE, json!({})).await).await.value;

    assert_eq!((&answer["routes_quota"], &answer["routes_free"]), (&Json::Null, &Json::Null));
    assert_eq!((&answer["routes_used"], &answer["valid"]), (&json!(0), &json!(true)));
}

#[tokio::test]
async fn nothing_is_written() {
    let world = World::start().await;
    world.forget_requests().await;
    world.read(PLAN, query(&world, GUIDE, json!({})).await).await;
    assert_eq!(world.writes().await, [""; 0]);
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_refused_where_it_is_named() {
    let world = a_larger_world(json!({})).await;
    let nobody = "00000000-0000-4000-8000-000000000000";
    let other_table = world.default_table("vpc-other").await;
    let host = |host: Json| json!({ "hosts": { "a": patched(&json!({ "container_cidr": "10.0.2.0/24" }), &host) } });
    for (patch, path, phrase) in [
        (json!({ "vpc_id": nobody }), "vpc_id", "does not exist"),
        (json!({ "vpc_id": null }), "vpc_id", "required"),
        (json!({ "vpc_id": "no id" }), "vpc_id", "`no id`"),
        (json!({ "route_table_id": nobody }), "route_table_id", "has no route table"),
        (json!({ "route_table_id": other_table }), "route_table_id", "has no route table"),
        (json!({ "on_error": "ignore" }), "on_error", "`ignore`"),
        (json!({ "reserved_cidrs": ["10.0.0.1/8"] }), "reserved_cidrs[0]", "`10.0.0.0/8`"),
        (json!({ "docker_pools": ["all"] }), "docker_pools[0]", "`all`"),
        (host(json!({})), "hosts[\"a\"]", "neither"),
        (host(json!({ "ecs_id": nobody, "host_ip": "192.168.0.2" })), "hosts[\"a\"]", "both"),
        (host(json!({ "host_ip": "192.168.0" })), "hosts[\"a\"]", "`192.168.0`"),
        (
            host(json!({ "host_ip": "192.168.0.2", "container_cidr": "10.0.2.1/24" })),
            "hosts[\"a\"]",
            "Write `10.0.2.0/24`",
        ),
        (
            host(json!({ "host_ip": "192.168.0.2", "containers": 0 })),
            "hosts[\"a\"]",
            "whole number from 1",
        ),
    ] {
        let refusal = world.refuse_to_read(PLAN, query(&world, GUIDE, patch).await).await;
        refusal.expect_problem(path, phrase).expect_nothing_else();
    }
}

#[tokio::test]
async fn a_failed_look_is_an_error_even_where_findings_are_only_reported() {
    let world = World::start().await;
    for path in [
        "v3/*/vpc/vpcs/*",
        "v1/*/subnets",
        "v1/*/routetables",
        "v1/*/routetables/*",
        "v1/*/ports",
        "v1/*/quotas",
        "v1/*/cloudservers/detail",
    ] {
        let html = json!({ "answer": { "status": 502, "body": "<html>Bad Gateway</html>" } });
        world.disturb("GET", &format!("/{path}"), html).await;
        let query = query(&world, GUIDE, json!({ "on_error": "report" })).await;
        world.refuse_to_read(PLAN, query).await.expect_problem("", "502");
    }
}
