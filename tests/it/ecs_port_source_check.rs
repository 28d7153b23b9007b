//! Stories of `huaweivpc_ecs_port_source_check`: the check of somebody else's interface, switched and given back.

use serde_json::{Value as Json, json};

use crate::harness::{core::Action, world::World};

mod failures;
mod giving_back;

const CHECK: &str = "ecs_port_source_check";
const OFF: &str = "1.1.1.1/0";

/// Two VPCs that both have a server at 192.168.0.2; the first one has a second interface.
async fn two_vpcs() -> World {
    let nic = |subnet: &str, address: &str| json!({ "subnet": subnet, "ip_address": address, "security_groups": ["sg-containers"] });
    let scenario = json!({
        "vpcs": [
            { "name": "vpc-containers", "cidr": "192.168.0.0/16" },
            { "name": "vpc-twin", "cidr": "192.168.0.0/16" },
        ],
        "subnets": [
            { "name": "subnet-containers", "vpc": "vpc-containers", "cidr": "192.168.0.0/24" },
            { "name": "subnet-twin", "vpc": "vpc-twin", "cidr": "192.168.0.0/24" },
        ],
        "servers": [
            { "name": "ECS1", "nics": [nic("subnet-containers", "192.168.0.2"),
                                       nic("subnet-containers", "192.168.0.12")] },
            { "name": "twin", "nics": [nic("subnet-twin", "192.168.0.2")] },
        ],
        "vips": [{ "name": "vip", "subnet": "subnet-containers", "ip_address": "192.168.0.100" }],
    });
    World::with(scenario, json!({})).await
}

