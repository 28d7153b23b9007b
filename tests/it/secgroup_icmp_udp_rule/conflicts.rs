//! Rules that are there already: refused with the way to import them, or adopted.

use serde_json::{Value as Json, json};

use super::{PAIR, RULE, RULES, applied, expect_rules, pair};
use crate::harness::{config::patched, world::World};

/// A rule of somebody else that is identical to one of ours.
async fn theirs(world: &World, protocol: &str, change: Json) -> String {
    let rule = json!({ "direction": "ingress", "protocol": protocol, "ethertype": "IPv4",
                       "remote_ip_prefix": "10.0.0.0/16", "priority": 1 });
    let group = world.group("sg-containers").await;
    world.add_rule(&group, patched(&rule, &change)).await
}

#[tokio::test]
async fn an_identical_rule_is_not_taken_without_being_asked_for() {
    for protocols in [&["icmp"][..], &["udp"][..], &["icmp", "udp"][..]] {
        let world = World::start().await;
        let mut ids = Vec::new();
        for protocol in protocols {
            ids.push(theirs(&world, protocol, json!({})).await);
        }
        let before = world.look().await.rules(&world.group("sg-containers").await);
        world.forget_requests().await;

        let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;

        let command = format!("huaweivpc_{RULE}.<name> '{}'", ids.join(","));
        let refusal = refusal.expect_problem("remote_ip_prefix", &command).expect_nothing_else();
        assert!(!refusal.object.is_in_state());
        assert_eq!(world.writes().await, [""; 0]);
        assert_eq!(world.look().await.rules(&world.group("sg-containers").await), before);

        let mut imported = world.import_by_id_alone(RULE, &ids.join(",")).await;
        let wanted = pair(&world, json!({})).await;
        world.apply_to(&mut imported, wanted).await;
        expect_rules(&world, PAIR).await;
    }
}

#[tokio::test]
async fn a_rule_that_appears_in_the_last_moment_is_not_taken_either() {
    let world = World::start().await;
    let icmp = theirs(&world, "icmp", json!({})).await;
    world.plan_blindly();
    let nothing = json!({ "security_group_rules": [], "page_info": { "current_count": 0 } });
    let blind = json!({ "answer": { "status": 200, "body": nothing } });
    world.disturb("GET", RULES, blind).await;

    let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;

    let refusal = refusal.expect_problem("remote_ip_prefix", &format!("'{icmp}'"));
    assert!(!refusal.object.is_in_state());
    expect_rules(&world, "ingress icmp 10.0.0.0/16").await;
}

#[tokio::test]
async fn what_was_made_before_a_late_conflict_is_recorded() {
    let world = World::start().await;
    let udp = theirs(&world, "udp", json!({})).await;
    world.plan_blindly();
    let nothing = json!({ "security_group_rules": [], "page_info": { "current_count": 0 } });
    let blind = json!({ "answer": { "status": 200, "body": nothing } });
    world.disturb("GET", RULES, blind).await;

    let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;

    let rules = refusal.expect_problem("remote_ip_prefix", &format!("'{udp}'")).object;
    assert!(rules.is_tainted());
    assert_eq!(rules.get("protocols"), json!(["icmp"]));
    world.destroy(rules).await;
    expect_rules(&world, "ingress udp 10.0.0.0/16").await;
}

#[tokio::test]
async fn identical_rules_are_adopted_as_they_are() {
    let world = World::start().await;
    let (icmp, udp) =
        (theirs(&world, "icmp", json!({})).await, theirs(&world, "udp", json!({})).await);

    let rules = applied(&world, json!({ "adopt_existing": true })).await;

    assert_eq!(rules.get("rule_ids"), json!({ "icmp": icmp, "udp": udp }));
    world.destroy(rules).await;
    expect_rules(&world, "").await;
}

#[tokio::test]
async fn an_adopted_rule_gets_the_description_that_is_planned() {
    let world = World::start().await;
    theirs(&world, "udp", json!({ "description": "theirs" })).await;

    let config = json!({ "adopt_existing": true, "description": "ours" });
    let rules = applied(&world, config).await;

    expect_rules(&world, PAIR).await;
    let id = rules.get("rule_ids")["udp"].clone();
    assert_eq!(world.look().await.rule(id.as_str().unwrap())["description"], "ours");
}

#[tokio::test]
async fn rules_that_differ_are_no_conflict() {
    let world = World::start().await;
    for change in [
        json!({ "priority": 2 }),
        json!({ "action": "deny" }),
        json!({ "multiport": "53" }),
        json!({ "direction": "egress" }),
        json!({ "remote_ip_prefix": "10.0.0.0/17" }),
    ] {
        theirs(&world, "udp", change).await;
    }
    applied(&world, json!({})).await;
}

#[tokio::test]
async fn a_change_to_what_somebody_else_has_is_refused_and_undone_by_nobody() {
    let world = World::start().await;
    let rules = applied(&world, json!({})).await;
    let taken = theirs(&world, "udp", json!({ "remote_ip_prefix": "10.1.0.0/16" })).await;

    let refusal = world.refuse_to(rules, json!({ "remote_ip_prefix": "10.1.0.0/16" })).await;

    let mut rules = refusal.expect_problem("remote_ip_prefix", &taken).object;
    assert_eq!(rules.get("remote_ip_prefix"), "10.0.0.0/16");
    world.apply_to(&mut rules, json!({ "remote_ip_prefix": "10.0.0.0/16" })).await;
    expect_rules(&world, &format!("{PAIR}\ningress udp 10.1.0.0/16")).await;
    world.destroy(rules).await;
    expect_rules(&world, "ingress udp 10.1.0.0/16").await;
}

#[tokio::test]
async fn a_full_quota_leaves_what_was_made_recorded() {
    let world = World::with(json!({ "quotas": { "securityGroupRule": 9 } }), json!({})).await;
    let born = world.look().await.0["security_groups"][0]["rules"].as_array().unwrap().len();
    assert_eq!(born, 4, "and as many in the default group: one rule is left for ours");
    world.plan_blindly();

    let refusal = world.refuse(RULE, pair(&world, json!({})).await).await;

    let rules = refusal.expect_problem("", "uota").object;
    assert!(rules.is_tainted());
    world.destroy(rules).await;
    expect_rules(&world, "").await;
}
