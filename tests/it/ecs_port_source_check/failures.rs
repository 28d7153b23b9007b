//! What is recorded when a call fails, or its answer is lost, or time runs out.

use serde_json::{Value as Json, json};

use super::{CHECK, OFF};
use crate::harness::{
    core::Action,
    world::{Object, World},
};

const PORT: &str = "/v1/*/ports/*";

#[tokio::test]
async fn a_change_that_took_effect_without_an_answer_is_found_out() {
    let world = World::start().await;
    let port = world.port("192.168.0.2").await;
    world.disturb("PUT", PORT, json!({ "cut": "after" })).await;

    let check = world.apply(CHECK, json!({ "port_id": port })).await;

    world.expect_pairs(&port, &[OFF]).await;
    world.destroy(check).await;
    world.expect_pairs(&port, &[]).await;
}

#[tokio::test]
async fn a_change_that_took_no_effect_is_not_recorded() {
    for how in [
        json!({ "cut": "before" }),
        json!({ "answer": { "status": 502, "body": "<html>Bad Gateway</html>" } }),
    ] {
        let world = World::start().await;
        let port = world.port("192.168.0.2").await;
        world.disturb("PUT", PORT, how).await;

        let refusal = world.refuse(CHECK, json!({ "port_id": port })).await;

        assert!(!refusal.object.is_in_state());
        world.expect_pairs(&port, &[]).await;
    }
}

/// A creation whose answer is lost, and nobody can be asked what came of it.
async fn half_made(world: &World, cut: &str, config: Json) -> Object {
    world.disturb("PUT", PORT, json!({ "cut": cut })).await;
    // The port is read once before it is changed.
    world.disturb("GET", PORT, json!({ "skip": 1, "cut": "before" })).await;
    let check = world.refuse(CHECK, config).await.object;
    assert!(check.is_in_state() && check.is_tainted());
    check
}

#[tokio::test]
async fn what_was_found_survives_a_creation_without_an_answer() {
    for (found, enabled, wanted) in [(&[][..], false, &[OFF][..]), (&[OFF][..], true, &[][..])] {
        let world = World::start().await;
        let port = world.port("192.168.0.2").await;
        world.set_pairs(&port, found).await;
        let config = json!({ "port_id": port, "enabled": enabled });
        let mut check = half_made(&world, "after", config.clone()).await;
        world.expect_pairs(&port, wanted).await;

        assert_eq!(world.repair(&mut check).await, Action::Replace);
        world.expect_pairs(&port, wanted).await;
        world.destroy(check).await;
        world.expect_pairs(&port, found).await;

        let check = half_made(&world, "after", config.clone()).await;
        world.destroy_unrefreshed(check).await;
        world.expect_pairs(&port, found).await;

        let check = half_made(&world, "after", config.clone()).await;
        world.destroy(check).await;
        world.expect_pairs(&port, found).await;

        let mut check = half_made(&world, "before", config).await;
        world.expect_gone(&check).await;
        assert_eq!(world.repair(&mut check).await, Action::Create);
        world.destroy(check).await;
        world.expect_pairs(&port, found).await;
    }
}

#[tokio::test]
async fn a_creation_that_was_refused_leaves_nothing() {
    let world = World::start().await;
    let port = world.port("192.168.0.2").await;
    let addresses: Vec<String> = (0..10).map(|index| format!("10.{index}.0.0/16")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    world.set_pairs(&port, &addresses).await;

    let refusal = world.refuse(CHECK, json!({ "port_id": port })).await;

    assert!(!refusal.expect_problem("", "at most 10").object.is_in_state());
    world.expect_pairs(&port, &addresses).await;
}

#[tokio::test]
async fn a_later_change_that_took_effect_without_an_answer_is_found_out_too() {
    let world = World::start().await;
    let port = world.port("192.168.0.2").await;
    let mut check = world.apply(CHECK, json!({ "port_id": port })).await;
    world.disturb("PUT", PORT, json!({ "cut": "after" })).await;

    world.apply_to(&mut check, json!({ "enabled": true })).await;

    assert_eq!(check.get("enabled"), json!(true));
    world.expect_pairs(&port, &[]).await;

    world.disturb("PUT", PORT, json!({ "cut": "after" })).await;
    world.disturb("GET", PORT, json!({ "skip": 1, "cut": "before" })).await;

    let mut check = world.refuse_to(check, json!({ "enabled": false })).await.object;

    assert_eq!(check.get("enabled"), json!(true));
    assert!(!check.is_tainted());
    assert_eq!(world.repair(&mut check).await, Action::NoOp);
    assert_eq!(check.get("enabled"), json!(false));
}

#[tokio::test]
async fn a_deletion_that_fails_is_tried_again() {
    for later in [None, Some(json!({ "skip": 1, "cut": "before" }))] {
        let world = World::start().await;
        let port = world.port("192.168.0.2").await;
        let check = world.apply(CHECK, json!({ "port_id": port })).await;
        let lost = if later.is_some() { "after" } else { "before" };
        world.disturb("PUT", PORT, json!({ "cut": lost })).await;
        if let Some(later) = later {
            world.disturb("GET", PORT, later).await;
        }

        let check = world.refuse_to_destroy(check).await.object;

        assert!(check.is_in_state());
        world.destroy(check).await;
        world.expect_pairs(&port, &[]).await;
    }
}

#[tokio::test]
async fn destroying_what_is_gone_succeeds() {
    let world = World::start().await;
    let server = world.server("ECS1").await;
    let check = world.apply(CHECK, json!({ "ecs_id": server })).await;
    let same = check.clone();

    world.delete_server(&server).await;

    world.destroy_unrefreshed(check).await;
    world.destroy(same).await;
}

#[tokio::test]
async fn a_time_limit_ends_the_operation() {
    let world = World::with(json!({}), json!({ "max_retries": 9 })).await;
    let port = world.port("192.168.0.2").await;
    let later = json!({ "error_code": "APIGW.0308", "error_msg": "throttled" });
    let later = json!({ "status": 429, "headers": { "retry-after": "100" }, "body": later });
    let short = json!({ "create": "1s", "update": "1s", "delete": "1s" });
    let config = json!({ "port_id": port, "timeouts": short });

    world.disturb("PUT", PORT, json!({ "answer": later })).await;
    let refusal = world.refuse(CHECK, config.clone()).await;
    assert!(!refusal.expect_problem("", "Time limit reached").object.is_in_state());

    let check = world.apply(CHECK, config).await;
    world.disturb("PUT", PORT, json!({ "answer": later })).await;
    let refusal = world.refuse_to(check, json!({ "enabled": true })).await;
    let check = refusal.expect_problem("", "Time limit reached").object;
    assert_eq!(check.get("enabled"), json!(false));

    world.disturb("PUT", PORT, json!({ "answer": later })).await;
    let refusal = world.refuse_to_destroy(check).await;
    let check = refusal.expect_problem("", "Time limit reached").object;
    world.expect_pairs(&port, &[OFF]).await;
    world.destroy(check).await;
    world.expect_pairs(&port, &[]).await;
}

#[tokio::test]
async fn a_bad_time_limit_is_refused_where_it_is_written() {
    let world = World::start().await;
    let port = world.port("192.168.0.2").await;
    let config = json!({ "port_id": port, "timeouts": { "delete": "soon" } });
    world.refuse(CHECK, config).await.expect_problem("timeouts.delete", "`5m`");
}
