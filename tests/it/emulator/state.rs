//! The world on disk and back, and the way back to the scenario.

use std::fs;

use huaweivpc::emulator::{Emulator, Scenario, Settings};

use super::harness::{Clock, Cloud, GUIDE, TWO_TABLES, column};

const TABLE: &str = "/v1/{p}/routetables/{table:rtb-vpc-containers}";
const ADD: &str = r#"{ "routetable": { "routes": { "add": [
    { "type": "ecs", "destination": "10.0.2.0/24", "nexthop": "{server:ECS1}" } ] } } }"#;

fn settings(path: &std::path::Path) -> Settings {
    Settings { state_file: Some(path.to_owned()), ..Clock::new().settings() }
}

#[tokio::test]
async fn the_world_survives_a_restart_and_tokens_do_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.json");
    let cloud = Cloud::start_with(GUIDE, settings(&path)).await;
    cloud.put(TABLE, ADD).await.expect(200);
    let (before, token) = (cloud.state().await, cloud.token.clone());
    cloud.stop().await;

    let mut cloud = Cloud::start_with(GUIDE, settings(&path)).await;
    assert_eq!(cloud.state().await, before);
    cloud.token = token;
    cloud.get(TABLE).await.expect(200);
    let left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(left, ["world.json"], "nothing half-written stays");
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains("emulator-password") && !text.contains("emulator-secret-key"));
}

#[tokio::test]
async fn reset_leads_back_to_the_scenario_on_disk_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.json");
    let cloud = Cloud::start_with(GUIDE, settings(&path)).await;
    let before = cloud.state().await;
    cloud.put(TABLE, ADD).await.expect(200);
    assert_ne!(cloud.state().await, before);
    cloud.post("/_emulator/faults", r#"[{ "path": "/**", "cut": "before" }]"#).await.expect(204);
    cloud.post("/_emulator/reset", "").await.expect(204);
    assert_eq!(cloud.state().await, before);
    cloud.get(TABLE).await.expect(200);
    cloud.stop().await;
    let cloud = Cloud::start_with(GUIDE, settings(&path)).await;
    assert_eq!(cloud.state().await, before);
}

#[tokio::test]
async fn a_change_that_cannot_be_saved_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone");
    fs::create_dir(&gone).unwrap();
    let cloud = Cloud::start_with(GUIDE, settings(&gone.join("world.json"))).await;
    let before = cloud.state().await;
    fs::remove_dir_all(&gone).unwrap();
    assert_eq!(cloud.put(TABLE, ADD).await.status, 500);
    assert_eq!(cloud.state().await, before);
}

#[tokio::test]
async fn a_state_file_that_does_not_belong_here_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.json");
    let error = |scenario: &str| {
        let scenario = Scenario::parse(scenario).unwrap();
        Emulator::new(scenario, settings(&path)).unwrap_err().to_string()
    };
    fs::write(&path, "[]").unwrap();
    assert!(error(GUIDE).contains("does not hold a world"));
    fs::remove_file(&path).unwrap();
    let cloud = Cloud::start_with(GUIDE, settings(&path)).await;
    cloud.put(TABLE, ADD).await.expect(200);
    let other = GUIDE.replace("0a1b2c3d4e5f60718293a4b5c6d7e8f9", &"a".repeat(32));
    assert!(error(&other).contains("belongs to project"));
}

#[tokio::test]
async fn ids_are_the_same_in_every_run() {
    let first = Cloud::start(TWO_TABLES).await.state().await;
    let second = Cloud::start(TWO_TABLES).await.state().await;
    assert_eq!(first, second);
    assert_eq!(column(&first["servers"], "name")[0], "front-1");
}
