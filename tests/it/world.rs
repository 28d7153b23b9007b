//! The world that stories are told in: what its words mean, each shown once on a route, a port, a group and a plan.

use serde_json::json;

use crate::harness::{core::Action, world::World};

#[tokio::test]
async fn a_container_range_follows_its_server() {
    let world = World::start().await;
    let table = world.default_table("vpc-containers").await;
    let (one, other) = (world.server("ECS1").await, world.server("ECS2").await);
    let config = json!({ "route_table_id": table, "destination": "172.16.4.0/24", "ecs_id": one });

    let mut route = world.apply("container_route", config).await;
    world.expect_routes(&table, "172.16.4.0/24 -> ECS1").await;
    world.forget_requests().await;
    assert_eq!(world.apply_to(&mut route, json!({ "ecs_id": other })).await, Action::Update);

    world.expect_routes(&table, "172.16.4.0/24 -> ECS2").await;
    assert_eq!(route.get("nexthop"), json!(other));
    let writes =
        Vec::from_iter(world.requests().await.into_iter().filter(|it| it.starts_with("PUT")));
    assert_eq!(writes, [format!("PUT /v1/routetables/{table}")]);
    world.expect_no_further_change(&route).await;
}

#[tokio::test]
async fn what_others_do_is_seen_and_repaired() {
    let world = World::start().await;
    let table = world.default_table("vpc-containers").await;
    let server = world.server("ECS1").await;
    world.add_route(&table, "172.16.9.0/24", "ecs", &server).await;
    let config =
        json!({ "route_table_id": table, "destination": "172.16.4.0/24", "ecs_id": server });
    let mut route = world.apply("container_route", config).await;

    world.change_route(&table, "172.16.4.0/24", "ecs", &world.server("ECS2").await).await;
    world.expect_change(&route, &["ecs_id", "nexthop", "type"]).await;
    assert_eq!(world.repair(&mut route).await, Action::Update);

    world.delete_route(&table, "172.16.4.0/24").await;
    world.expect_gone(&route).await;
    assert_eq!(world.repair(&mut route).await, Action::Create);

    world.expect_routes(&table, "172.16.4.0/24 -> ECS1\n172.16.9.0/24 -> ECS1").await;
    world.destroy(route).await;
    world.expect_routes(&table, "172.16.9.0/24 -> ECS1").await;
}

#[tokio::test]
async fn a_rebuilt_server_shows_as_a_change_of_the_next_hop() {
    let world = World::start().await;
    let table = world.default_table("vpc-containers").await;
    let config = json!({ "route_table_id": table, "destination": "172.16.4.0/24", "host_ip": "192.168.0.2" });
    let mut route = world.apply("container_route", config).await;

    let rebuilt = world.rebuild_server("ECS1").await;

    world.expect_change(&route, &["ecs_id", "host_ip", "nexthop", "port_id", "type"]).await;
    assert_eq!(world.repair(&mut route).await, Action::Update);
    assert_eq!(route.get("nexthop"), json!(rebuilt));
}

#[tokio::test]
async fn a_refusal_says_where_and_what_to_do() {
    let world = World::start().await;
    let table = world.default_table("vpc-containers").await;
    let server = world.server("ECS1").await;
    let config =
        json!({ "route_table_id": table, "destination": "172.16.4.1/24", "ecs_id": server });

    world
        .refuse("container_route", config.clone())
        .await
        .expect_problem("destination", "Write `172.16.4.0/24`")
        .expect_nothing_else();

    world.add_route(&table, "172.16.4.0/24", "ecs", &server).await;
    let config =
        crate::harness::config::patched(&config, &json!({ "destination": "172.16.4.0/24" }));
    let refusal = world.refuse("container_route", config.clone()).await;
    let refusal = refusal.expect_problem("destination", &format!("{table}/172.16.4.0/24"));
    assert!(!refusal.object.is_in_state());
    let imported = world
        .import_differing("container_route", &format!("{table}/172.16.4.0/24"), config.clone())
        .await;
    world.expect_no_further_change(&imported).await;
    world.import("container_route", &imported.id(), config).await;
}

