//! One story for each finding code, told with real configuration against the emulator: what is printed, word by word, and
//! the nearest configuration that is right, of which nothing is said.
//!
//! The printed words are the examples in `docs/guides/findings.md`; `UPDATE=1 cargo test --test it stories` writes them
//! there, to be read before they are committed.

mod guide_page;
mod printed;
mod told;

use huaweivpc::framework::{Problem, Severity};
use serde_json::{Value as Json, json};

use super::PLAN;
use crate::harness::{config::patched, world::World};

pub struct Story {
    pub code: &'static str,
    /// What of the scenario is otherwise.
    pub world: Json,
    /// What the cloud does otherwise, for the wrong configuration only.
    pub faults: Json,
    pub wrong: Json,
    pub right: Json,
    /// Where the diagnostic belongs; `None` if there is none.
    pub path: Option<&'static str>,
}

/// What a finding says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub code: String,
    pub severity: String,
    pub resolved_by: String,
    pub message: String,
    pub fix: String,
}

/// A VPC as people have them: two subnets, a table of its own for the second; a NAT gateway, a peer and a VPN; a cluster
/// whose routes are written by somebody else; routes of former plans.
async fn world(patch: &Json) -> World {
    let nic = |subnet: &str, address: &str| json!({ "subnet": subnet, "ip_address": address, "security_groups": ["sg-containers"] });
    let ready = |address: &str| {
        patched(&nic("subnet-containers", address), &json!({ "source_dest_check": false }))
    };
    let route = |destination: &str, kind: &str, hop: &str| json!({ "destination": destination, "type": kind, "nexthop": hop });
    let cluster = |destination: &str| {
        let described = json!({ "description": "written by the cluster" });
        patched(&route(destination, "ecs", "cluster-node"), &described)
    };
    let second = patched(&ready("192.168.0.13"), &json!({ "name": "second" }));
    let scenario = json!({
        "vpcs": [
            { "name": "vpc-containers", "cidr": "192.168.0.0/16", "extend_cidrs": ["10.200.0.0/16"],
              "gateways": [{ "name": "nat", "type": "nat" }, { "name": "peer", "type": "peering" },
                           { "name": "office", "type": "vpn" }] },
            { "name": "vpc-other", "cidr": "10.50.0.0/16" },
        ],
        "subnets": [
            { "name": "subnet-containers", "vpc": "vpc-containers", "cidr": "192.168.0.0/24" },
            { "name": "subnet-two", "vpc": "vpc-containers", "cidr": "192.168.1.0/24" },
            { "name": "subnet-other", "vpc": "vpc-other", "cidr": "10.50.0.0/24" },
        ],
        "servers": [
            { "name": "ECS1", "nics": [ready("192.168.0.2")] },
            { "name": "ECS2", "nics": [ready("192.168.0.3"), second] },
            { "name": "ECS3", "nics": [nic("subnet-two", "192.168.1.3")] },
            { "name": "ECS4", "nics": [nic("subnet-two", "192.168.1.4")] },
            { "name": "new", "nics": [nic("subnet-containers", "192.168.0.9")] },
            { "name": "stopped", "status": "SHUTOFF", "nics": [ready("192.168.0.20")] },
            { "name": "cluster-node", "nics": [ready("192.168.0.30")] },
            { "name": "retired", "nics": [ready("192.168.0.40")] },
            { "name": "elsewhere", "nics": [nic("subnet-other", "10.50.0.2")] },
        ],
        "vips": [{ "name": "vip", "subnet": "subnet-containers", "ip_address": "192.168.0.100" }],
        "quotas": { "vpcContainRoutetable": 3, "routetableContainRoutes": 200 },
        "route_tables": [
            { "name": "default", "vpc": "vpc-containers", "default": true, "routes": [
                route("0.0.0.0/0", "nat", "nat"),
                route("10.40.0.0/16", "peering", "peer"),
                route("10.41.2.0/24", "vpn", "office"),
                cluster("10.60.0.0/24"),
                cluster("10.61.3.2/32"),
                route("10.62.0.0/24", "ecs", "ECS1"),
                route("10.63.0.128/25", "ecs", "ECS1"),
                route("10.64.0.0/24", "ecs", "retired"),
                route("10.65.0.0/24", "eni", "second"),
                route("10.66.0.0/24", "ecs", "ECS2"),
                route("10.69.0.0/24", "ecs", "ECS3"),
            ] },
            { "name": "rtb-two", "vpc": "vpc-containers", "subnets": ["subnet-two"], "routes": [
                route("10.66.0.0/24", "ecs", "ECS2"),
                route("10.67.0.0/24", "ecs", "ECS3"),
                route("10.69.0.0/24", "ecs", "ECS3"),
            ] },
        ],
    });
    let world = World::with(patched(&scenario, patch), json!({})).await;
    world.delete_server(&world.server("retired").await).await;
    world
}

