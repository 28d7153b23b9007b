//! Notes of intent: what a killed run has made is gone on with, and whatever a stranger made stays a stranger's.
//!
//! Here a run is killed by forgetting what came of it. `crash` kills processes.

use std::sync::Arc;

use huaweivpc::provider::Environment;
use serde_json::{Value as Json, json};

use crate::harness::{config::patched, files::Memory, provider::nowhere, world::World};

const ROUTE: &str = "container_route";
const ROUTES: &str = "container_routes";
const RULE: &str = "secgroup_icmp_udp_rule";
const CHECK: &str = "ecs_port_source_check";
const DATA: &str = ".terraform";

/// A machine with this disk.
fn machine(disk: &Arc<Memory>) -> Environment {
    Environment { files: Arc::<Memory>::clone(disk), ..nowhere() }
}

/// The guide's world, and a disk with Terraform's data directory on it.
async fn world() -> (World, Arc<Memory>) {
    let disk = Arc::new(Memory::with(DATA));
    (World::on(|| machine(&disk), json!({}), json!({})).await, disk)
}

async fn route(world: &World, patch: Json) -> Json {
    let table = world.default_table("vpc-containers").await;
    let route = json!({ "route_table_id": table, "destination": "10.0.2.0/24",
                        "ecs_id": world.server("ECS1").await });
    patched(&route, &patch)
}

/// One object of each type, and what it is called in the cloud.
async fn one_of_each(world: &World) -> Vec<(&'static str, Json)> {
    let table = world.default_table("vpc-containers").await;
    let (one, other) = (world.server("ECS1").await, world.server("ECS2").await);
    let routes =
        json!({ "10.0.8.0/24": { "ecs_id": one }, "10.0.9.0/24": { "host_ip": "192.168.0.3" } });
    vec![
        (ROUTE, json!({ "route_table_id": table, "destination": "10.0.2.0/24", "ecs_id": other })),
        (ROUTES, json!({ "route_table_id": table, "routes": routes })),
        (
            RULE,
            json!({ "security_group_id": world.group("sg-containers").await,
                       "remote_ip_prefix": "10.0.0.0/16", "udp_ports": "33434-33534" }),
        ),
        (CHECK, json!({ "port_id": world.port("192.168.0.2").await })),
    ]
}

/// Routes, rules and address pairs, whosever they are.
async fn held(world: &World) -> [Vec<String>; 3] {
    let (table, group) =
        (world.default_table("vpc-containers").await, world.group("sg-containers").await);
    let port = world.port("192.168.0.2").await;
    let sight = world.look().await;
    [sight.routes(&table), sight.rules(&group), sight.pairs(&port)]
}

#[tokio::test]
async fn what_does_not_show_yet_is_looked_for_again() {
    let (world, disk) = world().await;
    let table = world.default_table("vpc-containers").await;
    let vpc = world.look().await.id("vpcs", "vpc-containers");
    let no_route = json!({ "routetable": { "id": table, "vpc_id": vpc, "routes": [] } });
    let no_rule = json!({ "security_group_rules": [], "page_info": { "current_count": 0 } });
    for (type_name, config) in one_of_each(&world).await {
        let (path, body) = match type_name {
            CHECK => continue,
            RULE => ("/v3/*/vpc/security-group-rules", &no_rule),
            _ => ("/v1/*/routetables/*", &no_route),
        };
        let object = world.apply_blindly(type_name, config).await;
        world.disturb("GET", path, json!({ "answer": { "status": 200, "body": body } })).await;

        world.expect_no_further_change(&object).await;

        assert_eq!(disk.paths(), [""; 0], "{type_name}: seen");
        world.destroy(object).await;
    }
}

#[tokio::test]
async fn what_a_killed_run_has_made_is_gone_on_with() {
    let (world, disk) = world().await;
    let before = held(&world).await;
    for (type_name, config) in one_of_each(&world).await {
        world.apply_blindly(type_name, config.clone()).await;
        assert_ne!(disk.paths(), [""; 0], "{type_name}");
        world.forget_requests().await;

        let object = world.apply(type_name, config).await;

        assert_eq!(world.writes().await, [""; 0], "{type_name}: it is there already");
        assert_eq!(disk.paths(), [""; 0], "{type_name}: recorded");
        world.destroy(object).await;
        assert_eq!(held(&world).await, before, "{type_name}: all is given back");
    }
}

