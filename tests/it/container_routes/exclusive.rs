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
async fn the_table_is_cleared_but_for_what_is_kept() {
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
        { "type": "ecs", "destination": "10.9.2.0/24", "nexthop": "ECS2", "description": "old" }
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

    let told = world.warnings_of(RESOURCE, config.clone()).await;
    assert!(
        told.iter()
            .any(|it| it.detail.contains("172.22.0.0/16") && it.detail.contains("10.9.2.0/24"))
    );
    let before = destinations(&world, &table).await.len();
    let mut set = world.apply_blindly(RESOURCE, config).await;
    assert_eq!(destinations(&world, &table).await.len(), before + 1, "nothing has gone");
    world.expect_change(&set, &["routes"]).await;
    assert_eq!(world.repair(&mut set).await, Action::Update);

    let kept = ["0.0.0.0/0", "10.0.2.0/24", "10.9.1.0/24", "172.20.0.0/16", "172.21.0.0/16"];
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

#[tokio::test]
async fn what_is_another_route_by_the_time_of_its_removal_stays() {
    let (world, table, [one, other]) = guide().await;
    let entry = json!({ "10.0.2.0/24": { "ecs_id": one } });
    let exclusive = patched(&set(&table, entry.clone()), &json!({ "mode": "exclusive" }));
    let object = world.apply(RESOURCE, exclusive).await;
    world.add_route(&table, "10.44.0.0/24", "ecs", &one).await;

    let repointed = world.change_route(&table, "10.44.0.0/24", "ecs", &other);
    let refusal = world.apply_after(&object, json!({}), repointed).await.unwrap_err();
    let mut object = refusal.expect_problem("", "10.44.0.0/24").object;
    world.expect_routes(&table, "10.0.2.0/24 -> ECS1\n10.44.0.0/24 -> ECS2").await;
    assert_eq!(world.repair(&mut object).await, Action::Update);

    let repointed = world.change_route(&table, "10.0.2.0/24", "ecs", &other);
    let refusal = world.destroy_after(&object, repointed).await.unwrap_err();
    let object = refusal.expect_problem("", "10.0.2.0/24").object;
    world.expect_routes(&table, "10.0.2.0/24 -> ECS2").await;
    world.destroy(object).await;
    world.expect_routes(&table, "").await;
}

async fn destinations(world: &World, table: &str) -> Vec<String> {
    let routes = world.look().await.routes(table);
    routes.iter().filter_map(|it| it.split_once(" -> ")).map(|(it, _)| it.to_owned()).collect()
}
