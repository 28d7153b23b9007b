//! Rules of a group and interfaces of servers.

use serde_json::{Value as Json, json};

use super::told;
use crate::harness::{config::patched, world::World};

const CHECK: &str = "ecs_port_source_check";
const PAIR: &str = "secgroup_icmp_udp_rule";

async fn with_a_virtual_ip() -> World {
    let vip =
        json!([{ "name": "vip", "subnet": "subnet-containers", "ip_address": "192.168.0.100" }]);
    World::with(json!({ "vips": vip }), json!({})).await
}

#[tokio::test]
async fn only_an_interface_of_a_server_has_its_check_switched() {
    let world = with_a_virtual_ip().await;
    let vip = world.port("192.168.0.100").await;
    world.forget_requests().await;
    let refusal = world.refuse(CHECK, json!({ "port_id": vip })).await;
    refusal.expect_problem("port_id", "a virtual IP address").expect_nothing_else();
    let refusal = world.refuse(CHECK, json!({ "host_ip": "192.168.0.100" })).await;
    refusal.expect_problem("host_ip", "No server");
    let nobody = "00000000-0000-4000-8000-000000000000";
    world.refuse(CHECK, json!({ "ecs_id": nobody })).await.expect_problem("ecs_id", nobody);
    assert_eq!(world.writes().await, [""; 0]);
}

#[tokio::test]
async fn a_virtual_ip_is_thought_of_before_the_check_is_switched_on() {
    let world = with_a_virtual_ip().await;
    let port = world.port("192.168.0.2").await;
    let on = json!({ "port_id": port, "enabled": true });
    assert_eq!(told(&world.warnings_of(CHECK, on.clone()).await), [""; 0]);

    world.set_pairs(&port, &["1.1.1.1/0", "192.168.0.100"]).await;
    let warnings = world.warnings_of(CHECK, on.clone()).await;
    assert_eq!(told(&warnings), ["warning at enabled: Virtual IP address may stop working"]);
    assert!(warnings[0].detail.contains("192.168.0.100"), "{warnings:?}");
    let off = json!({ "port_id": port });
    let warnings = world.warnings_of(CHECK, off).await;
    assert_eq!(told(&warnings), ["warning at enabled: Source check is off already"]);

    // As the console does it: the virtual IP's own port names who answers for it.
    world.set_pairs(&port, &["1.1.1.1/0"]).await;
    assert_eq!(told(&world.warnings_of(CHECK, on.clone()).await), [""; 0]);
    world.set_pairs(&world.port("192.168.0.100").await, &["192.168.0.2"]).await;
    let warnings = world.warnings_of(CHECK, on).await;
    assert_eq!(told(&warnings), ["warning at enabled: Virtual IP address may stop working"]);
}

#[tokio::test]
async fn a_host_by_its_virtual_ip_is_told_how_to_write_it() {
    let world = with_a_virtual_ip().await;
    let mut route = super::route(&world, "10.0.2.0/24").await;
    route["ecs_id"] = Json::Null;
    route["host_ip"] = "192.168.0.100".into();
    let warnings = world.plan_together(&[(super::ROUTE, route)]).await.concat();
    assert_eq!(told(&warnings), ["warning at host_ip: Virtual IP address as a host"]);
    assert!(warnings[0].detail.contains("`virtual_ip = \"192.168.0.100\"`"), "{warnings:?}");
}

#[tokio::test]
async fn a_rule_that_denies_what_is_allowed_is_told_where_it_wins() {
    let deny = |patch: Json| {
        let rule = json!({
            "direction": "ingress", "ethertype": "IPv4", "protocol": "udp", "action": "deny", "priority": 1,
            "remote_ip_prefix": "10.0.7.0/24",
        });
        patched(&rule, &patch)
    };
    for (patch, is_told) in [
        (json!({}), true),
        (json!({ "remote_ip_prefix": "0.0.0.0/0" }), true),
        (json!({ "remote_ip_prefix": "10.1.0.0/16" }), false),
        (json!({ "priority": 6 }), false),
        (json!({ "protocol": "tcp" }), false),
        (json!({ "direction": "egress" }), false),
        (json!({ "action": "allow" }), false),
    ] {
        let world = World::start().await;
        let group = world.group("sg-containers").await;
        let rule = world.add_rule(&group, deny(patch.clone())).await;
        let pair =
            json!({ "security_group_id": group, "remote_ip_prefix": "10.0.0.0/16", "priority": 5 });
        let warnings = world.warnings_of(PAIR, pair).await;
        if is_told {
            let expected = ["warning at priority: Denied by another rule of the group"];
            assert_eq!(told(&warnings), expected, "{patch}");
            assert!(warnings[0].detail.contains(&rule), "{warnings:?}");
        } else {
            assert_eq!(told(&warnings), [""; 0], "{patch}");
        }
    }
}

