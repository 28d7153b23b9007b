//! What cannot be made, and what becomes of its neighbours.

use serde_json::json;

use super::{RESOURCE, guide, many, set, within};
use crate::harness::{core::Action, world::World};

#[tokio::test]
async fn an_entry_at_fault_leaves_its_neighbours_in_peace() {
    let (world, table, [one, other]) = guide().await;
    world.plan_blindly();
    world.add_route(&table, "10.0.9.0/24", "ecs", &other).await;
    let mut made =
        world.apply(RESOURCE, set(&table, json!({ "10.0.2.0/24": { "ecs_id": one } }))).await;
    let routes = json!({
        "10.0.2.0/24": { "ecs_id": one },
        "10.0.3.0/24": { "ecs_id": other },
        "10.0.4.0/24": { "host_ip": "192.168.0.77" },
        "10.0.5.0/24": { "ecs_id": "00000000-0000-4000-8000-000000000077" },
        "10.0.9.0/24": { "ecs_id": one },
        "192.168.0.128/25": { "ecs_id": one },
    });

    let refusal = world.refuse_to(made, json!({ "routes": routes })).await;

    let refusal = refusal
        .expect_problem(
            "routes[\"10.0.4.0/24\"]",
            "No server's network interface has the private address",
        )
        .expect_problem("routes[\"10.0.5.0/24\"]", "Check `ecs_id`")
        .expect_problem("routes[\"10.0.9.0/24\"]", "adopt_existing = true")
        .expect_problem(
            "routes[\"10.0.9.0/24\"]",
            &format!("terraform import huaweivpc_container_routes.<name> '{table}'"),
        )
        .expect_problem("routes[\"192.168.0.128/25\"]", "lies in 192.168.0.0/24");
    assert_eq!(refusal.problems.len(), 4, "{:#?}", refusal.problems);
    world
        .expect_routes(&table, "10.0.2.0/24 -> ECS1\n10.0.3.0/24 -> ECS2\n10.0.9.0/24 -> ECS2")
        .await;

    made = refusal.object;
    assert!(!made.is_tainted());
    let routes = json!({ "10.0.2.0/24": { "ecs_id": one }, "10.0.3.0/24": { "ecs_id": other } });
    assert_eq!(world.apply_to(&mut made, json!({ "routes": routes })).await, Action::NoOp);
}

#[tokio::test]
async fn a_set_made_in_part_is_recorded_and_completed() {
    let (world, table, [one, other]) = guide().await;
    world.plan_blindly();
    world.add_route(&table, "10.0.9.0/24", "ecs", &other).await;
    let routes = json!({ "10.0.2.0/24": { "ecs_id": one }, "10.0.9.0/24": { "ecs_id": one } });

    let refusal = world.refuse(RESOURCE, set(&table, routes)).await;
    let mut made = refusal.expect_problem("routes[\"10.0.9.0/24\"]", "exists already").object;
    world.expect_routes(&table, "10.0.2.0/24 -> ECS1\n10.0.9.0/24 -> ECS2").await;
    assert_eq!(made.get("routes").as_object().unwrap().len(), 1);

    world.apply_to(&mut made, json!({ "adopt_existing": true })).await;
    world.expect_routes(&table, "10.0.2.0/24 -> ECS1\n10.0.9.0/24 -> ECS1").await;
}

#[tokio::test]
async fn nothing_made_is_nothing_recorded() {
    let (world, table, [one, other]) = guide().await;
    world.plan_blindly();
    world.add_route(&table, "10.0.9.0/24", "ecs", &other).await;

    let refusal =
        world.refuse(RESOURCE, set(&table, json!({ "10.0.9.0/24": { "ecs_id": one } }))).await;

    assert!(!refusal.object.is_in_state());
    world.expect_routes(&table, "10.0.9.0/24 -> ECS2").await;
}

#[tokio::test]
async fn a_full_table_takes_what_fits() {
    let world = World::with(json!({ "quotas": { "routetableContainRoutes": 5 } }), json!({})).await;
    let (world, table, [one, _]) = within(world).await;
    world.plan_blindly();

    let refusal = world.refuse(RESOURCE, set(&table, many(7, &one))).await;

    assert_eq!(refusal.problems.len(), 2);
    for problem in &refusal.problems {
        assert_eq!(problem.summary, "Quota exceeded");
        assert!(problem.path.to_string().starts_with("routes[\"10.0."), "{problem:?}");
    }
    assert_eq!(refusal.object.get("routes").as_object().unwrap().len(), 5);
    assert_eq!(world.look().await.routes(&table).len(), 5);
}

#[tokio::test]
async fn one_cause_is_told_once() {
    let (world, table, [one, _]) = guide().await;
    let made = world.apply(RESOURCE, set(&table, many(3, &one))).await;
    let failure = json!({ "status": 500, "body": { "code": "VPC.0000", "message": "not today" } });
    let writes = json!({ "method": "PUT", "path": "/v1/**", "times": 99, "answer": failure });
    world.order_faults(json!([writes])).await;

    let refusal = world.refuse_to(made, json!({ "routes": many(5, &one) })).await;
    let refusal = refusal.expect_problem("", "10.0.3.0/24, 10.0.4.0/24").expect_nothing_else();
    let refusal = world.refuse_to_destroy(refusal.object).await;
    let refusal = refusal.expect_problem("", "not today").expect_nothing_else();

    world.cancel_faults().await;
    world.destroy(refusal.object).await;
    world.expect_routes(&table, "").await;
}

#[tokio::test]
async fn a_lost_answer_is_found_out() {
    let (world, table, [one, _]) = guide().await;
    let lost = json!({ "method": "PUT", "path": "/v1/**", "times": 1, "cut": "after" });
    world.order_faults(json!([lost])).await;

    let refusal = world.refuse(RESOURCE, set(&table, many(3, &one))).await;
    let made = refusal.object;

    assert_eq!(made.get("routes").as_object().unwrap().len(), 3);
    world
        .expect_routes(&table, "10.0.0.0/24 -> ECS1\n10.0.1.0/24 -> ECS1\n10.0.2.0/24 -> ECS1")
        .await;
    world.destroy(made).await;
    world.expect_routes(&table, "").await;
}

#[tokio::test]
async fn a_set_does_not_fight_a_single_route() {
    let (world, table, [one, other]) = guide().await;
    world.plan_blindly();
    let single = json!({ "route_table_id": table, "destination": "10.0.2.0/24", "ecs_id": one });
    world.apply("container_route", single).await;

    let routes = json!({ "10.0.2.0/24": { "ecs_id": other }, "10.0.3.0/24": { "ecs_id": other } });
    world
        .refuse(RESOURCE, set(&table, routes))
        .await
        .expect_problem("routes[\"10.0.2.0/24\"]", "exists already")
        .expect_nothing_else();

    world.expect_routes(&table, "10.0.2.0/24 -> ECS1\n10.0.3.0/24 -> ECS2").await;
}
