//! Security groups and their rules, over both versions of the API.

use serde_json::{Value, json};

use super::harness::{Cloud, GUIDE, TWO_TABLES, column};

const V1: &str = "/v1/{p}/security-group-rules";
const V3: &str = "/v3/{p}/vpc/security-group-rules";

/// A rule of the guide, with some of its fields replaced; `null` takes a field away.
fn rule(changes: Value) -> Value {
    let mut rule = json!({
        "security_group_id": "{group:sg-containers}", "direction": "ingress",
        "protocol": "icmp", "remote_ip_prefix": "0.0.0.0/0",
    });
    for (key, value) in changes.as_object().unwrap() {
        rule[key] = value.clone();
    }
    rule
}

fn body(rule: Value) -> String {
    json!({ "security_group_rule": rule }).to_string()
}

#[tokio::test]
async fn the_two_rules_of_the_guide_are_made_seen_and_deleted_in_both_versions() {
    let cloud = Cloud::start(GUIDE).await;
    let icmp = cloud.post(V3, &body(rule(json!({ "priority": 1 })))).await.expect(201);
    let udp = cloud.post(V1, &body(rule(json!({ "protocol": "udp" })))).await.expect(200);
    let icmp = icmp["security_group_rule"]["id"].as_str().unwrap().to_owned();
    let udp = udp["security_group_rule"]["id"].as_str().unwrap().to_owned();

    let seen = cloud.get(&format!("{V1}/{icmp}")).await.expect(200);
    assert_eq!(seen["security_group_rule"]["port_range_min"], Value::Null);
    let seen = cloud.get(&format!("{V3}/{udp}")).await.expect(200);
    assert_eq!(seen["security_group_rule"]["multiport"], Value::Null);
    assert_eq!(seen["security_group_rule"]["priority"], 1);

    let filter = "security_group_id={group:sg-containers}&remote_ip_prefix=0.0.0.0/0";
    for list in [V1, V3] {
        let list = cloud.get(&format!("{list}?{filter}")).await.expect(200);
        assert_eq!(column(&list["security_group_rules"], "protocol"), ["icmp", "udp"]);
    }
    cloud.delete(&format!("{V1}/{icmp}")).await.expect(204);
    cloud.delete(&format!("{V3}/{udp}")).await.expect(204);
    cloud.get(&format!("{V3}/{icmp}")).await.expect_refusal(404, "VPC.9904");
    cloud.get(&format!("{V1}/{udp}")).await.expect_refusal(404, "VPC.0603");
    cloud.delete(&format!("{V3}/{icmp}")).await.expect_refusal(404, "VPC.9904");
    cloud.delete(&format!("{V1}/{udp}")).await.expect_refusal(404, "VPC.0603");
}

#[tokio::test]
async fn a_rule_comes_back_as_it_was_meant() {
    let cloud = Cloud::start(GUIDE).await;
    let cases = [
        (
            json!({ "protocol": "udp", "multiport": "53,33434-33534" }),
            "multiport",
            json!("53,33434-33534"),
        ),
        (json!({ "protocol": "tcp", "multiport": "80-80" }), "multiport", json!("80")),
        (json!({ "remote_ip_prefix": "10.0.2.5" }), "remote_ip_prefix", json!("10.0.2.5/32")),
        (
            json!({ "ethertype": "ipv6", "protocol": "icmpv6", "remote_ip_prefix": "2001:DB8::/32" }),
            "remote_ip_prefix",
            json!("2001:db8::/32"),
        ),
        (json!({ "protocol": null, "description": "all" }), "protocol", Value::Null),
        (json!({ "action": "deny", "priority": 7 }), "priority", json!(7)),
        (
            json!({ "remote_ip_prefix": null, "remote_group_id": "{group:sg-containers}" }),
            "remote_group_id",
            json!(cloud.fill("{group:sg-containers}")),
        ),
    ];
    for (changes, field, expected) in cases {
        let created = cloud.post(V3, &body(rule(changes))).await.expect(201);
        assert_eq!(created["security_group_rule"][field], expected);
    }
}