/// Rules of a group that no server has let nothing in.
#[tokio::test]
async fn a_group_that_no_server_has_is_told() {
    let world = World::start().await;
    let group = world.group("default").await;
    let rule =
        |group: &str| json!({ "security_group_id": group, "remote_ip_prefix": "10.0.0.0/16" });

    let warnings = world.warnings_of(PAIR, rule(&group)).await;

    assert_eq!(told(&warnings), ["warning at security_group_id: Security group of no server"]);
    assert!(warnings[0].detail.contains(&group), "{warnings:?}");
    let worn = world.group("sg-containers").await;
    assert_eq!(told(&world.warnings_of(PAIR, rule(&worn)).await), [""; 0]);
    // Where lists show a part of the ports only, nobody knows.
    let part = World::with(json!({}), json!({ "enterprise_project_id": "0" })).await;
    let group = part.group("default").await;
    assert_eq!(told(&part.warnings_of(PAIR, rule(&group)).await), [""; 0]);
}

/// The guide's world with a public address at ECS1.
async fn public() -> World {
    let nic = |address: &str| json!([{ "subnet": "subnet-containers", "ip_address": address, "security_groups": ["sg-containers"] }]);
    let servers = json!([
        { "name": "ECS1", "public_ip": "203.0.113.7", "nics": nic("192.168.0.2") },
        { "name": "ECS2", "nics": nic("192.168.0.3") },
    ]);
    World::with(json!({ "servers": servers }), json!({})).await
}

async fn pair(world: &World, patch: Json) -> Json {
    let group = world.group("sg-containers").await;
    patched(&json!({ "security_group_id": group, "remote_ip_prefix": "10.0.0.0/16" }), &patch)
}

#[tokio::test]
async fn who_would_be_open_to_everyone_is_named() {
    let world = public().await;
    let everyone = json!({ "remote_ip_prefix": "0.0.0.0/0" });
    let warnings = world.warnings_of(PAIR, pair(&world, everyone.clone()).await).await;
    assert_eq!(told(&warnings), ["warning at remote_ip_prefix: Servers opened to the Internet"]);
    assert!(warnings[0].detail.contains("`ECS1`"), "{warnings:?}");
    assert!(!warnings[0].detail.contains("`ECS2`"), "{warnings:?}");

    let egress = patched(&everyone, &json!({ "direction": "egress" }));
    for patch in [json!({}), json!({ "remote_ip_prefix": "0.0.0.0/1" }), egress] {
        let warnings = world.warnings_of(PAIR, pair(&world, patch.clone()).await).await;
        assert_eq!(told(&warnings), [""; 0], "{patch}");
    }
    let world = World::start().await;
    assert_eq!(told(&world.warnings_of(PAIR, pair(&world, everyone).await).await), [""; 0]);
}

#[tokio::test]
async fn the_quota_of_rules_is_counted_over_the_plan() {
    for (limit, lines) in
        [(5000, &[][..]), (1, &["error at security_group_id: Rule quota exceeded"])]
    {
        let quota = json!({ "quotas": { "securityGroupRule": limit } });
        let world = World::with(quota, json!({})).await;
        let mut pairs = Vec::new();
        for range in 0..3 {
            let prefix = json!({ "remote_ip_prefix": format!("10.{range}.0.0/16") });
            pairs.push((PAIR, pair(&world, prefix).await));
        }
        let problems = world.plan_together(&pairs).await.concat();
        assert_eq!(told(&problems), lines);
    }
}
