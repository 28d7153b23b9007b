//! What is recorded when a call fails, or its answer is lost, or time runs out.

use serde_json::json;

use super::{applied, default_table, route};
use crate::harness::{core::Action, world::World};

const WRITE: &str = "/v1/*/routetables/*";

#[tokio::test]
async fn a_creation_without_an_answer_is_recorded() {
    for (how, lines) in [
        (json!({ "cut": "after" }), "10.0.2.0/24 -> ECS1"),
        (json!({ "cut": "before" }), ""),
        (json!({ "answer": { "status": 500, "body": "<html>Oops</html>" } }), ""),
        (json!({ "answer": { "status": 200, "body": "" } }), ""),
    ] {
        let world = World::start().await;
        let table = default_table(&world).await;
        world.disturb("PUT", WRITE, how.clone()).await;

        let refusal = world.refuse("container_route", route(&world, json!({})).await).await;

        let mut route = refusal.object;
        assert!(route.is_in_state() && route.is_tainted(), "{how}");
        world.expect_routes(&table, lines).await;
        let action = world.repair(&mut route).await;
        let expected = if lines.is_empty() { Action::Create } else { Action::Replace };
        assert_eq!(action, expected, "{how}");
        world.expect_routes(&table, "10.0.2.0/24 -> ECS1").await;
    }
}

#[tokio::test]
async fn a_creation_that_was_refused_leaves_nothing() {
    let world = World::start().await;
    let denied = json!({ "code": "VPC.0011", "message": "EnterpriseProject denied" });
    world.disturb("PUT", WRITE, json!({ "answer": { "status": 403, "body": denied } })).await;

    let refusal = world.refuse("container_route", route(&world, json!({})).await).await;

    assert!(!refusal.expect_problem("", "VPC.0011").object.is_in_state());
}

#[tokio::test]
async fn a_change_without_an_answer_is_found_by_the_next_refresh() {
    let world = World::start().await;
    let table = default_table(&world).await;
    let (one, other) = (world.server("ECS1").await, world.server("ECS2").await);
    let route = applied(&world, json!({})).await;
    world.disturb("PUT", WRITE, json!({ "cut": "after" })).await;

    let refusal = world.refuse_to(route, json!({ "ecs_id": other })).await;

    let mut route = refusal.object;
    assert_eq!(route.get("ecs_id"), json!(one));
    assert!(!route.is_tainted());
    assert_eq!(world.repair(&mut route).await, Action::NoOp);
    assert_eq!(route.get("ecs_id"), json!(other));
    world.expect_routes(&table, "10.0.2.0/24 -> ECS2").await;
}

#[tokio::test]
async fn a_deletion_without_an_answer_is_looked_up() {
    let world = World::start().await;
    let table = default_table(&world).await;
    let route = applied(&world, json!({})).await;

    world.disturb("PUT", WRITE, json!({ "cut": "before" })).await;
    let refusal = world.refuse_to_destroy(route).await;
    assert!(refusal.object.is_in_state());
    world.expect_routes(&table, "10.0.2.0/24 -> ECS1").await;

    world.disturb("PUT", WRITE, json!({ "cut": "after" })).await;
    let refusal = world.refuse_to_destroy(refusal.object).await;
    world.expect_routes(&table, "").await;
    world.expect_gone(&refusal.object).await;
}

#[tokio::test]
async fn a_bad_time_limit_is_refused_where_it_is_written() {
    let world = World::start().await;
    for verb in ["create", "read", "update", "delete"] {
        for limit in ["", "5", "5 parsecs", "0s", "-1m"] {
            let config = route(&world, json!({ "timeouts": { verb: limit } })).await;
            let refusal = world.refuse("container_route", config).await;
            refusal.expect_problem(&format!("timeouts.{verb}"), "`5m`");
        }
    }
}

