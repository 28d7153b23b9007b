//! What a plan says of the cloud before anything is touched, and where it says nothing. What is refused at its place is
//! told beside each resource; here is what several resources of one run have to do with each other, and the cloud that
//! cannot be asked.

use huaweivpc::framework::{Problem, Severity};
use serde_json::{Value as Json, json};

use crate::harness::world::World;

mod clients;
mod cost;
mod ipv6;
mod many;
mod routes;
mod rules_and_ports;

const ROUTE: &str = "container_route";

/// A route in the guide's table to ECS1.
async fn route(world: &World, destination: &str) -> Json {
    json!({
        "route_table_id": world.default_table("vpc-containers").await,
        "destination": destination,
        "ecs_id": world.server("ECS1").await,
    })
}

/// Severity, path and summary of each problem.
fn told(problems: &[Problem]) -> Vec<String> {
    let line = |problem: &Problem| {
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        format!("{severity} at {}: {}", problem.path, problem.summary)
    };
    problems.iter().map(line).collect()
}

#[tokio::test]
async fn two_hundred_routes_take_one_look_at_each_thing() {
    let world = World::start().await;
    let mut routes = Vec::new();
    for at in 0..200 {
        routes.push((ROUTE, route(&world, &format!("10.0.{at}.0/24")).await));
    }
    world.forget_requests().await;

    let problems = world.plan_together(&routes).await.concat();

    let table = world.default_table("vpc-containers").await;
    let requests = world.requests().await;
    let looks = [
        &format!("GET /v1/routetables/{table}"),
        "GET /v1/subnets",
        "GET /v1/ports",
        "GET /v1/quotas",
    ];
    assert_eq!(requests, looks);
    // 200 is the quota, and nobody knows whether the local routes count.
    assert_eq!(told(&problems), ["warning at destination: Route quota nearly used up"]);
}

#[tokio::test]
async fn refused_credentials_stop_the_plan() {
    let world = World::start().await;
    let routes =
        [(ROUTE, route(&world, "10.0.2.0/24").await), (ROUTE, route(&world, "10.0.3.0/24").await)];
    let refusal = json!({ "error_code": "APIGW.0301", "error_msg": "Incorrect IAM authentication information" });
    let everywhere =
        ["/v1/*/routetables/*", "/v1/*/ports", "/v1/*/subnets", "/v1/*/quotas"].map(|path| {
            let answer = json!({ "status": 401, "body": refusal });
            json!({ "method": "GET", "path": path, "times": 99, "answer": answer })
        });
    world.order_faults(json!(everywhere)).await;

    let problems = world.plan_together(&routes).await.concat();

    assert_eq!(told(&problems), ["error at : Credentials refused"]);
    assert!(problems[0].detail.contains("Check `access_key`"), "{}", problems[0].detail);
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_said_once_and_stops_nothing() {
    let denied = json!({ "status": 403, "body": { "code": "VPC.0011", "message": "no right" } });
    for (path, what) in [
        ("/v1/*/routetables/*", "The route table"),
        ("/v1/*/ports", "The next hop of routes"),
        ("/v1/*/quotas", "The quota of routes"),
    ] {
        let world = World::start().await;
        let routes = [
            (ROUTE, route(&world, "10.0.2.0/24").await),
            (ROUTE, route(&world, "10.0.3.0/24").await),
            (ROUTE, route(&world, "192.168.0.0/25").await),
        ];
        let fault = json!({ "method": "GET", "path": path, "times": 99, "answer": denied });
        world.order_faults(json!([fault])).await;

        let problems = world.plan_together(&routes).await;

        assert_eq!(told(&problems[0]), ["warning at : Not checked against the cloud"], "{path}");
        assert!(problems[0][0].detail.starts_with(what), "{problems:?}");
        assert!(problems[0][0].detail.contains("no right"), "{problems:?}");
        assert_eq!(told(&problems[1]), [""; 0], "{path}");
        // What can be seen all the same is said all the same.
        let sees_the_table = what != "The route table";
        assert_eq!(problems[2].len(), usize::from(sees_the_table), "{problems:?}");
        world.cancel_faults().await;
        let good = world.plan_together(&routes).await;
        assert_eq!(told(&good[0]), [""; 0]);
    }
}

#[tokio::test]
async fn a_provider_that_is_not_configured_yet_plans_all_the_same() {
    let world = World::start().await;
    let conflict = route(&world, "192.168.0.0/24").await;
    world.plan_blindly();
    let problems = world.plan_together(&[(ROUTE, conflict)]).await.concat();
    assert_eq!(told(&problems), ["warning at : Not checked against the cloud"]);
    assert!(problems[0].detail.contains("`region`"), "{problems:?}");
}

#[tokio::test]
async fn a_destruction_and_what_stays_are_never_stopped() {
    let world = World::start().await;
    let table = world.default_table("vpc-containers").await;
    let object = world.apply(ROUTE, route(&world, "10.0.2.0/24").await).await;
    world.delete_server(&world.server("ECS1").await).await;
    world.add_route(&table, "10.0.2.128/25", "ecs", &world.server("ECS2").await).await;

    world.expect_no_further_change(&object).await;
    assert_eq!(told(&world.warnings(&object).await), [""; 0]);
    world.destroy(object).await;
}
