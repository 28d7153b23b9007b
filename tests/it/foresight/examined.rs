//! What one Terraform has had examined is examined once: its second process for the same plan looks at nothing.
//!
//! Here a process is a provider, and all are on one disk. `clients` tells it with real processes.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use huaweivpc::provider::Environment;
use serde_json::{Value as Json, json};

use super::{ROUTE, route, told};
use crate::harness::{
    files::Memory,
    provider::{now, nowhere},
    world::World,
};

const FOLDER: &str = ".terraform/huaweivpc/examined/";

/// A process that the one with this number has started.
fn started_by(parent: u32, disk: &Arc<Memory>) -> Environment {
    Environment { files: Arc::<Memory>::clone(disk), parent: Some(parent), ..nowhere() }
}

/// The guide's world with a narrower route of somebody else in it, and a disk with Terraform's data directory on it.
async fn world() -> (World, Arc<Memory>) {
    let disk = Arc::new(Memory::with(".terraform"));
    let world = World::on(|| started_by(7, &disk), json!({}), json!({})).await;
    let table = world.default_table("vpc-containers").await;
    world.add_route(&table, "10.0.2.128/25", "ecs", &world.server("ECS2").await).await;
    (world, disk)
}

/// What a new process on that machine says of the plans for these routes, and how often it looks at the cloud for that.
async fn plan_in(
    world: &mut World,
    machine: impl Fn() -> Environment,
    routes: &[(&str, Json)],
) -> (Vec<String>, usize) {
    world.restart(machine).await;
    world.forget_requests().await;
    let problems = world.plan_together(routes).await.concat();
    (told(&problems), world.requests().await.len())
}

const WARNING: &str = "warning at destination: Part of the destination goes elsewhere";

#[tokio::test]
async fn a_plan_is_examined_once_for_each_terraform() {
    let (mut world, disk) = world().await;
    let routes = [(ROUTE, route(&world, "10.0.2.0/24").await)];
    let seen = (vec![WARNING.to_owned()], 4);
    let nothing = (Vec::new(), 0);

    assert_eq!(plan_in(&mut world, || started_by(7, &disk), &routes).await, seen);
    assert_eq!(plan_in(&mut world, || started_by(7, &disk), &routes).await, nothing);
    assert_eq!(plan_in(&mut world, || started_by(7, &disk), &routes).await, nothing);

    assert_eq!(plan_in(&mut world, || started_by(8, &disk), &routes).await, seen, "another one");
    let other = [(ROUTE, route(&world, "10.0.2.0/25").await)];
    assert_eq!(plan_in(&mut world, || started_by(7, &disk), &other).await.1, 4, "another plan");
    let unknown = || Environment { parent: None, ..started_by(7, &disk) };
    assert_eq!(plan_in(&mut world, unknown, &routes).await, seen);
    assert_eq!(plan_in(&mut world, unknown, &routes).await, seen, "nobody knows who asks");
}

#[tokio::test]
async fn a_number_that_another_process_has_had_is_another_terraform() {
    let (mut world, disk) = world().await;
    let routes = [(ROUTE, route(&world, "10.0.2.0/24").await)];
    let start = |ticks: &str| {
        let fields = "S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0";
        disk.put("/proc/7/stat", &format!("7 (terra) form) {fields} {ticks} 123 456\n"));
    };

    start("1000");
    assert_eq!(plan_in(&mut world, || started_by(7, &disk), &routes).await.1, 4);
    start("2000");
    assert_eq!(plan_in(&mut world, || started_by(7, &disk), &routes).await.1, 4);
    start("1000");
    assert_eq!(plan_in(&mut world, || started_by(7, &disk), &routes).await.1, 0);
}

