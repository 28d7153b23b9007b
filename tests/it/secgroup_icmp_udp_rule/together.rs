//! Both rules in one call, and a deletion that is over only when nobody sees the rules any more. Plans look at nothing
//! here, so that the calls that are counted and disturbed are those of the apply.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{ONE_RULE, PAIR, RULE, RULES, alone, applied, expect_rules, pair};
use crate::harness::{core::Action, world::World};

const TOGETHER: &str = "/v3/*/vpc/security-groups/*/security-group-rules/batch-create";

/// How often each kind of call was made, sorted: `2 DELETE`.
async fn calls(world: &World) -> Vec<String> {
    let requests = world.requests().await;
    let mut counts = BTreeMap::new();
    for method in requests.iter().filter_map(|request| request.split(' ').next()) {
        *counts.entry(method).or_insert(0) += 1;
    }
    counts.iter().map(|(method, count)| format!("{count} {method}")).collect()
}

fn refused(code: &str, message: &str) -> Json {
    json!({ "status": 409, "body": { "error_code": code, "error_msg": message } })
}

#[tokio::test]
async fn a_pair_takes_one_call() {
    let world = World::start().await;
    world.plan_blindly();
    let rules = applied(&world, json!({})).await;
    expect_rules(&world, PAIR).await;
    // A list before anything is made, and a refresh after.
    assert_eq!(calls(&world).await, ["2 GET", "1 POST"]);

    world.forget_requests().await;
    world.destroy_unrefreshed(rules).await;
    // All of it twice, to see that nobody minds.
    assert_eq!(calls(&world).await, ["4 DELETE", "2 GET"]);
    expect_rules(&world, "").await;
}

#[tokio::test]
async fn where_several_cannot_be_made_at_once_each_takes_a_call() {
    let world = alone().await;
    world.plan_blindly();
    applied(&world, json!({})).await;
    expect_rules(&world, PAIR).await;
    assert_eq!(calls(&world).await, ["2 GET", "3 POST"]);
}

#[tokio::test]
async fn where_version_3_is_missing_the_older_one_serves() {
    let world = World::with(json!({ "unpublished": ["vpc.v3"] }), json!({})).await;
    world.plan_blindly();
    let mut rules = applied(&world, json!({ "udp_ports": "53" })).await;
    world.apply_to(&mut rules, json!({ "udp_ports": "67", "description": "new" })).await;
    expect_rules(&world, "ingress icmp 10.0.0.0/16\ningress udp 67 10.0.0.0/16").await;
    world.destroy(rules).await;
    expect_rules(&world, "").await;
}

#[tokio::test]
async fn a_pair_whose_answer_is_lost_is_found_or_made_again() {
    for how in [
        json!({ "cut": "after" }),
        json!({ "cut": "before" }),
        json!({ "spoil": "garbage" }),
        json!({ "spoil": "truncate" }),
        json!({ "answer": { "status": 502, "body": "<html>Bad Gateway</html>" } }),
    ] {
        let world = World::start().await;
        world.plan_blindly();
        world.disturb("POST", TOGETHER, how.clone()).await;

        let mut rules = applied(&world, json!({})).await;
        expect_rules(&world, PAIR).await;

        world.disturb("POST", TOGETHER, how).await;
        world.apply_to(&mut rules, json!({ "priority": 2 })).await;
        expect_rules(&world, PAIR).await;
        world.destroy(rules).await;
        expect_rules(&world, "").await;
    }
}

#[tokio::test]
async fn a_pair_that_nobody_could_be_asked_about_is_found_later_or_destroyed() {
    for destroyed in [false, true] {
        let world = World::start().await;
        world.plan_blindly();
        world.disturb("POST", TOGETHER, json!({ "cut": "after" })).await;
        // The first list is asked for before anything is made.
        world.disturb("GET", RULES, json!({ "skip": 1, "cut": "before" })).await;

        let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;

        let mut rules = refusal.object;
        assert!(rules.is_tainted());
        if destroyed {
            world.destroy_unrefreshed(rules).await;
            expect_rules(&world, "").await;
        } else {
            assert_eq!(world.repair(&mut rules).await, Action::Replace);
            expect_rules(&world, PAIR).await;
        }
    }
}