#[tokio::test]
async fn version_1_speaks_of_one_range_or_an_icmp_type() {
    let cloud = Cloud::start(GUIDE).await;
    for (changes, low, high, multiport) in [
        (
            json!({ "protocol": "udp", "port_range_min": 53, "port_range_max": "60" }),
            json!(53),
            json!(60),
            json!("53-60"),
        ),
        (json!({ "protocol": "tcp", "port_range_min": 22 }), json!(22), json!(22), json!("22")),
        (json!({ "port_range_min": 8, "port_range_max": 0 }), json!(8), json!(0), Value::Null),
        (json!({ "port_range_min": 3 }), json!(3), Value::Null, Value::Null),
    ] {
        let created = cloud.post(V1, &body(rule(changes))).await.expect(200);
        let created = &created["security_group_rule"];
        assert_eq!((&created["port_range_min"], &created["port_range_max"]), (&low, &high));
        let id = created["id"].as_str().unwrap();
        let v3 = cloud.get(&format!("{V3}/{id}")).await.expect(200);
        assert_eq!(v3["security_group_rule"]["multiport"], multiport);
    }
}

#[tokio::test]
async fn rules_the_cloud_does_not_take_are_refused() {
    let cases = [
        ("no direction", json!({ "direction": null }), 400, "VPC.9901"),
        (
            "icmp over IPv6",
            json!({ "ethertype": "IPv6", "remote_ip_prefix": null }),
            400,
            "VPC.9902",
        ),
        ("icmpv6 over IPv4", json!({ "protocol": "icmpv6" }), 400, "VPC.9902"),
        ("a prefix of the other family", json!({ "remote_ip_prefix": "::/0" }), 400, "VPC.9902"),
        ("an unknown family", json!({ "ethertype": "IPX" }), 400, "VPC.9902"),
        ("an unknown protocol", json!({ "protocol": "ipip" }), 400, "VPC.9902"),
        ("a prefix with host bits", json!({ "remote_ip_prefix": "10.0.2.1/24" }), 400, "VPC.9901"),
        ("ports for icmp", json!({ "multiport": "53" }), 400, "VPC.9901"),
        (
            "a port beyond the last",
            json!({ "protocol": "udp", "multiport": "65536" }),
            400,
            "VPC.9901",
        ),
        ("a range backwards", json!({ "protocol": "udp", "multiport": "9-8" }), 400, "VPC.9901"),
        ("priority 0", json!({ "priority": 0 }), 400, "VPC.9901"),
        ("priority 101", json!({ "priority": 101 }), 400, "VPC.9901"),
        ("priority as text", json!({ "priority": "1" }), 400, "VPC.9901"),
        ("an unknown action", json!({ "action": "drop" }), 400, "VPC.9901"),
        ("a description with angle brackets", json!({ "description": "<" }), 400, "VPC.9901"),
        ("a field nobody knows", json!({ "port": 53 }), 400, "VPC.9901"),
        ("two remotes", json!({ "remote_group_id": "{group:sg-containers}" }), 400, "VPC.9901"),
        ("an unknown group", json!({ "security_group_id": "x" }), 404, "VPC.9904"),
        (
            "an unknown remote group",
            json!({ "remote_ip_prefix": null, "remote_group_id": "x" }),
            404,
            "VPC.9904",
        ),
        ("a prefix and addresses", json!({ "remote_address_group_id": "x" }), 400, "VPC.9901"),
        (
            "an unknown address group",
            json!({ "remote_ip_prefix": null, "remote_address_group_id": "x" }),
            404,
            "VPC.9904",
        ),
    ];
    let cloud = Cloud::start(GUIDE).await;
    let before = cloud.state().await;
    for (what, changes, status, code) in cases {
        let answer = cloud.post(V3, &body(rule(changes))).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{what}: {}", answer.body);
    }
    let v1 = [
        ("a code without a type", json!({ "port_range_max": 0 }), 400, "VPC.0601"),
        ("a field of version 3", json!({ "priority": 1 }), 400, "VPC.0601"),
        ("an unknown group", json!({ "security_group_id": "x" }), 404, "VPC.0603"),
    ];
    for (what, changes, status, code) in v1 {
        let answer = cloud.post(V1, &body(rule(changes))).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{what}: {}", answer.body);
    }
    assert_eq!(cloud.state().await, before);
}

