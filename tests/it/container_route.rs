//! Stories of `huaweivpc_container_route`: what is sent where, and how it changes.

use serde_json::{Value as Json, json};

use crate::harness::{
    config::patched,
    core::Action,
    world::{Object, World},
};

mod conflicts;
mod drift;
mod failures;
mod ignored;

/// The guide's world with an extension NIC at ECS1, a virtual IP, a gateway, a second table, and a second VPC.
async fn a_larger_world() -> World {
    let nic = |subnet: &str, address: &str| json!({ "subnet": subnet, "ip_address": address, "security_groups": ["sg-containers"] });
    let scenario = json!({
        "vpcs": [
            { "name": "vpc-containers", "cidr": "192.168.0.0/16",
              "gateways": [{ "name": "nat", "type": "nat" }] },
            { "name": "vpc-other", "cidr": "10.50.0.0/16" },
        ],
        "subnets": [
            { "name": "subnet-containers", "vpc": "vpc-containers", "cidr": "192.168.0.0/24" },
            { "name": "subnet-other", "vpc": "vpc-other", "cidr": "10.50.0.0/24" },
        ],
        "servers": [
            { "name": "ECS1", "nics": [nic("subnet-containers", "192.168.0.2"),
                                       nic("subnet-containers", "192.168.0.12")] },
            { "name": "ECS2", "nics": [nic("subnet-containers", "192.168.0.3")] },
            { "name": "elsewhere", "nics": [nic("subnet-other", "10.50.0.2")] },
        ],
        "vips": [{ "name": "vip", "subnet": "subnet-containers", "ip_address": "192.168.0.100" }],
        "quotas": { "vpcContainRoutetable": 3 },
        "route_tables": [{ "name": "rtb-custom", "vpc": "vpc-containers" }],
    });
    World::with(scenario, json!({})).await
}

/// The guide's route to ECS1, with some arguments replaced.
async fn route(world: &World, patch: Json) -> Json {
    let config = json!({
        "vpc_id": world.vpc("vpc-containers").await,
        "destination": "10.0.2.0/24",
        "ecs_id": world.server("ECS1").await,
    });
    patched(&config, &patch)
}

async fn applied(world: &World, patch: Json) -> Object {
    world.apply("container_route", route(world, patch).await).await
}

async fn default_table(world: &World) -> String {
    world.default_table("vpc-containers").await
}

