//! Routes of one plan beside each other and beside what stands in the table.

use serde_json::{Value as Json, json};

use super::{ROUTE, route, told};
use crate::harness::{config::patched, world::World};

const SET: &str = "container_routes";

/// A table as they are: a way out, other networks, pods of a cluster.
async fn busy() -> World {
    let gateways = json!([
        { "type": "nat", "name": "nat-a" },
        { "type": "vpn", "name": "vpn-a" },
        { "type": "peering", "name": "peer-a" }
    ]);
    let tables = json!([{ "name": "rtb", "vpc": "vpc-containers", "default": true, "routes": [
        { "type": "nat", "destination": "0.0.0.0/0", "nexthop": "nat-a" },
        { "type": "vpn", "destination": "10.0.0.0/8", "nexthop": "vpn-a" },
        { "type": "peering", "destination": "172.20.0.0/16", "nexthop": "peer-a" },
    ] }]);
    let vpcs =
        json!([{ "name": "vpc-containers", "cidr": "192.168.0.0/16", "gateways": gateways }]);
    World::with(json!({ "vpcs": vpcs, "route_tables": tables }), json!({})).await
}

async fn told_of(world: &World, config: Json) -> Vec<String> {
    told(&world.warnings_of(ROUTE, config).await)
}

#[tokio::test]
async fn what_most_tables_hold_is_no_reason_to_speak() {
    let world = busy().await;
    let table = world.default_table("vpc-containers").await;
    let (one, other) = (world.server("ECS1").await, world.server("ECS2").await);
    world.add_route(&table, "10.244.0.0/25", "ecs", &one).await;
    world.add_route(&table, "10.244.0.128/25", "ecs", &other).await;
    for config in [
        route(&world, "10.0.2.0/24").await,
        route(&world, "172.16.0.0/24").await,
        route(&world, "172.20.3.0/24").await,
        route(&world, "192.168.7.0/24").await,
        route(&world, "10.244.1.0/25").await,
        patched(
            &route(&world, "10.0.2.0/24").await,
            &json!({ "ecs_id": null, "host_ip": "192.168.0.3" }),
        ),
        patched(
            &route(&world, "10.0.2.0/24").await,
            &json!({ "route_table_id": null, "vpc_id": world.vpc("vpc-containers").await }),
        ),
    ] {
        assert_eq!(told_of(&world, config.clone()).await, [""; 0], "{config}");
    }
    world.delete_route(&table, "0.0.0.0/0").await;
    assert_eq!(told_of(&world, route(&world, "0.0.0.0/0").await).await, [""; 0]);
}

#[tokio::test]
async fn a_part_that_goes_elsewhere_is_said() {
    let world = busy().await;
    let table = world.default_table("vpc-containers").await;
    let other = world.server("ECS2").await;
    world.add_route(&table, "10.0.3.2/32", "ecs", &other).await;

    let warnings = world.warnings_of(ROUTE, route(&world, "10.0.3.0/24").await).await;
    assert_eq!(told(&warnings), ["warning at destination: Part of the destination goes elsewhere"]);
    assert!(warnings[0].detail.contains(&format!("10.0.3.2/32 to ecs `{other}`")), "{warnings:?}");
    assert_eq!(told_of(&world, route(&world, "10.0.2.0/24").await).await, [""; 0]);

    let around = told_of(&world, route(&world, "192.168.0.0/23").await).await;
    assert_eq!(around, ["warning at destination: Destination around a local route"]);
}

#[tokio::test]
async fn two_resources_do_not_claim_one_destination() {
    let world = World::start().await;
    let one = route(&world, "10.0.2.0/24").await;
    let same = patched(&one, &json!({ "description": "another" }));
    let set = json!({ "route_table_id": one["route_table_id"],
                      "routes": { "10.0.2.0/24": { "ecs_id": one["ecs_id"] } } });
    let fine = route(&world, "10.0.3.0/24").await;

    let problems = world
        .plan_together(&[(ROUTE, one.clone()), (ROUTE, fine), (ROUTE, same), (SET, set)])
        .await;

    assert_eq!(told(&problems[0]), [""; 0]);
    assert_eq!(told(&problems[1]), [""; 0]);
    assert_eq!(told(&problems[2]), ["error at destination: Destination claimed twice"]);
    assert_eq!(told(&problems[3]), ["error at routes[\"10.0.2.0/24\"]: Destination claimed twice"]);
    // A copy that says the very same is no less of a claim.
    let problems = world.plan_together(&[(ROUTE, one.clone()), (ROUTE, one)]).await;
    assert_eq!(told(&problems[1]), ["error at destination: Destination claimed twice"]);
}

