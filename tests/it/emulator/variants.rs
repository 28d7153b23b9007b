//! What the cloud's documents leave open, each way that a scenario can choose.

use serde_json::{Value, json};

use super::harness::{Cloud, GUIDE, column};

const V1: &str = "/v1/{p}/security-group-rules";
const V3: &str = "/v3/{p}/vpc/security-group-rules";
const BATCH: &str =
    "/v3/{p}/vpc/security-groups/{group:sg-containers}/security-group-rules/batch-create";
const TABLE: &str = "/v1/{p}/routetables/{table:rtb-vpc-containers}";

async fn start(variants: Value, quotas: Value) -> Cloud {
    let mut scenario: Value = serde_json::from_str(GUIDE).unwrap();
    scenario["variants"] = variants;
    scenario["quotas"] = quotas;
    Cloud::start(&scenario.to_string()).await
}

fn rule(range: u8) -> Value {
    json!({ "direction": "ingress", "protocol": "icmp", "remote_ip_prefix": format!("10.{range}.0.0/16") })
}

#[tokio::test]
async fn the_default_priority_depends_on_the_call() {
    for (variants, expected) in [
        (json!({}), [1, 100, 1]),
        (json!({ "default_priority": { "v1": 100, "v3": 1, "v3_batch": 7 } }), [100, 1, 7]),
    ] {
        let cloud = start(variants, json!({})).await;
        for (path, range) in [(V1, 1), (V3, 2)] {
            let mut rule = rule(range);
            rule["security_group_id"] = "{group:sg-containers}".into();
            cloud.post(path, &json!({ "security_group_rule": rule }).to_string()).await;
        }
        let made = json!({ "security_group_rules": [rule(3)] }).to_string();
        let made = cloud.post(BATCH, &made).await.expect(201);
        assert_eq!(made["security_group_rules"][0]["enabled"], true);
        let at = made["security_group_rules"][0]["created_at"].as_str().unwrap();
        assert!(at.ends_with('Z'), "{at}");
        let filter = "security_group_id={group:sg-containers}&protocol=icmp";
        let list = cloud.get(&format!("{V3}?{filter}")).await.expect(200);
        let priorities = expected.map(|priority| priority.to_string());
        assert_eq!(column(&list["security_group_rules"], "priority"), priorities);
        assert_eq!(list["security_group_rules"][0].get("enabled"), None);
    }
}

#[tokio::test]
async fn one_call_makes_two_hundred_rules_and_no_more() {
    let cloud = start(json!({}), json!({})).await;
    let rules = |count: u8| {
        let rules: Vec<Value> = (1..=count).map(rule).collect();
        json!({ "security_group_rules": rules }).to_string()
    };
    cloud.post(BATCH, &rules(201)).await.expect_refusal(400, "VPC.9901");
    cloud.post(BATCH, &rules(200)).await.expect(201);
    let twice = json!({ "security_group_rules": [rule(250), rule(250)], "ignore_duplicate": true });
    let made = cloud.post(BATCH, &twice.to_string()).await.expect(201);
    assert_eq!(made["security_group_rules"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_destination_around_a_local_range_is_refused_or_accepted() {
    let around = r#"{ "routetable": { "routes": { "add": [
        { "type": "ecs", "destination": "192.168.0.0/16", "nexthop": "{server:ECS1}" }] } } }"#;
    let inside = around.replace("192.168.0.0/16", "192.168.0.128/25");
    let strict = start(json!({}), json!({})).await;
    strict.put(TABLE, around).await.expect_refusal(400, "VPC.2809");
    let lenient = start(json!({ "destination_around_local": "accepted" }), json!({})).await;
    lenient.put(TABLE, around).await.expect(200);
    lenient.put(TABLE, &inside).await.expect_refusal(400, "VPC.2809");
}

