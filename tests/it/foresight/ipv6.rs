//! Ports that have an IPv6 address and no other, in a cloud that does not show the IPv6 range of a subnet.

use serde_json::{Value as Json, json};

use super::{ROUTE, told};
use crate::harness::world::World;

const CHECKS: &str = "ecs_port_source_checks";
const OFF_ALREADY: &str = "warning at enabled: Source check is off already";
const ADDRESS: &str = "fd00:7::5";

/// The guide's world, in which ECS1 has an IPv6 address alone.
async fn world() -> World {
    let world = World::start().await;
    let sight = world.look().await;
    let [subnet, server] = [sight.id("subnets", "subnet-containers"), sight.id("servers", "ECS1")];
    let port = json!({
        "id": sight.port("192.168.0.2")["id"], "network_id": subnet, "device_id": server,
        "device_owner": "compute:cn-north-4a", "mac_address": "fa:16:3e:00:00:01",
        "fixed_ips": [{ "subnet_id": "v6", "ip_address": ADDRESS }],
        "allowed_address_pairs": [{ "ip_address": "1.1.1.1/0" }],
        "binding:vif_details": { "primary_interface": true },
    });
    let answer = json!({ "status": 200, "body": { "ports": [port] } });
    let list = json!({ "method": "GET", "path": "/v1/*/ports", "every": 1, "answer": answer });
    let one = json!({ "method": "GET", "path": "/v1/*/ports/*", "every": 1,
                      "answer": { "status": 200, "body": { "port": port } } });
    world.order_faults(json!([list, one])).await;
    world
}

#[tokio::test]
async fn a_host_is_found_by_an_ipv6_address_alone() {
    let world = world().await;
    let vpc = world.vpc("vpc-containers").await;
    let route = json!({ "vpc_id": vpc, "destination": "fd00:9::/64", "host_ip": ADDRESS });
    let check = json!({ "vpc_id": vpc, "host_ip": ADDRESS });
    let set: Json = json!({ "vpc_id": vpc, "hosts": [ADDRESS] });
    for (kind, config) in [(ROUTE, route), ("ecs_port_source_check", check), (CHECKS, set)] {
        let told = told(&world.warnings_of(kind, config).await);
        let expected = if kind == ROUTE { &[][..] } else { &[OFF_ALREADY] };
        assert_eq!(told, expected, "{kind}");
    }

    let hosts = json!({ "one": { "host_ip": ADDRESS, "container_cidr": "fd00:9::/64" } });
    let plan = json!({ "vpc_id": vpc, "hosts": hosts });
    let answer = world.read("container_cidr_plan", plan).await;
    assert_eq!(answer.value["plan"]["one"]["host_ip"], ADDRESS);
}

#[tokio::test]
async fn a_set_is_imported_and_made_with_an_ipv6_address_alone() {
    let world = world().await;
    let vpc = world.vpc("vpc-containers").await;
    let config = json!({ "vpc_id": vpc, "hosts": [ADDRESS] });

    world.import(CHECKS, &vpc, config.clone()).await;

    // The check is off already, so nothing has to be written.
    let checks = world.apply(CHECKS, config).await;
    assert_eq!(checks.get("hosts"), json!([ADDRESS]));
}
