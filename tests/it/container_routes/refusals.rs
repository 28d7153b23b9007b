//! What is refused before anything is sent.

use serde_json::{Value as Json, json};

use super::{RESOURCE, guide, set};
use crate::harness::config::patched;

#[tokio::test]
async fn a_configuration_that_cannot_be_right() {
    let (world, table, [one, _]) = guide().await;
    let good = set(&table, json!({ "10.0.2.0/24": { "ecs_id": one } }));
    let entry = |destination: &str, entry: Json| json!({ "routes": { destination: entry } });
    let cases = [
        (
            entry("10.0.2.1/24", json!({ "ecs_id": one })),
            "routes[\"10.0.2.1/24\"]",
            "Write `10.0.2.0/24`",
        ),
        (
            entry("10.0.2.0", json!({ "ecs_id": one })),
            "routes[\"10.0.2.0\"]",
            "Write `10.0.2.0/32`",
        ),
        (entry("10.0.2.0/24", json!({})), "routes[\"10.0.2.0/24\"]", "Set one of"),
        (entry("10.0.2.0/24", Json::Null), "routes[\"10.0.2.0/24\"]", "Set one of"),
        (
            entry("10.0.2.0/24", json!({ "ecs_id": one, "virtual_ip": "192.168.0.2" })),
            "routes[\"10.0.2.0/24\"]",
            "Keep one",
        ),
        (
            entry("10.0.2.0/24", json!({ "ecs_id": one, "description": "<b>" })),
            "routes[\"10.0.2.0/24\"]",
            "Write it without them",
        ),
        (json!({ "route_table_id": null }), "", "Set `vpc_id`"),
        (json!({ "mode": "greedy" }), "mode", "Write `additive` or `exclusive`"),
        (json!({ "keep": [{}] }), "keep[0]", "Set at least one of"),
        (json!({ "keep": [{ "description_prefix": "" }] }), "keep[0]", "Write a text"),
        (
            json!({ "keep": [{ "destination_within": "10.0.0.1/8" }] }),
            "keep[0]",
            "Write `10.0.0.0/8`",
        ),
    ];
    for (patch, path, phrase) in cases {
        let refusal = world.refuse(RESOURCE, patched(&good, &patch)).await;
        refusal.expect_problem(path, phrase).expect_nothing_else();
    }
    world.expect_routes(&table, "").await;
}
