//! What is asked once for many: what a run has read, what several want to know at the same time, and what a region does
//! not offer.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use huaweivpc::cloud::{Cloud, Kind, NewRule, Port, Result};
use serde_json::{Value, json};
use tokio::{sync::Notify, task::JoinHandle};

use super::{
    GROUP, RULE, SERVER, SUBNET, TABLE, VPC, change, cloud, id,
    script::{Reply, Seen, Server, json, text},
};

const NOT_PUBLISHED: &str = r#"{"error_code":"APIGW.0101","error_msg":"not published"}"#;

fn rules(ids: &[&str]) -> Reply {
    let rule = |id: &&str| {
        json!({ "id": id, "security_group_id": GROUP, "direction": "ingress", "ethertype": "IPv4",
                "protocol": "icmp", "action": "allow", "priority": 1 })
    };
    let rules: Vec<Value> = ids.iter().map(rule).collect();
    json(
        200,
        json!({ "security_group_rules": rules, "page_info": { "current_count": rules.len() } }),
    )
}

fn icmp() -> NewRule {
    NewRule {
        direction: "ingress".to_owned(),
        ethertype: "IPv4".to_owned(),
        protocol: Some("icmp".to_owned()),
        multiport: None,
        remote_ip_prefix: Some("10.0.0.0/8".to_owned()),
        action: "allow".to_owned(),
        priority: 1,
        description: String::new().try_into().unwrap(),
        remote_group_id: None,
        remote_address_group_id: None,
    }
}

/// Starts so many at the same time and lets each come as far as it can alone.
async fn at_once<T, F>(count: usize, start: impl Fn() -> F) -> Vec<JoinHandle<T>>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks = (0..count).map(|_| tokio::spawn(start())).collect();
    tokio::task::yield_now().await;
    tasks
}

#[tokio::test]
async fn the_rules_of_a_group_are_read_once_however_many_ask() {
    let server = Server::start([rules(&["a"]), text(204, ""), rules(&[]), rules(&[])]).await;
    let cloud = cloud(&server);
    let group = id(GROUP);
    let start = || {
        let cloud = cloud.clone();
        async move { cloud.cached().security_group_rules(&id(GROUP)).await.unwrap().len() }
    };
    for task in at_once(10, start).await {
        assert_eq!(task.await.unwrap(), 1);
    }
    assert_eq!(server.lines().len(), 1);

    change(&cloud).delete_security_group_rule(&group, &id(RULE)).await.unwrap();
    assert_eq!(cloud.cached().security_group_rules(&group).await.unwrap().len(), 0);
    assert_eq!(server.lines().len(), 3, "what we have changed is read anew");
    cloud.security_group_rules(&group).await.unwrap();
    assert_eq!(server.lines().len(), 4, "what decides a write is read anew");
}

#[tokio::test]
async fn ten_deletions_in_a_group_are_seen_to_be_over_by_few_looks() {
    let told = Arc::new(Notify::new());
    let first = Reply::When(Arc::clone(&told), Box::new(rules(&["first", "late"])));
    let looks = [first, rules(&["late"])].into_iter().chain((0..10).map(|_| rules(&[])));
    let server = Server::start(looks).await;
    let cloud = cloud(&server);
    let start = || {
        let cloud = cloud.clone();
        let deleted = [id("late")].into();
        async move { change(&cloud).await_rules_gone(&id(GROUP), &deleted).await }
    };
    let tasks = at_once(10, start).await;
    server.has_seen(1).await;
    told.notify_one();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    // How many pauses end together is a matter of luck; by itself each deletion would take a look or more.
    assert!(server.lines().len() < 10, "{:?}", server.lines());
}

/// A region without version 3.
async fn old_region() -> Server {
    let answer = |seen: Seen| async move {
        match (seen.method.as_str(), seen.path.starts_with("/v3/")) {
            (_, true) => text(404, NOT_PUBLISHED),
            ("GET", _) if seen.path.ends_with("rules") => rules(&["a"]),
            ("DELETE", _) => text(204, ""),
            _ => json(
                200,
                json!({ "vpc": { "id": VPC }, "security_group_rule": {
                    "id": RULE, "security_group_id": GROUP, "direction": "ingress", "ethertype": "IPv4" } }),
            ),
        }
    };
    Server::answering(answer).await
}