/// Two provider blocks of one Terraform are two processes, and what is right in one cloud may be wrong in the other.
#[tokio::test]
async fn the_same_plan_in_another_cloud_is_another_one() {
    let (mut with_narrower, disk) = world().await;
    let mut without = World::on(|| started_by(7, &disk), json!({}), json!({})).await;
    let routes = [(ROUTE, route(&without, "10.0.2.0/24").await)];

    assert_eq!(plan_in(&mut without, || started_by(7, &disk), &routes).await, (Vec::new(), 4));
    let told = plan_in(&mut with_narrower, || started_by(7, &disk), &routes).await;
    assert_eq!(told, (vec![WARNING.to_owned()], 4));

    // Secrets may be made anew for each process, and lead to the same cloud.
    without.settings["secret_key"] = json!("a new one");
    assert_eq!(plan_in(&mut without, || started_by(7, &disk), &routes).await, (Vec::new(), 0));
}

#[tokio::test]
async fn what_is_in_error_is_in_error_every_time() {
    let (mut world, disk) = world().await;
    let routes = [(ROUTE, route(&world, "192.168.0.0/25").await)];
    for _ in 0..2 {
        let (told, _) = plan_in(&mut world, || started_by(7, &disk), &routes).await;
        assert_eq!(told, ["error at destination: Destination inside a local route"]);
    }
}

/// The second of two resources in the same words is no second look at the first.
#[tokio::test]
async fn two_resources_of_one_process_are_both_examined() {
    let (mut world, disk) = world().await;
    let config = route(&world, "10.0.3.0/24").await;
    let routes = [(ROUTE, config.clone()), (ROUTE, config)];
    // A plan that is in error is not accepted, so the first one does not count as examined either.
    for _ in 0..2 {
        let (told, _) = plan_in(&mut world, || started_by(7, &disk), &routes).await;
        assert_eq!(told, ["error at destination: Destination claimed twice"]);
    }
}

#[tokio::test]
async fn who_thinks_for_more_than_ten_minutes_has_it_examined_anew() {
    fn in_nine_minutes() -> SystemTime {
        now() + Duration::from_secs(9 * 60)
    }
    fn in_eleven_minutes() -> SystemTime {
        now() + Duration::from_secs(11 * 60)
    }
    let (mut world, disk) = world().await;
    let routes = [(ROUTE, route(&world, "10.0.2.0/24").await)];
    let at = |now: fn() -> SystemTime| Environment { now, ..started_by(7, &disk) };

    assert_eq!(plan_in(&mut world, || at(now), &routes).await.1, 4);
    assert_eq!(plan_in(&mut world, || at(in_nine_minutes), &routes).await.1, 0);
    let (_, looks) = plan_in(&mut world, || at(in_eleven_minutes), &routes).await;
    assert_eq!(looks, 4);

    // Whoever comes along takes the old files away.
    plan_in(&mut world, || started_by(8, &disk), &routes).await;
    assert_eq!(disk.paths(), [format!("{FOLDER}8-unknown")], "dates ahead are no better");
}

#[tokio::test]
async fn the_files_hold_no_names_and_no_values() {
    let (mut world, disk) = world().await;
    let routes = [(ROUTE, route(&world, "10.0.3.0/24").await)];
    plan_in(&mut world, || started_by(7, &disk), &routes).await;
    assert_eq!(disk.paths(), [format!("{FOLDER}7-unknown")]);
    let content = disk.contents().concat();
    let (time, fingerprint) = content.trim_end().split_once(' ').expect("two words");
    assert!(time.parse::<u64>().is_ok(), "{content}");
    assert!(fingerprint.len() == 16 && u64::from_str_radix(fingerprint, 16).is_ok(), "{content}");
}

#[tokio::test]
async fn a_file_that_is_damaged_costs_a_look() {
    let (mut world, disk) = world().await;
    let routes = [(ROUTE, route(&world, "10.0.2.0/24").await)];
    plan_in(&mut world, || started_by(7, &disk), &routes).await;
    disk.put(&format!("{FOLDER}7-unknown"), "9999999999 \nabc\n17\n");
    assert_eq!(plan_in(&mut world, || started_by(7, &disk), &routes).await.1, 4);
    assert_eq!(plan_in(&mut world, || started_by(7, &disk), &routes).await.1, 0);
}
