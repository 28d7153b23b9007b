//! A set that has its table for itself, and what it leaves alone all the same.

use serde_json::json;

use super::{RESOURCE, guide, set, within};
use crate::harness::{config::patched, core::Action, world::World};

#[tokio::test]
async fn what_appears_beside_the_set_is_shown_and_removed() {
    let (world, table, [one, other]) = guide().await;
    let config = patched(
        &set(&table, json!({ "10.0.2.0/24": { "ecs_id": one } })),
        &json!({ "mode": "exclusive" }),
    );
    let mut set = world.apply(RESOURCE, config).await;

    world.add_route(&table, "10.0.9.0/24", "ecs", &other).await;
    world.expect_change(&set, &["routes"]).await;
    assert_eq!(world.repair(&mut set).await, Action::Update);
    world.expect_routes(&table, "10.0.2.0/24 -> ECS1").await;

    world.add_route(&table, "10.0.9.0/24", "ecs", &other).await;
    world.destroy(set).await;
    world.expect_routes(&table, "10.0.9.0/24 -> ECS2").await;
}

#[tokio::test]
async fn creating_the_set_clears_the_table_but_for_what_is_kept() {
    let gateways = json!([
        { "type": "nat", "name": "nat-a" },
        { "type": "vpn", "name": "vpn-a" },
        { "type": "egw", "name": "egw-a" },
        { "type": "peering", "name": "peer-a" }
    ]);
    let vpcs =
        json!([{ "name": "vpc-containers", "cidr": "192.168.0.0/16", "gateways": gateways }]);
    let tables = json!([{ "name": "rtb", "vpc": "vpc-containers", "default": true, "routes": [
        { "type": "nat", "destination": "0.0.0.0/0", "nexthop": "nat-a" },
        { "type": "vpn", "destination": "172.20.0.0/16", "nexthop": "vpn-a" },
        { "type": "egw", "destination": "172.21.0.0/16", "nexthop": "egw-a" },
        { "type": "peering", "destination": "172.22.0.0/16", "nexthop": "peer-a" },
        { "type": "ecs", "destination": "10.9.1.0/24", "nexthop": "ECS2", "description": "cluster-a" },
        { "type": "ecs", "destination": "10.0.2.0/24", "nexthop": "ECS2", "description": "old" }
    ] }]);
    let world = World::with(json!({ "vpcs": vpcs, "route_tables": tables }), json!({})).await;
    let (world, table, [one, _]) = within(world).await;
    let config = patched(
        &set(&table, json!({ "10.0.2.0/24": { "ecs_id": one } })),
        &json!({ "mode": "exclusive", "keep": [
            { "type": "nat" },
            { "destination_within": "10.9.0.0/16", "description_prefix": "cluster-" },
        ] }),
    );

    let mut set = world.apply(RESOURCE, config).await;

    let kept = ["0.0.0.0/0", "10.0.2.0/24", "10.9.1.0/24", "172.20.0.0/16", "172.21.0.0/16"];
    assert_eq!(destinations(&world, &table).await, kept);
    // What is kept no longer goes.
    world.apply_to(&mut set, json!({ "keep": [{ "type": "nat" }] })).await;
    let kept = ["0.0.0.0/0", "10.0.2.0/24", "172.20.0.0/16", "172.21.0.0/16"];
    assert_eq!(destinations(&world, &table).await, kept);
}

#[tokio::test]
async fn what_is_shown_may_still_be_kept() {
    let (world, table, [one, other]) = guide().await;
    let exclusive = patched(
        &set(&table, json!({ "10.0.2.0/24": { "ecs_id": one } })),
        &json!({ "mode": "exclusive" }),
    );
    for change in
        [json!({ "mode": null }), json!({ "keep": [{ "destination_within": "10.0.9.0/24" }] })]
    {
        let mut set = world.apply(RESOURCE, exclusive.clone()).await;
        world.add_route(&table, "10.0.9.0/24", "ecs", &other).await;

        world.apply_to(&mut set, change).await;

        world.expect_routes(&table, "10.0.2.0/24 -> ECS1\n10.0.9.0/24 -> ECS2").await;
        world.destroy(set).await;
        world.expect_routes(&table, "10.0.9.0/24 -> ECS2").await;
        world.delete_route(&table, "10.0.9.0/24").await;
    }
}

async fn destinations(world: &World, table: &str) -> Vec<String> {
    let routes = world.look().await.routes(table);
    routes.iter().filter_map(|it| it.split_once(" -> ")).map(|(it, _)| it.to_owned()).collect()
}
