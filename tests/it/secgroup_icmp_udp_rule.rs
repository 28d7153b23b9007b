//! Stories of `huaweivpc_secgroup_icmp_udp_rule`: two rules as one unit, made, changed and imported.

use serde_json::{Value as Json, json};

use crate::harness::{
    config::patched,
    core::Action,
    world::{Object, World},
};

mod conflicts;
mod failures;
mod imports;
mod lost_answers;
mod together;

const RULE: &str = "secgroup_icmp_udp_rule";
const RULES: &str = "/v3/*/vpc/security-group-rules";
const ONE_RULE: &str = "/v3/*/vpc/security-group-rules/*";

/// The call that makes several rules at once, as a scenario names it.
const BATCH: &str = "vpc.v3.batch-create";

/// The guide's world in a region where each rule takes a call of its own.
async fn alone() -> World {
    World::with(json!({ "unpublished": [BATCH] }), json!({})).await
}

/// The guide's rules for the container ranges, with some arguments replaced.
async fn pair(world: &World, patch: Json) -> Json {
    let group = world.group("sg-containers").await;
    let config = json!({ "security_group_id": group, "remote_ip_prefix": "10.0.0.0/16" });
    patched(&config, &patch)
}

async fn applied(world: &World, patch: Json) -> Object {
    world.apply(RULE, pair(world, patch).await).await
}

async fn expect_rules(world: &World, lines: &str) {
    world.expect_rules(&world.group("sg-containers").await, lines).await;
}

const PAIR: &str = "ingress icmp 10.0.0.0/16
                    ingress udp 10.0.0.0/16";

#[tokio::test]
async fn each_pair_that_can_be_written() {
    let world = World::start().await;
    for (patch, lines) in [
        (json!({}), PAIR),
        (json!({ "protocols": ["icmp"] }), "ingress icmp 10.0.0.0/16"),
        (json!({ "protocols": ["udp"] }), "ingress udp 10.0.0.0/16"),
        (
            json!({ "udp_ports": "33434-33534,53" }),
            "ingress icmp 10.0.0.0/16\ningress udp 33434-33534,53 10.0.0.0/16",
        ),
        (json!({ "protocols": ["udp"], "udp_ports": "53" }), "ingress udp 53 10.0.0.0/16"),
        (json!({ "direction": "egress" }), "egress icmp 10.0.0.0/16\negress udp 10.0.0.0/16"),
        (
            json!({ "remote_ip_prefix": "fd00:10::/32" }),
            "ingress icmpv6 fd00:10::/32\ningress udp fd00:10::/32",
        ),
        (
            json!({ "remote_ip_prefix": "::/0", "direction": "egress", "protocols": ["icmp"] }),
            "egress icmpv6 ::/0",
        ),
        (
            json!({ "remote_ip_prefix": "0.0.0.0/0" }),
            "ingress icmp 0.0.0.0/0\ningress udp 0.0.0.0/0",
        ),
        (
            json!({ "remote_ip_prefix": "192.168.0.2/32" }),
            "ingress icmp 192.168.0.2/32\ningress udp 192.168.0.2/32",
        ),
    ] {
        let rules = applied(&world, patch).await;
        expect_rules(&world, lines).await;
        world.destroy(rules).await;
        expect_rules(&world, "").await;
    }
}

#[tokio::test]
async fn the_cloud_is_told_priority_and_description() {
    let world = World::start().await;
    for (patch, priority, description) in [
        (json!({}), 1, ""),
        (json!({ "priority": 100, "description": "for ping" }), 100, "for ping"),
    ] {
        let rules = applied(&world, patch).await;
        let sight = world.look().await;
        for protocol in ["icmp", "udp"] {
            let rule = sight.rule(rules.get("rule_ids")[protocol].as_str().unwrap());
            assert_eq!((&rule["priority"], &rule["action"]), (&json!(priority), &json!("allow")));
            assert_eq!(rule["description"], description);
        }
        world.destroy(rules).await;
    }
}

#[tokio::test]
async fn every_argument_but_group_and_direction_changes_in_place() {
    let world = World::with(
        json!({ "security_groups": [{ "name": "sg-containers" }, { "name": "sg-other" }] }),
        json!({}),
    )
    .await;
    let rules = applied(&world, json!({})).await;
    for (patch, action) in [
        (json!({ "security_group_id": world.group("sg-other").await }), Action::Replace),
        (json!({ "direction": "egress" }), Action::Replace),
        (json!({ "remote_ip_prefix": "10.1.0.0/16" }), Action::Update),
        (json!({ "protocols": ["icmp"] }), Action::Update),
        (json!({ "udp_ports": "53" }), Action::Update),
        (json!({ "priority": 2 }), Action::Update),
        (json!({ "description": "new" }), Action::Update),
        (json!({ "adopt_existing": true }), Action::Update),
        (json!({ "timeouts": { "create": "1m" } }), Action::Update),
        (json!({ "protocols": ["udp", "icmp"], "direction": "ingress" }), Action::NoOp),
    ] {
        assert_eq!(world.plan_to(&rules, patch.clone()).await, action, "{patch}");
    }
}

