//! What is refused before anything is asked of the cloud, each where it stands.

use serde_json::{Value as Json, json};

use super::{SET, set, tcp};
use crate::harness::world::World;

#[tokio::test]
async fn bad_words_are_refused_where_they_stand() {
    let world = World::start().await;
    let group = world.group("sg-containers").await;
    let range = "10.0.0.0/16";
    let cases: Vec<(Json, &str, &str)> = vec![
        (json!({ "protocol": "sctp", "remote_ip_prefix": range }), ".protocol", "not a protocol"),
        (json!({ "protocol": "6", "remote_ip_prefix": range }), ".protocol", "Write `tcp`"),
        (json!({ "protocol": "256", "remote_ip_prefix": range }), ".protocol", "from 0 to 255"),
        (
            json!({ "protocol": "icmp", "ports": "8", "remote_ip_prefix": range }),
            ".ports",
            "no ports",
        ),
        (
            json!({ "protocol": "all", "ports": "8", "remote_ip_prefix": range }),
            ".ports",
            "no ports",
        ),
        (
            json!({ "protocol": "icmp", "remote_ip_prefix": "fd00::/8" }),
            ".protocol",
            "Write `icmpv6`",
        ),
        (json!({ "protocol": "icmpv6", "remote_ip_prefix": range }), ".protocol", "Write `icmp`"),
        (json!({ "protocol": "tcp" }), "", "remote_address_group_id"),
        (
            json!({ "protocol": "tcp", "remote_ip_prefix": range, "remote_group_id": group }),
            ".remote_group_id",
            "exclude each other",
        ),
        (
            json!({ "protocol": "tcp", "remote_ip_prefix": "10.0.0.1/16" }),
            ".remote_ip_prefix",
            "10.0.0.0/16",
        ),
        (
            json!({ "protocol": "tcp", "remote_ip_prefix": range, "action": "drop" }),
            ".action",
            "`deny`",
        ),
        (
            json!({ "protocol": "tcp", "remote_ip_prefix": range, "priority": 101 }),
            ".priority",
            "100",
        ),
        (
            json!({ "protocol": "tcp", "remote_ip_prefix": range, "direction": "in" }),
            ".direction",
            "`egress`",
        ),
    ];
    world.forget_requests().await;
    for (rule, place, phrase) in cases {
        let refusal = world.refuse(SET, set(&world, json!({ "web": rule })).await).await;
        let place = format!("In `rules[\"web\"]{place}`: ");
        let refusal = refusal.expect_problem("rules[\"web\"]", &place).expect_nothing_else();
        refusal.expect_problem("rules[\"web\"]", phrase);
    }
    assert_eq!(world.writes().await, [""; 0]);
}

#[tokio::test]
async fn two_names_for_one_rule_are_refused() {
    let world = World::start().await;
    let mut other = tcp("443,80", "10.0.0.0/16");
    other["description"] = "the same".into();
    let rules = json!({ "a": tcp("80,443", "10.0.0.0/16"), "b": other });
    let refusal = world.refuse(SET, set(&world, rules).await).await;
    refusal.expect_problem("rules[\"b\"]", "`a` says the same").expect_nothing_else();
}