#[tokio::test]
async fn what_is_not_published_is_asked_for_once() {
    let server = old_region().await;
    let cloud = cloud(&server);
    let group = id(GROUP);
    for _ in 0..3 {
        let together = change(&cloud).create_security_group_rules(&group, &[icmp(), icmp()]).await;
        assert_eq!(together.unwrap_err().kind(), Kind::NotPublished);
        change(&cloud).create_security_group_rule(&group, &icmp()).await.unwrap();
        cloud.security_group_rules(&group).await.unwrap();
        cloud.security_group_rule(&id(RULE)).await.unwrap().unwrap();
        change(&cloud).delete_security_group_rule(&group, &id(RULE)).await.unwrap();
        cloud.vpc(&id(VPC)).await.unwrap().unwrap();
    }
    let mut asked = server.lines();
    asked.retain(|line| line.contains(" /v3/"));
    assert_eq!(asked.len(), 6, "{asked:#?}");
    assert_eq!(server.lines().len(), 6 + 3 * 5);
}

#[tokio::test]
async fn what_was_refused_before_names_the_operation_of_now() {
    let server = old_region().await;
    let cloud = cloud(&server);
    for group in ["one", "two"] {
        let together = change(&cloud).create_security_group_rules(&id(group), &[icmp()]).await;
        assert!(together.unwrap_err().operation().ends_with(group));
    }
}

fn table() -> Reply {
    json(200, json!({ "routetable": { "id": TABLE, "vpc_id": VPC } }))
}

