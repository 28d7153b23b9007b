//! Rules that are there already: which can be imported, and under which names.

use serde_json::json;

use super::{SET, applied, set, tcp};
use crate::harness::{config::patched, world::World};

#[tokio::test]
async fn a_set_is_imported_by_its_rules_or_by_its_group() {
    let world = World::start().await;
    let web = "ingress-tcp-80-10.0.0.0/16";
    let rules = json!({
        web: tcp("80", "10.0.0.0/16"),
        "egress-all-10.1.0.0/16":
            { "protocol": "all", "direction": "egress", "remote_ip_prefix": "10.1.0.0/16", "priority": 5 },
    });
    let object = applied(&world, rules.clone()).await;
    let ids = object.get("rule_ids").as_object().unwrap().clone();
    let joined: Vec<&str> = ids.values().filter_map(|id| id.as_str()).collect();

    let config = set(&world, rules.clone()).await;
    world.import(SET, &joined.join(","), config.clone()).await;
    let by_group = world.import(SET, &object.id(), config).await;
    assert_eq!(by_group.get("rule_ids"), object.get("rule_ids"));
}

/// Rules that differ in what a name does not say are told apart.
#[tokio::test]
async fn imported_names_are_unique() {
    let world = World::start().await;
    let group = world.group("sg-containers").await;
    let rule =
        json!({ "direction": "ingress", "protocol": "tcp", "remote_ip_prefix": "10.0.0.0/16" });
    for (action, priority) in [("allow", 1), ("deny", 1), ("allow", 2)] {
        let terms = json!({ "action": action, "priority": priority });
        world.add_rule(&group, patched(&rule, &terms)).await;
    }
    let imported = world.import_by_id_alone(SET, &group).await;
    let names: Vec<String> = imported.get("rules").as_object().unwrap().keys().cloned().collect();
    let name = |suffix: &str| format!("ingress-tcp-10.0.0.0/16-{suffix}");
    assert_eq!(names, [name("allow-1"), name("allow-2"), name("deny-1")]);
}

#[tokio::test]
async fn what_is_no_such_set_is_not_imported() {
    let world = World::start().await;
    let (group, other) = (world.group("sg-containers").await, world.group("default").await);
    let rule =
        json!({ "direction": "ingress", "protocol": "tcp", "remote_ip_prefix": "10.0.0.0/16" });
    let here = world.add_rule(&group, rule.clone()).await;
    let there = world.add_rule(&other, rule).await;
    let nothing = "5b0a4f0c-6ff2-4c36-a4be-2a1f6b3d1c01";
    for (id, phrase) in [
        (format!("{here},{there}"), "not of one group"),
        (format!("{here},{nothing}"), "There is no rule"),
        (nothing.to_owned(), "does not exist"),
    ] {
        let refusal = world.refuse_import(SET, &id).await;
        refusal.expect_problem("", phrase);
    }
}
