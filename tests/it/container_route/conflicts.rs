//! What is there already, and what cannot be.

use serde_json::json;

use super::{a_larger_world, applied, default_table, route, without_server};
use crate::harness::world::World;

#[tokio::test]
async fn a_route_that_is_there_is_not_taken_without_being_asked_for() {
    for plans_blindly in [false, true] {
        let world = World::start().await;
        if plans_blindly {
            world.plan_blindly();
        }
        let table = default_table(&world).await;
        for hop in ["ECS1", "ECS2"] {
            world.add_route(&table, "10.0.2.0/24", "ecs", &world.server(hop).await).await;
            world.forget_requests().await;

            let refusal = world.refuse("container_route", route(&world, json!({})).await).await;

            let command =
                format!("terraform import huaweivpc_container_route.<name> '{table}/10.0.2.0/24'");
            let refusal = refusal.expect_problem("destination", &command).expect_nothing_else();
            assert!(!refusal.object.is_in_state());
            assert_eq!(world.writes().await, [""; 0]);
            world.expect_routes(&table, &format!("10.0.2.0/24 -> {hop}")).await;
            world.delete_route(&table, "10.0.2.0/24").await;
        }
    }
}

#[tokio::test]
async fn a_route_that_appears_in_the_last_moment_is_not_taken_either() {
    let world = World::start().await;
    let exists = json!({ "code": "VPC.2812", "message": "The route already exists." });
    let answer = json!({ "answer": { "status": 400, "body": exists } });
    world.disturb("PUT", "/v1/*/routetables/*", answer).await;

    let refusal = world.refuse("container_route", route(&world, json!({})).await).await;

    assert!(!refusal.expect_problem("destination", "terraform import").object.is_in_state());
}

#[tokio::test]
async fn an_identical_route_is_adopted_without_a_call() {
    let world = World::start().await;
    let table = default_table(&world).await;
    world.add_route(&table, "10.0.2.0/24", "ecs", &world.server("ECS1").await).await;
    world.forget_requests().await;

    let route = applied(&world, json!({ "adopt_existing": true })).await;

    assert_eq!(world.writes().await, [""; 0]);
    world.destroy(route).await;
    world.expect_routes(&table, "").await;
}

#[tokio::test]
async fn an_adopted_route_becomes_as_it_is_planned() {
    let world = World::start().await;
    let table = default_table(&world).await;
    let theirs = json!({ "type": "ecs", "destination": "10.0.2.0/24", "description": "theirs",
                         "nexthop": world.server("ECS2").await });
    world.change_routes(&table, json!({ "add": [theirs] })).await;
    world.forget_requests().await;

    applied(&world, json!({ "adopt_existing": true })).await;

    world.expect_routes(&table, "10.0.2.0/24 -> ECS1").await;
    assert_eq!(world.look().await.route(&table, "10.0.2.0/24")["description"], "");
    assert_eq!(world.writes().await.len(), 1);
}

#[tokio::test]
async fn a_destination_inside_a_local_route_is_refused_even_for_adoption() {
    for plans_blindly in [false, true] {
        let world = World::start().await;
        if plans_blindly {
            world.plan_blindly();
        }
        world.forget_requests().await;
        for destination in ["192.168.0.0/24", "192.168.0.128/25", "100.64.0.0/10", "127.1.0.0/16"] {
            let config = json!({ "destination": destination, "adopt_existing": true });
            let refusal = world.refuse("container_route", route(&world, config).await).await;
            let refusal = refusal.expect_problem("destination", "outside every subnet");
            assert!(!refusal.object.is_in_state());
        }
        assert_eq!(world.writes().await, [""; 0]);
    }
}