#[tokio::test]
async fn every_code_has_its_story_and_its_example_in_the_guide() {
    let (shared, mut told) = (world(&json!({})).await, Vec::new());
    for story in told::stories() {
        told.push(if story.world == json!({}) {
            tell(&story, &shared).await
        } else {
            tell(&story, &world(&story.world).await).await
        });
    }
    guide_page::compare(&told);
}

/// Tells a story, and returns what was said of the wrong configuration.
async fn tell(story: &Story, world: &World) -> Said {
    let query = |patch: &Json| fill_in(world, patch.clone());
    if story.faults != Json::Null {
        world.order_faults(story.faults.clone()).await;
    }
    let wrong = query(&story.wrong).await;
    let reported = world.read(PLAN, patched(&wrong, &json!({ "on_error": "report" }))).await;
    let said = only(story, &reported.value["findings"]);
    assert_eq!(reported.value["valid"], json!(said.severity == "warning"), "{}", story.code);

    let problems = if said.severity == "error" {
        world.refuse_to_read(PLAN, wrong).await.problems
    } else {
        world.read(PLAN, wrong).await.warnings
    };
    diagnosed(story, &said, &problems);

    world.cancel_faults().await;
    let right = world.read(PLAN, query(&story.right).await).await;
    assert_eq!(right.warnings, [], "{} should be silent", story.code);
    let found = right.value["findings"].as_array().unwrap();
    assert!(found.iter().all(|finding| finding["code"] != story.code), "{}", story.code);
    said
}

/// The one finding with the code of the story; besides it there are only such as the resources make go.
fn only(story: &Story, findings: &Json) -> Said {
    let found: Vec<Said> = findings.as_array().unwrap().iter().map(said).collect();
    let (of_story, others): (Vec<&Said>, Vec<&Said>) =
        found.iter().partition(|said| said.code == story.code);
    assert_eq!(of_story.len(), 1, "{}: {found:#?}", story.code);
    assert!(others.iter().all(|said| !said.resolved_by.is_empty()), "{}: {others:#?}", story.code);
    of_story[0].clone()
}

fn said(finding: &Json) -> Said {
    let text = |name: &str| finding[name].as_str().unwrap().to_owned();
    Said {
        code: text("code"),
        severity: text("severity"),
        resolved_by: text("resolved_by"),
        message: text("message"),
        fix: text("fix"),
    }
}

/// The same is a diagnostic in its place, unless the resources make it go.
fn diagnosed(story: &Story, said: &Said, problems: &[Problem]) {
    let Some(path) = story.path else {
        assert!(
            !said.resolved_by.is_empty() && problems.is_empty(),
            "{}: {problems:#?}",
            story.code
        );
        return;
    };
    let [problem] = problems else { panic!("{}: {problems:#?}", story.code) };
    let severity = if said.severity == "error" { Severity::Error } else { Severity::Warning };
    assert_eq!(
        (problem.severity, problem.path.to_string()),
        (severity, path.to_owned()),
        "{}",
        story.code
    );
    // Host bits are refused before anything is looked at, in the words that every range is refused in.
    if story.code != "cidr_not_canonical" {
        for part in [&said.message, &said.fix, &said.code] {
            assert!(problem.detail.contains(part.as_str()), "{}", problem.detail);
        }
    }
}

/// Fills in the ids that `server:NAME` and `table:NAME` stand for.
async fn fill_in(world: &World, mut query: Json) -> Json {
    let named = |value: &Json, kind: &str| {
        value.as_str().and_then(|text| text.strip_prefix(kind)).map(str::to_owned)
    };
    if query["vpc_id"].is_null() {
        query["vpc_id"] = world.vpc("vpc-containers").await.into();
    }
    if let Some(name) = named(&query["route_table_id"], "table:") {
        query["route_table_id"] = match name.as_str() {
            "default" => world.default_table("vpc-containers").await.into(),
            name => world.table(name).await.into(),
        };
    }
    for host in query["hosts"].as_object_mut().unwrap().values_mut() {
        if let Some(name) = named(&host["ecs_id"], "server:") {
            host["ecs_id"] = world.server(&name).await.into();
        }
    }
    query
}
