//! The kinds of misbehaviour besides canned answers and cuts.

use reqwest::Method;
use serde_json::{Value, json};

use super::harness::{Clock, Cloud, GUIDE, answer_of};

const FAULTS: &str = "/_emulator/faults";
const TABLE: &str = "/v1/{p}/routetables/{table:rtb-vpc-containers}";
const ANY_TABLE: &str = "/v1/*/routetables/*";

async fn order(cloud: &Cloud, fault: Value) {
    cloud.post(FAULTS, &json!([fault]).to_string()).await.expect(204);
}

fn changes(kind: &str, destinations: &[&str]) -> String {
    let routes: Vec<Value> = destinations
        .iter()
        .map(|range| json!({ "type": "ecs", "destination": range, "nexthop": "{server:ECS1}" }))
        .collect();
    json!({ "routetable": { "routes": { kind: routes } } }).to_string()
}

/// What somebody made in the table, as a read shows it.
async fn shown(cloud: &Cloud) -> Vec<String> {
    let table = cloud.get(TABLE).await.expect(200);
    let routes = table["routetable"]["routes"].as_array().unwrap().clone();
    let made = routes.iter().filter(|route| route["type"] != "local");
    made.map(|route| route["destination"].as_str().unwrap().to_owned()).collect()
}

/// Which of some requests were hit, as `.x..x`.
async fn pattern(cloud: &Cloud, requests: usize) -> String {
    let mut seen = String::new();
    for _ in 0..requests {
        let hit = cloud.get("/v1/{p}/ports").await.status == 503;
        seen.push(if hit { 'x' } else { '.' });
    }
    seen
}

fn on_ports(more: Value) -> Value {
    let mut fault = json!({ "path": "/v1/*/ports", "answer": { "status": 503 } });
    fault.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    fault
}

#[tokio::test]
async fn a_fault_hits_each_nth_request_or_a_part_of_them() {
    for (more, expected) in [
        (json!({ "every": 3 }), "..x..x..x..x"),
        (json!({ "every": 3, "skip": 1, "times": 2 }), "...x..x....."),
        (json!({ "share": 1.0 }), "xxxxxxxxxxxx"),
        (json!({ "share": 1.0, "times": 2, "skip": 1 }), ".xx........."),
    ] {
        let cloud = Cloud::start(GUIDE).await;
        order(&cloud, on_ports(more.clone())).await;
        assert_eq!(pattern(&cloud, expected.len()).await, expected, "{more}");
    }
}

#[tokio::test]
async fn a_share_follows_from_its_seed() {
    let mut patterns = Vec::new();
    for seed in [1, 1, 2] {
        let cloud = Cloud::start(GUIDE).await;
        order(&cloud, on_ports(json!({ "share": 0.4, "seed": seed }))).await;
        patterns.push(pattern(&cloud, 60).await);
    }
    assert_eq!(patterns[0], patterns[1]);
    assert_ne!(patterns[0], patterns[2]);
    for pattern in patterns {
        let hits = pattern.matches('x').count();
        assert!((12..=36).contains(&hits), "{hits} of 60 for a share of 0.4: {pattern}");
    }
}

#[tokio::test]
async fn an_answer_is_delayed_or_spoiled_after_the_change() {
    let cloud = Cloud::start(GUIDE).await;
    let fault = |how: Value| {
        let mut fault = how;
        fault["path"] = ANY_TABLE.into();
        fault
    };
    order(&cloud, fault(json!({ "delay": "1ms" }))).await;
    cloud.put(TABLE, &changes("add", &["10.0.1.0/24"])).await.expect(200);
    order(&cloud, fault(json!({ "spoil": "truncate" }))).await;
    let half = cloud.put(TABLE, &changes("add", &["10.0.2.0/24"])).await;
    assert!(half.status == 200 && half.body.as_str().unwrap().starts_with("{\"routetable\""));
    order(&cloud, fault(json!({ "spoil": "garbage" }))).await;
    let garbage = cloud.put(TABLE, &changes("add", &["10.0.3.0/24"])).await;
    assert!(garbage.status == 200 && garbage.body.is_string(), "{}", garbage.body);
    assert_eq!(shown(&cloud).await, ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]);
    let log = cloud.requests().await;
    let faults: Vec<&str> = log.iter().filter_map(|entry| entry["fault"].as_str()).collect();
    assert_eq!(faults, ["delay", "truncated", "garbage"]);
}

#[tokio::test]
async fn reads_are_stale_for_a_number_of_reads_or_a_while() {
    let clock = Clock::new();
    let cloud = Cloud::start_with(GUIDE, clock.settings()).await;
    let stale = |how: Value| json!({ "method": "PUT", "path": ANY_TABLE, "stale": how });

    order(&cloud, stale(json!({ "reads": 2 }))).await;
    let written = cloud.put(TABLE, &changes("add", &["10.0.1.0/24"])).await.expect(200);
    assert!(written.to_string().contains("10.0.1.0/24"), "the answer to the write is not stale");
    assert_eq!(shown(&cloud).await, [""; 0]);
    assert_eq!(shown(&cloud).await, [""; 0]);
    assert_eq!(shown(&cloud).await, ["10.0.1.0/24"]);

    order(&cloud, stale(json!({ "for": "5s" }))).await;
    cloud.put(TABLE, &changes("del", &["10.0.1.0/24"])).await.expect(200);
    clock.advance(4);
    assert_eq!(shown(&cloud).await, ["10.0.1.0/24"]);
    clock.advance(1);
    assert_eq!(shown(&cloud).await, [""; 0]);
}