#[tokio::test]
async fn the_routes_of_others_stay_whatever_becomes_of_ours() {
    let world = a_larger_world().await;
    let (table, custom) = (default_table(&world).await, world.table("rtb-custom").await);
    let (one, other) = (world.server("ECS1").await, world.server("ECS2").await);
    world.add_route(&table, "10.0.0.0/16", "ecs", &other).await;
    world.add_route(&table, "10.0.2.0/25", "ecs", &one).await;
    world.add_route(&table, "10.0.3.0/24", "vip", "192.168.0.100").await;
    world.add_route(&custom, "10.0.2.0/24", "ecs", &other).await;
    let theirs = "10.0.0.0/16 -> ECS2\n10.0.2.0/25 -> ECS1\n10.0.3.0/24 -> vip 192.168.0.100";

    let mut route = applied(&world, json!({})).await;
    world.expect_routes(&table, &format!("{theirs}\n10.0.2.0/24 -> ECS1")).await;
    world.apply_to(&mut route, json!({ "ecs_id": other })).await;
    world.expect_routes(&table, &format!("{theirs}\n10.0.2.0/24 -> ECS2")).await;
    world.destroy(route).await;

    world.expect_routes(&table, theirs).await;
    world.expect_routes(&custom, "10.0.2.0/24 -> ECS2").await;
}

#[tokio::test]
async fn a_next_hop_that_cannot_be_is_refused_where_it_is_named() {
    for plans_blindly in [false, true] {
        let world = a_larger_world().await;
        if plans_blindly {
            world.plan_blindly();
        }
        let nobody = "00000000-0000-4000-8000-000000000000";
        let primary = world.port("192.168.0.2").await;
        for (hop, path, phrase) in [
            (json!({ "ecs_id": nobody }), "ecs_id", "does not exist"),
            (json!({ "ecs_id": world.server("elsewhere").await }), "ecs_id", "the same VPC"),
            (json!({ "host_ip": "192.168.0.9" }), "host_ip", "No server"),
            (json!({ "host_ip": "10.50.0.2" }), "host_ip", "No server"),
            (json!({ "host_ip": "192.168.0.100" }), "host_ip", "No server"),
            (json!({ "port_id": nobody }), "port_id", "does not exist"),
            (json!({ "port_id": primary }), "port_id", "primary"),
            (json!({ "port_id": world.port("10.50.0.2").await }), "port_id", "the same VPC"),
            (json!({ "virtual_ip": "192.168.0.101" }), "virtual_ip", "192.168.0.101"),
            (json!({ "virtual_ip": "192.168.0.3" }), "virtual_ip", "`host_ip` instead"),
        ] {
            let config = route(&world, without_server(hop)).await;
            let refusal = world.refuse("container_route", config).await;
            assert!(!refusal.expect_problem(path, phrase).object.is_in_state());
        }
        world.expect_routes(&default_table(&world).await, "").await;
    }
}

#[tokio::test]
async fn a_table_that_cannot_be_is_refused_where_it_is_named() {
    for plans_blindly in [false, true] {
        let world = a_larger_world().await;
        if plans_blindly {
            world.plan_blindly();
        }
        let nobody = "00000000-0000-4000-8000-000000000000";
        let (table, other) = (default_table(&world).await, world.vpc("vpc-other").await);
        for (patch, path, phrase) in [
            (json!({ "vpc_id": nobody }), "vpc_id", nobody),
            (json!({ "vpc_id": null, "route_table_id": nobody }), "route_table_id", nobody),
            (json!({ "vpc_id": other, "route_table_id": table }), "vpc_id", "belongs to VPC"),
            (json!({ "vpc_id": null }), "", "`route_table_id`"),
            (json!({ "ecs_id": null }), "", "Set one of"),
            (json!({ "port_id": world.port("192.168.0.2").await }), "port_id", "Keep one"),
        ] {
            let refusal = world.refuse("container_route", route(&world, patch).await).await;
            assert!(
                !refusal.expect_problem(path, phrase).expect_nothing_else().object.is_in_state()
            );
        }
    }
}

#[tokio::test]
async fn a_full_table_is_said_at_the_destination() {
    for plans_blindly in [false, true] {
        let quota = json!({ "quotas": { "routetableContainRoutes": 1 } });
        let world = World::with(quota, json!({})).await;
        if plans_blindly {
            world.plan_blindly();
        }
        let ours = applied(&world, json!({})).await;

        let config = route(&world, json!({ "destination": "10.0.3.0/24" })).await;
        let refusal = world.refuse("container_route", config).await;

        assert!(!refusal.expect_problem("destination", "quota").object.is_in_state());
        world.expect_no_further_change(&ours).await;
    }
}