#[tokio::test]
async fn a_duplicate_is_named_by_the_rule_that_is_there() {
    let cloud = Cloud::start(GUIDE).await;
    // What version 1 gives a rule.
    let udp = json!({ "protocol": "udp", "multiport": "53", "priority": 1 });
    let first = cloud.post(V3, &body(rule(udp.clone()))).await.expect(201);
    let message = format!(
        "Security group rule already exists. Rule id is {}.",
        first["security_group_rule"]["id"].as_str().unwrap()
    );
    let mut described = udp.clone();
    described["description"] = "makes no difference".into();
    let mut numbered = udp.clone();
    numbered["protocol"] = "17".into();
    let mut everyone = udp.clone();
    everyone["remote_ip_prefix"] = Value::Null;
    for same in [udp.clone(), described, numbered, everyone] {
        let answer = cloud.post(V3, &body(rule(same))).await;
        answer.expect_refusal(409, "VPC.9902");
        assert_eq!(answer.message(), message);
    }
    let v1 = json!({ "protocol": "udp", "port_range_min": 53, "port_range_max": 53 });
    let answer = cloud.post(V1, &body(rule(v1))).await;
    answer.expect_refusal(409, "VPC.0602");
    assert_eq!(answer.message(), message);
    let mut other_priority = udp;
    other_priority["priority"] = 5.into();
    cloud.post(V3, &body(rule(other_priority))).await.expect(201);
}

#[tokio::test]
async fn several_rules_are_made_at_once_up_to_the_first_that_is_refused() {
    let cloud = Cloud::start(GUIDE).await;
    let path =
        "/v3/{p}/vpc/security-groups/{group:sg-containers}/security-group-rules/batch-create";
    let asked = |protocols: &[&str], ignore: bool| {
        let rules: Vec<Value> = protocols
            .iter()
            .map(|p| json!({ "direction": "ingress", "protocol": p, "remote_ip_prefix": "10.0.0.0/8" }))
            .collect();
        json!({ "security_group_rules": rules, "ignore_duplicate": ignore }).to_string()
    };
    cloud.post(path, &asked(&["bad", "icmp"], false)).await.expect_refusal(400, "VPC.9902");
    let both = cloud.post(path, &asked(&["icmp", "udp"], false)).await.expect(201);
    assert_eq!(column(&both["security_group_rules"], "protocol"), ["icmp", "udp"]);
    let again = cloud.post(path, &asked(&["tcp", "udp", "6"], false)).await;
    again.expect_refusal(409, "VPC.9902");
    let ignored = cloud.post(path, &asked(&["47", "udp", "tcp"], true)).await.expect(201);
    assert_eq!(column(&ignored["security_group_rules"], "protocol"), ["47"]);
    let all = cloud.get(&format!("{V3}?remote_ip_prefix=10.0.0.0/8")).await.expect(200);
    assert_eq!(column(&all["security_group_rules"], "protocol"), ["icmp", "udp", "tcp", "47"]);
}

#[tokio::test]
async fn a_dry_run_checks_and_changes_nothing() {
    let cloud = Cloud::start(GUIDE).await;
    let before = cloud.state().await;
    let mut good: Value = serde_json::from_str(&body(rule(json!({})))).unwrap();
    good["dry_run"] = true.into();
    let answer = cloud.post(V3, &good.to_string()).await;
    assert_eq!((answer.status, answer.code()), (202, "SYS.0202"));
    good["security_group_rule"]["priority"] = 0.into();
    cloud.post(V3, &good.to_string()).await.expect_refusal(400, "VPC.9901");
    assert_eq!(cloud.state().await, before);
}

