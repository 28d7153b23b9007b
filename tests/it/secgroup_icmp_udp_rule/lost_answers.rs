//! A call that took effect and was not answered leaves nothing that nobody knows of. Plans look at nothing here, so that the
//! faults meet the calls they are meant for.

use serde_json::{Value as Json, json};

use super::{ONE_RULE, PAIR, RULE, RULES, alone, applied, expect_rules, pair};
use crate::harness::core::Action;

/// Ways to lose the answer to a rule that was made.
fn losses() -> Vec<Json> {
    vec![json!({ "cut": "after" }), json!({ "skip": 1, "cut": "after" })]
}

#[tokio::test]
async fn a_rule_made_without_an_answer_is_found() {
    for how in losses() {
        let world = alone().await;
        world.plan_blindly();
        world.disturb("POST", RULES, how).await;

        let rules = applied(&world, json!({})).await;

        expect_rules(&world, PAIR).await;
        world.destroy(rules).await;
        expect_rules(&world, "").await;
    }
}

#[tokio::test]
async fn a_rule_that_was_not_made_is_not_found() {
    for (how, left) in [
        (json!({ "cut": "before" }), false),
        (json!({ "skip": 1, "cut": "before" }), true),
        (json!({ "answer": { "status": 502, "body": "<html>Bad Gateway</html>" } }), false),
        (json!({ "answer": { "status": 201, "body": "" } }), false),
    ] {
        let world = alone().await;
        world.plan_blindly();
        world.disturb("POST", RULES, how.clone()).await;

        let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;

        let mut rules = refusal.object;
        assert_eq!(rules.is_in_state(), left, "{how}");
        world.repair(&mut rules).await;
        expect_rules(&world, PAIR).await;
    }
}

#[tokio::test]
async fn a_rule_that_nobody_could_be_asked_about_is_found_later() {
    for how in losses() {
        let world = alone().await;
        world.plan_blindly();
        world.disturb("POST", RULES, how).await;
        // The first list is asked for before anything is made.
        world.disturb("GET", RULES, json!({ "skip": 1, "cut": "before" })).await;

        let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;

        let mut rules = refusal.object;
        assert!(rules.is_tainted());
        assert_eq!(world.repair(&mut rules).await, Action::Replace);
        expect_rules(&world, PAIR).await;
        world.destroy(rules).await;
        expect_rules(&world, "").await;
    }
}

#[tokio::test]
async fn a_rule_that_nobody_could_be_asked_about_is_destroyed() {
    for how in losses() {
        let world = alone().await;
        world.plan_blindly();
        world.disturb("POST", RULES, how).await;
        world.disturb("GET", RULES, json!({ "skip": 1, "cut": "before" })).await;
        let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;

        world.destroy_unrefreshed(refusal.object).await;

        expect_rules(&world, "").await;
    }
}

#[tokio::test]
async fn what_was_never_made_is_gone_at_the_next_look() {
    let world = alone().await;
    world.plan_blindly();
    world.disturb("POST", RULES, json!({ "cut": "before" })).await;
    world.disturb("GET", RULES, json!({ "skip": 1, "cut": "before" })).await;
    let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;

    world.expect_gone(&refusal.object).await;
}

#[tokio::test]
async fn the_rules_of_an_update_are_found_too() {
    for how in losses() {
        let world = alone().await;
        world.plan_blindly();
        let mut rules = applied(&world, json!({})).await;
        world.disturb("POST", RULES, how.clone()).await;
        world.apply_to(&mut rules, json!({ "remote_ip_prefix": "10.1.0.0/16" })).await;
        expect_rules(&world, "ingress icmp 10.1.0.0/16\ningress udp 10.1.0.0/16").await;

        world.disturb("POST", RULES, how).await;
        // A refresh first, and the list before anything is made.
        world.disturb("GET", RULES, json!({ "skip": 2, "cut": "before" })).await;
        let refusal = world.refuse_to(rules, json!({ "remote_ip_prefix": "10.2.0.0/16" })).await;
        let mut rules = refusal.object;
        assert_eq!(rules.get("remote_ip_prefix"), "10.1.0.0/16");
        let patch = json!({ "remote_ip_prefix": "10.1.0.0/16" });
        assert_eq!(world.apply_to(&mut rules, patch).await, Action::Update);
        expect_rules(&world, "ingress icmp 10.1.0.0/16\ningress udp 10.1.0.0/16").await;
        world.destroy(rules).await;
        expect_rules(&world, "").await;
    }
}

#[tokio::test]
async fn the_rule_of_a_new_description_is_found() {
    let world = alone().await;
    world.plan_blindly();
    let mut rules = applied(&world, json!({})).await;
    world.disturb("POST", RULES, json!({ "cut": "after" })).await;

    world.apply_to(&mut rules, json!({ "description": "new" })).await;

    expect_rules(&world, PAIR).await;
    world.destroy(rules).await;
    expect_rules(&world, "").await;
}

#[tokio::test]
async fn deletions_without_an_answer_are_made_again() {
    for skip in [0, 1] {
        let world = alone().await;
        world.plan_blindly();
        let rules = applied(&world, json!({})).await;
        let lost = json!({ "skip": skip, "cut": "after" });
        world.disturb("DELETE", ONE_RULE, lost.clone()).await;
        let refusal = world.refuse_to(rules, json!({ "priority": 2 })).await;
        let mut rules = refusal.object;
        world.repair(&mut rules).await;
        expect_rules(&world, PAIR).await;

        world.disturb("DELETE", ONE_RULE, lost).await;
        let rules = world.refuse_to_destroy(rules).await.object;
        world.destroy(rules).await;
        expect_rules(&world, "").await;
    }
}

#[tokio::test]
async fn somebody_elses_identical_rule_is_never_taken_for_the_lost_one() {
    let world = alone().await;
    world.plan_blindly();
    let group = world.group("sg-containers").await;
    let theirs = json!({ "direction": "ingress", "protocol": "udp", "ethertype": "IPv4",
                         "remote_ip_prefix": "10.0.0.0/16", "priority": 2 });
    world.add_rule(&group, theirs).await;
    world.disturb("POST", RULES, json!({ "skip": 1, "cut": "before" })).await;

    let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;

    world.destroy(refusal.object).await;
    expect_rules(&world, "ingress udp 10.0.0.0/16").await;
}
