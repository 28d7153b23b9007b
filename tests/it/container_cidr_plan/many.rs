//! Many hosts with the same fault: one diagnostic a code, in which they are named.

use serde_json::json;

use super::{PLAN, query};
use crate::harness::world::World;

/// So many hosts that are none, each with a range inside the subnet.
async fn wrong(world: &World, count: usize) -> serde_json::Value {
    let names: Vec<[String; 3]> = (0..count)
        .map(|number| {
            [
                format!("host-{number:03}"),
                format!("172.16.{}.{}", number / 200, number % 200 + 1),
                format!("192.168.0.{}/32", number % 250),
            ]
        })
        .collect();
    let hosts: Vec<(&str, &str, &str)> =
        names.iter().map(|[name, ip, range]| (&**name, &**ip, &**range)).collect();
    query(world, &hosts, json!({})).await
}

#[tokio::test]
async fn many_wrong_hosts_are_one_error_a_code() {
    let world = World::start().await;

    let problems = world
        .refuse_to_read(PLAN, wrong(&world, 300).await)
        .await
        .expect_problem("hosts", "host-000")
        .problems;

    let of = |code: &str| {
        let told: Vec<_> =
            problems.iter().filter(|it| it.detail.ends_with(&format!("({code})"))).collect();
        assert_eq!(told.len(), 1, "{code}: {problems:#?}");
        told[0].detail.clone()
    };
    assert!(problems.len() <= 4, "{} problems", problems.len());
    let lost = of("host_not_found");
    assert!(lost.contains("`hosts[\"host-019\"]`"), "{lost}");
    assert!(!lost.contains("host-020"), "{lost}");
    assert!(lost.contains("and 280 more"), "{lost}");
    assert_eq!(lost.matches("-refresh=false").count(), 1, "{lost}");
    of("cidr_in_subnet");
}

#[tokio::test]
async fn a_few_wrong_hosts_have_an_error_each() {
    let world = World::start().await;
    let refusal = world.refuse_to_read(PLAN, wrong(&world, 3).await).await;
    for number in 0..3 {
        let host = format!("hosts[\"host-00{number}\"]");
        let refused = world.refuse_to_read(PLAN, wrong(&world, 3).await).await;
        refused.expect_problem(&host, "No server in this VPC has");
    }
    assert_eq!(refusal.problems.len(), 9, "{:#?}", refusal.problems);
}

/// Clients show the first of several warnings with one summary, and count the others.
#[tokio::test]
async fn warnings_of_one_code_are_one_that_names_all() {
    let nic = |number: usize| {
        json!([{ "subnet": "subnet-containers", "ip_address": format!("192.168.0.{}", number + 2),
                 "security_groups": ["sg-containers"] }])
    };
    let servers: Vec<_> = (0..21)
        .map(|number| json!({ "name": format!("ECS{number}"), "nics": nic(number) }))
        .collect();
    let world = World::with(json!({ "servers": servers }), json!({})).await;
    let (table, other) = (world.default_table("vpc-containers").await, world.server("ECS20").await);
    let names: Vec<[String; 3]> = (0..20)
        .map(|number| {
            [
                format!("host-{number:02}"),
                format!("192.168.0.{}", number + 2),
                format!("10.0.{number}.0/24"),
            ]
        })
        .collect();
    for [.., range] in &names {
        world.add_route(&table, range, "ecs", &other).await;
    }
    let hosts: Vec<(&str, &str, &str)> =
        names.iter().map(|[name, ip, range]| (&**name, &**ip, &**range)).collect();

    let answer = world.read(PLAN, query(&world, &hosts, json!({})).await).await;

    let [warning] = &answer.warnings[..] else { panic!("one warning: {:#?}", answer.warnings) };
    assert_eq!(warning.path.to_string(), "hosts");
    for [name, _, range] in &names {
        assert!(warning.detail.contains(name) && warning.detail.contains(range), "{warning:#?}");
    }
}