/// Each way of naming a next hop, and what the API is to hold then.
async fn next_hops(world: &World) -> [(Json, &'static str, String); 5] {
    let (server, nic) = (world.server("ECS1").await, world.port("192.168.0.12").await);
    let alone = |hop: Json| patched(&json!({ "ecs_id": null }), &hop);
    [
        (alone(json!({ "ecs_id": server })), "ecs", server.clone()),
        (without_server(json!({ "host_ip": "192.168.0.3" })), "ecs", world.server("ECS2").await),
        (without_server(json!({ "host_ip": "192.168.0.12" })), "eni", nic.clone()),
        (without_server(json!({ "port_id": nic })), "eni", nic.clone()),
        (
            without_server(json!({ "virtual_ip": "192.168.0.100" })),
            "vip",
            "192.168.0.100".to_owned(),
        ),
    ]
}

/// A patch that names another next hop than the server.
fn without_server(mut hop: Json) -> Json {
    for name in ["ecs_id", "host_ip", "port_id", "virtual_ip"] {
        if hop.get(name).is_none() {
            hop[name] = Json::Null;
        }
    }
    hop
}

#[tokio::test]
async fn each_way_of_naming_the_next_hop() {
    let world = a_larger_world().await;
    let table = default_table(&world).await;
    for (hop, kind, id) in next_hops(&world).await {
        let route = applied(&world, hop).await;

        assert_eq!((route.get("type"), route.get("nexthop")), (json!(kind), json!(id)));
        assert_eq!(route.id(), format!("{table}/10.0.2.0/24"));
        let sight = world.look().await;
        let held = sight.route(&table, "10.0.2.0/24");
        assert_eq!((&held["type"], &held["nexthop"]), (&json!(kind), &json!(id)));
        world.destroy(route).await;
        world.expect_routes(&table, "").await;
    }
}

#[tokio::test]
async fn a_route_moves_to_any_other_next_hop_in_one_call() {
    let world = a_larger_world().await;
    let table = default_table(&world).await;
    let mut route = applied(&world, json!({ "description": "moves" })).await;
    let hops = next_hops(&world).await;
    for (hop, kind, id) in hops.iter().skip(1).chain(&hops) {
        world.forget_requests().await;

        let before = (route.get("type"), route.get("nexthop"));
        let action = world.apply_to(&mut route, without_server(hop.clone())).await;
        // Another name of the same next hop may change nothing.
        if before != (json!(kind), json!(id)) {
            assert_eq!(action, Action::Update);
        }

        let sight = world.look().await;
        let held = sight.route(&table, "10.0.2.0/24");
        assert_eq!((&held["type"], &held["nexthop"]), (&json!(kind), &json!(id)));
        assert_eq!(held["description"], "moves");
        assert!(world.writes().await.len() <= 1, "{:?}", world.writes().await);
    }
}

#[tokio::test]
async fn the_table_is_named_by_its_vpc_or_its_id_or_both() {
    let world = a_larger_world().await;
    let (vpc, default) = (world.vpc("vpc-containers").await, default_table(&world).await);
    let custom = world.table("rtb-custom").await;
    for (config, table) in [
        (json!({}), &default),
        (json!({ "vpc_id": null, "route_table_id": default }), &default),
        (json!({ "route_table_id": default }), &default),
        (json!({ "vpc_id": null, "route_table_id": custom }), &custom),
        (json!({ "route_table_id": custom }), &custom),
    ] {
        let route = applied(&world, config).await;

        assert_eq!((route.get("vpc_id"), route.get("route_table_id")), (json!(vpc), json!(table)));
        world.expect_routes(table, "10.0.2.0/24 -> ECS1").await;
        world.destroy(route).await;
    }
}

#[tokio::test]
async fn only_the_table_and_the_destination_make_another_route() {
    let world = a_larger_world().await;
    let custom = world.table("rtb-custom").await;
    let route = applied(&world, json!({})).await;
    for (patch, action) in [
        (
            json!({ "vpc_id": world.vpc("vpc-other").await,
                    "ecs_id": world.server("elsewhere").await }),
            Action::Replace,
        ),
        (json!({ "route_table_id": custom }), Action::Replace),
        (json!({ "destination": "10.0.4.0/24" }), Action::Replace),
        (json!({ "ecs_id": world.server("ECS2").await }), Action::Update),
        (without_server(json!({ "host_ip": "192.168.0.3" })), Action::Update),
        (without_server(json!({ "port_id": world.port("192.168.0.12").await })), Action::Update),
        (without_server(json!({ "virtual_ip": "192.168.0.100" })), Action::Update),
        (json!({ "description": "new" }), Action::Update),
        (json!({ "adopt_existing": true }), Action::Update),
        (json!({ "timeouts": { "create": "1m" } }), Action::Update),
        (json!({ "route_table_id": default_table(&world).await }), Action::NoOp),
    ] {
        assert_eq!(world.plan_to(&route, patch.clone()).await, action, "{patch}");
    }
}

#[tokio::test]
async fn a_new_destination_takes_the_place_of_the_old_one() {
    let world = World::start().await;
    let table = default_table(&world).await;
    world.add_route(&table, "10.0.9.0/24", "ecs", &world.server("ECS2").await).await;
    let mut route = applied(&world, json!({})).await;

    let action = world.apply_to(&mut route, json!({ "destination": "10.0.4.0/24" })).await;

    assert_eq!(action, Action::Replace);
    world.expect_routes(&table, "10.0.4.0/24 -> ECS1\n10.0.9.0/24 -> ECS2").await;
}

#[tokio::test]
async fn what_is_no_matter_of_the_cloud_changes_without_a_call() {
    let world = World::start().await;
    let mut route = applied(&world, json!({})).await;
    world.forget_requests().await;

    let patch = json!({ "adopt_existing": true, "timeouts": { "update": "1m" } });
    assert_eq!(world.apply_to(&mut route, patch).await, Action::Update);

    assert_eq!(world.writes().await, [""; 0]);
    assert_eq!(route.get("timeouts")["update"], "1m");
}

#[tokio::test]
async fn a_description_comes_changes_and_goes() {
    let world = World::start().await;
    let table = default_table(&world).await;
    let mut route = applied(&world, json!({})).await;
    for (patch, held) in [
        (json!({ "description": "made by the guide" }), "made by the guide"),
        (
            json!({ "description": "Übergabe, 255 characters at most" }),
            "Übergabe, 255 characters at most",
        ),
        (json!({ "description": null }), ""),
    ] {
        assert_eq!(world.apply_to(&mut route, patch).await, Action::Update);
        assert_eq!(world.look().await.route(&table, "10.0.2.0/24")["description"], held);
    }
}

#[tokio::test]
async fn any_route_of_somebodys_is_imported() {
    let world = a_larger_world().await;
    let table = default_table(&world).await;
    for (hop, kind, id) in next_hops(&world).await {
        world.add_route(&table, "10.0.2.0/24", kind, &id).await;
        let config = route(&world, hop).await;
        let imported =
            world.import("container_route", &format!("{table}/10.0.2.0/24"), config).await;
        world.destroy(imported).await;
        world.expect_routes(&table, "").await;
    }
}

#[tokio::test]
async fn an_imported_route_may_be_named_by_the_address_of_its_host() {
    let world = World::start().await;
    let table = default_table(&world).await;
    world.add_route(&table, "10.0.2.0/24", "ecs", &world.server("ECS1").await).await;
    let config = route(&world, without_server(json!({ "host_ip": "192.168.0.2" }))).await;
    let id = format!("{table}/10.0.2.0/24");
    world.import("container_route", &id, config).await;
}

#[tokio::test]
async fn the_tables_own_routes_and_what_is_not_there_are_not_imported() {
    let world = World::start().await;
    let table = default_table(&world).await;
    for destination in ["192.168.0.0/24", "100.64.0.0/10", "10.0.2.0/24"] {
        let id = format!("{table}/{destination}");
        let refusal = world.refuse_import("container_route", &id).await;
        refusal.expect_problem("", "non-existent");
    }
    let refusal = world.refuse_import("container_route", &format!("{table}/10.0.2.1/24")).await;
    refusal.expect_problem("", "Write `10.0.2.0/24`");
    let refusal = world.refuse_import("container_route", "10.0.2.0/24").await;
    refusal.expect_problem("", "<route_table_id>/<destination>");
}
