//! Every kind of next hop in one set, and each kind of drift of an entry.

use serde_json::{Value as Json, json};

use super::{RESOURCE, set, within, writes};
use crate::harness::world::{GUIDE, Object, World};

/// The guide's world with a second interface for ECS1, a virtual IP and a NAT gateway.
async fn richer() -> (World, String, [String; 2]) {
    let mut servers = GUIDE["servers"].clone();
    let mut second = servers[0]["nics"][0].clone();
    second["ip_address"] = "192.168.0.12".into();
    servers[0]["nics"].as_array_mut().unwrap().push(second);
    let mut vpcs = GUIDE["vpcs"].clone();
    vpcs[0]["gateways"] = json!([{ "type": "nat", "name": "nat-a" }]);
    let vip =
        json!({ "name": "vip-a", "subnet": "subnet-containers", "ip_address": "192.168.0.100" });
    let scenario = json!({ "servers": servers, "vpcs": vpcs, "vips": [vip] });
    within(World::with(scenario, json!({})).await).await
}

async fn one_of_each(world: &World, server: &str) -> Json {
    json!({
        "10.0.1.0/24": { "ecs_id": server, "description": "" },
        "10.0.2.0/24": { "host_ip": "192.168.0.12" },
        "10.0.3.0/24": { "port_id": world.port("192.168.0.12").await, "description": "second" },
        "10.0.4.0/24": { "virtual_ip": "192.168.0.100" },
    })
}

#[tokio::test]
async fn every_kind_of_next_hop_is_made_and_found_again() {
    let (world, table, [one, _]) = richer().await;
    let port = world.port("192.168.0.12").await;

    world.apply(RESOURCE, set(&table, one_of_each(&world, &one).await)).await;

    let lines = format!(
        "10.0.1.0/24 -> ECS1
         10.0.2.0/24 -> eni {port}
         10.0.3.0/24 -> eni {port}
         10.0.4.0/24 -> vip 192.168.0.100"
    );
    world.expect_routes(&table, &lines).await;
    // What is imported is in the API's words.
    let imported = json!({
        "10.0.1.0/24": { "ecs_id": one },
        "10.0.2.0/24": { "port_id": port },
        "10.0.3.0/24": { "port_id": port, "description": "second" },
        "10.0.4.0/24": { "virtual_ip": "192.168.0.100" },
    });
    world.import(RESOURCE, &table, set(&table, imported)).await;
}

#[tokio::test]
async fn each_kind_of_drift_is_shown_and_takes_one_write() {
    let (world, table, [one, other]) = richer().await;
    let mut made = world.apply(RESOURCE, set(&table, one_of_each(&world, &one).await)).await;
    let before = world.look().await;
    let nat = before.id("gateways", "nat-a");
    let described = json!({ "type": "vip", "destination": "10.0.4.0/24",
                            "nexthop": "192.168.0.100", "description": "not ours" });
    let path = format!("/v1/{{project}}/routetables/{table}");

    world.change_route(&table, "10.0.1.0/24", "nat", &nat).await;
    repaired_in_one_write(&world, &mut made).await;
    world.change_route(&table, "10.0.2.0/24", "ecs", &other).await;
    repaired_in_one_write(&world, &mut made).await;
    world.delete_route(&table, "10.0.3.0/24").await;
    repaired_in_one_write(&world, &mut made).await;
    let delta = json!({ "routetable": { "routes": { "mod": [described] } } });
    world.call("PUT", &path, delta).await;
    repaired_in_one_write(&world, &mut made).await;

    let routes = |sight: &Json| {
        let mut routes = sight["route_tables"][0]["routes"].as_array().unwrap().clone();
        routes.sort_by_key(|route| route["destination"].to_string());
        routes
    };
    assert_eq!(routes(&world.look().await.0), routes(&before.0));
}

async fn repaired_in_one_write(world: &World, set: &mut Object) {
    world.expect_change(set, &["routes"]).await;
    assert_eq!(writes(world, world.repair(set)).await, 1);
}
