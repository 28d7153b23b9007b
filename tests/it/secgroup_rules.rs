//! Stories of `huaweivpc_secgroup_rules`: rules of any protocol as one set, made, changed, repaired and imported.

use serde_json::{Value as Json, json};

use crate::harness::{
    config::patched,
    core::Action,
    world::{Object, World},
};

mod bad_words;
mod imports;

const SET: &str = "secgroup_rules";

async fn set(world: &World, rules: Json) -> Json {
    json!({ "security_group_id": world.group("sg-containers").await, "rules": rules })
}

async fn applied(world: &World, rules: Json) -> Object {
    world.apply(SET, set(world, rules).await).await
}

async fn expect_rules(world: &World, lines: &str) {
    world.expect_rules(&world.group("sg-containers").await, lines).await;
}

fn tcp(ports: &str, prefix: &str) -> Json {
    json!({ "protocol": "tcp", "ports": ports, "remote_ip_prefix": prefix })
}

#[tokio::test]
async fn each_rule_that_can_be_written() {
    let world = World::start().await;
    let prefix =
        |protocol: &str, prefix: &str| json!({ "protocol": protocol, "remote_ip_prefix": prefix });
    for (rule, line) in [
        (tcp("80,8000-8010", "10.0.0.0/16"), "ingress tcp 80,8000-8010 10.0.0.0/16"),
        (prefix("udp", "fd00:10::/32"), "ingress udp fd00:10::/32"),
        (prefix("icmp", "10.0.0.0/16"), "ingress icmp 10.0.0.0/16"),
        (prefix("icmpv6", "::/0"), "ingress icmpv6 ::/0"),
        (prefix("all", "10.0.0.0/16"), "ingress any 10.0.0.0/16"),
        (prefix("47", "10.0.0.0/16"), "ingress 47 10.0.0.0/16"),
        (
            patched(
                &tcp("22", "10.0.0.0/16"),
                &json!({ "direction": "egress", "action": "deny",
                    "priority": 9, "description": "no" }),
            ),
            "egress tcp 22 10.0.0.0/16",
        ),
    ] {
        let rules = applied(&world, json!({ "one": rule })).await;
        expect_rules(&world, line).await;
        world.destroy(rules).await;
        expect_rules(&world, "").await;
    }
}

#[tokio::test]
async fn rules_are_about_groups_and_address_groups_too() {
    let addresses = "5b0a4f0c-6ff2-4c36-a4be-2a1f6b3d1c09";
    let world = World::with(json!({ "address_groups": [addresses] }), json!({})).await;
    let group = world.group("default").await;
    let rules = json!({
        "members": { "protocol": "tcp", "ports": "443", "remote_group_id": group },
        "ping": { "protocol": "icmpv6", "remote_group_id": group },
        "list": { "protocol": "udp", "remote_address_group_id": addresses },
    });
    let mut object = applied(&world, rules.clone()).await;
    let seen = world.look().await;
    let rule = |object: &Object, name: &str| {
        seen.rule(object.get("rule_ids")[name].as_str().unwrap()).clone()
    };
    assert_eq!(rule(&object, "members")["remote"], json!({ "group": group }));
    assert_eq!(rule(&object, "ping")["ethertype"], "IPv6");
    assert_eq!(rule(&object, "list")["remote"], json!({ "address_group": addresses }));
    world.expect_no_further_change(&object).await;

    // The same terms with another description are the same rule to the cloud.
    let mut described = rules;
    described["list"]["description"] = "partners".into();
    assert_eq!(world.apply_to(&mut object, json!({ "rules": described })).await, Action::Update);
    world.destroy(object).await;
}

#[tokio::test]
async fn a_group_that_is_not_there_is_told_at_its_rule() {
    let world = World::start().await;
    let nobody = "5b0a4f0c-6ff2-4c36-a4be-2a1f6b3d1c01";
    let ping = json!({ "protocol": "icmp", "remote_ip_prefix": "10.0.0.0/16" });
    for attribute in ["remote_group_id", "remote_address_group_id"] {
        world.plan_blindly();
        let rules = json!({ "ping": ping, "web": { "protocol": "tcp", attribute: nobody } });
        let refusal = world.refuse(SET, set(&world, rules).await).await;
        let refusal =
            refusal.expect_problem("rules[\"web\"]", &format!("In `rules[\"web\"].{attribute}`"));
        assert!(refusal.object.is_in_state(), "what was made beside it is recorded");
        world.destroy(refusal.object).await;
    }
}

#[tokio::test]
async fn a_plan_finds_a_remote_group_that_is_not_there() {
    let world = World::start().await;
    let nobody = "5b0a4f0c-6ff2-4c36-a4be-2a1f6b3d1c01";
    let rules = json!({ "web": { "protocol": "tcp", "remote_group_id": nobody } });
    let refusal = world.refuse(SET, set(&world, rules).await).await;
    refusal.expect_problem("rules[\"web\"]", "In `rules[\"web\"].remote_group_id`: Security group");
    assert_eq!(world.writes().await, [""; 0]);
}

