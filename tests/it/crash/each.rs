//! `kill -9` at every piece of the making of one object: what is left can be finished, and given back as it was found.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{
    line::{Line, Point},
    session::{Outcome, Session, Stored},
    stage::{Cloud, notes},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_set_of_routes() {
    let cloud = Cloud::start(Duration::ZERO).await;
    let entry = json!({ "ecs_id": cloud.server });
    let routes = json!({ "10.0.1.0/24": entry, "10.0.2.0/24": entry, "10.0.3.0/24": entry });
    let config = json!({ "route_table_id": cloud.table, "routes": routes });
    killed_at_each_piece(&cloud, "huaweivpc_container_routes", config).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_of_rules() {
    let cloud = Cloud::start(Duration::ZERO).await;
    let group = cloud.outsider.look().await.id("security_groups", "sg-containers");
    let config = json!({ "security_group_id": group, "remote_ip_prefix": "10.0.0.0/16" });
    killed_at_each_piece(&cloud, "huaweivpc_secgroup_icmp_udp_rule", config).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_of_rules() {
    let cloud = Cloud::start(Duration::ZERO).await;
    let group = cloud.outsider.look().await.id("security_groups", "sg-containers");
    let rule = |protocol| json!({ "protocol": protocol, "remote_ip_prefix": "10.0.0.0/16" });
    let rules = json!({ "ping": rule("icmp"), "web": rule("tcp") });
    let config = json!({ "security_group_id": group, "rules": rules });
    killed_at_each_piece(&cloud, "huaweivpc_secgroup_rules", config).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_check() {
    let cloud = Cloud::start(Duration::ZERO).await;
    let config = json!({ "port_id": cloud.port().await });
    killed_at_each_piece(&cloud, "huaweivpc_ecs_port_source_check", config).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_of_source_checks() {
    let cloud = Cloud::start(Duration::ZERO).await;
    let vpc = cloud.outsider.look().await.id("vpcs", "vpc-containers");
    let config = json!({ "vpc_id": vpc, "hosts": ["192.168.0.2"] });
    killed_at_each_piece(&cloud, "huaweivpc_ecs_port_source_checks", config).await;
}

#[expect(clippy::print_stdout, reason = "a failed test shows at which point it failed")]
async fn killed_at_each_piece(cloud: &Cloud, type_name: &'static str, config: Json) {
    let before = cloud.held().await;
    let mut made = 0;
    for point in
        (1..).flat_map(|piece| [false, true].map(|arrives| Point { piece, arrives, cut: true }))
    {
        println!("{type_name}: {point:?}");
        let line = Line::to(cloud.address.clone(), point).await;
        let mut session = start(cloud, type_name, &line.url).await;
        let mut applies = session.apply([(config.clone(), None)]);
        let finished = tokio::select! {
            biased;
            () = line.reached() => None,
            applied = applies.join_next() => applied,
        };
        session.process.child.kill().expect("it runs still");
        if finished.is_none() {
            made += usize::from(cloud.held().await != before);
        }
        let state = match finished {
            Some(applied) => stored(applied.expect("no panic").1),
            None => None,
        };
        let is_whole = state.is_some();

        let state = apply(cloud, type_name, config.clone(), state).await.expect("it is made");
        let session = start(cloud, type_name, &cloud.url()).await;
        session.expect_empty_plan([(config.clone(), state.clone())]).await;
        assert_eq!(notes(cloud.data.path()), 0, "it is recorded");
        assert_eq!(apply(cloud, type_name, Json::Null, Some(state)).await, None);
        assert_eq!(cloud.held().await, before);
        if is_whole {
            break;
        }
    }
    assert!(made > 0, "some points lie between a change and the end");
}

async fn apply(
    cloud: &Cloud,
    type_name: &'static str,
    config: Json,
    state: Option<Stored>,
) -> Option<Stored> {
    let session = start(cloud, type_name, &cloud.url()).await;
    let applied = session.apply([(config, state)]).join_next().await.expect("one object");
    stored(applied.expect("no panic").1)
}

fn stored(outcome: Outcome) -> Option<Stored> {
    match outcome {
        Outcome::Done(stored) => stored,
        other => panic!("it is not applied: {other:?}"),
    }
}

async fn start(cloud: &Cloud, type_name: &'static str, url: &str) -> Session {
    Session::start(type_name, &cloud.settings(url), cloud.data.path()).await
}
