//! Every resource and every data source in three clouds: one that sends every optional key, one that sends null for them,
//! and one that leaves them out. What the provider makes, stores and finds is the same in all of them.

use std::fmt::Debug;

use serde_json::{Value as Json, json};

use crate::{
    harness::{config::patched, core::Action, provider::unconfigured, world::World},
    laws_of_life::without_times,
    lookups::two_tables,
};

/// What a cloud makes of optional keys. The first one is what the others are held against.
const CLOUDS: [&str; 3] = ["present", "null", "absent"];

/// The life of a resource: how it is made, what is changed in place, and what to import it by if not by its id.
struct Life {
    config: Json,
    change: Json,
    import_id: Option<String>,
}

async fn life(resource: &str, world: &World) -> Life {
    let vpc = world.vpc("vpc-a").await;
    let server = world.server("front-1").await;
    match resource {
        "container_route" => Life {
            config: json!({ "vpc_id": vpc, "destination": "10.0.3.0/24", "ecs_id": server }),
            change: json!({ "ecs_id": null, "virtual_ip": "10.50.1.100" }),
            import_id: None,
        },
        "container_routes" => Life {
            config: json!({ "vpc_id": vpc, "routes": { "10.0.3.0/24": { "ecs_id": server } } }),
            change: json!({ "routes": {
                "10.0.3.0/24": { "host_ip": "10.50.1.12", "description": "containers" },
                "10.0.4.0/24": { "ecs_id": server },
            } }),
            import_id: None,
        },
        "ecs_port_source_check" => {
            let port = world.port("10.50.1.12").await;
            Life {
                config: json!({ "host_ip": "10.50.1.12", "enabled": true }),
                change: json!({ "enabled": false }),
                import_id: Some(port),
            }
        }
        "ecs_port_source_checks" => Life {
            config: json!({ "vpc_id": vpc, "hosts": ["10.20.1.11"] }),
            change: json!({ "hosts": ["10.20.1.11", "10.50.1.12"] }),
            import_id: None,
        },
        "secgroup_icmp_udp_rule" => Life {
            config: json!({
                "security_group_id": world.group("sg-nodes").await,
                "remote_ip_prefix": "10.0.0.0/16",
            }),
            change: json!({ "description": "containers" }),
            import_id: None,
        },
        "secgroup_rules" => {
            let rule = |prefix: &str| json!({ "protocol": "tcp", "remote_ip_prefix": prefix });
            let rules = |ranges: &[&str]| {
                let named = ranges.iter().map(|it| (format!("ingress-tcp-{it}"), rule(it)));
                json!({ "rules": Json::Object(named.collect()) })
            };
            let group = json!({ "security_group_id": world.group("default").await });
            Life {
                config: patched(&group, &rules(&["10.0.0.0/16"])),
                change: rules(&["10.0.0.0/16", "10.1.0.0/16"]),
                import_id: None,
            }
        }
        other => panic!("write the life of a `{other}` here, and a test that it is lived"),
    }
}

async fn queries(data_source: &str, world: &World) -> Vec<Json> {
    let vpc = world.vpc("vpc-a").await;
    match data_source {
        "container_cidr_plan" => {
            let hosts = json!({
                "front-1": { "host_ip": "10.20.1.11", "container_cidr": "10.0.2.0/24" },
                "back-1": { "ecs_id": world.server("back-1").await, "container_cidr": "10.0.3.0/24" },
            });
            vec![json!({ "vpc_id": vpc, "hosts": hosts, "on_error": "report" })]
        }
        "container_host_setup" => vec![json!({
            "container_cidr": "10.0.2.0/24",
            "peer_cidrs": ["10.0.3.0/24"],
            "vpc_cidrs": ["192.168.0.0/16"],
        })],
        "container_path" => {
            let back =
                json!({ "ecs_id": world.server("back-1").await, "container_ip": "10.0.3.2" });
            let front = json!({ "host_ip": "10.20.1.11", "container_ip": "10.0.2.2" });
            vec![
                json!({ "vpc_id": vpc, "from": front, "to": back, "protocol": "tcp", "port": 443 }),
            ]
        }
        "ecs_hosts" => vec![
            json!({ "vpc_id": vpc }),
            json!({ "subnet_id": world.subnet("subnet-back").await }),
            json!({ "tags": { "role": "container-host" }, "key_by": "id" }),
        ],
        "route_table" => {
            vec![json!({ "vpc_id": vpc }), json!({ "id": world.table("rtb-back").await })]
        }
        "security_group" => vec![json!({ "name": "sg-nodes" }), json!({ "name": "default" })],
        "subnet" => vec![
            json!({ "name": "subnet-back" }),
            json!({ "id": world.subnet("subnet-front").await }),
        ],
        "vpc" => vec![json!({ "name": "vpc-a" }), json!({ "id": vpc })],
        other => panic!("write a query for a `{other}` here"),
    }
}

