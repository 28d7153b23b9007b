//! The provider in clouds that read what the documents leave open in one way or the other, and at limits that no call of
//! the cloud tells.

use huaweivpc::framework::Problem;
use serde_json::{Value as Json, json};

use crate::harness::world::World;

const ROUTE: &str = "container_route";
const RULES: &str = "secgroup_icmp_udp_rule";

async fn world(variants: Json, unpublished: Json) -> World {
    World::with(json!({ "variants": variants, "unpublished": unpublished }), json!({})).await
}

async fn route(world: &World, destination: &str) -> Json {
    json!({
        "route_table_id": world.default_table("vpc-containers").await,
        "destination": destination,
        "ecs_id": world.server("ECS1").await,
    })
}

async fn rules(world: &World) -> Json {
    json!({
        "security_group_id": world.group("sg-containers").await,
        "remote_ip_prefix": "10.0.0.0/16",
    })
}

fn summaries(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|problem| problem.summary.as_str()).collect()
}

#[tokio::test]
async fn a_rule_has_the_priority_that_was_asked_for_or_is_not_made() {
    // Version 3 shows rules, and does not make them.
    let unpublished = json!(["vpc.v3.security-group-rules.create", "vpc.v3.batch-create"]);
    let cloud = world(json!({ "default_priority": { "v1": 1 } }), unpublished.clone()).await;
    let made = cloud.apply(RULES, rules(&cloud).await).await;
    cloud.expect_no_further_change(&made).await;

    let cloud = world(json!({ "default_priority": { "v1": 100 } }), unpublished).await;
    cloud.refuse(RULES, rules(&cloud).await).await.expect_problem("", "priority 100");
    cloud.expect_rules(&cloud.group("sg-containers").await, "").await;
}

#[tokio::test]
async fn a_rule_of_a_wrong_priority_that_cannot_be_removed_is_named() {
    let unpublished = json!(["vpc.v3.security-group-rules.create", "vpc.v3.batch-create"]);
    let cloud = world(json!({ "default_priority": { "v1": 100 } }), unpublished).await;
    let answer = json!({ "status": 403, "body": { "error_code": "VPC.0010", "error_msg": "no" } });
    cloud.disturb("DELETE", "/v3/*/vpc/security-group-rules/*", json!({ "answer": answer })).await;

    let refused = cloud.refuse(RULES, rules(&cloud).await).await;

    let group = cloud.group("sg-containers").await;
    let sight = cloud.look().await;
    let standing = sight.find("security_groups", "id", &group)["rules"].as_array().into_iter();
    let mut left = standing.flatten().filter(|rule| rule["remote"]["prefix"].is_string());
    let id = left.next().expect("it is left")["id"].as_str().expect("a text");
    assert!(left.next().is_none(), "nothing more was made");
    refused.expect_problem("", &format!("remove rule {id}"));
}

#[tokio::test]
async fn a_priority_that_nobody_shows_stops_nothing() {
    for v1 in [1, 100] {
        let cloud = world(json!({ "default_priority": { "v1": v1 } }), json!(["vpc.v3"])).await;
        let made = cloud.apply(RULES, rules(&cloud).await).await;
        cloud.expect_no_further_change(&made).await;
        cloud.destroy(made).await;
    }
}

#[tokio::test]
async fn a_destination_around_a_local_route_is_up_to_the_cloud() {
    let around = "192.168.0.0/23";
    let strict = world(json!({}), json!([])).await;
    let refused = strict.refuse(ROUTE, route(&strict, around).await).await;
    refused.expect_problem("destination", "overlaps system route");

    let lenient = world(json!({ "destination_around_local": "accepted" }), json!([])).await;
    let made = lenient.apply(ROUTE, route(&lenient, around).await).await;
    lenient.expect_no_further_change(&made).await;
    lenient.destroy(made).await;
}

#[tokio::test]
async fn an_api_is_unpublished_in_either_spelling_of_the_code() {
    for gateway_codes in ["APIGW", "APIG"] {
        let cloud = world(json!({ "gateway_codes": gateway_codes }), json!(["vpc.v3"])).await;
        let vpc = cloud.read("vpc", json!({ "name": "vpc-containers" })).await.value;
        assert_eq!(vpc["cidr"], "192.168.0.0/16", "{gateway_codes}");
    }
}

#[tokio::test]
async fn routes_in_a_list_of_tables_change_nothing() {
    let cloud = world(json!({ "lists_show_routes": true }), json!([])).await;
    let made = cloud.apply(ROUTE, route(&cloud, "10.0.2.0/24").await).await;
    cloud.expect_no_further_change(&made).await;
    let vpc = cloud.vpc("vpc-containers").await;
    let table = cloud.read("route_table", json!({ "vpc_id": vpc })).await.value;
    assert_eq!(table["routes_used"], 1);
}