#[tokio::test]
async fn a_refused_pair_gives_each_rule_its_own_answer() {
    for refusal in [
        refused("VPC.9905", "Quota exceeded for resources: ['security_group_rule']."),
        refused("VPC.9902", "Security group rule already exists."),
        json!({ "status": 403, "body": { "error_code": "VPC.2701", "error_msg": "not for you" } }),
        json!({ "status": 400, "body": { "error_code": "VPC.9901", "error_msg": "too many rules" } }),
    ] {
        let world = World::start().await;
        world.plan_blindly();
        world.disturb("POST", TOGETHER, json!({ "answer": refusal })).await;
        let rules = applied(&world, json!({})).await;
        expect_rules(&world, PAIR).await;
        world.destroy(rules).await;
        expect_rules(&world, "").await;
    }
}

#[tokio::test]
async fn what_a_refused_call_has_made_is_ours_and_what_stood_in_its_way_is_not() {
    let world = World::start().await;
    world.plan_blindly();
    let group = world.group("sg-containers").await;
    let theirs = json!({ "security_group_rule": {
        "security_group_id": group, "direction": "ingress", "protocol": "udp", "ethertype": "IPv4",
        "remote_ip_prefix": "10.0.0.0/16", "priority": 1 } });
    let call = json!({ "method": "POST", "path": "/v3/{project}/vpc/security-group-rules", "body": theirs });
    let between = json!({ "foreign": { "when": "before", "calls": [call] } });
    world.disturb("POST", TOGETHER, between).await;

    let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;

    let rules = refusal.expect_problem("remote_ip_prefix", "UDP rule").object;
    assert_eq!(rules.get("protocols"), json!(["icmp"]));
    expect_rules(&world, PAIR).await;
    world.destroy(rules).await;
    expect_rules(&world, "ingress udp 10.0.0.0/16").await;
}

#[tokio::test]
async fn a_call_that_is_refused_for_the_group_makes_nothing() {
    let world = World::start().await;
    world.plan_blindly();
    let gone = json!({ "status": 404, "body": { "error_code": "VPC.9904", "error_msg": "gone" } });
    world.disturb("POST", TOGETHER, json!({ "answer": gone })).await;
    let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;
    refusal.expect_problem("security_group_id", "does not exist").expect_nothing_else();
}

#[tokio::test]
async fn a_deletion_is_over_when_the_rules_are_gone() {
    let world = World::start().await;
    world.plan_blindly();
    let mut rules = applied(&world, json!({})).await;
    let late = json!({ "skip": 1, "stale": { "reads": 2 } });

    world.disturb("DELETE", ONE_RULE, late.clone()).await;
    world.forget_requests().await;
    world.apply_to(&mut rules, json!({ "priority": 2 })).await;
    // A refresh before and one after, a list before anything is made, and three looks.
    assert_eq!(calls(&world).await, ["2 DELETE", "6 GET", "1 POST"]);

    world.disturb("DELETE", ONE_RULE, late).await;
    world.forget_requests().await;
    world.destroy_unrefreshed(rules).await;
    assert_eq!(calls(&world).await, ["4 DELETE", "4 GET"]);
    expect_rules(&world, "").await;
}

#[tokio::test]
async fn a_deletion_that_never_shows_ends_with_the_time_limit() {
    let world = World::start().await;
    world.plan_blindly();
    let timeouts = json!({ "delete": "1s" });
    let rules = applied(&world, json!({ "timeouts": timeouts })).await;
    world.disturb("DELETE", ONE_RULE, json!({ "stale": { "for": "1h" } })).await;

    let refusal = world.refuse_to_destroy(rules).await;

    let rules = refusal.expect_problem("", "Time limit reached").object;
    world.call("POST", "/_emulator/reset", Json::Null).await;
    world.destroy(rules).await;
}

#[tokio::test]
async fn a_rule_that_shows_although_it_was_deleted_is_awaited_before_its_successor() {
    let world = World::start().await;
    world.plan_blindly();
    let mut rules = applied(&world, json!({})).await;
    let group = world.group("sg-containers").await;
    let id = rules.get("rule_ids")["icmp"].as_str().unwrap().to_owned();
    let stands = format!("Security group rule already exists. Rule id is {id}.");
    world.disturb("POST", RULES, json!({ "answer": refused("VPC.9902", &stands) })).await;

    world.apply_to(&mut rules, json!({ "description": "new" })).await;

    world.expect_rules(&group, PAIR).await;
    world.destroy(rules).await;
    expect_rules(&world, "").await;
}