async fn cloud(optional_keys: &str) -> World {
    two_tables(json!({ "variants": { "optional_keys": optional_keys } })).await
}

/// The words of the three clouds are the same.
#[track_caller]
fn expect_the_same<T: PartialEq + Debug>(what: &str, mut told: Vec<T>) {
    let usual = told.remove(0);
    for (cloud, told) in CLOUDS[1..].iter().zip(&told) {
        assert_eq!(*told, usual, "{what} in a cloud whose optional keys are {cloud}");
    }
}

/// It lives the same life in every cloud.
async fn live(resource: &str) {
    let mut told = Vec::new();
    for optional_keys in CLOUDS {
        told.push(lived(resource, &cloud(optional_keys).await).await);
    }
    expect_the_same(resource, told);
}

/// What the state held when it was made, changed and imported.
async fn lived(resource: &str, world: &World) -> Vec<Json> {
    let before = without_times(&world.look().await.0);
    let Life { config, change, import_id } = life(resource, world).await;
    let mut object = world.apply_blindly(resource, config.clone()).await;
    world.expect_no_further_change(&object).await;
    let mut states = vec![shown(object.state_json())];
    let action = world.apply_to(&mut object, change.clone()).await;
    assert_eq!(action, Action::Update, "{resource}");
    world.expect_no_further_change(&object).await;
    states.push(shown(object.state_json()));
    let id = import_id.unwrap_or_else(|| object.id());
    let imported = world.import(resource, &id, patched(&config, &change)).await;
    states.push(shown(imported.state_json()));
    world.destroy(object).await;
    assert_eq!(without_times(&world.look().await.0), before, "{resource}");
    states
}

#[tokio::test]
async fn every_resource_has_a_life() {
    let world = cloud("present").await;
    for resource in unconfigured().resources {
        life(resource.name(), &world).await;
    }
}

#[tokio::test]
async fn a_route_lives_without_optional_keys() {
    live("container_route").await;
}

#[tokio::test]
async fn a_set_of_routes_lives_without_optional_keys() {
    live("container_routes").await;
}

#[tokio::test]
async fn a_source_check_lives_without_optional_keys() {
    live("ecs_port_source_check").await;
}

#[tokio::test]
async fn a_set_of_source_checks_lives_without_optional_keys() {
    live("ecs_port_source_checks").await;
}

#[tokio::test]
async fn a_pair_of_rules_lives_without_optional_keys() {
    live("secgroup_icmp_udp_rule").await;
}

#[tokio::test]
async fn a_set_of_rules_lives_without_optional_keys() {
    live("secgroup_rules").await;
}

#[tokio::test]
async fn data_sources_find_the_same_without_optional_keys() {
    for data_source in unconfigured().data_sources {
        let mut told = Vec::new();
        for optional_keys in CLOUDS {
            let world = cloud(optional_keys).await;
            let mut found = Vec::new();
            for query in queries(data_source.name(), &world).await {
                found.push(world.read(data_source.name(), query).await.value);
            }
            told.push(found);
        }
        expect_the_same(data_source.name(), told);
    }
}

/// The state but for the MAC addresses of pairs, which say nothing where the cloud says nothing.
fn shown(state: Json) -> Json {
    match state {
        Json::Array(items) => items.into_iter().map(shown).collect(),
        Json::Object(members) => {
            let told = members.into_iter().filter(|(name, _)| name != "mac_address");
            told.map(|(name, member)| (name, shown(member))).collect()
        }
        other => other,
    }
}