#[tokio::test]
async fn a_failure_keeps_what_is_there() {
    let world = World::start().await;
    let table = world.default_table("vpc-containers").await;
    let server = world.server("ECS1").await;
    let config =
        json!({ "route_table_id": table, "destination": "172.16.4.0/24", "ecs_id": server });
    let route = world.apply("container_route", config).await;
    let failure = json!({ "status": 500, "body": { "code": "VPC.0000", "message": "not today" } });
    let writes = json!({ "method": "PUT", "path": "/v1/**", "times": 9, "answer": failure });
    world.order_faults(json!([writes])).await;

    let refusal = world.refuse_to(route, json!({ "description": "new" })).await;
    let route = refusal.expect_problem("", "not today").object;
    let refusal = world.refuse_to_destroy(route).await;
    let route = refusal.expect_problem("", "not today").object;
    assert!(route.is_in_state() && !route.is_tainted());

    world.cancel_faults().await;
    world.destroy(route).await;
    world.expect_routes(&table, "").await;
}

#[tokio::test]
async fn an_id_that_is_known_only_during_apply() {
    let world = World::start().await;
    let table = world.default_table("vpc-containers").await;
    let server = world.server("ECS1").await;
    let unknown = json!({ "$unknown": true });

    let route = world
        .apply_early(
            "container_route",
            json!({ "route_table_id": unknown, "destination": "172.16.4.0/24", "ecs_id": unknown }),
            json!({ "route_table_id": table, "destination": "172.16.4.0/24", "ecs_id": server }),
        )
        .await;

    assert_eq!(route.id(), format!("{table}/172.16.4.0/24"));
}

#[tokio::test]
async fn pairs_and_rules_of_others_stay() {
    let world = World::start().await;
    let port = world.port("192.168.0.2").await;
    let group = world.group("sg-containers").await;
    world.set_pairs(&port, &["10.9.0.0/16"]).await;
    let rule = json!({ "direction": "ingress", "protocol": "udp", "multiport": "53",
                       "remote_ip_prefix": "10.9.0.0/16", "ethertype": "IPv4" });
    let theirs = world.add_rule(&group, rule).await;

    let check = world.apply("ecs_port_source_check", json!({ "host_ip": "192.168.0.2" })).await;
    let rules = json!({ "security_group_id": group, "remote_ip_prefix": "172.16.0.0/16" });
    let rules = world.apply("secgroup_icmp_udp_rule", rules).await;
    world.expect_pairs(&port, &["10.9.0.0/16", "1.1.1.1/0"]).await;
    world
        .expect_rules(
            &group,
            "ingress icmp 172.16.0.0/16
             ingress udp 172.16.0.0/16
             ingress udp 53 10.9.0.0/16",
        )
        .await;

    world.destroy(check).await;
    world.destroy(rules).await;
    world.expect_pairs(&port, &["10.9.0.0/16"]).await;
    world.expect_rules(&group, "ingress udp 53 10.9.0.0/16").await;
    world.delete_rule(&theirs).await;
    world.expect_rules(&group, "").await;
}

#[tokio::test]
async fn a_data_source_answers_or_refuses() {
    let world = World::start().await;
    let vpc = world.vpc("vpc-containers").await;
    let host = |range| json!({ "host_ip": "192.168.0.2", "container_cidr": range });

    let plan = world
        .read(
            "container_cidr_plan",
            json!({ "vpc_id": vpc, "hosts": { "a": host("10.0.2.0/24") } }),
        )
        .await;
    assert_eq!(plan.value["plan"]["a"]["ecs_id"], json!(world.server("ECS1").await));
    assert_eq!(plan.warnings, []);

    let query = json!({ "vpc_id": vpc, "hosts": { "a": host("192.168.0.0/25") } });
    world.refuse_to_read("container_cidr_plan", query).await.expect_problem(
        "hosts[\"a\"]",
        "In `hosts[\"a\"].container_cidr`: 192.168.0.0/25 overlaps 192.168.0.0/24",
    );
}

#[tokio::test]
async fn a_world_of_its_own() {
    let settings = json!({ "access_key": "NOBODY" });
    let world = World::with(json!({ "security_groups": [], "servers": [] }), settings).await;
    world.plan_blindly();
    let vpc = world.vpc("vpc-containers").await;
    let config = json!({ "vpc_id": vpc, "destination": "10.0.2.0/24", "host_ip": "192.168.0.2" });

    world.refuse("container_route", config).await.expect_problem("", "NOBODY");
}