#[tokio::test]
async fn codes_of_the_gateway_begin_in_two_ways() {
    let cloud = start(json!({ "gateway_codes": "APIG" }), json!({})).await;
    cloud.get("/v1/{p}/nothing").await.expect_refusal(404, "APIG.0101");
    cloud.get(&format!("{TABLE}?x=1")).await.expect(200);
}

#[tokio::test]
async fn the_tables_of_a_vpc_have_a_limit_together() {
    let cloud = start(json!({}), json!({ "vpcContainRoutes": 3 })).await;
    let table = |number: u8, routes: u8| {
        let route = |at: u8| json!({ "type": "ecs", "destination": format!("10.{number}.{at}.0/24"), "nexthop": "{server:ECS1}" });
        let routes: Vec<Value> = (0..routes).map(route).collect();
        json!({ "routetable": { "name": format!("t{number}"), "vpc_id": "{vpc:vpc-containers}", "routes": routes } })
            .to_string()
    };
    let tables = "/v1/{p}/routetables";
    cloud.post(tables, &table(1, 2)).await.expect(200);
    let full = cloud.post(tables, &table(2, 2)).await;
    full.expect_refusal(409, "VPC.2809");
    assert!(full.message().contains("Quota exceeded"), "{}", full.body);
    cloud.post(tables, &table(2, 1)).await.expect(200);
    for number in 3..=4 {
        cloud.post(tables, &table(number, 0)).await.expect(200);
    }
    cloud.post(tables, &table(5, 0)).await.expect_refusal(409, "VPC.2809");
}

#[tokio::test]
async fn optional_keys_are_there_absent_or_null() {
    let seen = |table: &Value| {
        let local = table["routetable"]["routes"][0].clone();
        (local.get("nexthop").cloned(), table["routetable"].get("created_at").is_some())
    };
    for (word, nexthop, has_time) in [
        ("present", Some(json!("-")), true),
        ("absent", None, false),
        ("null", Some(Value::Null), true),
    ] {
        let cloud = start(json!({ "optional_keys": word }), json!({})).await;
        let table = cloud.get(TABLE).await.expect(200);
        assert_eq!(seen(&table), (nexthop, has_time), "{word}: {table}");
        let port = cloud.get("/v1/{p}/ports/{port:192.168.0.2}").await.expect(200);
        let pairs = port["port"].get("allowed_address_pairs");
        let expected = match word {
            "present" => Some(json!([])),
            "absent" => None,
            _ => Some(Value::Null),
        };
        assert_eq!(pairs, expected.as_ref(), "{word}");
        // The lists themselves stay.
        let none = cloud.get("/v1/{p}/ports?name=nobody").await.expect(200);
        assert_eq!(none["ports"], json!([]));
    }
}

#[tokio::test]
async fn lists_of_tables_show_routes_in_some_clouds() {
    for (shows, expected) in [(false, false), (true, true)] {
        let cloud = start(json!({ "lists_show_routes": shows }), json!({})).await;
        let list = cloud.get("/v1/{p}/routetables").await.expect(200);
        assert_eq!(list["routetables"][0].get("routes").is_some(), expected);
        assert_eq!(list["routetables"][0].get("description"), None);
    }
}

#[tokio::test]
async fn a_word_that_means_nothing_is_a_mistake() {
    for (variants, place) in [
        (json!({ "optional_keys": "some" }), "variants.optional_keys"),
        (json!({ "gateway_codes": "X" }), "variants.gateway_codes"),
        (json!({ "default_priority": { "v1": 0 } }), "variants.default_priority.v1"),
        (json!({ "destination_around_local": true }), "variants.destination_around_local"),
        (json!({ "other": 1 }), "variants.other"),
    ] {
        let mut scenario: Value = serde_json::from_str(GUIDE).unwrap();
        scenario["variants"] = variants;
        let errors = huaweivpc::emulator::Scenario::parse(&scenario.to_string()).unwrap_err();
        assert!(errors.to_string().contains(place), "{errors}");
    }
}
