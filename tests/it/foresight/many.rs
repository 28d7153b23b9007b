//! What one object has wrong many times over is told once, with all that it is about.

use serde_json::{Map, Value as Json, json};

use super::told;
use crate::harness::world::World;

const SET: &str = "container_routes";

/// A set of so many routes that have the same next hop.
async fn set(world: &World, count: usize, hop: Json) -> Json {
    let routes: Map<String, Json> =
        (0..count).map(|number| (format!("10.0.{number}.0/24"), hop.clone())).collect();
    json!({ "route_table_id": world.default_table("vpc-containers").await, "routes": routes })
}

#[tokio::test]
async fn many_routes_to_nobody_are_one_error_and_a_few_are_an_error_each() {
    let world = World::start().await;
    let nobody = json!({ "ecs_id": "00000000-0000-4000-8000-000000000000" });

    let refusal = world.refuse(SET, set(&world, 30, nobody.clone()).await).await;

    let [problem] = &refusal.problems[..] else { panic!("{:#?}", refusal.problems) };
    assert_eq!(problem.path.to_string(), "routes");
    assert!(problem.detail.contains("* In `routes[\"10.0.0.0/24\"]`: Server"), "{problem:#?}");
    assert!(problem.detail.contains("and 10 more"), "{problem:#?}");

    let refusal = world.refuse(SET, set(&world, 3, nobody).await).await;
    let paths: Vec<String> = refusal.problems.iter().map(|it| it.path.to_string()).collect();
    let expected: Vec<String> =
        (0..3).map(|number| format!("routes[\"10.0.{number}.0/24\"]")).collect();
    assert_eq!(paths, expected);
}

/// Clients show the first of several warnings with one summary.
#[tokio::test]
async fn warnings_of_a_set_that_are_alike_are_one_that_names_all() {
    let world = World::start().await;
    let early = set(&world, 20, json!({ "host_ip": "192.168.0.77" })).await;

    let problems = world.plan_together(&[(SET, early)]).await.concat();

    assert_eq!(told(&problems), ["warning at routes: Server not found"]);
    for number in 0..20 {
        assert!(problems[0].detail.contains(&format!("10.0.{number}.0/24")), "{problems:#?}");
    }
}
