//! A pair cut in the middle: what is there is recorded, and the next apply completes it.

use serde_json::{Value as Json, json};

use super::{BATCH, ONE_RULE, PAIR, RULE, RULES, alone, applied, expect_rules, pair};
use crate::harness::{core::Action, world::World};

fn refused() -> Json {
    let body = json!({ "error_code": "VPC.0011", "error_msg": "not today" });
    json!({ "status": 403, "body": body })
}

#[tokio::test]
async fn a_creation_that_fails_at_once_leaves_nothing() {
    let world = alone().await;
    world.disturb("POST", RULES, json!({ "answer": refused() })).await;

    let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;

    assert!(!refusal.expect_problem("", "not today").object.is_in_state());
    expect_rules(&world, "").await;
}

#[tokio::test]
async fn half_a_creation_is_recorded_and_completed() {
    let world = alone().await;
    world.disturb("POST", RULES, json!({ "skip": 1, "answer": refused() })).await;

    let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;

    let mut rules = refusal.expect_problem("", "not today").object;
    assert!(rules.is_tainted());
    assert_eq!(rules.get("protocols"), json!(["icmp"]));
    expect_rules(&world, "ingress icmp 10.0.0.0/16").await;
    assert_eq!(world.repair(&mut rules).await, Action::Replace);
    expect_rules(&world, PAIR).await;
    world.destroy(rules).await;
    expect_rules(&world, "").await;
}

#[tokio::test]
async fn half_a_creation_can_be_destroyed() {
    let world = alone().await;
    world.disturb("POST", RULES, json!({ "skip": 1, "answer": refused() })).await;
    let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;

    world.destroy(refusal.object).await;

    expect_rules(&world, "").await;
}

#[tokio::test]
async fn half_an_update_is_recorded_and_completed_or_taken_back() {
    for (next, lines) in [
        ("10.1.0.0/16", "ingress icmp 10.1.0.0/16\ningress udp 10.1.0.0/16"),
        ("10.0.0.0/16", PAIR),
        ("10.2.0.0/16", "ingress icmp 10.2.0.0/16\ningress udp 10.2.0.0/16"),
    ] {
        let world = alone().await;
        let rules = applied(&world, json!({})).await;
        world.disturb("POST", RULES, json!({ "skip": 1, "answer": refused() })).await;

        let refusal = world.refuse_to(rules, json!({ "remote_ip_prefix": "10.1.0.0/16" })).await;

        let mut rules = refusal.expect_problem("", "not today").object;
        assert_eq!(rules.get("remote_ip_prefix"), "10.0.0.0/16");
        expect_rules(&world, &format!("{PAIR}\ningress icmp 10.1.0.0/16")).await;
        let action = world.apply_to(&mut rules, json!({ "remote_ip_prefix": next })).await;
        assert_eq!(action, Action::Update);
        expect_rules(&world, lines).await;
        world.destroy(rules).await;
        expect_rules(&world, "").await;
    }
}

#[tokio::test]
async fn half_an_update_is_destroyed_with_what_it_made() {
    let world = alone().await;
    let rules = applied(&world, json!({})).await;
    world.disturb("POST", RULES, json!({ "skip": 1, "answer": refused() })).await;
    let refusal = world.refuse_to(rules, json!({ "remote_ip_prefix": "10.1.0.0/16" })).await;

    world.destroy(refusal.object).await;

    expect_rules(&world, "").await;
}

#[tokio::test]
async fn what_a_failed_update_made_is_not_forgotten_with_the_old_pair() {
    let world = alone().await;
    let rules = applied(&world, json!({})).await;
    world.disturb("POST", RULES, json!({ "skip": 1, "answer": refused() })).await;
    let refusal = world.refuse_to(rules, json!({ "remote_ip_prefix": "10.1.0.0/16" })).await;
    let mut rules = refusal.object;
    for id in rules.get("rule_ids").as_object().unwrap().values() {
        world.delete_rule(id.as_str().unwrap()).await;
    }

    assert_eq!(world.repair(&mut rules).await, Action::Update);

    expect_rules(&world, "ingress icmp 10.1.0.0/16\ningress udp 10.1.0.0/16").await;
}