#[tokio::test]
async fn the_quota_is_counted_over_the_whole_plan() {
    let quota = json!({ "quotas": { "routetableContainRoutes": 2 } });
    let world = World::with(quota, json!({})).await;
    let table = world.default_table("vpc-containers").await;
    world.add_route(&table, "10.9.0.0/24", "ecs", &world.server("ECS2").await).await;
    let mut routes = Vec::new();
    for at in 2..6 {
        routes.push((ROUTE, route(&world, &format!("10.0.{at}.0/24")).await));
    }

    let problems = world.plan_together(&routes).await;
    let lines: Vec<String> = problems.iter().flat_map(|problems| told(problems)).collect();
    // The first one fits if local routes do not count, which is said before it is certain that there is no room.
    assert_eq!(
        lines,
        [
            "warning at destination: Route quota nearly used up",
            "error at destination: Route quota exceeded"
        ]
    );
    assert!(problems[1][0].detail.contains("1 of 2 routes"), "{problems:?}");
}

#[tokio::test]
async fn a_port_that_is_nobodys_yet_is_only_warned_of() {
    let world = World::start().await;
    let subnet = world.subnet("subnet-containers").await;
    let port = json!({ "id": "port-1", "network_id": subnet, "device_id": "", "device_owner": "",
                       "fixed_ips": [{ "ip_address": "192.168.0.50" }] });
    let answer = json!({ "status": 200, "body": { "ports": [port] } });
    let ports = json!({ "method": "GET", "path": "/v1/*/ports", "every": 1, "answer": answer });
    world.order_faults(json!([ports])).await;
    let by_port = json!({ "host_ip": null, "ecs_id": null, "port_id": "port-1" });
    let config = patched(&route(&world, "10.0.2.0/24").await, &by_port);

    let warnings = world.warnings_of(ROUTE, config).await;

    assert_eq!(told(&warnings), ["warning at port_id: Port cannot be a next hop"]);
    assert!(warnings[0].detail.contains("all is well"), "{warnings:?}");
}

#[tokio::test]
async fn a_set_that_takes_a_table_says_what_will_go() {
    let world = busy().await;
    let table = world.default_table("vpc-containers").await;
    let set = json!({ "route_table_id": table, "mode": "exclusive",
                      "routes": { "10.0.2.0/24": { "host_ip": "192.168.0.2" } },
                      "keep": [{ "type": "nat" }] });

    let warnings = world.warnings_of(SET, set.clone()).await;
    assert_eq!(told(&warnings), ["warning at mode: Routes of others will be removed"]);
    assert!(warnings[0].detail.contains("172.20.0.0/16 to peering"), "{warnings:?}");
    assert!(!warnings[0].detail.contains("0.0.0.0/0 to"), "{warnings:?}");

    let keeping = patched(&set, &json!({ "keep": [{ "type": "nat" }, { "type": "peering" }] }));
    assert_eq!(told(&world.warnings_of(SET, keeping).await), [""; 0]);
    let additive = patched(&set, &json!({ "mode": "additive", "keep": null }));
    assert_eq!(told(&world.warnings_of(SET, additive).await), [""; 0]);
}

#[tokio::test]
async fn what_is_not_known_yet_is_examined_once_it_is() {
    let world = World::start().await;
    let wrong = patched(
        &route(&world, "10.0.2.0/24").await,
        &json!({ "ecs_id": null, "host_ip": "192.168.0.9" }),
    );
    let unknown = json!({ "$unknown": true });
    for (attribute, is_silent) in
        [("host_ip", true), ("route_table_id", true), ("description", false)]
    {
        let early = patched(&wrong, &json!({ attribute: unknown }));
        let problems = world.plan_together(&[(ROUTE, early)]).await.concat();
        assert_eq!(problems.is_empty(), is_silent, "{attribute}: {problems:?}");
    }
    world.refuse(ROUTE, wrong).await.expect_problem("host_ip", "No server");
}

#[tokio::test]
async fn what_no_cloud_takes_is_said_without_one() {
    let world = World::start().await;
    world.forget_requests().await;
    for (destination, patch, path) in [
        ("100.64.3.0/24", json!({}), "destination"),
        ("169.254.0.0/16", json!({}), "destination"),
        ("224.0.0.0/24", json!({}), "destination"),
        ("fe80::/64", json!({}), "destination"),
        ("fd00:2::/64", json!({ "ecs_id": null, "virtual_ip": "192.168.0.100" }), "virtual_ip"),
    ] {
        let config = patched(&route(&world, destination).await, &patch);
        world.forget_requests().await;
        world.refuse(ROUTE, config).await.expect_problem(path, destination).expect_nothing_else();
        assert_eq!(world.requests().await, [""; 0]);
    }
}