#[tokio::test]
async fn a_locked_key_is_called_so() {
    let cloud = World::start().await;
    let message =
        "Incorrect IAM authentication information: AK access failed to reach the limit,forbidden";
    for code in ["APIGW.0301", "APIG.0301"] {
        let answer = json!({ "status": 401, "body": { "error_code": code, "error_msg": message } });
        cloud.disturb("GET", "/v1/*/subnets", json!({ "answer": answer })).await;
        let query = json!({ "vpc_id": cloud.vpc("vpc-containers").await, "name": "none" });
        let refused = cloud.refuse_to_read("subnet", query).await;
        refused.expect_problem("", "Access key locked for a while");
    }
}

/// A VPC of two tables, with so many routes in them.
async fn filled(most_of_a_table: u32, first: u32, second: u32) -> World {
    let routes = |base: u32, count: u32| -> Vec<Json> {
        let to = |at: u32| format!("10.{}.{}.0/24", base + at / 256, at % 256);
        let route = |at| json!({ "type": "ecs", "destination": to(at), "nexthop": "ECS2" });
        (0..count).map(route).collect()
    };
    let tables = json!([
        { "vpc": "vpc-containers", "default": true, "routes": routes(100, first) },
        { "vpc": "vpc-containers", "name": "rtb-two", "routes": routes(120, second) },
    ]);
    let quotas = json!({ "routetableContainRoutes": most_of_a_table });
    World::with(json!({ "quotas": quotas, "route_tables": tables }), json!({})).await
}

#[tokio::test]
async fn a_plan_counts_the_routes_of_all_tables_of_the_vpc() {
    for (most_of_a_table, severity) in [
        (1000, "Route limit of the VPC exceeded"),
        (5000, "Route limit of the VPC exceeded unless it was raised"),
    ] {
        let cloud = filled(most_of_a_table, 600, 399).await;
        let mut plan = Vec::new();
        for at in 1..=3 {
            plan.push((ROUTE, route(&cloud, &format!("10.0.{at}.0/24")).await));
        }
        let told = cloud.plan_together(&plan).await;
        assert_eq!(summaries(&told[0]), [""; 0]);
        assert_eq!(summaries(&told[1]), [severity]);
        assert_eq!(summaries(&told[2]), [""; 0], "once is enough");

        // It is as the plan says.
        cloud.plan_blindly();
        cloud.apply(ROUTE, plan[0].1.clone()).await;
        let refused = cloud.refuse(ROUTE, plan[1].1.clone()).await;
        refused.expect_problem("destination", "all its tables");
    }
}

#[tokio::test]
async fn routes_that_may_yet_go_leave_room_in_the_vpc() {
    let cloud = filled(1000, 600, 399).await;
    let held = cloud.apply(ROUTE, route(&cloud, "10.0.9.0/24").await).await;
    let plan =
        [(ROUTE, route(&cloud, "10.0.1.0/24").await), (ROUTE, route(&cloud, "10.0.2.0/24").await)];
    let told = cloud.plan_beside(&held, &plan).await;
    assert_eq!(summaries(&told[0]), ["Route limit of the VPC exceeded unless routes go"]);
    assert_eq!(summaries(&told[1]), ["Route limit of the VPC exceeded"], "one goes at most");
}

#[tokio::test]
async fn what_an_exclusive_set_sweeps_leaves_room_in_the_vpc() {
    let cloud = filled(1000, 600, 400).await;
    let set = json!({
        "route_table_id": cloud.table("rtb-two").await,
        "routes": { "10.0.1.0/24": { "host_ip": "192.168.0.2" } },
        "mode": "exclusive",
    });
    let told = cloud.plan_together(&[("container_routes", set)]).await;
    assert_eq!(summaries(&told[0]), ["Routes of others will be removed"]);
}

#[tokio::test]
async fn the_plan_of_ranges_counts_the_routes_of_all_tables_of_the_vpc() {
    let cloud = filled(1000, 600, 400).await;
    let hosts = json!({
        "one": { "host_ip": "192.168.0.2", "container_cidr": "10.0.2.0/24" },
    });
    let query = json!({ "vpc_id": cloud.vpc("vpc-containers").await, "hosts": hosts });
    let refused = cloud.refuse_to_read("container_cidr_plan", query).await;
    refused.expect_problem("hosts", "hold 1000 routes, and the plan adds 1");
}
