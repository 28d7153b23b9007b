//! Look-ups in clouds without VPC API v3, and where something goes wrong on the way.

use serde_json::{Value as Json, json};

use super::two_tables;
use crate::harness::world::World;

async fn without_v3() -> World {
    two_tables(json!({ "unpublished": ["vpc.v3"] })).await
}

#[tokio::test]
async fn a_vpc_has_no_secondary_ranges_to_show() {
    let world = without_v3().await;
    for query in [json!({ "name": "vpc-a" }), json!({ "id": world.vpc("vpc-a").await })] {
        let vpc = world.read("vpc", query).await.value;
        assert_eq!((&vpc["cidr"], &vpc["status"]), (&json!("10.20.0.0/16"), &json!("OK")));
        assert_eq!(vpc["secondary_cidrs"], Json::Null);
    }
}

#[tokio::test]
async fn a_group_has_its_rules_in_the_words_of_v1() {
    let world = without_v3().await;
    for query in [json!({ "name": "sg-nodes" }), json!({ "id": world.group("sg-nodes").await })] {
        let group = world.read("security_group", query).await.value;
        assert_eq!(group["description"], "Hosts of containers");
        let rules = group["rules"].as_array().unwrap();
        let icmp = rules.iter().find(|rule| rule["protocol"] == "icmp").unwrap();
        assert_eq!((&icmp["ports"], &icmp["action"]), (&Json::Null, &json!("allow")));
        assert_eq!(rules.len(), 6);
    }
}

#[tokio::test]
async fn all_else_is_as_everywhere() {
    let world = without_v3().await;
    let subnet = world.read("subnet", json!({ "name": "subnet-back" })).await.value;
    let table = world.read("route_table", json!({ "subnet_id": subnet["id"] })).await.value;
    assert_eq!((&subnet["route_table_id"], &table["name"]), (&table["id"], &json!("rtb-back")));
    let hosts = world.read("ecs_hosts", json!({ "subnet_id": subnet["id"] })).await.value;
    assert_eq!(hosts["hosts"].as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn a_failed_look_is_an_error_and_nothing_is_written() {
    let world = two_tables(json!({})).await;
    let (vpc, subnet) = (world.vpc("vpc-a").await, world.subnet("subnet-back").await);
    world.forget_requests().await;
    for (type_name, query, path) in [
        ("vpc", json!({ "name": "vpc-a" }), "/v3/*/vpc/vpcs"),
        ("vpc", json!({ "id": vpc }), "/v3/*/vpc/vpcs/*"),
        ("subnet", json!({ "vpc_id": vpc, "name": "subnet-back" }), "/v1/*/subnets"),
        ("subnet", json!({ "id": subnet }), "/v1/*/routetables"),
        ("route_table", json!({ "vpc_id": vpc }), "/v1/*/routetables/*"),
        ("route_table", json!({ "name": "rtb-back" }), "/v1/*/quotas"),
        ("security_group", json!({ "name": "sg-nodes" }), "/v3/*/vpc/security-groups"),
        ("security_group", json!({ "name": "sg-nodes" }), "/v3/*/vpc/security-group-rules"),
        ("ecs_hosts", json!({ "names": ["back-1"] }), "/v1/*/cloudservers/detail"),
        ("ecs_hosts", json!({ "names": ["back-1"] }), "/v1/*/ports"),
    ] {
        let html = json!({ "answer": { "status": 502, "body": "<html>Bad Gateway</html>" } });
        world.disturb("GET", path, html).await;
        world.refuse_to_read(type_name, query.clone()).await.expect_problem("", "502");
        // Next time it is asked again.
        world.read(type_name, query).await;
    }
    assert_eq!(world.writes().await, ["POST /_emulator/faults"; 0]);
}
