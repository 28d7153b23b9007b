//! Misbehaviour on request, and the log of what was asked.

use reqwest::Method;
use serde_json::json;

use super::harness::{Cloud, GUIDE};

const FAULTS: &str = "/_emulator/faults";
const TABLE: &str = "/v1/{p}/routetables/{table:rtb-vpc-containers}";

fn add(destination: &str) -> String {
    json!({ "routetable": { "routes": { "add": [
        { "type": "ecs", "destination": destination, "nexthop": "{server:ECS1}" } ] } } })
    .to_string()
}

async fn routes(cloud: &Cloud) -> usize {
    let table = cloud.get(TABLE).await.expect(200);
    let local = 4;
    table["routetable"]["routes"].as_array().unwrap().len() - local
}

#[tokio::test]
async fn a_canned_answer_replaces_the_request() {
    let cloud = Cloud::start(GUIDE).await;
    let fault = json!([{
        "method": "PUT", "path": "/v1/*/routetables/*", "skip": 1, "times": 2,
        "answer": { "status": 503, "headers": { "Retry-After": "7" }, "body": "<html>busy</html>" },
    }]);
    cloud.post(FAULTS, &fault.to_string()).await.expect(204);
    cloud.put(TABLE, &add("10.0.1.0/24")).await.expect(200);
    for _ in 0..2 {
        let answer = cloud.put(TABLE, &add("10.0.2.0/24")).await;
        assert_eq!((answer.status, &answer.body), (503, &json!("<html>busy</html>")));
        assert_eq!(answer.headers["retry-after"], "7");
        assert!(answer.headers.contains_key("x-request-id"));
    }
    assert_eq!(routes(&cloud).await, 1, "a canned answer has no effect");
    cloud.put(TABLE, &add("10.0.2.0/24")).await.expect(200);
    assert_eq!(cloud.get(FAULTS).await.expect(200), json!({ "faults": [] }));
}

#[tokio::test]
async fn a_cut_closes_the_connection_before_or_after_the_effect() {
    let cloud = Cloud::start(GUIDE).await;
    for (cut, effect) in [("before", 0), ("after", 1)] {
        let fault = json!([{ "method": "PUT", "path": "/v1/*/routetables/*", "cut": cut }]);
        cloud.post(FAULTS, &fault.to_string()).await.expect(204);
        let cut_off = cloud.try_send(Method::PUT, TABLE, &add("10.0.1.0/24")).await;
        assert!(cut_off.is_err(), "{cut}: there must be no answer");
        assert_eq!(routes(&cloud).await, effect, "{cut}");
    }
    cloud.put(TABLE, &add("10.0.1.0/24")).await.expect_refusal(400, "VPC.2812");
}

#[tokio::test]
async fn faults_know_methods_and_paths_and_can_be_taken_back() {
    let cloud = Cloud::start(GUIDE).await;
    let answer = json!({ "status": 500, "body": { "code": "VPC.2502", "message": "busy" } });
    for (method, path, hit) in [
        (Some("GET"), "/v1/*/routetables", true),
        (Some("get"), "/v1/*/routetables", true),
        (None, "/v1/*/routetables", true),
        (None, "/v1/**", true),
        (None, "/**", true),
        (Some("PUT"), "/v1/*/routetables", false),
        (None, "/v1/*/routetables/*", false),
        (None, "/v1/*", false),
        (None, "/v1/*/ports", false),
    ] {
        let mut fault = json!({ "path": path, "answer": answer });
        if let Some(method) = method {
            fault["method"] = method.into();
        }
        cloud.post(FAULTS, &json!([fault]).to_string()).await.expect(204);
        let seen = cloud.get("/v1/{p}/routetables").await;
        assert_eq!(seen.status == 500, hit, "{fault}");
        if hit {
            seen.expect_refusal(500, "VPC.2502");
        }
        cloud.delete(FAULTS).await.expect(204);
        cloud.get("/v1/{p}/routetables").await.expect(200);
    }
}

#[tokio::test]
async fn faults_without_a_clear_meaning_are_refused() {
    let cloud = Cloud::start(GUIDE).await;
    for (fault, place) in [
        (json!([{ "path": "/" }]), "[0]"),
        (json!([{ "path": "/", "cut": "before", "answer": { "status": 500 } }]), "[0]"),
        (json!([{ "path": "/", "answer": { "status": 99 } }]), "[0].answer.status"),
        (json!([{ "path": "/", "answer": { "status": 500, "headers": { "a b": "" } } }]), "a b"),
        (json!([{ "path": "/", "cut": "sideways" }]), "sideways"),
        (json!([{ "path": "/", "cut": "before", "after": 1 }]), "after"),
        (json!({}), "map"),
    ] {
        let answer = cloud.post(FAULTS, &fault.to_string()).await;
        let problem = answer.body["problem"].as_str().unwrap_or_default().to_owned();
        assert!(answer.status == 400 && problem.contains(place), "{fault}: {}", answer.body);
    }
}

#[tokio::test]
async fn the_log_says_who_asked_what_and_when_and_no_secret() {
    let cloud = Cloud::start(GUIDE).await;
    cloud.delete("/_emulator/requests").await.expect(204);
    cloud.get("/v1/{p}/ports?limit=5").await.expect(200);
    cloud.put("/v1/{p}/ports/{port:192.168.0.2}", "{}").await.expect_refusal(400, "VPC.2500");
    let fault = json!([{ "path": "/v1/*/ports", "cut": "after" }]).to_string();
    cloud.post(FAULTS, &fault).await.expect(204);
    assert!(cloud.try_send(Method::GET, "/v1/{p}/ports", "").await.is_err());
    let log = cloud.requests().await;
    let seen: Vec<_> = log
        .iter()
        .map(|entry| (entry["method"].as_str().unwrap(), entry["status"].as_u64()))
        .collect();
    assert_eq!(seen, [("GET", Some(200)), ("PUT", Some(400)), ("GET", None)]);
    assert_eq!(log[0]["path"], cloud.fill("/v1/{p}/ports"));
    assert_eq!(log[0]["query"], "limit=5");
    assert_eq!(log[0]["caller"], "netops");
    assert_eq!(log[0]["in_flight"], 1);
    assert_eq!(log[0]["start_ms"], 0);
    assert_eq!(log[2]["fault"], "cut after");
    assert_eq!(log[1]["sequence"].as_u64().unwrap(), log[0]["sequence"].as_u64().unwrap() + 1);
    let text = serde_json::to_string(&log).unwrap();
    assert!(!text.contains(&cloud.token) && !text.contains("emulator-password"));
}
