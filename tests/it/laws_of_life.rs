//! What holds for every resource of the provider's table while it lives, and for every data source: in the guide's world, against a cloud that
//! answers, and against one that does not.

use serde_json::{Value as Json, json};

use crate::harness::{
    config::patched,
    provider::unconfigured,
    world::{Object, World},
};

/// A configuration for each resource that can stand in the guide's world.
async fn guides_configuration(resource: &str, world: &World) -> Json {
    match resource {
        "container_route" => json!({
            "vpc_id": world.vpc("vpc-containers").await,
            "destination": "10.0.2.0/24",
            "ecs_id": world.server("ECS1").await,
        }),
        "container_routes" => {
            let server = world.server("ECS1").await;
            json!({
                "vpc_id": world.vpc("vpc-containers").await,
                "routes": { "10.0.2.0/24": { "ecs_id": server }, "10.0.3.0/24": { "ecs_id": server } },
            })
        }
        "ecs_port_source_check" => json!({ "port_id": world.port("192.168.0.2").await }),
        "ecs_port_source_checks" => json!({
            "vpc_id": world.vpc("vpc-containers").await,
            "hosts": ["192.168.0.2", "192.168.0.3"],
        }),
        "secgroup_icmp_udp_rule" => json!({
            "security_group_id": world.group("sg-containers").await,
            "remote_ip_prefix": "0.0.0.0/0",
        }),
        // Under the names that an import gives.
        "secgroup_rules" => json!({
            "security_group_id": world.group("sg-containers").await,
            "rules": {
                "ingress-icmp-10.0.0.0/16": { "protocol": "icmp", "remote_ip_prefix": "10.0.0.0/16" },
                "ingress-tcp-80,443-10.0.0.0/16":
                    { "protocol": "tcp", "ports": "80,443", "remote_ip_prefix": "10.0.0.0/16" },
            },
        }),
        other => panic!("write a configuration for `{other}` here"),
    }
}

/// A query for each data source that finds something in the guide's world.
async fn guides_query(data_source: &str, world: &World) -> Json {
    let vpc = json!({ "vpc_id": world.vpc("vpc-containers").await });
    match data_source {
        "container_cidr_plan" => {
            let host = json!({ "host_ip": "192.168.0.2", "container_cidr": "10.0.2.0/24" });
            patched(&vpc, &json!({ "hosts": { "ecs1": host } }))
        }
        "container_host_setup" => json!({
            "container_cidr": "10.0.2.0/24",
            "peer_cidrs": ["10.0.3.0/24"],
            "vpc_cidrs": ["192.168.0.0/16"],
        }),
        "container_path" => {
            let end = |server: &str, container: &str| json!({ "host_ip": server, "container_ip": container });
            let ends = json!({
                "from": end("192.168.0.2", "10.0.2.2"),
                "to": end("192.168.0.3", "10.0.3.2"),
            });
            patched(&vpc, &ends)
        }
        "ecs_hosts" | "route_table" | "subnet" => vpc,
        "security_group" => json!({ "name": "sg-containers" }),
        "vpc" => json!({ "name": "vpc-containers" }),
        other => panic!("write a query for `{other}` here"),
    }
}

/// Failures that say nothing about whether an object exists.
fn failures() -> Vec<Json> {
    let html = "<html><body>502 Bad Gateway</body></html>";
    let gateway = json!({ "error_code": "APIGW.0101", "error_msg": "The API does not exist" });
    vec![
        json!({ "answer": { "status": 500, "body": { "code": "VPC.0000", "message": "no" } } }),
        json!({ "answer": { "status": 403, "body": { "code": "VPC.0011", "message": "no" } } }),
        json!({ "answer": { "status": 401, "body": { "error_code": "APIGW.0301" } } }),
        json!({ "answer": { "status": 404, "body": gateway } }),
        json!({ "answer": { "status": 502, "body": html } }),
        json!({ "answer": { "status": 200, "body": "" } }),
        json!({ "cut": "before" }),
    ]
}

async fn in_the_guides_world(resource: &str) -> (World, Object) {
    let world = World::start().await;
    let config = guides_configuration(resource, &world).await;
    let object = world.apply(resource, config).await;
    (world, object)
}

