//! States that were damaged, edited by hand or written by an older version: whatever stands in an attribute of whatever
//! resource, the user is told what is wrong with it, and it is never a mistake of the provider's.

use huaweivpc::framework::{ApplyRequest, PlanRequest, Problem, Severity, Stored, Value};
use serde_json::{Value as Json, json};

use crate::harness::{
    config::patched,
    plugin::Plugin,
    provider::{nowhere, served, unconfigured},
    world::{Object, World},
};

async fn made(resource: &str, world: &World) -> Object {
    let table = world.default_table("vpc-containers").await;
    let server = world.server("ECS1").await;
    let config = match resource {
        "container_route" => {
            json!({ "route_table_id": table, "destination": "10.0.2.0/24", "ecs_id": server })
        }
        "container_routes" => json!({
            "route_table_id": table,
            "routes": { "10.0.2.0/24": { "ecs_id": server, "description": "one" } },
            "keep": [{ "type": "nat" }],
        }),
        "ecs_port_source_check" => {
            let port = world.port("192.168.0.2").await;
            world.set_pairs(&port, &["10.9.0.0/16"]).await;
            json!({ "port_id": port })
        }
        "ecs_port_source_checks" => json!({
            "vpc_id": world.vpc("vpc-containers").await,
            "hosts": ["192.168.0.2", world.server("ECS2").await],
        }),
        "secgroup_icmp_udp_rule" => json!({
            "security_group_id": world.group("sg-containers").await,
            "remote_ip_prefix": "10.0.0.0/16",
            "udp_ports": "53",
        }),
        "secgroup_rules" => {
            let group = world.group("sg-containers").await;
            let rule = json!({
                "direction": "egress", "protocol": "tcp", "ports": "53", "action": "deny",
                "remote_ip_prefix": "10.0.0.0/16", "priority": 7, "description": "names",
            });
            let of_group = json!({ "protocol": "all", "remote_group_id": group, "priority": 3 });
            json!({
                "security_group_id": group,
                "rules": { "dns": rule, "members": of_group },
            })
        }
        other => panic!("write a configuration for `{other}` here"),
    };
    world.apply(resource, config).await
}

/// The places in a value, as JSON pointers.
fn places(json: &Json, here: &str) -> Vec<String> {
    let members: Vec<(String, &Json)> = match json {
        Json::Object(members) => {
            members.iter().map(|(key, member)| (key.replace('/', "~1"), member)).collect()
        }
        Json::Array(items) => {
            items.iter().enumerate().map(|(at, it)| (at.to_string(), it)).collect()
        }
        _ => Vec::new(),
    };
    let inside = members.into_iter().flat_map(|(step, it)| places(it, &format!("{here}/{step}")));
    [here.to_owned()].into_iter().chain(inside).collect()
}

fn nonsense() -> Vec<Json> {
    vec![
        Json::Null,
        json!(true),
        json!(-1),
        json!(1.5),
        serde_json::from_str("1e400").unwrap(),
        json!(""),
        json!("nonsense"),
        json!("10.0.2.1/24"),
        json!("\u{1b}[31m\n${x}"),
        json!("x".repeat(100_000)),
        json!([]),
        json!([null]),
        json!(["nonsense", "nonsense"]),
        json!({}),
        json!({ "nonsense": null }),
        json!({ "nonsense": { "nonsense": "nonsense" } }),
        json!({ "10.0.2.0/24": null }),
        json!({ "10.0.2.0/24": { "ecs_id": "nonsense" } }),
    ]
}

/// Whether there is an error. It has to be one about the state.
fn is_told(problems: &[Problem], what: &str) -> bool {
    for problem in problems {
        assert_ne!(problem.summary, "Bug in the provider", "{what}: {}", problem.detail);
    }
    problems.iter().any(|problem| problem.severity == Severity::Error)
}