fn no_table() -> Reply {
    text(404, r#"{"code":"VPC.2808","message":"no such table"}"#)
}

#[tokio::test]
async fn a_table_that_is_not_there_yet_is_asked_for_again() {
    let server = Server::start([no_table(), table()]).await;
    let cloud = cloud(&server);
    assert_eq!(cloud.vpc_of_route_table(&id(TABLE)).await.unwrap(), None);
    for _ in 0..3 {
        assert_eq!(cloud.vpc_of_route_table(&id(TABLE)).await.unwrap(), Some(id(VPC)));
        assert!(cloud.cached().route_table(&id(TABLE)).await.unwrap().is_some());
    }
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn nobody_is_told_that_a_table_is_missing_by_a_request_that_had_begun_before() {
    let told = Arc::new(Notify::new());
    let first = Reply::When(Arc::clone(&told), Box::new(no_table()));
    let server = Server::start([first, table()]).await;
    let cloud = cloud(&server);
    let start = || {
        let cloud = cloud.clone();
        async move { cloud.vpc_of_route_table(&id(TABLE)).await.unwrap() }
    };
    let mut tasks = at_once(1, start).await;
    server.has_seen(1).await;
    tasks.extend(at_once(9, start).await);
    told.notify_one();
    let mut missing = 0;
    for task in tasks {
        missing += usize::from(task.await.unwrap().is_none());
    }
    assert_eq!((missing, server.lines().len()), (1, 2));
}

#[tokio::test]
async fn a_vpc_without_tables_or_subnets_is_looked_at_again() {
    let empty = || json(200, json!({ "routetables": [], "subnets": [] }));
    let full = || {
        json(
            200,
            json!({ "routetables": [{ "id": TABLE, "vpc_id": VPC, "default": true }],
                    "subnets": [{ "id": SUBNET, "vpc_id": VPC, "cidr": "192.168.0.0/24" }] }),
        )
    };
    let server = Server::start([empty(), full(), empty(), full()]).await;
    let cloud = cloud(&server);
    assert_eq!(cloud.default_route_table(&id(VPC)).await.unwrap(), None);
    assert_eq!(cloud.default_route_table(&id(VPC)).await.unwrap(), Some(id(TABLE)));
    assert_eq!(cloud.default_route_table(&id(VPC)).await.unwrap(), Some(id(TABLE)));
    assert_eq!(cloud.cached().subnets(&id(VPC)).await.unwrap().len(), 0);
    assert_eq!(cloud.cached().subnets(&id(VPC)).await.unwrap().len(), 1);
    assert_eq!(cloud.cached().subnets(&id(VPC)).await.unwrap().len(), 1);
    assert_eq!(server.lines().len(), 4);
}

/// A VPC with one subnet of 250 hosts. The first look at ports waits to be told, and with it the hosts' numbers begin.
async fn hosts(told: Arc<Notify>) -> Server {
    let looks = Arc::new(AtomicUsize::new(0));
    let answer = move |seen: Seen| {
        let (told, looks) = (Arc::clone(&told), Arc::clone(&looks));
        async move {
            if seen.path.ends_with("/subnets") {
                let subnet = json!({ "id": SUBNET, "vpc_id": VPC, "cidr": "192.168.0.0/24" });
                return json(200, json!({ "subnets": [subnet] }));
            }
            let look = looks.fetch_add(1, Ordering::SeqCst);
            let port = |n: usize| {
                json!({ "id": format!("port-{n}"), "network_id": SUBNET, "device_owner": "compute:a",
                        "device_id": format!("{SERVER}-{look}"),
                        "fixed_ips": [{ "ip_address": format!("192.168.0.{n}") }] })
            };
            let ports: Vec<Value> = (1..=250).map(port).collect();
            let reply = json(200, json!({ "ports": ports }));
            if look == 0 { Reply::When(told, Box::new(reply)) } else { reply }
        }
    };
    Server::answering(answer).await
}

/// What is asked for ports, without the paging.
fn looks(server: &Server) -> Vec<String> {
    let lines = server.lines().into_iter().filter_map(|line| {
        line.strip_prefix("GET /v1/P/ports?")
            .map(|query| query.replace("&limit=1000", "").replace("limit=1000&", ""))
    });
    lines.collect()
}

async fn owner(cloud: Cloud, host: usize) -> Result<String> {
    let address = format!("192.168.0.{host}").parse().unwrap();
    let nics = cloud.nics_with_addresses(vec![address], &id(VPC)).await?;
    assert_eq!(nics.len(), 1, "{nics:?}");
    Ok(nics.into_iter().map(|Port { device_id, .. }| device_id).collect())
}

#[tokio::test]
async fn a_lone_look_up_is_one_call() {
    let told = Arc::new(Notify::new());
    told.notify_one();
    let server = hosts(told).await;
    let found = owner(cloud(&server), 7).await;
    assert_eq!(found.unwrap(), format!("{SERVER}-0"));
    assert_eq!(looks(&server), ["fixed_ips=ip_address%3D192.168.0.7"]);
}

#[tokio::test]
async fn look_ups_travel_together_and_tell_nobody_what_was_seen_before_he_asked() {
    let told = Arc::new(Notify::new());
    let server = hosts(Arc::clone(&told)).await;
    let cloud = cloud(&server);
    let first = tokio::spawn(owner(cloud.clone(), 1));
    // The subnets, to know which the port is in, come after it.
    server.has_seen(1).await;
    let others: Vec<_> = (2..=100).map(|host| tokio::spawn(owner(cloud.clone(), host))).collect();
    tokio::task::yield_now().await;
    told.notify_one();
    assert_eq!(first.await.unwrap().unwrap(), format!("{SERVER}-0"));
    for other in others {
        assert_eq!(other.await.unwrap().unwrap(), format!("{SERVER}-1"));
    }
    assert_eq!(
        looks(&server),
        ["fixed_ips=ip_address%3D192.168.0.1".to_owned(), format!("network_id={SUBNET}")]
    );
}

#[tokio::test]
async fn the_addresses_of_a_set_are_looked_up_in_one_list() {
    let told = Arc::new(Notify::new());
    told.notify_one();
    let server = hosts(told).await;
    let addresses = (1..=200).map(|n| format!("192.168.0.{n}").parse().unwrap()).collect();
    let nics = cloud(&server).nics_with_addresses(addresses, &id(VPC)).await.unwrap();
    assert_eq!(nics.len(), 200);
    assert_eq!(looks(&server), [format!("network_id={SUBNET}")]);
}

#[tokio::test]
async fn addresses_in_subnets_that_are_not_known_yet_are_found_too() {
    let answer = |seen: Seen| async move {
        let port = |host: &str, subnet: &str| {
            json!({ "id": host, "network_id": subnet, "device_owner": "compute:a", "device_id": SERVER,
                    "fixed_ips": [{ "ip_address": host }] })
        };
        match seen.path.rsplit('/').next() {
            Some("subnets") => {
                let known = json!({ "id": SUBNET, "vpc_id": VPC, "cidr": "192.168.0.0/24" });
                json(200, json!({ "subnets": [known] }))
            }
            Some("new") => json(200, json!({ "subnet": { "id": "new", "vpc_id": VPC } })),
            Some("other") => json(200, json!({ "subnet": { "id": "other", "vpc_id": "else" } })),
            _ if seen.query.contains("network_id") => {
                let ports = [port("192.168.0.1", SUBNET), port("192.168.0.2", SUBNET)];
                json(200, json!({ "ports": ports }))
            }
            // Another VPC uses the address too.
            _ => {
                let ports = [port("192.168.1.1", "new"), port("192.168.1.1", "other")];
                json(200, json!({ "ports": ports }))
            }
        }
    };
    let server = Server::answering(answer).await;
    let addresses = ["192.168.0.1", "192.168.0.2", "192.168.1.1"].map(|it| it.parse().unwrap());
    let nics = cloud(&server).nics_with_addresses(addresses.to_vec(), &id(VPC)).await.unwrap();
    assert_eq!(nics.len(), 3, "{nics:?}");
}