#[tokio::test]
async fn what_was_made_is_imported_by_its_id() {
    for resource in resources() {
        let (world, object) = in_the_guides_world(resource).await;
        let config = guides_configuration(resource, &world).await;
        world.import(resource, &object.id(), config).await;
    }
}

#[tokio::test]
async fn after_destroying_the_cloud_is_as_it_was() {
    for resource in resources() {
        let world = World::start().await;
        let before = world.look().await;
        let config = guides_configuration(resource, &world).await;
        let object = world.apply(resource, config).await;
        assert_ne!(without_times(&world.look().await.0), without_times(&before.0), "{resource}");

        world.destroy(object).await;

        assert_eq!(without_times(&world.look().await.0), without_times(&before.0), "{resource}");
    }
}

#[tokio::test]
async fn a_failed_read_drops_nothing_from_the_state() {
    for resource in resources() {
        let (world, object) = in_the_guides_world(resource).await;
        for mut failure in failures() {
            failure["path"] = "/**".into();
            failure["times"] = 50.into();
            world.order_faults(json!([failure])).await;

            let refusal = world.refuse_to_refresh(&object).await;

            assert!(refusal.object.is_in_state(), "{resource}");
            world.cancel_faults().await;
        }
        world.expect_no_further_change(&object).await;
    }
}

#[tokio::test]
async fn what_names_nothing_is_not_imported() {
    for resource in resources() {
        let (world, object) = in_the_guides_world(resource).await;
        let id = object.id();
        world.destroy(object).await;
        for id in ["", "/", "no such thing", "0/0/0/0/0"] {
            assert!(!world.refuse_import(resource, id).await.object.is_in_state(), "{resource}");
        }
        if resource != "ecs_port_source_check" {
            assert!(!world.refuse_import(resource, &id).await.object.is_in_state(), "{resource}");
        }
    }
}

#[tokio::test]
async fn looking_writes_nothing_and_finds_the_same_again() {
    for data_source in data_sources() {
        let world = World::start().await;
        let query = guides_query(data_source, &world).await;
        let found = world.read(data_source, query.clone()).await;
        assert_eq!(world.read(data_source, query).await.value, found.value, "{data_source}");
        assert_eq!(world.writes().await, [""; 0], "{data_source}");
    }
}

/// What could not be looked at is not shown as absent.
#[tokio::test]
async fn a_failed_look_is_an_error() {
    for data_source in data_sources().into_iter().filter(|name| !ASK_NO_CLOUD.contains(name)) {
        let world = World::start().await;
        let query = guides_query(data_source, &world).await;
        for mut failure in failures() {
            failure["path"] = "/**".into();
            failure["times"] = 50.into();
            world.order_faults(json!([failure])).await;

            let refusal = world.refuse_to_read(data_source, query.clone()).await;

            assert!(!refusal.problems.is_empty(), "{data_source}");
            world.cancel_faults().await;
        }
    }
}

#[tokio::test]
async fn who_asks_no_cloud_needs_none() {
    for data_source in ASK_NO_CLOUD {
        let world = World::start().await;
        let query = guides_query(data_source, &world).await;
        let everything = json!([{ "path": "/**", "times": 50, "cut": "before" }]);
        world.order_faults(everything).await;
        assert_eq!(world.read(data_source, query).await.warnings, [], "{data_source}");
    }
}

/// Data sources whose answer follows from the question alone.
const ASK_NO_CLOUD: &[&str] = &["container_host_setup"];

fn data_sources() -> Vec<&'static str> {
    unconfigured().data_sources.iter().map(|data_source| data_source.name()).collect()
}

fn resources() -> Vec<&'static str> {
    unconfigured().resources.iter().map(|resource| resource.name()).collect()
}

/// The state but for when something was changed, and how many ids were given out.
pub fn without_times(state: &Json) -> Json {
    match state {
        Json::Object(members) => {
            let lasting = members
                .iter()
                .filter(|(name, _)| !["updated_at", "updated", "minted"].contains(&name.as_str()));
            lasting.map(|(name, member)| (name.clone(), without_times(member))).collect()
        }
        Json::Array(items) => items.iter().map(without_times).collect(),
        other => other.clone(),
    }
}