#[tokio::test]
async fn new_rules_are_made_before_old_ones_go() {
    for (patch, steps, lines) in [
        (
            json!({ "remote_ip_prefix": "10.1.0.0/16" }),
            &["POST", "DELETE", "DELETE"][..],
            "ingress icmp 10.1.0.0/16\ningress udp 10.1.0.0/16",
        ),
        (json!({ "priority": 7 }), &["POST", "DELETE", "DELETE"], PAIR),
        (
            json!({ "udp_ports": "53" }),
            &["POST", "DELETE"],
            "ingress icmp 10.0.0.0/16\ningress udp 53 10.0.0.0/16",
        ),
        (json!({ "protocols": ["udp"] }), &["DELETE"], "ingress udp 10.0.0.0/16"),
        // To the cloud these are the same rules, so here the old ones have to go first.
        (json!({ "description": "new" }), &["DELETE", "POST", "DELETE", "POST"], PAIR),
        (json!({ "adopt_existing": true }), &[], PAIR),
    ] {
        let world = World::start().await;
        let mut rules = applied(&world, json!({})).await;
        world.forget_requests().await;

        assert_eq!(world.apply_to(&mut rules, patch.clone()).await, Action::Update);

        let writes = world.writes().await;
        let methods: Vec<&str> = writes.iter().filter_map(|it| it.split(' ').next()).collect();
        assert_eq!(methods, steps, "{patch}");
        expect_rules(&world, lines).await;
        world.destroy(rules).await;
        expect_rules(&world, "").await;
    }
}

#[tokio::test]
async fn what_does_not_change_keeps_its_rule() {
    let world = World::start().await;
    let mut rules = applied(&world, json!({})).await;
    let before = rules.get("rule_ids");

    world.apply_to(&mut rules, json!({ "udp_ports": "53" })).await;

    let after = rules.get("rule_ids");
    assert_eq!(after["icmp"], before["icmp"]);
    assert_ne!(after["udp"], before["udp"]);
    world.apply_to(&mut rules, json!({ "udp_ports": null, "protocols": ["icmp"] })).await;
    assert_eq!(rules.get("rule_ids"), json!({ "icmp": before["icmp"] }));
    expect_rules(&world, "ingress icmp 10.0.0.0/16").await;
}

#[tokio::test]
async fn another_group_gets_the_rules_of_the_first() {
    let groups = json!([{ "name": "sg-containers" }, { "name": "sg-other" }]);
    let world = World::with(json!({ "security_groups": groups }), json!({})).await;
    let other = world.group("sg-other").await;
    let mut rules = applied(&world, json!({})).await;

    let action = world.apply_to(&mut rules, json!({ "security_group_id": other })).await;

    assert_eq!(action, Action::Replace);
    expect_rules(&world, "").await;
    world.expect_rules(&other, PAIR).await;
}

#[tokio::test]
async fn rules_deleted_by_others_are_made_again() {
    let world = World::start().await;
    let mut rules = applied(&world, json!({})).await;
    for protocol in ["icmp", "udp"] {
        let id = rules.get("rule_ids")[protocol].clone();
        world.delete_rule(id.as_str().unwrap()).await;

        world.expect_change(&rules, &["protocols", "rule_ids"]).await;
        assert_eq!(world.repair(&mut rules).await, Action::Update);
        expect_rules(&world, PAIR).await;
    }
    for id in rules.get("rule_ids").as_object().unwrap().values() {
        world.delete_rule(id.as_str().unwrap()).await;
    }
    world.expect_gone(&rules).await;
    assert_eq!(world.repair(&mut rules).await, Action::Create);
    expect_rules(&world, PAIR).await;
}

#[tokio::test]
async fn a_deleted_group_takes_its_rules_along() {
    let groups = json!([{ "name": "sg-containers" }, { "name": "sg-other" }]);
    let world = World::with(json!({ "security_groups": groups }), json!({})).await;
    let other = world.group("sg-other").await;
    let rules = applied(&world, json!({ "security_group_id": other })).await;
    let same = rules.clone();

    world.delete_group(&other).await;

    world.expect_gone(&rules).await;
    world.destroy_unrefreshed(same).await;
    let refusal = world.refuse_to(rules, json!({})).await;
    refusal.expect_problem("security_group_id", &other);
}