#[tokio::test]
async fn one_of_two_simultaneous_writes_to_a_table_is_refused() {
    let cloud = Cloud::start(GUIDE).await;
    let busy = json!({ "code": "VPC.2801", "message": "busy" });
    let fault = json!({ "method": "PUT", "path": ANY_TABLE,
                        "refuse_simultaneous": { "status": 409, "body": busy } });
    order(&cloud, json!({ "path": ANY_TABLE, "delay": "300ms" })).await;
    order(&cloud, fault).await;
    let (first, second) = (changes("add", &["10.0.1.0/24"]), changes("add", &["10.0.2.0/24"]));
    // The first one is delayed, so it is under way when the second comes.
    let (first, second) = tokio::join!(cloud.put(TABLE, &first), async {
        while cloud.requests().await.iter().all(|entry| entry["method"] != "PUT") {
            tokio::task::yield_now().await;
        }
        cloud.put(TABLE, &second).await
    });
    first.expect(200);
    second.expect_refusal(409, "VPC.2801");
    cloud.put(TABLE, &changes("add", &["10.0.3.0/24"])).await.expect(200);
    assert_eq!(shown(&cloud).await, ["10.0.1.0/24", "10.0.3.0/24"]);
}

#[tokio::test]
async fn a_change_may_carry_no_more_entries_than_allowed() {
    let cloud = Cloud::start(GUIDE).await;
    order(&cloud, json!({ "path": ANY_TABLE, "most_entries": 2 })).await;
    let three = changes("add", &["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]);
    for _ in 0..2 {
        let refused = cloud.put(TABLE, &three).await;
        refused.expect_refusal(400, "VPC.2800");
        assert_eq!(refused.message(), "The num of routes to update is more than 2.");
    }
    cloud.put(TABLE, &changes("add", &["10.0.1.0/24", "10.0.2.0/24"])).await.expect(200);
    let log = cloud.requests().await;
    let carried: Vec<&Value> =
        log.iter().map(|entry| &entry["routes"]).filter(|carried| !carried.is_null()).collect();
    let of = |add: usize| json!({ "add": add, "mod": 0, "del": 0 });
    assert_eq!(carried, [&of(3), &of(3), &of(2)]);
}

#[tokio::test]
async fn credentials_that_do_not_last_expire_once() {
    let cloud = Cloud::start(GUIDE).await;
    order(&cloud, json!({ "path": "/v1/**", "expire": true })).await;
    let open = cloud.client.get(format!("{}{}", cloud.base, cloud.fill("/v1/{p}/ports")));
    let answer = answer_of(open.send().await.unwrap()).await.unwrap();
    answer.expect_refusal(401, "APIGW.0301");
    cloud.get("/v1/{p}/ports").await.expect_refusal(401, "APIGW.0307");
    cloud.get("/v1/{p}/ports").await.expect(200);
}

#[tokio::test]
async fn somebody_else_writes_before_or_after_a_request() {
    for (when, seen) in [("before", 400), ("after", 200)] {
        let cloud = Cloud::start(GUIDE).await;
        let body: Value =
            serde_json::from_str(&cloud.fill(&changes("add", &["10.0.1.0/24"]))).unwrap();
        let call = json!({ "method": "PUT", "body": body,
                           "path": cloud.fill("/v1/{project}/routetables/{table:rtb-vpc-containers}") });
        order(
            &cloud,
            json!({ "method": "PUT", "path": ANY_TABLE,
                    "foreign": { "when": when, "calls": [call] } }),
        )
        .await;
        cloud.delete("/_emulator/requests").await.expect(204);
        let answer = cloud.put(TABLE, &changes("add", &["10.0.1.0/24"])).await;
        assert_eq!(answer.status, seen, "{when}: {}", answer.body);
        assert_eq!(shown(&cloud).await, ["10.0.1.0/24"]);
        let log = cloud.requests().await;
        let foreign = log.iter().find(|entry| entry["caller"] == "a foreign writer").unwrap();
        assert_eq!(foreign["status"], if when == "before" { 200 } else { 400 });
    }
}

#[tokio::test]
async fn the_new_kinds_say_what_is_wrong_with_them() {
    let cloud = Cloud::start(GUIDE).await;
    let call =
        |path: &str| json!({ "when": "before", "calls": [{ "method": "GET", "path": path }] });
    for (more, place) in [
        (json!({ "delay": "soon" }), "`soon`"),
        (json!({ "spoil": "rotten" }), "rotten"),
        (json!({ "stale": { "writes": 1 } }), "writes"),
        (json!({ "most_entries": -1 }), "-1"),
        (json!({ "expire": true, "cut": "after" }), "[0]: give exactly one of"),
        (json!({ "expire": true, "every": 0 }), "[0].every"),
        (json!({ "expire": true, "times": 0 }), "[0].times"),
        (json!({ "expire": true, "share": 1.5 }), "[0].share"),
        (json!({ "expire": true, "share": 0.5, "every": 2 }), "not both"),
        (json!({ "refuse_simultaneous": { "status": 9 } }), "[0].refuse_simultaneous.status"),
        (json!({ "foreign": call("v1") }), "[0].foreign.calls[0].path"),
        (json!({ "foreign": call("/_emulator/reset") }), "[0].foreign.calls[0].path"),
        (json!({ "foreign": { "when": "later", "calls": [] } }), "later"),
    ] {
        let mut fault = more.clone();
        fault["path"] = "/".into();
        let answer = cloud.post(FAULTS, &json!([fault]).to_string()).await;
        let problem = answer.body["problem"].as_str().unwrap_or_default().to_owned();
        assert!(answer.status == 400 && problem.contains(place), "{fault}: {}", answer.body);
    }
    assert_eq!(cloud.get(FAULTS).await.expect(200), json!({ "faults": [] }));
    let answer = cloud.send(Method::POST, FAULTS, "[").await;
    assert_eq!(answer.status, 400);
}
