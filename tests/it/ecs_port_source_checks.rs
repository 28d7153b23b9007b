//! Stories of `huaweivpc_ecs_port_source_checks`: the checks of many hosts, switched together and given back one by one.

use serde_json::{Value as Json, json};

use crate::harness::{core::Action, world::World};

const CHECKS: &str = "ecs_port_source_checks";
const OFF: &str = "1.1.1.1/0";

/// The guide's cloud with so many servers, `192.168.0.10` and up.
async fn with_servers(count: usize) -> World {
    let server = |number: usize| {
        json!({ "name": format!("node-{number}"), "nics": [{ "subnet": "subnet-containers",
            "ip_address": address(number), "security_groups": ["sg-containers"] }] })
    };
    let servers: Vec<Json> = (0..count).map(server).collect();
    let subnet =
        json!({ "name": "subnet-containers", "vpc": "vpc-containers", "cidr": "192.168.0.0/16" });
    World::with(json!({ "subnets": [subnet], "servers": servers }), json!({})).await
}

fn address(number: usize) -> String {
    format!("192.168.{}.{}", number / 200, number % 200 + 10)
}

async fn set_of(world: &World, hosts: impl IntoIterator<Item = usize>) -> Json {
    let hosts: Vec<String> = hosts.into_iter().map(address).collect();
    json!({ "vpc_id": world.vpc("vpc-containers").await, "hosts": hosts })
}

/// The numbers of the servers whose check is off.
async fn off(world: &World, count: usize) -> Vec<usize> {
    let sight = world.look().await;
    let is_off = |number: &usize| {
        let port = sight.port(&address(*number))["id"].as_str().expect("an id").to_owned();
        sight.pairs(&port).iter().any(|pair| pair == OFF)
    };
    (0..count).filter(is_off).collect()
}

#[tokio::test]
async fn hosts_come_and_go_in_place_and_get_back_what_they_had() {
    let world = with_servers(5).await;
    let already_off = world.port(&address(1)).await;
    world.set_pairs(&already_off, &["10.9.0.0/16", OFF]).await;
    world.set_pairs(&world.port(&address(2)).await, &["10.8.0.0/16"]).await;
    world.forget_requests().await;

    let mut checks = world.apply(CHECKS, set_of(&world, 0..3).await).await;

    assert_eq!(off(&world, 5).await, [0, 1, 2]);
    assert_eq!(world.writes().await.len(), 2, "one is off already");
    assert_eq!(checks.get("ports")[address(1)]["port_id"], json!(already_off));
    assert_eq!(
        checks.get("ports")[address(2)]["allowed_address_pairs"][0]["ip_address"],
        "10.8.0.0/16"
    );
    world.expect_no_further_change(&checks).await;

    assert_eq!(world.apply_to(&mut checks, set_of(&world, [0, 3, 4]).await).await, Action::Update);

    assert_eq!(off(&world, 5).await, [0, 1, 3, 4]);
    world.expect_pairs(&already_off, &["10.9.0.0/16", OFF]).await;
    world.expect_pairs(&world.port(&address(2)).await, &["10.8.0.0/16"]).await;
    world.destroy(checks).await;
    assert_eq!(off(&world, 5).await, [1]);
}

#[tokio::test]
async fn a_host_is_named_by_its_server_too() {
    let world = World::start().await;
    let config = json!({
        "vpc_id": world.vpc("vpc-containers").await,
        "hosts": [world.server("ECS1").await, "192.168.0.3"],
    });
    let mut checks = world.apply(CHECKS, config.clone()).await;
    world.expect_pairs(&world.port("192.168.0.2").await, &[OFF]).await;
    world.expect_pairs(&world.port("192.168.0.3").await, &[OFF]).await;

    assert_eq!(world.apply_to(&mut checks, json!({ "enabled": true })).await, Action::Update);

    world.expect_pairs(&world.port("192.168.0.2").await, &[]).await;
    world.expect_pairs(&world.port("192.168.0.3").await, &[]).await;
}

/// One list decides the writes of a second, but ten at least.
#[tokio::test]
async fn many_hosts_cost_a_write_each_and_a_few_lists() {
    const COUNT: usize = 300;
    let world = with_servers(COUNT).await;
    world.forget_requests().await;

    let checks = world.apply(CHECKS, set_of(&world, 0..COUNT).await).await;

    assert_eq!(off(&world, COUNT).await.len(), COUNT);
    let requests = world.requests().await.len();
    assert_eq!(world.writes().await.len(), COUNT);
    assert!(requests <= COUNT * 12 / 10, "{requests} requests to create");
    world.forget_requests().await;
    world.destroy(checks).await;
    assert_eq!(off(&world, COUNT).await.len(), 0);
    let requests = world.requests().await.len();
    assert_eq!(world.writes().await.len(), COUNT);
    assert!(requests <= COUNT * 12 / 10, "{requests} requests to destroy");
}

