//! Stories of `huaweivpc_container_routes`: a whole set of routes in one table, written together.

use serde_json::{Value as Json, json};

use crate::harness::{core::Action, world::World};

mod clients;
mod exclusive;
mod failures;
mod next_hops;
mod ownership;
mod refusals;
mod shown;

const RESOURCE: &str = "container_routes";

/// The guide's world, its table and the ids of its two servers.
async fn guide() -> (World, String, [String; 2]) {
    within(World::start().await).await
}

/// The same for a world of one's own.
async fn within(world: World) -> (World, String, [String; 2]) {
    let table = world.default_table("vpc-containers").await;
    let servers = [world.server("ECS1").await, world.server("ECS2").await];
    (world, table, servers)
}

fn set(table: &str, routes: Json) -> Json {
    json!({ "route_table_id": table, "routes": routes })
}

/// How many calls of a method were made since they were last forgotten.
async fn calls(world: &World, method: &str) -> usize {
    world.requests().await.iter().filter(|request| request.starts_with(method)).count()
}

/// Routes to one server, to destinations that are all different.
fn many(count: usize, server: &str) -> Json {
    let entry =
        |at: usize| (format!("10.{}.{}.0/24", at / 250, at % 250), json!({ "ecs_id": server }));
    Json::Object((0..count).map(entry).collect())
}

#[tokio::test]
async fn a_set_is_made_in_one_write_and_changed_entry_by_entry() {
    let (world, table, [one, other]) = guide().await;
    let routes = json!({
        "10.0.2.0/24": { "ecs_id": one },
        "10.0.3.0/24": { "host_ip": "192.168.0.3", "description": "Containers of ECS2" },
    });
    let mut set = world.apply(RESOURCE, set(&table, routes)).await;
    assert_eq!(set.id(), table);
    assert_eq!(calls(&world, "PUT").await, 1);
    world.expect_routes(&table, "10.0.2.0/24 -> ECS1\n10.0.3.0/24 -> ECS2").await;

    let both = "10.0.2.0/24 -> ECS2\n10.0.3.0/24 -> ECS2";
    let second = json!({ "host_ip": "192.168.0.3", "description": "Containers of ECS2" });
    let third = json!({ "ecs_id": one });
    for (routes, number_of_writes, lines) in [
        (json!({ "10.0.2.0/24": { "ecs_id": other }, "10.0.3.0/24": second }), 1, both),
        (
            json!({ "10.0.2.0/24": { "ecs_id": other }, "10.0.3.0/24": second, "10.0.4.0/24": third }),
            1,
            "10.0.2.0/24 -> ECS2\n10.0.3.0/24 -> ECS2\n10.0.4.0/24 -> ECS1",
        ),
        (
            json!({ "10.0.3.0/24": second, "10.0.4.0/24": third }),
            1,
            "10.0.3.0/24 -> ECS2\n10.0.4.0/24 -> ECS1",
        ),
        // The same next hop by another name.
        (
            json!({ "10.0.3.0/24": second, "10.0.4.0/24": { "host_ip": "192.168.0.2" } }),
            0,
            "10.0.3.0/24 -> ECS2\n10.0.4.0/24 -> ECS1",
        ),
    ] {
        let update = world.apply_to(&mut set, json!({ "routes": routes }));
        assert_eq!(writes(&world, update).await, number_of_writes, "{routes}");
        world.expect_routes(&table, lines).await;
    }
    let update = world.apply_to(&mut set, json!({ "adopt_existing": true }));
    assert_eq!(writes(&world, update).await, 0);
}

/// How many writes an update takes.
async fn writes(world: &World, update: impl Future<Output = Action>) -> usize {
    world.forget_requests().await;
    assert_eq!(update.await, Action::Update);
    calls(world, "PUT").await
}

#[tokio::test]
async fn the_table_may_be_named_by_its_vpc() {
    let (world, table, [one, _]) = guide().await;
    let vpc = world.vpc("vpc-containers").await;
    let config = json!({ "vpc_id": vpc, "routes": { "10.0.2.0/24": { "ecs_id": one } } });

    let set = world.apply(RESOURCE, config).await;

    assert_eq!(set.get("route_table_id"), json!(table));
    world.destroy(set).await;
    world.expect_routes(&table, "").await;
}

#[tokio::test]
async fn what_others_do_to_an_entry_is_seen_and_repaired() {
    let (world, table, [one, other]) = guide().await;
    world.add_route(&table, "10.0.9.0/24", "ecs", &other).await;
    let routes =
        json!({ "10.0.2.0/24": { "ecs_id": one }, "10.0.3.0/24": { "host_ip": "192.168.0.3" } });
    let mut set = world.apply(RESOURCE, set(&table, routes)).await;
    let whole = "10.0.2.0/24 -> ECS1\n10.0.3.0/24 -> ECS2\n10.0.9.0/24 -> ECS2";

    world.delete_route(&table, "10.0.2.0/24").await;
    world.expect_change(&set, &["routes"]).await;
    assert_eq!(world.repair(&mut set).await, Action::Update);
    world.expect_routes(&table, whole).await;

    world.change_route(&table, "10.0.2.0/24", "ecs", &other).await;
    world.expect_change(&set, &["routes"]).await;
    assert_eq!(world.repair(&mut set).await, Action::Update);
    world.expect_routes(&table, whole).await;

    world.destroy(set).await;
    world.expect_routes(&table, "10.0.9.0/24 -> ECS2").await;
}

