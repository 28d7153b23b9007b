//! What others do to a route, and to what it leads to.

use serde_json::{Value as Json, json};

use super::{a_larger_world, applied, default_table, without_server};
use crate::harness::{core::Action, world::World};

#[tokio::test]
async fn every_change_by_others_is_seen_and_repaired() {
    let world = a_larger_world().await;
    let table = default_table(&world).await;
    let (one, other) = (world.server("ECS1").await, world.server("ECS2").await);
    let nat = world.look().await.id("gateways", "nat");
    let theirs = |kind: &str, hop: &str, description: &str| {
        json!({ "type": kind, "destination": "10.0.2.0/24", "nexthop": hop,
                "description": description })
    };
    let by_server = json!({});
    let by_address = without_server(json!({ "host_ip": "192.168.0.2" }));
    let by_port = without_server(json!({ "port_id": world.port("192.168.0.12").await }));
    let by_virtual_ip = without_server(json!({ "virtual_ip": "192.168.0.100" }));
    let nic = world.port("192.168.0.12").await;
    let changes: [(&Json, Json, &[&str]); 9] = [
        (&by_server, theirs("ecs", &other, ""), &["ecs_id", "nexthop", "type"]),
        (
            &by_server,
            theirs("vip", "192.168.0.100", ""),
            &["ecs_id", "nexthop", "type", "virtual_ip"],
        ),
        (&by_server, theirs("eni", &nic, ""), &["ecs_id", "nexthop", "port_id", "type"]),
        (&by_server, theirs("nat", &nat, ""), &["ecs_id", "nexthop", "type"]),
        (&by_server, theirs("ecs", &one, "theirs"), &["description"]),
        (
            &by_address,
            theirs("ecs", &other, ""),
            &["ecs_id", "host_ip", "nexthop", "port_id", "type"],
        ),
        (&by_address, theirs("ecs", &one, "theirs"), &["description"]),
        (&by_port, theirs("ecs", &one, ""), &["ecs_id", "nexthop", "port_id", "type"]),
        (&by_virtual_ip, theirs("ecs", &one, ""), &["ecs_id", "nexthop", "type", "virtual_ip"]),
    ];
    for (hop, change, attributes) in changes {
        let mut route = applied(&world, hop.clone()).await;
        let before = world.look().await.route(&table, "10.0.2.0/24").clone();

        world.change_routes(&table, json!({ "mod": [change] })).await;

        world.expect_change(&route, attributes).await;
        assert_eq!(world.repair(&mut route).await, Action::Update);
        assert_eq!(world.look().await.route(&table, "10.0.2.0/24"), &before);
        world.destroy(route).await;
    }
}

#[tokio::test]
async fn a_deleted_route_is_planned_again() {
    let world = World::start().await;
    let table = default_table(&world).await;
    let mut route = applied(&world, json!({})).await;

    world.delete_route(&table, "10.0.2.0/24").await;

    world.expect_gone(&route).await;
    assert_eq!(world.plan(&route).await.0, Action::Create);
    assert_eq!(world.repair(&mut route).await, Action::Create);
    world.expect_routes(&table, "10.0.2.0/24 -> ECS1").await;
}

#[tokio::test]
async fn a_deleted_table_takes_its_routes_along() {
    let world = a_larger_world().await;
    let custom = world.table("rtb-custom").await;
    let route = applied(&world, json!({ "route_table_id": custom })).await;

    world.delete_table(&custom).await;

    world.expect_gone(&route).await;
    world.refuse_to(route, json!({})).await.expect_problem("route_table_id", &custom);
}

#[tokio::test]
async fn destroying_what_is_gone_succeeds() {
    let world = a_larger_world().await;
    let (table, custom) = (default_table(&world).await, world.table("rtb-custom").await);
    let route = applied(&world, json!({})).await;
    world.delete_route(&table, "10.0.2.0/24").await;
    world.destroy_unrefreshed(route).await;

    let route = applied(&world, json!({ "route_table_id": custom })).await;
    world.delete_table(&custom).await;
    world.destroy_unrefreshed(route).await;
}

#[tokio::test]
async fn a_server_rebuilt_under_its_address_is_a_change_in_place() {
    let world = World::start().await;
    let table = default_table(&world).await;
    let mut route = applied(&world, without_server(json!({ "host_ip": "192.168.0.2" }))).await;

    let rebuilt = world.rebuild_server("ECS1").await;

    world.expect_change(&route, &["ecs_id", "host_ip", "nexthop", "port_id", "type"]).await;
    world.forget_requests().await;
    assert_eq!(world.repair(&mut route).await, Action::Update);
    assert_eq!(route.get("nexthop"), json!(rebuilt));
    assert_eq!(world.writes().await, [format!("PUT /v1/routetables/{table}")]);
}

#[tokio::test]
async fn a_server_rebuilt_under_another_id_is_nobodys_next_hop() {
    let world = World::start().await;
    let route = applied(&world, json!({})).await;

    world.rebuild_server("ECS1").await;

    // The route stands and leads nowhere; the configuration names the old id all the same.
    world.expect_no_further_change(&route).await;
}

#[tokio::test]
async fn a_host_that_is_gone_is_said_at_its_address() {
    let world = World::start().await;
    let route = applied(&world, without_server(json!({ "host_ip": "192.168.0.2" }))).await;

    world.delete_server(&world.server("ECS1").await).await;

    let refusal = world.refuse_to(route, json!({})).await;
    let refusal = refusal.expect_problem("host_ip", "192.168.0.2");
    assert!(refusal.object.is_in_state());
    world.plan_blindly();
    world
        .expect_change(&refusal.object, &["ecs_id", "host_ip", "nexthop", "port_id", "type"])
        .await;
    let refusal = world.refuse_to(refusal.object, json!({})).await;
    let refusal = refusal.expect_problem("host_ip", "192.168.0.2");
    assert!(refusal.object.is_in_state());
    world.destroy(refusal.object).await;
}

#[tokio::test]
async fn a_host_that_cannot_be_looked_up_drops_nothing() {
    let world = World::start().await;
    let route = applied(&world, without_server(json!({ "host_ip": "192.168.0.2" }))).await;
    for how in [
        json!({ "answer": { "status": 404, "body": { "error_code": "APIGW.0101", "error_msg": "no" } } }),
        json!({ "answer": { "status": 502, "body": "<html>Bad Gateway</html>" } }),
        json!({ "answer": { "status": 403, "body": { "code": "VPC.0011", "message": "no" } } }),
        json!({ "cut": "before" }),
    ] {
        world.disturb("GET", "/v1/*/ports", how).await;
        assert!(world.refuse_to_refresh(&route).await.object.is_in_state());
    }
    world.expect_no_further_change(&route).await;
}
