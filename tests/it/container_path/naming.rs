//! How the two ends are named, and what may not be there or may not be read.

use serde_json::{Value as Json, json};

use super::{FULL, PATH, kept, query, the_whole_guide, told};
use crate::harness::{config::patched, world::World};

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

#[tokio::test]
async fn an_end_is_named_by_its_server_or_found_by_the_routes() {
    let world = World::start().await;
    the_whole_guide(&world).await;
    let (one, other) = (world.server("ECS1").await, world.server("ECS2").await);
    for ends in [
        json!({ "from": { "ecs_id": one, "container_ip": "10.0.2.2" }, "to": { "ecs_id": other, "container_ip": "10.0.3.2" } }),
        json!({ "from": { "container_ip": "10.0.2.2" }, "to": { "container_ip": "10.0.3.2" } }),
    ] {
        let facts = json!({ "hosts": { (one.as_str()): kept(), "192.168.0.3": kept() } });
        let path = told(&world, Json::Null, patched(&facts, &ends)).await;
        assert_eq!(path["forward"]["traceroute"], json!(FULL), "{ends}");
        assert_eq!(path["return"]["verdict"], "reachable");
    }
}

#[tokio::test]
async fn a_server_can_be_an_end_itself() {
    let world = World::start().await;
    the_whole_guide(&world).await;
    for from in [json!({ "host_ip": "192.168.0.2" }), json!({ "container_ip": "192.168.0.2" })] {
        let path = told(&world, kept(), json!({ "from": from })).await;
        // The first router of a container is passed by.
        assert_eq!(path["forward"]["traceroute"], json!(["192.168.0.3", "10.0.3.2"]));
        assert_eq!(
            (&path["forward"]["ttl"], &path["forward"]["source_seen"]),
            (&json!(63), &json!("192.168.0.2"))
        );
        // Towards a server Docker may masquerade though the source is kept towards containers.
        assert_eq!(path["return"]["verdict"], "reachable");
        assert_eq!(path["missing_facts"], json!(["hosts[\"192.168.0.3\"].masquerade"]));
    }
}

#[tokio::test]
async fn where_nothing_leads_there_is_no_way_back_to_tell() {
    let world = World::start().await;
    the_whole_guide(&world).await;
    let path = told(&world, kept(), json!({ "to": { "container_ip": "198.51.100.7" } })).await;
    assert_eq!((&path["verdict"], &path["return"]), (&json!("unreachable"), &Json::Null));
    assert_eq!(path["forward"]["reason"], "no_route");
    // In a subnet, and no server's.
    let path = told(&world, kept(), json!({ "to": { "container_ip": "192.168.0.200" } })).await;
    assert_eq!(path["return"], Json::Null);
    assert_eq!(path["forward"]["reason"], "no_such_address");
}

#[tokio::test]
async fn a_range_that_is_written_tells_the_gateway() {
    let world = World::start().await;
    the_whole_guide(&world).await;
    let from = json!({ "host_ip": "192.168.0.2", "container_ip": "10.0.2.200", "container_cidr": "10.0.2.128/25" });
    let path = told(&world, kept(), json!({ "from": from })).await;
    assert_eq!(path["forward"]["traceroute"], json!(["10.0.2.129", "192.168.0.3", "10.0.3.2"]));
}

#[tokio::test]
async fn what_is_not_there_is_refused_where_it_is_written() {
    let world = World::start().await;
    let from = |end: Json| json!({ "from": end });
    for (patch, path, phrase) in [
        (json!({ "vpc_id": NOBODY }), "vpc_id", "No VPC has the id"),
        (
            from(json!({ "host_ip": "192.168.0.99", "container_ip": "10.0.2.2" })),
            "from.host_ip",
            "no server of the VPC has the private address 192.168.0.99",
        ),
        (from(json!({ "ecs_id": NOBODY })), "from.ecs_id", "no server of the VPC has the id"),
        (from(json!({ "container_ip": "10.0.2.2" })), "from.container_ip", "no route leads to one"),
        (
            json!({ "hosts": { "192.168.0.99": kept() } }),
            "hosts[\"192.168.0.99\"]",
            "no server of the VPC has",
        ),
        (
            json!({ "hosts": { "ecs1": kept() } }),
            "hosts[\"ecs1\"]",
            "no server of the VPC has the id `ecs1`",
        ),
    ] {
        let query = query(&world, Json::Null, patch).await;
        world.refuse_to_read(PATH, query).await.expect_problem(path, phrase).expect_nothing_else();
    }
}

#[tokio::test]
async fn mistakes_are_refused_before_the_cloud_is_asked() {
    let world = World::start().await;
    let from = |end: Json| json!({ "from": end });
    let fact = |name: &str, value: Json| json!({ "hosts": { "192.168.0.2": { (name): value } } });
    for (patch, path, phrase) in [
        (from(json!({})), "from", "Set `ecs_id`, `host_ip` or `container_ip`."),
        (
            from(json!({ "ecs_id": NOBODY, "host_ip": "192.168.0.2" })),
            "from",
            "has both `ecs_id` and `host_ip`",
        ),
        (
            from(
                json!({ "host_ip": "192.168.0.2", "container_ip": "10.0.9.2", "container_cidr": "10.0.2.0/24" }),
            ),
            "from.container_ip",
            "10.0.9.2 is not in `container_cidr`",
        ),
        (
            from(json!({ "host_ip": "fd00::2" })),
            "from.host_ip",
            "What servers do with IPv6 was not measured",
        ),
        (json!({ "protocol": "tcp" }), "port", "Set `port`."),
        (json!({ "port": 80 }), "port", "ICMP has no ports."),
        (json!({ "protocol": "tcp", "port": 0 }), "port", "is not a port"),
        (json!({ "protocol": "gre" }), "protocol", "Write `icmp`, `udp` or `tcp`."),
        (fact("engine_version", json!("latest")), "hosts[\"192.168.0.2\"]", "is not a version"),
        (fact("gateway_mode", json!("bridged")), "hosts[\"192.168.0.2\"]", "`nat-unprotected`"),
    ] {
        let query = query(&world, Json::Null, patch).await;
        world.refuse_to_read(PATH, query).await.expect_problem(path, phrase).expect_nothing_else();
    }
}

#[tokio::test]
async fn rules_that_may_not_be_read_are_missed() {
    let world = World::start().await;
    the_whole_guide(&world).await;
    let denied = json!({ "status": 403, "body": { "error_code": "VPC.0010", "error_msg": "no" } });
    let fault = json!({ "answer": denied, "times": 9 });
    world.disturb("GET", "/v3/*/vpc/security-group-rules", fault).await;

    let path = told(&world, kept(), json!({})).await;

    assert_eq!(path["verdict"], "undetermined");
    assert_eq!(
        path["missing_facts"],
        json!([
            "the rules of the security groups of server 192.168.0.2",
            "the rules of the security groups of server 192.168.0.3",
        ])
    );
}