#[tokio::test]
async fn old_rules_that_could_not_be_deleted_are_deleted_later() {
    for skip in [0, 1] {
        let world = alone().await;
        let rules = applied(&world, json!({})).await;
        world.disturb("DELETE", ONE_RULE, json!({ "skip": skip, "answer": refused() })).await;

        let refusal = world.refuse_to(rules, json!({ "remote_ip_prefix": "10.1.0.0/16" })).await;

        let mut rules = refusal.expect_problem("", "not today").object;
        assert_eq!(rules.get("remote_ip_prefix"), "10.1.0.0/16");
        world.expect_change(&rules, &["rule_ids"]).await;
        assert_eq!(world.repair(&mut rules).await, Action::Update);
        expect_rules(&world, "ingress icmp 10.1.0.0/16\ningress udp 10.1.0.0/16").await;
    }
}

#[tokio::test]
async fn a_new_description_cut_in_the_middle_is_completed() {
    // DELETE, POST; and again for the other protocol.
    for skip in [0, 1] {
        let world = alone().await;
        let rules = applied(&world, json!({})).await;
        world.disturb("POST", RULES, json!({ "skip": skip, "answer": refused() })).await;

        let refusal = world.refuse_to(rules, json!({ "description": "new" })).await;

        let mut rules = refusal.expect_problem("", "not today").object;
        assert_eq!(world.repair(&mut rules).await, Action::Update);
        expect_rules(&world, PAIR).await;
        let sight = world.look().await;
        for id in rules.get("rule_ids").as_object().unwrap().values() {
            assert_eq!(sight.rule(id.as_str().unwrap())["description"], "new");
        }
        world.destroy(rules).await;
        expect_rules(&world, "").await;
    }
}

#[tokio::test]
async fn a_deletion_cut_in_the_middle_is_completed() {
    for skip in [0, 1] {
        let world = alone().await;
        let rules = applied(&world, json!({})).await;
        world.disturb("DELETE", ONE_RULE, json!({ "skip": skip, "answer": refused() })).await;

        let refusal = world.refuse_to_destroy(rules).await;

        let rules = refusal.expect_problem("", "not today").object;
        assert!(rules.is_in_state());
        world.destroy(rules).await;
        expect_rules(&world, "").await;
    }
}

#[tokio::test]
async fn a_time_limit_ends_the_operation_and_what_exists_is_recorded() {
    let world = World::with(json!({ "unpublished": [BATCH] }), json!({ "max_retries": 9 })).await;
    let later = json!({ "error_code": "APIGW.0308", "error_msg": "throttled" });
    let later = json!({ "status": 429, "headers": { "retry-after": "100" }, "body": later });
    let short = json!({ "create": "2s", "update": "2s", "delete": "2s" });

    world.disturb("POST", RULES, json!({ "skip": 1, "answer": later })).await;
    let config = pair(&world, json!({ "timeouts": short })).await;
    let refusal = world.refuse(RULE, config).await;
    let mut rules = refusal.expect_problem("", "Time limit reached").object;
    assert!(rules.is_tainted());
    expect_rules(&world, "ingress icmp 10.0.0.0/16").await;
    assert_eq!(world.repair(&mut rules).await, Action::Replace);

    world.disturb("POST", RULES, json!({ "skip": 1, "answer": later })).await;
    let refusal = world.refuse_to(rules, json!({ "priority": 2 })).await;
    let rules = refusal.expect_problem("", "Time limit reached").object;
    assert_eq!(rules.get("priority"), 1);

    world.disturb("DELETE", ONE_RULE, json!({ "skip": 1, "answer": later })).await;
    let refusal = world.refuse_to_destroy(rules).await;
    let rules = refusal.expect_problem("", "Time limit reached").object;
    world.destroy(rules).await;
    expect_rules(&world, "").await;
}
