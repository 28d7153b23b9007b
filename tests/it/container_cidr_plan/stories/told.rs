//! The stories, in the order of the codes.

use serde_json::{Value as Json, json};

use super::Story;
use crate::harness::config::patched;

const B: Option<&str> = Some("hosts[\"b\"]");
const HOSTS: Option<&str> = Some("hosts");
/// Diagnostics of findings that the resources make go: none.
const NONE: Option<&str> = None;

/// Hosts by name, private address and range.
fn hosts(hosts: &[(&str, &str, &str)]) -> Json {
    let host = |(name, address, range): &(&str, &str, &str)| {
        ((*name).to_owned(), json!({ "host_ip": address, "container_cidr": range }))
    };
    json!({ "hosts": hosts.iter().map(host).collect::<serde_json::Map<_, _>>() })
}

/// The server ECS2 with this range.
fn b(range: &str) -> Json {
    hosts(&[("b", "192.168.0.3", range)])
}

/// The server with this address and a range of which nothing is to be said.
fn at(address: &str) -> Json {
    hosts(&[("b", address, "10.0.3.0/24")])
}

/// ECS1 and ECS2.
fn both(one: &str, other: &str) -> Json {
    hosts(&[("a", "192.168.0.2", one), ("b", "192.168.0.3", other)])
}

fn story(code: &'static str, path: Option<&'static str>, wrong: Json, right: Json) -> Story {
    Story { code, world: json!({}), faults: Json::Null, wrong, right, path }
}

fn with(query: Json, patch: Json) -> Json {
    patched(&query, &patch)
}

pub(super) fn stories() -> Vec<Story> {
    [of_ranges(), of_hosts(), of_routes(), of_tables()].into_iter().flatten().collect()
}

fn of_ranges() -> Vec<Story> {
    let reserving = |range: &str| with(b(range), json!({ "reserved_cidrs": ["10.0.3.64/26"] }));
    let wanting = |containers: u64| {
        with(
            b("10.0.3.0/28"),
            json!({ "hosts": { "b": {
            "host_ip": "192.168.0.3", "container_cidr": "10.0.3.0/28", "containers": containers,
        } } }),
        )
    };
    let pools = |pool: &str| with(b("10.0.3.0/24"), json!({ "docker_pools": [pool] }));
    vec![
        story("cidr_not_canonical", B, b("10.0.3.1/24"), b("10.0.3.0/24")),
        story("cidr_too_small", B, wanting(14), wanting(13)),
        story("cidr_system_range", B, b("100.125.1.0/24"), b("10.0.3.0/24")),
        story("cidr_in_subnet", B, b("192.168.1.128/25"), b("10.0.3.0/24")),
        story(
            "cidr_overlaps_host",
            B,
            both("10.0.2.0/24", "10.0.2.128/25"),
            both("10.0.2.0/24", "10.0.3.128/25"),
        ),
        story("cidr_reserved", B, reserving("10.0.3.0/24"), reserving("10.0.3.0/26")),
        story("cidr_docker_bridge", B, b("172.17.0.0/24"), b("172.16.0.0/24")),
        story("cidr_covers_remote", B, b("10.41.0.0/16"), b("10.41.3.0/24")),
        story("cidr_in_vpc_range", B, b("10.200.7.0/24"), b("10.201.7.0/24")),
        story("cidr_used_elsewhere", B, b("10.40.7.0/24"), b("10.39.7.0/24")),
        story("cidr_public", B, b("11.0.3.0/24"), b("10.0.3.0/24")),
        story("cidr_docker_pool", B, b("172.18.3.0/24"), b("172.16.3.0/24")),
        story(
            "docker_pool_shadows",
            Some("docker_pools"),
            pools("10.40.128.0/17"),
            pools("10.128.0.0/16"),
        ),
    ]
}

