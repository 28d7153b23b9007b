//! `huaweivpc_ecs_hosts`.

use serde_json::{Value as Json, json};

use super::{NOBODY, answered, refused, two_tables};
use crate::harness::world::World;

const HOSTS: &str = "ecs_hosts";

fn names(answer: &Json) -> Vec<&str> {
    answer["hosts"].as_object().expect("hosts").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_host_has_what_for_each_needs() {
    let world = two_tables(json!({})).await;
    let (vpc, server) = (world.vpc("vpc-a").await, world.server("front-1").await);
    let (first, extra) = (world.port("10.20.1.11").await, world.port("10.50.1.11").await);
    let (front, back) = (world.subnet("subnet-front").await, world.subnet("subnet-back").await);
    let group = world.group("sg-nodes").await;

    let hosts = world.read(HOSTS, json!({ "ids": [server] })).await.value["hosts"].clone();

    let mut host = hosts["front-1"].clone();
    for nic in host["nics"].as_array_mut().unwrap() {
        assert!(nic["mac_address"].take().is_string());
    }
    let nic = |port: &str, subnet: &str, address: &str, primary: bool, check: bool| {
        json!({
            "port_id": port,
            "subnet_id": subnet,
            "private_ips": [address],
            "primary": primary,
            "source_check_enabled": check,
            "mac_address": null,
            "security_group_ids": [group],
        })
    };
    let expected = json!({
        "ecs_id": server,
        "name": "front-1",
        "status": "ACTIVE",
        "vpc_id": vpc,
        "subnet_id": front,
        "port_id": first,
        "host_ip": "10.20.1.11",
        "source_check_enabled": false,
        "private_ips": ["10.20.1.11", "10.50.1.11"],
        "nics": [
            nic(&first, &front, "10.20.1.11", true, false),
            nic(&extra, &back, "10.50.1.11", false, true),
        ],
        "availability_zone": "cn-north-4a",
        "tags": { "role": "container-host" },
    });
    assert_eq!(host, expected);
}

#[tokio::test]
async fn hosts_are_found_by_every_filter_and_by_all_of_them() {
    let world = two_tables(json!({})).await;
    let (a, b) = (world.vpc("vpc-a").await, world.vpc("vpc-b").await);
    let (front, back) = (world.subnet("subnet-front").await, world.subnet("subnet-back").await);
    let (one, other) = (world.server("front-1").await, world.server("other-vpc-1").await);
    for (query, expected) in [
        (json!({ "ids": [one, other] }), vec!["front-1", "other-vpc-1"]),
        (json!({ "names": ["back-1"] }), vec!["back-1"]),
        (json!({ "names": ["back-1", "stopped-1"] }), vec!["back-1", "stopped-1"]),
        (json!({ "tags": { "role": "container-host" } }), vec!["back-1", "front-1"]),
        (json!({ "tags": { "role": "container" } }), vec![]),
        (json!({ "subnet_id": back }), vec!["back-1", "front-1", "stopped-1"]),
        (json!({ "subnet_id": front }), vec!["front-1"]),
        (json!({ "vpc_id": b }), vec!["other-vpc-1"]),
        (json!({ "vpc_id": a, "tags": { "role": "container-host" } }), vec!["back-1", "front-1"]),
        (json!({ "vpc_id": b, "tags": { "role": "container-host" } }), vec![]),
        (json!({ "vpc_id": b, "subnet_id": back }), vec![]),
        (json!({ "ids": [one], "names": ["front-1"], "subnet_id": back }), vec!["front-1"]),
    ] {
        let answer = world.read(HOSTS, query.clone()).await.value;
        assert_eq!(names(&answer), expected, "{query}");
    }
}

#[tokio::test]
async fn in_a_subnet_the_interface_there_is_the_one_that_counts() {
    let world = two_tables(json!({})).await;
    let back = world.subnet("subnet-back").await;
    let hosts = world.read(HOSTS, json!({ "subnet_id": back })).await.value["hosts"].clone();
    let host = &hosts["front-1"];
    assert_eq!((&host["host_ip"], &host["subnet_id"]), (&json!("10.50.1.11"), &json!(back)));
    assert_eq!(host["port_id"], world.port("10.50.1.11").await);
    assert_eq!(host["source_check_enabled"], json!(true));
    assert_eq!(hosts["stopped-1"]["status"], "SHUTOFF");
}

#[tokio::test]
async fn who_is_named_and_not_there_is_an_error_on_the_attribute() {
    let world = two_tables(json!({})).await;
    let (back, b) = (world.subnet("subnet-back").await, world.vpc("vpc-b").await);
    let other = world.server("other-vpc-1").await;
    refused(
        &world,
        HOSTS,
        vec![
            // The cloud finds `back-1` for this name.
            (
                json!({ "names": ["back"] }),
                "names",
                "No server has the name `back`. Check `names`, and the region and the project of the provider.",
            ),
            (
                json!({ "names": ["back-1", "back-2", "back-3"] }),
                "names",
                "No server has the name `back-2` or `back-3`.",
            ),
            (json!({ "ids": [NOBODY] }), "ids", "No server has the id `00000000"),
            (
                json!({ "ids": [other], "subnet_id": back }),
                "ids",
                "and is as `subnet_id` asks. Check `ids`,",
            ),
            (
                json!({ "names": ["back-1"], "vpc_id": b, "tags": { "role": "x" } }),
                "names",
                "and is as `tags` and `vpc_id` ask.",
            ),
            (json!({ "subnet_id": NOBODY }), "subnet_id", "No subnet has the id"),
            (json!({ "vpc_id": NOBODY }), "vpc_id", "No VPC has the id"),
            (json!({}), "", "Set `ids`, `names`, `tags`, `subnet_id` or `vpc_id`."),
            (json!({ "ids": ["a b"] }), "ids", "`a b` is not the id of a server"),
            (json!({ "ids": [other], "key_by": "ip" }), "key_by", "Write `name` or `id`."),
        ],
    )
    .await;
}

#[tokio::test]
async fn one_name_for_two_servers_is_an_error_unless_ids_are_the_keys() {
    let world = two_tables(json!({})).await;
    let (vpc, first) = (world.vpc("vpc-b").await, world.server("other-vpc-1").await);
    let second = another_server(&world, "other-vpc-1").await;
    let ids = format!("`{first}` and `{second}`");
    let words = format!(
        "2 servers have the name `other-vpc-1`: {ids}. Write `ids` to say which are meant, or set `key_by = \"id\"`."
    );
    let words = words.as_str();
    let refusal = world.refuse_to_read(HOSTS, json!({ "vpc_id": vpc })).await;
    refusal.expect_problem("key_by", words).expect_nothing_else();
    let refusal = world.refuse_to_read(HOSTS, json!({ "names": ["other-vpc-1"] })).await;
    refusal.expect_problem("names", words).expect_nothing_else();

    let by_id = world.read(HOSTS, json!({ "vpc_id": vpc, "key_by": "id" })).await.value;
    let mut expected = [first.as_str(), second.as_str()];
    expected.sort_unstable();
    assert_eq!(names(&by_id), expected);
    let one = world.read(HOSTS, json!({ "ids": [second] })).await.value;
    assert_eq!(one["hosts"]["other-vpc-1"]["ecs_id"], second);
}

/// Makes another server of this name in `vpc-b`; returns its id.
async fn another_server(world: &World, name: &str) -> String {
    let server = json!({
        "name": name, "flavorRef": "s6.small.1", "imageRef": "1e2f3a4b-0000-4000-8000-000000000001",
        "vpcid": world.vpc("vpc-b").await,
        "nics": [{ "subnet_id": world.subnet("subnet-b").await }],
    });
    let made = world.call("POST", "/v1/{project}/cloudservers", json!({ "server": server })).await;
    made["serverIds"][0].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn many_hosts_cost_a_handful_of_calls() {
    let server = |number: usize| {
        let subnet = if number.is_multiple_of(2) { "subnet-back" } else { "subnet-front" };
        json!({ "name": format!("node-{number}"), "nics": [{ "subnet": subnet }] })
    };
    let servers: Vec<Json> = (0..60).map(server).collect();
    let world = two_tables(json!({ "servers": servers, "vips": [], "route_tables": [] })).await;
    let vpc = world.vpc("vpc-a").await;
    world.forget_requests().await;

    let answer = world.read(HOSTS, json!({ "vpc_id": vpc })).await.value;

    assert_eq!(names(&answer).len(), 60);
    assert_eq!(
        world.requests().await,
        ["GET /v1/cloudservers/detail", "GET /v1/ports", "GET /v1/ports"]
    );
}

/// The cloud would find `node-10` for `node-1`, and a tag by a part of it.
#[tokio::test]
async fn names_and_tags_are_exact() {
    let server = |name: &str, role: &str| {
        let nics = json!([{ "subnet": "subnet-back" }]);
        json!({ "name": name, "tags": { "role": role, "env": "lab" }, "nics": nics })
    };
    let servers = [server("node-1", "host"), server("node-10", "hosts"), server("NODE-1", "Host")];
    let world = two_tables(json!({ "servers": servers, "vips": [], "route_tables": [] })).await;
    for query in [
        json!({ "names": ["node-1"] }),
        json!({ "tags": { "role": "host" } }),
        json!({ "tags": { "role": "host", "env": "lab" } }),
    ] {
        assert_eq!(names(&world.read(HOSTS, query).await.value), ["node-1"]);
    }
    for query in [json!({ "tags": { "role": "host", "env": "" } }), json!({ "names": [] })] {
        assert_eq!(names(&world.read(HOSTS, query).await.value), [""; 0]);
    }
}

/// A region whose servers list neither their interfaces nor their VPC, and whose ports mark no primary one.
#[tokio::test]
async fn servers_of_older_regions_are_told_by_their_addresses() {
    let world = two_tables(json!({})).await;
    let (vpc, back) = (world.vpc("vpc-a").await, world.subnet("subnet-back").await);
    let port = world.port("10.50.1.12").await;
    let address = json!({
        "version": "4", "addr": "10.50.1.12", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS:port_id": port,
    });
    let server = json!({
        "id": "old", "name": "old", "status": "ACTIVE", "tags": ["role.node", "bare"],
        "addresses": { (vpc.as_str()): [address] },
    });
    let gone = json!({ "id": "gone", "name": "old", "status": "DELETED" });
    for query in [json!({ "vpc_id": vpc }), json!({ "subnet_id": back })] {
        let world = two_tables(json!({})).await;
        answered(&world, "/v1/*/cloudservers/detail", json!({ "servers": [server, gone] })).await;
        let host = world.read(HOSTS, query).await.value["hosts"]["old"].clone();
        assert_eq!((&host["port_id"], &host["subnet_id"]), (&json!(port), &json!(back)));
        assert_eq!((&host["host_ip"], &host["vpc_id"]), (&json!("10.50.1.12"), &json!(vpc)));
        assert_eq!(host["source_check_enabled"], json!(true));
        assert_eq!(host["nics"][0]["primary"], json!(true));
        assert_eq!(host["tags"], json!({ "role": "node", "bare": "" }));
    }
}

#[tokio::test]
async fn addresses_of_both_families_are_shown() {
    let world = two_tables(json!({})).await;
    let (port, subnet) = (world.port("10.50.1.12").await, world.subnet("subnet-back").await);
    let server = json!({
        "id": "both", "name": "both", "status": "ACTIVE",
        "network_interfaces": [{ "port_id": port, "primary": true, "subnet_id": subnet,
            "ip_addresses": ["10.50.1.12"], "ipv6_addresses": ["2001:DB8::12"] }],
    });
    answered(&world, "/v1/*/cloudservers/detail", json!({ "count": 1, "servers": [server] })).await;
    let host = world.read(HOSTS, json!({ "names": ["both"] })).await.value["hosts"]["both"].clone();
    assert_eq!(host["private_ips"], json!(["10.50.1.12", "2001:db8::12"]));
    assert_eq!((&host["host_ip"], &host["vpc_id"]), (&json!("10.50.1.12"), &Json::Null));
}

#[tokio::test]
async fn a_server_without_interfaces_and_one_with_a_hidden_port_are_hosts_too() {
    let world = two_tables(json!({})).await;
    let server = |name: &str, nics: Json| json!({ "id": name, "name": name, "status": "BUILD", "network_interfaces": nics });
    let nic = json!([{ "port_id": NOBODY, "subnet_id": world.subnet("subnet-back").await,
                       "ip_addresses": ["10.50.1.77"], "primary": true }]);
    let servers = json!([server("bare", json!([])), server("hidden", nic)]);
    answered(&world, "/v1/*/cloudservers/detail", json!({ "servers": servers })).await;

    let hosts =
        world.read(HOSTS, json!({ "ids": ["bare", "hidden"] })).await.value["hosts"].clone();

    assert_eq!((&hosts["bare"]["port_id"], &hosts["bare"]["nics"]), (&Json::Null, &json!([])));
    let hidden = &hosts["hidden"];
    assert_eq!((&hidden["port_id"], &hidden["host_ip"]), (&json!(NOBODY), &json!("10.50.1.77")));
    assert_eq!(hidden["source_check_enabled"], Json::Null);
}

/// What is found goes into a plan of ranges as it is.
#[tokio::test]
async fn hosts_go_into_a_plan() {
    let world = two_tables(json!({})).await;
    let (vpc, back) = (world.vpc("vpc-a").await, world.subnet("subnet-back").await);
    let found = world.read(HOSTS, json!({ "subnet_id": back })).await.value["hosts"].clone();
    let planned = |(number, (name, host)): (usize, (&String, &Json))| {
        let range = format!("172.20.{number}.0/24");
        (name.clone(), json!({ "ecs_id": host["ecs_id"], "container_cidr": range }))
    };
    let hosts: Json =
        Json::Object(found.as_object().unwrap().iter().enumerate().map(planned).collect());
    let query = json!({ "vpc_id": vpc, "hosts": hosts, "on_error": "report", "docker_pools": [] });
    let plan = world.read("container_cidr_plan", query).await.value["plan"].clone();
    assert_eq!(plan.as_object().unwrap().len(), 3);
}