#[tokio::test]
async fn the_rule_quota_is_kept() {
    let quota = r#""quotas": { "securityGroupRule": 9 }, "vpcs":"#;
    let cloud = Cloud::start(&GUIDE.replace(r#""vpcs":"#, quota)).await;
    cloud.post(V3, &body(rule(json!({})))).await.expect(201);
    let udp = || body(rule(json!({ "protocol": "udp" })));
    cloud.post(V3, &udp()).await.expect_refusal(409, "VPC.9905");
    cloud.post(V1, &udp()).await.expect_refusal(409, "VPC.0602");
}

#[tokio::test]
async fn rules_are_found_by_what_they_show() {
    let cloud = Cloud::start(TWO_TABLES).await;
    for (filter, expected) in [
        ("security_group_id={group:sg-nodes}&protocol=icmp", 1),
        ("protocol=icmp&protocol=tcp", 2),
        ("priority=1", 2),
        ("remote_group_id={group:default}", 3),
        ("description=ping%20between%20nodes", 1),
        ("direction=egress&ethertype=IPv6", 2),
        ("action=deny", 0),
        ("enabled=true", 10),
    ] {
        let list = cloud.get(&format!("{V3}?{filter}")).await.expect(200);
        assert_eq!(list["page_info"]["current_count"], expected, "{filter}");
    }
}

#[tokio::test]
async fn a_group_lives_and_dies_in_both_versions() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let v1 = "/v1/{p}/security-groups";
    let v3 = "/v3/{p}/vpc/security-groups";
    let new = r#"{ "security_group": { "name": "sg-new", "description": "d", "tags": [{ "key": "env", "value": "lab" }] } }"#;
    let created = cloud.post(v3, new).await.expect(201)["security_group"].clone();
    let rules = &created["security_group_rules"];
    assert_eq!(column(rules, "direction"), ["ingress", "ingress", "egress", "egress"]);
    assert_eq!(column(rules, "ethertype"), ["IPv4", "IPv6", "IPv4", "IPv6"]);
    assert_eq!(column(rules, "remote_group_id")[..2], [created["id"].as_str().unwrap(); 2]);
    let path = format!("{v3}/{}", created["id"].as_str().unwrap());
    let update = r#"{ "security_group": { "name": "sg-renamed" } }"#;
    let updated = cloud.put(&path, update).await.expect(200);
    assert_eq!(updated["security_group"]["description"], "d");
    cloud.delete(&path).await.expect(204);
    cloud.get(&path).await.expect_refusal(404, "VPC.9904");

    let old = cloud.post(v1, r#"{ "security_group": { "name": "sg-old" } }"#).await.expect(200);
    let path = format!("{v1}/{}", old["security_group"]["id"].as_str().unwrap());
    assert_eq!(old["security_group"]["security_group_rules"].as_array().unwrap().len(), 4);
    cloud.delete(&path).await.expect(204);
    cloud.get(&path).await.expect_refusal(404, "VPC.0603");

    for (group, why) in [("sg-nodes", "on a port"), ("default", "in a rule of another group")] {
        let answer = cloud.delete(&format!("{v3}/{{group:{group}}}")).await;
        assert_eq!((answer.status, answer.code()), (409, "VPC.9902"), "{why}");
    }
    cloud.post(v3, r#"{ "security_group": { "name": "" } }"#).await.expect_refusal(400, "VPC.9901");
    let list = cloud.get(&format!("{v3}?name=default")).await.expect(200);
    assert!(list["security_groups"][0].get("security_group_rules").is_none());
    let list = cloud.get(v1).await.expect(200);
    assert!(list["security_groups"][0]["security_group_rules"].is_array());
}