#[tokio::test]
async fn destroying_what_is_gone_succeeds() {
    let world = World::start().await;
    let rules = applied(&world, json!({})).await;
    let id = rules.get("rule_ids")["udp"].clone();
    world.delete_rule(id.as_str().unwrap()).await;
    world.destroy_unrefreshed(rules).await;
    expect_rules(&world, "").await;
}

#[tokio::test]
async fn rules_of_others_stay_whatever_becomes_of_ours() {
    let world = World::start().await;
    let group = world.group("sg-containers").await;
    let theirs = |direction: &str, protocol: &str, prefix: &str, priority: u8, action: &str| {
        json!({ "direction": direction, "protocol": protocol, "remote_ip_prefix": prefix,
                "ethertype": "IPv4", "priority": priority, "action": action })
    };
    for rule in [
        theirs("ingress", "icmp", "10.1.0.0/16", 1, "allow"),
        theirs("ingress", "udp", "10.0.0.0/16", 5, "allow"),
        theirs("ingress", "udp", "10.0.0.0/16", 1, "deny"),
        theirs("ingress", "tcp", "10.0.0.0/16", 1, "allow"),
        theirs("egress", "icmp", "10.0.0.0/16", 1, "allow"),
    ] {
        world.add_rule(&group, rule).await;
    }
    let before = world.look().await.rules(&group);

    let mut rules = applied(&world, json!({})).await;
    assert_eq!(world.look().await.rules(&group).len(), before.len() + 2);
    world.apply_to(&mut rules, json!({ "remote_ip_prefix": "10.2.0.0/16", "priority": 3 })).await;
    assert_eq!(world.look().await.rules(&group).len(), before.len() + 2);
    world.destroy(rules).await;

    assert_eq!(world.look().await.rules(&group), before);
}

#[tokio::test]
async fn bad_words_are_refused_where_they_stand() {
    let world = World::start().await;
    for (patch, path, phrase) in [
        (json!({ "protocols": [] }), "protocols", "empty"),
        (json!({ "protocols": ["tcp"] }), "protocols", "`tcp`"),
        (json!({ "protocols": ["icmp"], "udp_ports": "53" }), "udp_ports", "`udp`"),
        (json!({ "udp_ports": "53-" }), "udp_ports", "33434-33534,53"),
        (json!({ "udp_ports": "0" }), "udp_ports", "1 to 65535"),
        (json!({ "udp_ports": "60-50" }), "udp_ports", "smaller end first"),
        (json!({ "priority": 0 }), "priority", "1, the highest, to 100"),
        (json!({ "priority": 101 }), "priority", "1, the highest, to 100"),
        (json!({ "priority": 1.5 }), "priority", "whole number"),
        (json!({ "direction": "in" }), "direction", "`ingress` or `egress`"),
        (json!({ "remote_ip_prefix": "10.0.0.1/16" }), "remote_ip_prefix", "`10.0.0.0/16`"),
        (json!({ "remote_ip_prefix": "10.0.0.1" }), "remote_ip_prefix", "`10.0.0.1/32`"),
        (json!({ "description": "<b>" }), "description", "`<`"),
        (json!({ "description": "x".repeat(256) }), "description", "255"),
        (json!({ "security_group_id": "a/b" }), "security_group_id", "`a/b`"),
        (json!({ "timeouts": { "update": "1 day" } }), "timeouts.update", "`5m`"),
        (
            json!({ "security_group_id": "00000000-0000-4000-8000-000000000000" }),
            "security_group_id",
            "does not exist",
        ),
    ] {
        let refusal = world.refuse(RULE, pair(&world, patch).await).await;
        let refusal = refusal.expect_problem(path, phrase);
        assert!(!refusal.expect_nothing_else().object.is_in_state());
    }
}

#[tokio::test]
async fn where_the_newer_api_is_not_offered_the_older_one_serves() {
    let world = World::start().await;
    let missing = json!({ "error_code": "APIGW.0101", "error_msg": "The API does not exist" });
    let fault =
        json!({ "path": "/v3/**", "times": 999, "answer": { "status": 404, "body": missing } });
    world.order_faults(json!([fault])).await;

    let mut rules = applied(&world, json!({ "udp_ports": "33434-33534" })).await;
    world.apply_to(&mut rules, json!({ "udp_ports": "53", "description": "new" })).await;
    expect_rules(&world, "ingress icmp 10.0.0.0/16\ningress udp 53 10.0.0.0/16").await;
    let refusal = world.refuse_to(rules, json!({ "udp_ports": "53,67" })).await;
    let rules = refusal.expect_problem("", "APIGW.0101").object;
    world.destroy(rules).await;
    expect_rules(&world, "").await;
}