/// The id of the port in a subnet of the scenario with this address.
async fn port_in(world: &World, subnet: &str, address: &str) -> String {
    let subnet = world.subnet(subnet).await;
    let sight = world.look().await;
    let mut ports = sight.0["ports"].as_array().unwrap().iter();
    let port = ports.find(|port| port["subnet_id"] == *subnet && port["ip_address"] == address);
    port.unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_way_of_naming_the_interface() {
    let world = two_vpcs().await;
    let (server, vpc) = (world.server("ECS1").await, world.vpc("vpc-containers").await);
    let primary = port_in(&world, "subnet-containers", "192.168.0.2").await;
    let second = port_in(&world, "subnet-containers", "192.168.0.12").await;
    for (config, port, address) in [
        (json!({ "port_id": primary }), &primary, "192.168.0.2"),
        (json!({ "port_id": second }), &second, "192.168.0.12"),
        (json!({ "ecs_id": server }), &primary, "192.168.0.2"),
        (json!({ "host_ip": "192.168.0.12" }), &second, "192.168.0.12"),
        (json!({ "host_ip": "192.168.0.2", "vpc_id": vpc }), &primary, "192.168.0.2"),
        (json!({ "host_ip": "192.168.0.2", "ecs_id": server }), &primary, "192.168.0.2"),
        (json!({ "host_ip": "192.168.0.12", "ecs_id": server }), &second, "192.168.0.12"),
        (
            json!({ "port_id": second, "host_ip": "192.168.0.12", "ecs_id": server }),
            &second,
            "192.168.0.12",
        ),
    ] {
        let check = world.apply(CHECK, config).await;

        assert_eq!(check.get("port_id"), json!(port));
        assert_eq!(check.get("ecs_id"), json!(server));
        assert_eq!(check.get("host_ip"), json!(address));
        assert_eq!(check.get("enabled"), json!(false));
        assert_eq!(check.get("allowed_address_pairs"), json!([]));
        assert_eq!(check.id(), *port);
        world.expect_pairs(port, &[OFF]).await;
        world.destroy(check).await;
        world.expect_pairs(port, &[]).await;
    }
    world.expect_pairs(&port_in(&world, "subnet-twin", "192.168.0.2").await, &[]).await;
}

#[tokio::test]
async fn an_interface_that_cannot_be_told_is_refused_where_it_is_named() {
    let world = two_vpcs().await;
    let nobody = "00000000-0000-4000-8000-000000000000";
    let (twin, port) =
        (world.server("twin").await, port_in(&world, "subnet-containers", "192.168.0.2").await);
    world.forget_requests().await;
    for (config, path, phrase) in [
        (json!({ "port_id": nobody }), "port_id", "does not exist"),
        (json!({ "ecs_id": nobody }), "ecs_id", "does not exist"),
        (json!({ "host_ip": "192.168.0.9" }), "host_ip", "192.168.0.9"),
        (json!({ "host_ip": "192.168.0.100" }), "host_ip", "192.168.0.100"),
        (json!({ "host_ip": "192.168.0.2" }), "host_ip", "Set `vpc_id`"),
        (json!({ "host_ip": "192.168.0.12", "vpc_id": nobody }), "host_ip", nobody),
        (json!({ "host_ip": "192.168.0.2/24" }), "host_ip", "without a prefix length"),
        (json!({}), "", "Set one of"),
        (json!({ "port_id": nobody, "ecs_id": nobody }), "port_id", "does not exist"),
        (json!({ "port_id": port, "ecs_id": twin }), "ecs_id", "Keep the name that you mean"),
        (json!({ "port_id": port, "host_ip": "192.168.0.12" }), "host_ip", "192.168.0.12"),
        (json!({ "host_ip": "192.168.0.12", "ecs_id": twin }), "ecs_id", "belongs to server"),
    ] {
        let refusal = world.refuse(CHECK, config).await;
        assert!(!refusal.expect_problem(path, phrase).expect_nothing_else().object.is_in_state());
    }
    assert_eq!(world.writes().await, [""; 0]);
}

/// Another provider's resource undoes at each apply what this one has done.
#[tokio::test]
async fn a_check_that_was_switched_back_is_said_to_be() {
    let world = World::start().await;
    let port = world.port("192.168.0.2").await;
    let mut check = world.apply(CHECK, json!({ "port_id": port })).await;
    assert!(world.warnings(&check).await.is_empty());
    for _ in 0..2 {
        world.set_pairs(&port, &[]).await;
        world.refresh(&mut check).await;
        let warnings = world.warnings(&check).await;
        let [warning] = &warnings[..] else { panic!("one warning: {warnings:?}") };
        assert_eq!(warning.summary, "Source check switched back");
        assert_eq!(warning.path.to_string(), "enabled");
        assert!(warning.detail.contains("ignore_changes"), "{}", warning.detail);
        assert_eq!(world.apply_to(&mut check, json!({})).await, Action::Update);
        assert!(world.warnings(&check).await.is_empty());
    }

    // What the user changes is no surprise.
    world.apply_to(&mut check, json!({ "enabled": true })).await;
    assert!(world.warnings(&check).await.is_empty());
}

#[tokio::test]
async fn the_check_goes_off_and_on_in_place() {
    let world = World::start().await;
    let port = world.port("192.168.0.2").await;
    let mut check = world.apply(CHECK, json!({ "port_id": port })).await;
    for (patch, pairs) in [
        (json!({ "enabled": true }), &[][..]),
        (json!({ "enabled": null }), &[OFF][..]),
        (json!({ "enabled": true }), &[][..]),
        (json!({ "enabled": false }), &[OFF][..]),
    ] {
        world.forget_requests().await;
        assert_eq!(world.apply_to(&mut check, patch).await, Action::Update);
        world.expect_pairs(&port, pairs).await;
        assert_eq!(world.writes().await, [format!("PUT /v1/ports/{port}")]);
    }
}

#[tokio::test]
async fn only_another_interface_makes_another_check() {
    let world = World::start().await;
    let check = world.apply(CHECK, json!({ "host_ip": "192.168.0.2" })).await;
    let vpc = world.vpc("vpc-containers").await;
    let (own, other) = (world.port("192.168.0.2").await, world.port("192.168.0.3").await);
    let instead = |name: &str, value: &str| json!({ "host_ip": null, name: value });
    for (patch, action) in [
        (instead("port_id", &other), Action::Replace),
        (instead("ecs_id", &world.server("ECS2").await), Action::Replace),
        (json!({ "host_ip": "192.168.0.3" }), Action::Replace),
        (instead("port_id", &own), Action::NoOp),
        (instead("ecs_id", &world.server("ECS1").await), Action::NoOp),
        (json!({ "vpc_id": vpc }), Action::Update),
        (json!({ "enabled": true }), Action::Update),
        (json!({ "timeouts": { "read": "1m" } }), Action::Update),
    ] {
        assert_eq!(world.plan_to(&check, patch.clone()).await, action, "{patch}");
    }
}

#[tokio::test]
async fn another_interface_is_switched_and_the_first_given_back() {
    let world = World::start().await;
    let (one, other) = (world.port("192.168.0.2").await, world.port("192.168.0.3").await);
    let mut check = world.apply(CHECK, json!({ "host_ip": "192.168.0.2" })).await;

    assert_eq!(
        world.apply_to(&mut check, json!({ "host_ip": "192.168.0.3" })).await,
        Action::Replace
    );

    world.expect_pairs(&one, &[]).await;
    world.expect_pairs(&other, &[OFF]).await;
    world.destroy(check).await;
    world.expect_pairs(&other, &[]).await;
}

#[tokio::test]
async fn what_others_do_to_the_check_is_seen_and_repaired() {
    let world = World::start().await;
    let port = world.port("192.168.0.2").await;
    for (enabled, theirs) in [(false, &["10.9.0.0/16"][..]), (true, &["10.9.0.0/16", OFF][..])] {
        let config = json!({ "port_id": port, "enabled": enabled });
        let mut check = world.apply(CHECK, config).await;

        world.set_pairs(&port, theirs).await;

        world.expect_change(&check, &["allowed_address_pairs", "enabled"]).await;
        assert_eq!(world.repair(&mut check).await, Action::Update);
        let kept = check.get("allowed_address_pairs");
        assert_eq!(kept[0]["ip_address"], "10.9.0.0/16");
        world.set_pairs(&port, &[]).await;
        world.destroy(check).await;
        world.set_pairs(&port, &[]).await;
    }
}

#[tokio::test]
async fn foreign_pairs_are_shown_and_nothing_is_planned_for_them() {
    let world = World::start().await;
    let port = world.port("192.168.0.2").await;
    let mut check = world.apply(CHECK, json!({ "port_id": port })).await;
    let pairs = json!([
        { "ip_address": "10.9.0.0/16", "mac_address": "fa:16:3e:00:00:99" },
        { "ip_address": OFF },
        { "ip_address": "10.8.0.0/16", "mac_address": "fa:16:3e:00:00:88" },
    ]);
    let body = json!({ "port": { "allowed_address_pairs": pairs } });
    world.call("PUT", &format!("/v1/{{project}}/ports/{port}"), body).await;

    world.expect_no_further_change(&check).await;
    world.refresh(&mut check).await;

    let shown = json!([
        { "ip_address": "10.8.0.0/16", "mac_address": "fa:16:3e:00:00:88" },
        { "ip_address": "10.9.0.0/16", "mac_address": "fa:16:3e:00:00:99" },
    ]);
    assert_eq!(check.get("allowed_address_pairs"), shown);
}

#[tokio::test]
async fn a_deleted_port_is_planned_again() {
    let world = World::start().await;
    let server = world.server("ECS1").await;
    let check = world.apply(CHECK, json!({ "ecs_id": server })).await;

    world.delete_server(&server).await;

    world.expect_gone(&check).await;
    world.refuse_to(check.clone(), json!({})).await.expect_problem("ecs_id", &server);
    world.plan_blindly();
    assert_eq!(world.plan(&check).await.0, Action::Create);
    world.refuse_to(check, json!({})).await.expect_problem("ecs_id", &server);
}

#[tokio::test]
async fn a_rebuilt_server_has_its_check_switched_again() {
    let world = World::start().await;
    let mut check = world.apply(CHECK, json!({ "host_ip": "192.168.0.2" })).await;

    let rebuilt = world.rebuild_server("ECS1").await;

    assert_eq!(world.repair(&mut check).await, Action::Create);
    assert_eq!(check.get("ecs_id"), json!(rebuilt));
    world.expect_pairs(&world.port("192.168.0.2").await, &[OFF]).await;
}

#[tokio::test]
async fn nothing_of_the_port_is_sent_but_its_pairs() {
    let groups = json!([{ "name": "sg-containers" }, { "name": "sg-other" }]);
    let world = World::with(json!({ "security_groups": groups }), json!({})).await;
    let port = world.port("192.168.0.2").await;
    let truth = world.look().await.port("192.168.0.2").clone();
    let body = json!({ "port": { "name": "theirs" } });
    world.call("PUT", &format!("/v1/{{project}}/ports/{port}"), body).await;
    let group = world.group("sg-other").await;
    // Whoever sends back what was read would write these into the port.
    let stale = json!({
        "id": port, "name": "stale", "network_id": truth["subnet_id"],
        "device_id": truth["device_id"], "device_owner": truth["device_owner"],
        "fixed_ips": [{ "ip_address": "192.168.0.2" }], "mac_address": truth["mac_address"],
        "security_groups": [group], "allowed_address_pairs": [],
    });
    let read = json!({ "answer": { "status": 200, "body": { "port": stale } } });
    world.disturb("GET", &format!("/v1/*/ports/{port}"), read).await;

    let check = world.apply(CHECK, json!({ "port_id": port })).await;

    let held = world.look().await.port("192.168.0.2").clone();
    assert_eq!(held["name"], "theirs");
    assert_eq!(held["security_groups"], truth["security_groups"]);
    assert_ne!(held["security_groups"], json!([group]));
    world.destroy(check).await;
    let held = world.look().await.port("192.168.0.2").clone();
    let members = |json: &Json| json.as_object().unwrap().clone();
    for (name, value) in members(&held) {
        if !["name", "updated_at"].contains(&name.as_str()) {
            assert_eq!(value, truth[&name], "{name}");
        }
    }
}