#[tokio::test]
async fn many_rules_travel_200_at_once() {
    let world = World::start().await;
    let named = (0..450).map(|number| {
        (format!("n{number}"), tcp("80", &format!("10.{}.{}.0/24", number / 250, number % 250)))
    });
    world.forget_requests().await;
    let object = applied(&world, Json::Object(named.collect())).await;
    assert_eq!(world.writes().await.len(), 3, "{:?}", world.writes().await);
    let group = world.group("sg-containers").await;
    assert_eq!(world.look().await.rules(&group).len(), 450);
    world.destroy(object).await;
}

#[tokio::test]
async fn another_name_for_a_rule_writes_nothing() {
    let world = World::start().await;
    let rules = json!({ "a": tcp("80", "10.0.0.0/16"), "b": tcp("443", "10.0.0.0/16") });
    let mut object = applied(&world, rules).await;
    let before = object.get("rule_ids").clone();
    world.forget_requests().await;

    // One gets a new name, and with it a name goes to another rule.
    let rules =
        json!({ "rules": { "a": tcp("443", "10.0.0.0/16"), "c": tcp("80", "10.0.0.0/16") } });
    assert_eq!(world.apply_to(&mut object, rules).await, Action::Update);

    assert_eq!(world.writes().await, [""; 0]);
    assert_eq!(object.get("rule_ids"), json!({ "a": before["b"], "c": before["a"] }));
    world.expect_no_further_change(&object).await;
}

#[tokio::test]
async fn a_change_makes_before_it_breaks() {
    let world = World::start().await;
    let rules = json!({ "web": tcp("80", "10.0.0.0/16"), "db": tcp("5432", "10.0.0.0/16") });
    let mut object = applied(&world, rules).await;
    let kept = object.get("rule_ids")["db"].clone();
    world.forget_requests().await;

    let changed = json!({ "web": tcp("80,443", "10.0.0.0/16"), "db": tcp("5432", "10.0.0.0/16") });
    let change = json!({ "rules": changed });
    assert_eq!(world.apply_to(&mut object, change).await, Action::Update);

    let writes = world.writes().await;
    assert!(writes[0].starts_with("POST") && writes[1].starts_with("DELETE"), "{writes:?}");
    assert_eq!(object.get("rule_ids")["db"], kept);
    expect_rules(&world, "ingress tcp 5432 10.0.0.0/16\ningress tcp 80,443 10.0.0.0/16").await;
}

#[tokio::test]
async fn a_rule_deleted_by_hand_is_made_again() {
    let world = World::start().await;
    let rules = json!({ "web": tcp("80", "10.0.0.0/16"), "db": tcp("5432", "10.0.0.0/16") });
    let mut object = applied(&world, rules).await;
    world.delete_rule(object.get("rule_ids")["db"].as_str().unwrap()).await;

    assert_eq!(world.repair(&mut object).await, Action::Update);

    expect_rules(&world, "ingress tcp 5432 10.0.0.0/16\ningress tcp 80 10.0.0.0/16").await;
}

#[tokio::test]
async fn an_identical_rule_is_not_taken_without_being_asked_for() {
    let world = World::start().await;
    let group = world.group("sg-containers").await;
    let theirs = json!({ "direction": "ingress", "protocol": "6", "ethertype": "IPv4",
                         "multiport": "80", "remote_ip_prefix": "10.0.0.0/16", "priority": 1 });
    let id = world.add_rule(&group, theirs).await;
    let rules = json!({ "web": tcp("80", "10.0.0.0/16"), "db": tcp("5432", "10.0.0.0/16") });
    world.forget_requests().await;

    let refusal = world.refuse(SET, set(&world, rules.clone()).await).await;
    let refusal = refusal.expect_problem("rules[\"web\"]", &format!("'{id}'"));
    assert!(!refusal.object.is_in_state());
    assert_eq!(world.writes().await, [""; 0]);

    let adopting = patched(&set(&world, rules).await, &json!({ "adopt_existing": true }));
    let object = world.apply(SET, adopting).await;
    assert_eq!(object.get("rule_ids")["web"], json!(id));
}

#[tokio::test]
async fn what_denies_is_told_at_its_rule() {
    let world = World::start().await;
    let group = world.group("sg-containers").await;
    let deny = json!({ "direction": "ingress", "protocol": "tcp", "ethertype": "IPv4",
                       "remote_ip_prefix": "10.0.0.0/8", "action": "deny", "priority": 1 });
    world.add_rule(&group, deny).await;
    let rules = json!({ "ping": { "protocol": "icmp", "remote_ip_prefix": "10.0.0.0/16" },
                        "web": tcp("80", "10.0.0.0/16") });
    let warnings = world.warnings_of(SET, set(&world, rules).await).await;
    let [denied] = warnings.as_slice() else { panic!("{warnings:#?}") };
    assert!(denied.detail.starts_with("In `rules[\"web\"].priority`: Rules of"), "{denied:#?}");

    let rules = json!({ "web": { "protocol": "udp", "remote_ip_prefix": "0.0.0.0/0" } });
    assert_eq!(world.warnings_of(SET, set(&world, rules).await).await, [], "no server is exposed");
}