#[tokio::test]
async fn a_killed_change_is_gone_on_with() {
    let (world, disk) = world().await;
    let before = held(&world).await;
    let entry = json!({ "10.0.9.0/24": { "ecs_id": world.server("ECS2").await } });
    for (type_name, config) in one_of_each(&world).await {
        let patch = match type_name {
            ROUTE => json!({ "ecs_id": world.server("ECS1").await }),
            ROUTES => {
                json!({ "routes": patched(&entry, &json!({ "10.0.10.0/24": entry["10.0.9.0/24"] })) })
            }
            RULE => json!({ "priority": 7 }),
            _ => json!({ "enabled": true }),
        };
        let mut object = world.apply(type_name, config).await;
        world.change_blindly(&object, patch.clone()).await;

        world.apply_to(&mut object, patch).await;

        assert_eq!(disk.paths(), [""; 0], "{type_name}: recorded");
        world.expect_no_further_change(&object).await;
        world.destroy(object).await;
        assert_eq!(held(&world).await, before, "{type_name}: all is given back");
    }
}

#[tokio::test]
async fn what_strangers_made_is_no_less_theirs_for_a_note_about_something_else() {
    let (world, _) = world().await;
    let table = world.default_table("vpc-containers").await;
    let group = world.group("sg-containers").await;
    world.apply_blindly(ROUTE, route(&world, json!({})).await).await;
    let pair = json!({ "security_group_id": group, "remote_ip_prefix": "10.0.0.0/16" });
    world.apply_blindly(RULE, pair.clone()).await;

    // Of nobody's intent, of another intent, and changed since.
    world.add_route(&table, "10.0.3.0/24", "ecs", &world.server("ECS1").await).await;
    refused(&world, json!({ "destination": "10.0.3.0/24" })).await;
    refused(&world, json!({ "description": "not so noted" })).await;
    world.change_route(&table, "10.0.2.0/24", "ecs", &world.server("ECS2").await).await;
    refused(&world, json!({})).await;
    refused(&world, json!({ "ecs_id": world.server("ECS2").await })).await;
    let described = patched(&pair, &json!({ "description": "not so noted" }));
    let refusal = world.refuse(RULE, described).await;
    refusal.expect_problem("remote_ip_prefix", "terraform import");

    world.expect_routes(&table, "10.0.2.0/24 -> ECS2\n10.0.3.0/24 -> ECS1").await;
}

/// The next apply of the route meets a stranger's.
async fn refused(world: &World, patch: Json) {
    let refusal = world.refuse(ROUTE, route(world, patch).await).await;
    assert!(!refusal.expect_problem("destination", "terraform import").object.is_in_state());
}

#[tokio::test]
async fn a_note_counts_for_seven_days() {
    let (world, disk) = world().await;
    world.apply_blindly(ROUTE, route(&world, json!({})).await).await;
    let (paths, contents) = (disk.paths(), disk.contents());
    let note: Json = serde_json::from_str(&contents[0]).unwrap();
    let left = note["left"].as_u64().expect("seconds");
    let aged = |days: u64| patched(&note, &json!({ "left": left - days * 24 * 3600 })).to_string();

    disk.put(&paths[0], &aged(7));
    refused(&world, json!({})).await;
    assert_eq!(disk.paths(), [""; 0], "too old to be kept");

    let ahead = patched(&note, &json!({ "left": left + 8 * 24 * 3600 })).to_string();
    disk.put(&paths[0], &ahead);
    refused(&world, json!({})).await;
    assert_eq!(disk.paths(), [""; 0], "no date of ours");

    disk.put(&paths[0], "not a note");
    refused(&world, json!({})).await;
    assert_eq!(disk.contents(), ["not a note"], "somebody else's");

    disk.put(&paths[0], &aged(6));
    world.apply(ROUTE, route(&world, json!({})).await).await;
}

#[tokio::test]
async fn a_note_says_what_it_is_and_no_secret() {
    let (world, disk) = world().await;
    for (type_name, config) in one_of_each(&world).await {
        world.apply_blindly(type_name, config).await;
    }
    let notes: Vec<String> = disk.contents();
    assert_eq!(notes.len(), 6, "a route, two of a set, two rules and a check: {notes:?}");
    for note in &notes {
        assert!(note.contains("\n"), "for people as well: {note}");
        assert!(!note.contains("secret"), "{note}");
        let note: Json = serde_json::from_str(note).unwrap();
        assert!(note["about"]["kind"].is_string(), "{note}");
    }
    let inside = |path: &String| path.starts_with(".terraform/huaweivpc/notes/");
    assert!(disk.paths().iter().all(inside), "{:?}", disk.paths());
}