#[tokio::test]
async fn a_check_that_others_switch_back_shows_as_a_host_to_add() {
    let world = with_servers(3).await;
    let mut checks = world.apply(CHECKS, set_of(&world, 0..3).await).await;
    world.set_pairs(&world.port(&address(1)).await, &[]).await;

    world.expect_change(&checks, &["hosts", "ports"]).await;
    world.refresh(&mut checks).await;
    let warnings = world.warnings(&checks).await;
    let [warning] = &warnings[..] else { panic!("one warning: {warnings:?}") };
    assert_eq!(warning.summary, "Source checks switched back");
    assert!(warning.detail.contains(&address(1)), "{}", warning.detail);
    assert_eq!(world.repair(&mut checks).await, Action::Update);

    assert_eq!(off(&world, 3).await, [0, 1, 2]);
    world.destroy(checks).await;
    assert_eq!(off(&world, 3).await, [0; 0]);
}

#[tokio::test]
async fn a_server_made_anew_under_its_address_is_a_host_to_add() {
    let world = World::start().await;
    let config = json!({ "vpc_id": world.vpc("vpc-containers").await, "hosts": ["192.168.0.2", "192.168.0.3"] });
    let mut checks = world.apply(CHECKS, config).await;
    world.rebuild_server("ECS1").await;

    world.expect_change(&checks, &["hosts", "ports"]).await;
    assert_eq!(world.repair(&mut checks).await, Action::Update);

    world.expect_pairs(&world.port("192.168.0.2").await, &[OFF]).await;
}

#[tokio::test]
async fn what_fails_for_one_host_is_done_for_the_others() {
    let world = with_servers(30).await;
    let bad = world.port(&address(7)).await;
    let refusal = json!({ "answer": { "status": 400, "body": { "code": "VPC.0501", "message": "no" } }, "times": 1000 });
    world.disturb("PUT", &format!("/v1/*/ports/{bad}"), refusal).await;

    let refusal = world.refuse(CHECKS, set_of(&world, 0..30).await).await;
    let refusal = refusal.expect_problem("", &address(7)).expect_nothing_else();
    world.cancel_faults().await;

    assert_eq!(off(&world, 30).await, (0..30).filter(|number| *number != 7).collect::<Vec<_>>());
    let mut checks = refusal.object;
    assert_eq!(checks.get("hosts").as_array().map(Vec::len), Some(29));
    assert_eq!(
        world.repair(&mut checks).await,
        Action::Replace,
        "Terraform has marked it as tainted"
    );
    assert_eq!(off(&world, 30).await.len(), 30);
    world.destroy(checks).await;
    assert_eq!(off(&world, 30).await, [0; 0], "as they were found at first");
}

#[tokio::test]
async fn the_same_mistake_of_many_hosts_is_one_problem() {
    let world = with_servers(1).await;
    let refusal = world.refuse(CHECKS, set_of(&world, 0..300).await).await;

    let refusal = refusal.expect_problem("hosts", "and 279 more").expect_nothing_else();
    assert!(refusal.object.is_in_state(), "the one that is there");
}

#[tokio::test]
async fn hosts_that_are_none_are_refused_where_they_are_named() {
    let world = World::start().await;
    let vpc = world.vpc("vpc-containers").await;
    let server = world.server("ECS1").await;
    for (hosts, phrase) in [
        (json!(["192.168.0.2", server]), "Keep one name of each"),
        (json!(["192.168.0.2/24"]), "without a prefix length"),
        (json!([""]), "private IP address or a server id"),
        (json!(["no such/id"]), "is not the id of a"),
    ] {
        let refusal = world.refuse(CHECKS, json!({ "vpc_id": vpc, "hosts": hosts })).await;
        refusal.expect_problem("hosts", phrase);
    }
    assert_eq!(world.writes().await, [""; 0]);
}

#[tokio::test]
async fn an_imported_set_has_every_host_whose_check_is_off() {
    let world = with_servers(4).await;
    for number in [0, 2] {
        world.set_pairs(&world.port(&address(number)).await, &[OFF]).await;
    }
    let config = set_of(&world, [0, 2]).await;
    let vpc = world.vpc("vpc-containers").await;

    let checks = world.import(CHECKS, &vpc, config).await;

    world.destroy(checks).await;
    assert_eq!(off(&world, 4).await, [0, 2], "as they were at the import");
}

/// A pair that somebody adds while the set is written stays: what decides a write is at most a second old.
#[tokio::test]
async fn pairs_of_others_are_kept() {
    let world = with_servers(2).await;
    let port = world.port(&address(0)).await;
    world.set_pairs(&port, &["10.9.0.0/16", "10.8.0.0/16"]).await;
    let checks = world.apply(CHECKS, set_of(&world, 0..2).await).await;
    world.set_pairs(&port, &["10.7.0.0/16", OFF]).await;

    world.destroy_unrefreshed(checks).await;

    world.expect_pairs(&port, &["10.7.0.0/16"]).await;
}

/// What was switched by two resources one after the other is given back only as far as it is still one's own.
#[tokio::test]
async fn a_check_that_is_no_longer_as_it_was_set_is_left_alone() {
    let world = with_servers(1).await;
    let port = world.port(&address(0)).await;
    for single in [false, true] {
        world.set_pairs(&port, &[OFF]).await;
        let (kind, config) = if single {
            ("ecs_port_source_check", json!({ "port_id": port }))
        } else {
            (CHECKS, set_of(&world, [0]).await)
        };
        let object = world.apply(kind, config).await;
        world.set_pairs(&port, &[]).await;

        world.destroy(object).await;

        world.expect_pairs(&port, &[]).await;
    }
}