#[tokio::test]
async fn a_server_rebuilt_under_its_address_is_followed_in_place() {
    let (world, table, _) = guide().await;
    let routes = json!({ "10.0.2.0/24": { "host_ip": "192.168.0.2" } });
    let mut set = world.apply(RESOURCE, set(&table, routes.clone())).await;

    let rebuilt = world.rebuild_server("ECS1").await;

    world.expect_change(&set, &["routes"]).await;
    assert_eq!(writes(&world, world.repair(&mut set)).await, 1);
    assert_eq!(
        world.look().await.find("route_tables", "id", &table)["routes"][0]["nexthop"],
        rebuilt
    );
    assert_eq!(set.get("routes")["10.0.2.0/24"]["host_ip"], "192.168.0.2");
}

#[tokio::test]
async fn an_import_takes_what_leads_to_servers_and_the_plan_shows_the_rest() {
    let (world, table, [one, other]) = guide().await;
    world.add_route(&table, "10.0.2.0/24", "ecs", &one).await;
    world.add_route(&table, "10.0.3.0/24", "ecs", &other).await;
    let both = json!({ "10.0.2.0/24": { "ecs_id": one }, "10.0.3.0/24": { "ecs_id": other } });
    world.import(RESOURCE, &table, set(&table, both)).await;

    let one_of_them = set(&table, json!({ "10.0.2.0/24": { "ecs_id": one } }));
    let mut set = world.import_differing(RESOURCE, &table, one_of_them).await;
    world.expect_change(&set, &["routes"]).await;
    assert_eq!(world.repair(&mut set).await, Action::Update);
    world.expect_routes(&table, "10.0.2.0/24 -> ECS1").await;

    world.destroy(set).await;
    let refusal = world.refuse_import(RESOURCE, &table).await;
    refusal.expect_problem("", "Create the set instead of importing it");
}

#[tokio::test]
async fn entries_that_are_known_only_during_apply() {
    let (world, table, [one, _]) = guide().await;
    let unknown = json!({ "$unknown": true });
    for early in [
        unknown.clone(),
        json!({ "10.0.2.0/24": unknown }),
        json!({ "10.0.2.0/24": { "ecs_id": unknown } }),
    ] {
        let late = json!({ "10.0.2.0/24": { "ecs_id": one } });
        let set = world.apply_early(RESOURCE, set(&table, early), set(&table, late)).await;
        world.destroy(set).await;
    }
}

#[tokio::test]
async fn two_hundred_entries_take_one_write_and_few_reads() {
    let world =
        World::with(json!({ "quotas": { "routetableContainRoutes": 300 } }), json!({})).await;
    let (world, table, [one, _]) = within(world).await;
    // What a plan looks at is counted elsewhere.
    world.plan_blindly();

    // The harness applies, and then refreshes to see that nothing more is to be done.
    let set = world.apply(RESOURCE, set(&table, many(200, &one))).await;
    assert_eq!(calls(&world, "PUT").await, 1);
    assert!(calls(&world, "GET").await <= 3, "{:?}", world.requests().await);

    world.forget_requests().await;
    world.expect_no_further_change(&set).await;
    assert_eq!(world.requests().await, [format!("GET /v1/routetables/{table}")]);

    world.forget_requests().await;
    world.destroy(set).await;
    assert_eq!(calls(&world, "PUT").await, 1);
    world.expect_routes(&table, "").await;
}

#[tokio::test]
async fn an_address_is_looked_up_once_however_many_entries_name_it() {
    let world =
        World::with(json!({ "quotas": { "routetableContainRoutes": 300 } }), json!({})).await;
    let (world, table, _) = within(world).await;
    // What a plan looks at is counted elsewhere.
    world.plan_blindly();
    let mut routes = many(200, "");
    for (at, entry) in routes.as_object_mut().unwrap().values_mut().enumerate() {
        *entry = json!({ "host_ip": format!("192.168.0.{}", 2 + at % 2) });
    }

    let set = world.apply(RESOURCE, set(&table, routes)).await;

    assert_eq!(calls(&world, "PUT").await, 1);
    let before_the_write: Vec<String> =
        world.requests().await.into_iter().take_while(|it| !it.starts_with("PUT")).collect();
    assert!(before_the_write.len() <= 6, "{before_the_write:?}");
    world.forget_requests().await;
    world.expect_no_further_change(&set).await;
    assert_eq!(
        world.requests().await,
        [format!("GET /v1/routetables/{table}"), "GET /v1/subnets".into(), "GET /v1/ports".into()]
    );
}