#[tokio::test]
async fn another_state_in_the_same_folder_has_notes_of_its_own() {
    let disk = Arc::new(Memory::with(DATA));
    let in_workspace = |name: &'static str| {
        let variable = move |asked: &str| (asked == "TF_WORKSPACE").then(|| name.to_owned());
        Environment { variable: Box::new(variable), ..machine(&disk) }
    };
    let backend = |bucket: &str| {
        let config = json!({ "bucket": bucket, "key": "state" });
        json!({ "version": 3, "backend": { "type": "s3", "config": config } }).to_string()
    };
    let file = |name: &str| format!("{DATA}/{name}");
    let world = World::on(|| machine(&disk), json!({}), json!({})).await;
    disk.put(&file("terraform.tfstate"), &backend("one"));
    world.apply_blindly(ROUTE, route(&world, json!({})).await).await;

    disk.put(&file("environment"), "other");
    refused(&world, json!({})).await;
    disk.put(&file("environment"), "default\n");
    disk.put(&file("terraform.tfstate"), &backend("two"));
    refused(&world, json!({})).await;
    disk.put(&file("terraform.tfstate"), &backend("one"));
    world.apply(ROUTE, route(&world, json!({})).await).await;

    // The variable goes before the file.
    let world = World::on(|| in_workspace("other"), json!({}), json!({})).await;
    world.apply_blindly(ROUTE, route(&world, json!({})).await).await;
    disk.put(&file("environment"), "third");
    world.apply(ROUTE, route(&world, json!({})).await).await;
}

#[tokio::test]
async fn without_a_data_directory_everything_is_as_it_would_be_without_notes() {
    let disk = Arc::new(Memory::default());
    let world = World::on(|| machine(&disk), json!({}), json!({})).await;
    for (type_name, config) in one_of_each(&world).await {
        let object = world.apply(type_name, config.clone()).await;
        world.destroy(object).await;
        if type_name != CHECK {
            world.apply_blindly(type_name, config.clone()).await;
            world.refuse(type_name, config).await;
        }
    }
    assert_eq!(disk.paths(), [""; 0]);
}

#[tokio::test]
async fn terraforms_own_variable_says_where_the_data_directory_is() {
    let disk = Arc::new(Memory::with("elsewhere"));
    let variable = |name: &str| (name == "TF_DATA_DIR").then(|| "elsewhere".to_owned());
    let there = || Environment { variable: Box::new(variable), ..machine(&disk) };
    let world = World::on(there, json!({}), json!({})).await;
    world.apply_blindly(ROUTE, route(&world, json!({})).await).await;
    assert!(disk.paths()[0].starts_with("elsewhere/huaweivpc/notes/"), "{:?}", disk.paths());
}

#[tokio::test]
async fn a_creation_that_failed_leaves_no_note() {
    let (world, disk) = world().await;
    let refusal = json!({ "code": "VPC.0001", "message": "refused by the story" });
    for (type_name, config) in one_of_each(&world).await {
        let refused = |method: &str, path: &str| {
            json!({ "method": method, "path": path, "times": 9,
            "answer": { "status": 400, "body": refusal } })
        };
        world.order_faults(json!([refused("PUT", "/v1/**"), refused("POST", "/v3/**")])).await;
        world.refuse(type_name, config).await;
        world.cancel_faults().await;
        assert_eq!(disk.paths(), [""; 0], "{type_name}");
    }
}

#[tokio::test]
async fn what_is_destroyed_needs_no_note() {
    let (world, disk) = world().await;
    for (type_name, config) in one_of_each(&world).await {
        let object = world.apply_blindly(type_name, config).await;
        assert_ne!(disk.paths(), [""; 0], "{type_name}");
        world.destroy_unrefreshed(object).await;
        assert_eq!(disk.paths(), [""; 0], "{type_name}");
    }
}

#[tokio::test]
async fn a_run_without_notes_looks_once() {
    let (world, disk) = world().await;
    for (type_name, config) in one_of_each(&world).await {
        let object = world.apply(type_name, config).await;
        disk.looks();
        // A process for each read.
        world.expect_no_further_change(&object).await;
        let looks = disk.looks();
        assert!(
            looks < 20,
            "{type_name}: {looks}, at the notes once and for the snapshots of plans"
        );
    }
}