#[tokio::test]
async fn a_time_limit_ends_the_operation_and_what_exists_is_recorded() {
    let world = World::with(json!({}), json!({ "max_retries": 9 })).await;
    let table = default_table(&world).await;
    // On a busy machine a second is short for a plan that looks at the cloud.
    world.plan_blindly();
    let later = json!({ "error_code": "APIGW.0308", "error_msg": "throttled" });
    let later = json!({ "status": 429, "headers": { "retry-after": "100" }, "body": later });
    let short = json!({ "create": "1s", "update": "1s", "delete": "1s", "read": "1s" });

    world.disturb("PUT", WRITE, json!({ "answer": later })).await;
    let config = route(&world, json!({ "timeouts": short })).await;
    let refusal = world.refuse("container_route", config).await;
    let refusal = refusal.expect_problem("", "Time limit reached");
    assert!(!refusal.object.is_in_state());

    let mut route = applied(&world, json!({})).await;
    world.apply_to(&mut route, json!({ "timeouts": short })).await;
    world.disturb("PUT", WRITE, json!({ "answer": later })).await;
    let refusal = world.refuse_to(route, json!({ "description": "new" })).await;
    let route = refusal.expect_problem("", "Time limit reached").object;
    assert_eq!(route.get("description"), "");

    world.disturb("GET", WRITE, json!({ "answer": later })).await;
    let refusal = world.refuse_to_refresh(&route).await;
    let route = refusal.expect_problem("", "Time limit reached").object;

    world.disturb("PUT", WRITE, json!({ "answer": later })).await;
    let refusal = world.refuse_to_destroy(route).await;
    let route = refusal.expect_problem("", "Time limit reached").object;
    world.expect_routes(&table, "10.0.2.0/24 -> ECS1").await;
    world.destroy(route).await;
}

#[tokio::test]
async fn a_time_limit_that_ends_a_write_after_it_was_sent_leaves_it_to_the_next_apply() {
    let short = json!({ "create": "1s", "update": "1s", "delete": "1s" });
    // The table is read a few times before it is written, and then once more to see what became of the call.
    let late = |reads_before: u32| json!({ "skip": reads_before, "delay": "10s" });
    for (cut, is_done) in [("after", true), ("before", false)] {
        let world = World::with(json!({}), json!({ "max_retries": 9 })).await;
        world.plan_blindly();
        let table = default_table(&world).await;
        let lines =
            |done: &str, before: &str| if is_done { done.to_owned() } else { before.to_owned() };

        world.disturb("PUT", WRITE, json!({ "cut": cut })).await;
        world.disturb("GET", WRITE, late(1)).await;
        let config = route(&world, json!({ "timeouts": short })).await;
        let refusal = world.refuse("container_route", config).await;
        let mut route = refusal.expect_problem("", "Time limit reached").object;
        assert!(route.is_in_state() && route.is_tainted(), "{cut}");
        world.expect_routes(&table, &lines("10.0.2.0/24 -> ECS1", "")).await;
        let action = world.repair(&mut route).await;
        assert_eq!(action, if is_done { Action::Replace } else { Action::Create }, "{cut}");

        world.disturb("PUT", WRITE, json!({ "cut": cut })).await;
        world.disturb("GET", WRITE, late(2)).await;
        let other = world.server("ECS2").await;
        let refusal = world.refuse_to(route, json!({ "ecs_id": other })).await;
        let mut route = refusal.expect_problem("", "Time limit reached").object;
        assert!(!route.is_tainted(), "{cut}");
        let there = lines("10.0.2.0/24 -> ECS2", "10.0.2.0/24 -> ECS1");
        world.expect_routes(&table, &there).await;
        let action = world.repair(&mut route).await;
        assert_eq!(action, if is_done { Action::NoOp } else { Action::Update }, "{cut}");
        world.expect_routes(&table, "10.0.2.0/24 -> ECS2").await;

        world.disturb("PUT", WRITE, json!({ "cut": cut })).await;
        world.disturb("GET", WRITE, late(2)).await;
        let refusal = world.refuse_to_destroy(route).await;
        let route = refusal.expect_problem("", "Time limit reached").object;
        assert!(route.is_in_state(), "{cut}");
        world.expect_routes(&table, &lines("", "10.0.2.0/24 -> ECS2")).await;
        world.destroy(route).await;
        world.expect_routes(&table, "").await;
    }
}

#[tokio::test]
async fn a_write_that_is_not_answered_within_its_time_limit_ends_there_and_may_have_come_true() {
    let world = World::start().await;
    world.disturb("PUT", WRITE, json!({ "delay": "1h" })).await;

    let config = route(&world, json!({ "timeouts": { "create": "1s" } })).await;
    let refusal = world.refuse("container_route", config).await;

    let refusal = refusal.expect_problem("", "the request had been sent");
    let route = refusal.expect_problem("", "may have taken effect").object;
    assert!(route.is_in_state() && route.is_tainted());
}
