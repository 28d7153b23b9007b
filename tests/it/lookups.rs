//! Stories of the data sources that look one thing up, and of the hosts: what is found, and what is said of nothing and of
//! several.

use serde_json::{Value as Json, json};

use crate::harness::{config::patched, world::World};

mod ecs_hosts;
mod memory;
mod older_clouds;
mod route_table;
mod security_group;
mod subnet;
mod vpc;

/// Nothing has this id.
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// VPC `vpc-a` with a secondary range, the subnets `subnet-front` and `subnet-back`, the latter under the table
/// `rtb-back`, a few servers, and VPC `vpc-b`.
pub async fn two_tables(patch: Json) -> World {
    let scenario = include_str!("../../examples/scenarios/two-tables.json");
    let scenario: Json = serde_json::from_str(scenario).expect("the scenario is JSON");
    World::with(patched(&scenario, &patch), json!({})).await
}

/// Every one of these queries is refused at this path with this phrase, and with nothing else.
async fn refused(world: &World, type_name: &str, cases: Vec<(Json, &str, &str)>) {
    for (query, path, phrase) in cases {
        let refusal = world.refuse_to_read(type_name, query).await;
        refusal.expect_problem(path, phrase).expect_nothing_else();
    }
}

/// The next such request is answered with this instead.
async fn answered(world: &World, path: &str, body: Json) {
    world.disturb("GET", path, json!({ "answer": { "status": 200, "body": body } })).await;
}