#[tokio::test]
async fn whatever_stands_in_a_state_is_no_mistake_of_the_providers() {
    for entry in unconfigured().resources {
        let resource = entry.name();
        let type_name = format!("huaweivpc_{resource}");
        let world = World::start().await;
        let object = made(resource, &world).await;
        let Stored { private, identity, .. } = object.stored().clone();
        let state = object.state_json();
        let near = served(nowhere, &world.settings).await;
        let nobody = json!({ "iam": "http://127.0.0.1:9", "vpc": "http://127.0.0.1:9", "ecs": "http://127.0.0.1:9" });
        let far = served(nowhere, &patched(&world.settings, &json!({ "endpoints": nobody }))).await;
        for place in places(&state, "") {
            for value in nonsense() {
                let mut what = format!("{resource}{place} = {value}");
                what.truncate(200);
                let mut damaged = state.clone();
                *damaged.pointer_mut(&place).unwrap() = value;
                let upgraded = near.upgrade(&type_name, 0, &damaged).await;
                if is_told(&upgraded.problems, &what) || upgraded.value.is_null() {
                    continue;
                }
                let state = upgraded.value;
                let identity = identity.clone();
                let stored = Stored { state: state.clone(), private: private.clone(), identity };
                let read = near.read(&type_name, &stored).await;
                let refused = is_told(&read.problems, &what);
                let request = PlanRequest {
                    prior: state.clone(),
                    proposed: object.stored().state.clone(),
                    config: object.stored().state.clone(),
                    private: private.clone(),
                    prior_identity: stored.identity.clone(),
                };
                is_told(&near.plan(&type_name, &request).await.problems, &what);
                let request =
                    ApplyRequest { prior: state, planned: Value::Null, private: private.clone() };
                let destroyed = far.apply(&type_name, &request, &Value::Null, None).await;
                is_told(&destroyed.problems, &what);
                if refused {
                    let told = &read.problems[0];
                    assert_eq!(told.summary, "Unreadable state", "{what}: {}", told.detail);
                    assert!(told.detail.contains("terraform state rm"), "{what}: {}", told.detail);
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_remembered_beside_a_state_may_be_damaged_too() {
    for entry in unconfigured().resources {
        let resource = entry.name();
        let world = World::start().await;
        let object = made(resource, &world).await;
        let near = served(nowhere, &world.settings).await;
        for private in ["nonsense", "null", "17", "[]", "{}", "{\"surplus\":17}", "\u{0}"] {
            let stored = Stored { private: private.into(), ..object.stored().clone() };
            let read = near.read(&format!("huaweivpc_{resource}"), &stored).await;
            let is_refused = is_told(&read.problems, &format!("{resource}: {private}"));
            assert!(is_refused || !read.stored.state.is_null(), "{resource}: {private}");
        }
    }
}

#[tokio::test]
async fn the_message_names_the_attribute_and_the_way_out() {
    let world = World::start().await;
    for (resource, patch, path, phrase) in [
        ("container_route", json!({ "destination": "nonsense" }), "destination", "`nonsense`"),
        ("container_route", json!({ "adopt_existing": null }), "adopt_existing", "is null"),
        ("container_routes", json!({ "mode": "nonsense" }), "mode", "`nonsense`"),
        ("ecs_port_source_check", json!({ "enabled": null }), "enabled", "is null"),
        ("ecs_port_source_check", json!({ "port_id": null }), "port_id", "is null"),
        ("secgroup_icmp_udp_rule", json!({ "priority": 0 }), "priority", "from 1"),
    ] {
        let object = made(resource, &world).await;
        let near = served(nowhere, &world.settings).await;
        let type_name = format!("huaweivpc_{resource}");
        let mut state = object.state_json();
        for (name, value) in patch.as_object().unwrap() {
            state[name] = value.clone();
        }
        let upgraded = near.upgrade(&type_name, 0, &state).await;
        let stored = Stored { state: upgraded.value, ..object.stored().clone() };
        let answer = near.read(&type_name, &stored).await;
        let [problem] = &answer.problems[..] else { panic!("{patch}: {:?}", answer.problems) };
        assert_eq!(problem.path.to_string(), path, "{}", problem.detail);
        assert!(problem.detail.contains(phrase), "{}", problem.detail);
        world.destroy(object).await;
    }
}

/// What an older version did not know, it has not written.
#[tokio::test]
async fn attributes_that_a_state_lacks_are_at_their_defaults() {
    for entry in unconfigured().resources {
        let resource = entry.name();
        let world = World::start().await;
        let object = made(resource, &world).await;
        let near = served(nowhere, &world.settings).await;
        let mut older = object.state_json();
        for attribute in entry.schema().attributes.iter().filter(|it| it.default.is_some()) {
            older.as_object_mut().unwrap().remove(attribute.name);
        }
        let upgraded = near.upgrade(&format!("huaweivpc_{resource}"), 0, &older).await;
        assert!(upgraded.problems.is_empty(), "{:?}", upgraded.problems);
        assert_eq!(upgraded.value, object.stored().state, "{resource}");
    }
}