fn of_hosts() -> Vec<Story> {
    let server =
        |id: &str| json!({ "hosts": { "b": { "ecs_id": id, "container_cidr": "10.0.3.0/24" } } });
    let subnets =
        |range: &str| hosts(&[("a", "192.168.0.3", "10.66.0.0/24"), ("b", "192.168.1.3", range)]);
    let twice = |address: &str| {
        hosts(&[("a", "192.168.0.2", "10.0.2.0/24"), ("b", address, "10.0.3.0/24")])
    };
    let port = |server: &str| {
        json!({ "id": format!("port-of-{server}"), "network_id": "subnet", "device_id": server,
                "device_owner": "compute:az", "fixed_ips": [{ "ip_address": "192.168.0.3" }] })
    };
    let answer = json!({ "ports": [port("server-1"), port("server-2")] });
    let double = json!([{ "method": "GET", "path": "/v1/*/ports", "times": 2, "answer": { "status": 200, "body": answer } }]);
    let nobody = "00000000-0000-4000-8000-000000000000";
    let place = |patch: Json| with(b("10.66.0.0/24"), patch);
    vec![
        story(
            "vpc_not_found",
            Some("vpc_id"),
            place(json!({ "vpc_id": nobody })),
            place(json!({})),
        ),
        story(
            "table_not_found",
            Some("route_table_id"),
            place(json!({ "route_table_id": nobody })),
            place(json!({})),
        ),
        story("host_not_found", B, at("192.168.0.100"), at("192.168.0.3")),
        Story {
            faults: double,
            ..story("host_ambiguous", B, at("192.168.0.3"), at("192.168.0.3"))
        },
        story("host_other_vpc", B, server("server:elsewhere"), server("server:ECS2")),
        story("host_other_subnet", B, subnets("10.67.0.0/24"), subnets("10.69.0.0/24")),
        story("host_repeated", B, twice("192.168.0.2"), twice("192.168.0.3")),
        story("host_not_running", B, at("192.168.0.20"), at("192.168.0.3")),
        story("host_multi_nic", B, at("192.168.0.13"), at("192.168.0.3")),
        story("source_check_on", NONE, at("192.168.0.9"), at("192.168.0.3")),
    ]
}

fn of_routes() -> Vec<Story> {
    let two = |range: &str| hosts(&[("b", "192.168.1.3", range)]);
    vec![
        story("route_foreign_owner", B, b("10.40.0.0/16"), b("10.39.0.0/16")),
        story("route_shadowed_by_more_specific", B, b("10.61.3.0/24"), b("10.61.4.0/24")),
        story(
            "route_left_over",
            B,
            both("10.0.2.0/24", "10.63.0.0/24"),
            both("10.63.0.0/24", "10.0.3.0/24"),
        ),
        story("route_other_next_hop", B, b("10.60.0.0/24"), b("10.60.1.0/24")),
        story("route_missing", NONE, two("10.0.3.0/24"), two("10.67.0.0/24")),
        story("route_only_broader", NONE, b("10.0.3.0/24"), b("10.66.0.0/24")),
        story(
            "route_moves",
            NONE,
            both("10.0.2.0/24", "10.62.0.0/24"),
            both("10.62.0.0/24", "10.0.3.0/24"),
        ),
        story("route_next_hop_gone", NONE, b("10.64.0.0/24"), b("10.66.0.0/24")),
        story("route_other_nic", NONE, b("10.65.0.0/24"), b("10.66.0.0/24")),
        story("default_table_lacks_route", NONE, two("10.67.0.0/24"), two("10.69.0.0/24")),
    ]
}

fn of_tables() -> Vec<Story> {
    let in_two = |address: &str, range: &str| {
        let query = hosts(&[("a", "192.168.1.3", "10.67.0.0/24"), ("b", address, range)]);
        with(query, json!({ "route_table_id": "table:rtb-two" }))
    };
    let quota = |routes: u32| json!({ "quotas": { "vpcContainRoutetable": 3, "routetableContainRoutes": routes } });
    let denied = json!({ "error": { "message": "Policy doesn't allow ecs:cloudServers:list to be performed.", "code": "Ecs.0110" } });
    let no_servers = json!([{ "method": "GET", "path": "/v1/*/cloudservers/detail", "times": 2,
                              "answer": { "status": 403, "body": denied } }]);
    vec![
        story(
            "table_not_effective_for_subnet",
            HOSTS,
            in_two("192.168.0.3", "10.66.0.0/24"),
            in_two("192.168.1.4", "10.0.3.0/24"),
        ),
        Story {
            world: quota(11),
            ..story("quota_exceeded", HOSTS, b("10.0.3.0/24"), b("10.66.0.0/24"))
        },
        Story {
            world: quota(12),
            ..story("quota_nearly_full", HOSTS, b("10.0.3.0/24"), b("10.66.0.0/24"))
        },
        Story {
            faults: no_servers,
            ..story("not_checked", Some(""), at("192.168.0.3"), at("192.168.0.3"))
        },
    ]
}
