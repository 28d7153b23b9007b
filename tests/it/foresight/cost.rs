//! What looks at the cloud cost in a project that is large elsewhere: only what is needed is read.

use serde_json::{Value as Json, json};

use super::{ROUTE, told};
use crate::harness::world::World;

const CHECK: &str = "ecs_port_source_check";
/// A list of all ports takes four pages of the largest size that the provider asks for.
const ELSEWHERE: usize = 3_000;

/// The guide's world with so many servers in its subnet, and so many ports in another VPC, whose addresses are others.
async fn world(servers: usize, elsewhere: usize) -> World {
    let nic = |address: String| json!([{ "subnet": "subnet-containers", "ip_address": address, "security_groups": ["sg-containers"] }]);
    let servers: Vec<Json> = (0..servers)
        .map(|number| json!({ "name": format!("node-{number}"), "nics": nic(address(number)) }))
        .collect();
    let ports: Vec<Json> = (0..elsewhere)
        .map(|number| {
            let address = format!("172.16.{}.{}", number / 200, number % 200 + 10);
            json!({ "name": format!("far-{number}"), "subnet": "far", "ip_address": address })
        })
        .collect();
    World::with(
        json!({
            "vpcs": [
                { "name": "vpc-containers", "cidr": "192.168.0.0/16" },
                { "name": "far", "cidr": "172.16.0.0/12" },
            ],
            "subnets": [
                { "name": "subnet-containers", "vpc": "vpc-containers", "cidr": "192.168.0.0/16" },
                { "name": "far", "vpc": "far", "cidr": "172.16.0.0/16" },
            ],
            "servers": servers,
            "vips": ports,
            "quotas": { "routetableContainRoutes": 1000 },
        }),
        json!({}),
    )
    .await
}

fn address(number: usize) -> String {
    format!("192.168.{}.{}", number / 200, number % 200 + 10)
}

/// How often ports were asked for, each page of a list being one.
async fn looks_at_ports(world: &World) -> usize {
    let requests = world.requests().await;
    requests.iter().filter(|it| it.starts_with("GET /v1/ports")).count()
}

#[tokio::test]
async fn ports_of_another_vpc_cost_nothing() {
    let world = world(2, ELSEWHERE).await;
    let vpc = world.vpc("vpc-containers").await;
    let (server, port) = (world.server("node-0").await, world.port(&address(0)).await);
    let table = world.default_table("vpc-containers").await;
    let group = world.group("sg-containers").await;
    let route = |hop: &str, value: &str| {
        let mut route = json!({ "route_table_id": table, "destination": "10.0.2.0/24" });
        route[hop] = value.into();
        (ROUTE, route)
    };
    for ((kind, config), most) in [
        ((CHECK, json!({ "port_id": port })), 1),
        ((CHECK, json!({ "port_id": port, "enabled": true })), 2),
        ((CHECK, json!({ "ecs_id": server })), 1),
        ((CHECK, json!({ "host_ip": address(0), "vpc_id": vpc })), 1),
        ((CHECK, json!({ "host_ip": address(0) })), 1),
        (route("ecs_id", &server), 1),
        (route("host_ip", &address(0)), 1),
        (route("port_id", &port), 1),
        (route("virtual_ip", &address(9)), 1),
        (
            (
                "secgroup_icmp_udp_rule",
                json!({ "security_group_id": group, "remote_ip_prefix": "0.0.0.0/0" }),
            ),
            2,
        ),
    ] {
        world.forget_requests().await;

        world.plan_together(&[(kind, config.clone())]).await;

        let looks = looks_at_ports(&world).await;
        assert!((1..=most).contains(&looks), "{looks} looks at ports for {config:#}");
    }
}

/// One is asked for alone; then the list of its subnet has the others.
#[tokio::test]
async fn many_checks_and_routes_of_one_vpc_cost_as_many_looks_as_a_few() {
    const COUNT: usize = 300;
    let world = world(COUNT, 0).await;
    let sight = world.look().await;
    let vpc = world.vpc("vpc-containers").await;
    let table = world.default_table("vpc-containers").await;
    let (mut by_port, mut by_server, mut by_address, mut anywhere, mut routes) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for number in 0..COUNT {
        let server = sight.id("servers", &format!("node-{number}"));
        let destination = format!("10.{}.{}.0/24", number / 200, number % 200);
        by_port.push((CHECK, json!({ "port_id": sight.port(&address(number))["id"] })));
        by_address.push((CHECK, json!({ "host_ip": address(number), "vpc_id": vpc })));
        anywhere.push((CHECK, json!({ "host_ip": address(number) })));
        routes.push((
            ROUTE,
            json!({ "route_table_id": table, "destination": destination, "ecs_id": server }),
        ));
        by_server.push((CHECK, json!({ "ecs_id": server })));
    }
    for (what, objects, most) in [
        ("checks by port", by_port, 2),
        ("checks by server", by_server, 2),
        ("checks by address in a VPC", by_address, 1),
        ("checks by address", anywhere, 11),
        ("routes by server", routes, 2),
    ] {
        world.forget_requests().await;

        let problems = world.plan_together(&objects).await.concat();

        assert_eq!(told(&problems), [""; 0], "{what}");
        let looks = looks_at_ports(&world).await;
        assert!(looks <= most, "{looks} looks at ports for {what}");
    }
}
