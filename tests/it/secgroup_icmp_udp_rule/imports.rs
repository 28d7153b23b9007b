//! Rules that are there already: which can be imported, and as what.

use serde_json::{Value as Json, json};

use super::{RULE, pair};
use crate::harness::{config::patched, world::World};

#[tokio::test]
async fn a_pair_is_imported_by_its_id_or_by_its_rules() {
    let world = World::start().await;
    for patch in [
        json!({}),
        json!({ "direction": "egress", "remote_ip_prefix": "fd00::/8" }),
        json!({ "protocols": ["udp"], "udp_ports": "53,67-68", "priority": 9 }),
        json!({ "protocols": ["icmp"], "description": "ping" }),
    ] {
        let config = pair(&world, patch).await;
        let rules = world.apply(RULE, config.clone()).await;
        let ids = rules.get("rule_ids").as_object().unwrap().clone();
        let ids: Vec<&str> = ids.values().filter_map(Json::as_str).collect();

        world.import(RULE, &rules.id(), config.clone()).await;
        let imported = world.import_by_id_alone(RULE, &ids.join(",")).await;

        assert_eq!(imported.get("rule_ids"), rules.get("rule_ids"));
        assert_eq!(imported.id(), rules.id());
        world.destroy(rules).await;
    }
}

/// Others make rules with another priority, and rules of a pair that differ.
#[tokio::test]
async fn rules_of_others_are_imported_as_they_are() {
    let world = World::start().await;
    let group = world.group("sg-containers").await;
    let rule = |protocol: &str, change: Json| {
        let rule = json!({ "direction": "ingress", "protocol": protocol, "ethertype": "IPv4",
                           "remote_ip_prefix": "10.0.0.0/16" });
        patched(&rule, &change)
    };
    let icmp = world.add_rule(&group, rule("icmp", json!({ "priority": 50 }))).await;
    let terms = json!({ "priority": 100, "multiport": "53,8472-8473", "description": "theirs",
                        "remote_ip_prefix": "10.2.0.0/16" });
    let udp = world.add_rule(&group, rule("udp", terms)).await;
    // Without a priority, it has the one that the cloud gives it.
    let unsaid = json!({ "remote_ip_prefix": "10.1.0.0/16" });
    let unsaid = world.add_rule(&group, rule("udp", unsaid)).await;
    let given = world.look().await.rule(&unsaid)["priority"].clone();
    let before = world.look().await.rules(&group);

    for (id, patch) in [
        (&icmp, json!({ "protocols": ["icmp"], "priority": 50 })),
        (
            &udp,
            json!({ "protocols": ["udp"], "priority": 100, "udp_ports": "53,8472-8473",
                    "description": "theirs", "remote_ip_prefix": "10.2.0.0/16" }),
        ),
        (
            &unsaid,
            json!({ "protocols": ["udp"], "priority": given, "remote_ip_prefix": "10.1.0.0/16" }),
        ),
    ] {
        let config = patched(&json!({ "remote_ip_prefix": "10.0.0.0/16" }), &patch);
        world.import(RULE, id, pair(&world, config).await).await;
    }
    assert_eq!(world.look().await.rules(&group), before);

    // As a pair, one of them would be made anew.
    let other = world.add_rule(&group, rule("udp", json!({ "priority": 100 }))).await;
    for id in [format!("{icmp},{other}"), format!("{group}/ingress/10.0.0.0/16")] {
        world.refuse_import(RULE, &id).await.expect_problem("", "differ in priority");
    }
}

#[tokio::test]
async fn a_rule_for_everyone_is_imported_as_the_range_of_all() {
    let world = World::start().await;
    let group = world.group("sg-containers").await;
    for (ethertype, prefix) in [("IPv4", "0.0.0.0/0"), ("IPv6", "::/0")] {
        let rule = json!({ "direction": "ingress", "protocol": "udp", "ethertype": ethertype,
                           "priority": 1 });
        let id = world.add_rule(&group, rule).await;
        let config = json!({ "remote_ip_prefix": prefix, "protocols": ["udp"] });

        let refusal = world.refuse(RULE, pair(&world, config.clone()).await).await;
        refusal.expect_problem("remote_ip_prefix", &format!("'{id}'"));
        let imported = world.import_by_id_alone(RULE, &id).await;

        assert_eq!(imported.get("remote_ip_prefix"), prefix);
        world.destroy(imported).await;
    }
}

#[tokio::test]
async fn what_is_no_such_pair_is_not_imported() {
    let world = World::start().await;
    let group = world.group("sg-containers").await;
    let rule = |change: Json| {
        let rule = json!({ "direction": "ingress", "protocol": "udp", "ethertype": "IPv4",
                           "priority": 1, "remote_ip_prefix": "10.0.0.0/16" });
        patched(&rule, &change)
    };
    let udp = world.add_rule(&group, rule(json!({}))).await;
    let dns = world.add_rule(&group, rule(json!({ "multiport": "53" }))).await;
    let deny = world.add_rule(&group, rule(json!({ "priority": 2, "action": "deny" }))).await;
    let tcp = world.add_rule(&group, rule(json!({ "protocol": "tcp" }))).await;
    let icmp = world
        .add_rule(&group, rule(json!({ "protocol": "icmp", "remote_ip_prefix": "10.1.0.0/16" })))
        .await;
    let members = rule(json!({ "remote_ip_prefix": null, "remote_group_id": group }));
    let members = world.add_rule(&group, members).await;
    for (id, phrase) in [
        (format!("{group}/ingress/10.0.0.0/16"), "Several UDP rules"),
        (format!("{group}/ingress/10.9.0.0/16"), "non-existent"),
        (format!("{group}/inwards/10.0.0.0/16"), "`ingress` or `egress`"),
        (format!("{group}/ingress/10.0.0.1/16"), "Write `10.0.0.0/16`"),
        (format!("{udp},{dns}"), "one of each"),
        (format!("{udp},{icmp}"), "one of each"),
        (deny, "allow"),
        (tcp, "one of each"),
        (members, "one of each"),
        ("00000000-0000-4000-8000-000000000000".to_owned(), "There is no rule"),
    ] {
        world.refuse_import(RULE, &id).await.expect_problem("", phrase);
    }
}
