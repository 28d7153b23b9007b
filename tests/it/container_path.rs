//! Stories of the data source `huaweivpc_container_path`: what it tells of the guide's servers while they are being set
//! up, and what it says of what it cannot find or read.

use serde_json::{Value as Json, json};

use crate::harness::{config::patched, world::World};

mod naming;
mod printed;

const PATH: &str = "container_path";

/// What `huaweivpc_container_host_setup` and its like make of a server.
fn kept() -> Json {
    json!({
        "engine_version": "28.5.2",
        "gateway_mode": "nat-unprotected",
        "masquerade": false,
        "forwarding": true,
    })
}

fn masqueraded() -> Json {
    patched(&kept(), &json!({ "masquerade": true }))
}

/// From the first container to the second one, with the same facts of both servers.
async fn query(world: &World, facts: Json, patch: Json) -> Json {
    let hosts = match facts {
        Json::Null => Json::Null,
        facts => json!({ "192.168.0.2": facts, "192.168.0.3": facts }),
    };
    let query = json!({
        "vpc_id": world.vpc("vpc-containers").await,
        "from": { "host_ip": "192.168.0.2", "container_ip": "10.0.2.2" },
        "to": { "host_ip": "192.168.0.3", "container_ip": "10.0.3.2" },
        "hosts": hosts,
    });
    patched(&query, &patch)
}

async fn told(world: &World, facts: Json, patch: Json) -> Json {
    let answer = world.read(PATH, query(world, facts, patch).await).await;
    assert_eq!(answer.warnings, []);
    answer.value
}

async fn check_off(world: &World, address: &str) {
    world.apply("ecs_port_source_check", json!({ "port_id": world.port(address).await })).await;
}

async fn route(world: &World, destination: &str, address: &str) {
    let vpc = world.vpc("vpc-containers").await;
    let route = json!({ "vpc_id": vpc, "destination": destination, "host_ip": address });
    world.apply("container_route", route).await;
}

async fn guides_rules(world: &World) {
    let group = world.group("sg-containers").await;
    let rules = json!({ "security_group_id": group, "remote_ip_prefix": "0.0.0.0/0" });
    world.apply("secgroup_icmp_udp_rule", rules).await;
}

async fn the_whole_guide(world: &World) {
    for (address, range) in [("192.168.0.2", "10.0.2.0/24"), ("192.168.0.3", "10.0.3.0/24")] {
        check_off(world, address).await;
        route(world, range, address).await;
    }
    guides_rules(world).await;
}

const FULL: [&str; 3] = ["10.0.2.1", "192.168.0.3", "10.0.3.2"];

#[tokio::test]
async fn step_by_step_the_guide_makes_a_path() {
    let world = World::start().await;
    let expect = async |verdict: &str, reason: Json, fix: &str, lines: &[&str]| {
        let path = told(&world, kept(), json!({})).await;
        let forward = &path["forward"];
        assert_eq!((&path["verdict"], &forward["verdict"]), (&json!(verdict), &json!(verdict)));
        assert_eq!(forward["reason"], reason, "{forward:#}");
        assert!(forward["fix"].as_str().unwrap().contains(fix), "{forward:#}");
        assert_eq!(forward["traceroute"], json!(lines));
    };
    let port = world.port("192.168.0.2").await;
    let fix = format!("`huaweivpc_ecs_port_source_check` with `port_id = \"{port}\"`");
    expect("unreachable", json!("source_check"), &fix, &["10.0.2.1", "*"]).await;

    check_off(&world, "192.168.0.2").await;
    expect("unreachable", json!("no_route"), "`host_ip = \"192.168.0.3\"`", &["10.0.2.1", "*"])
        .await;

    route(&world, "10.0.3.0/24", "192.168.0.3").await;
    expect(
        "unreachable",
        json!("group_ingress"),
        "`huaweivpc_secgroup_icmp_udp_rule`",
        &["10.0.2.1", "*"],
    )
    .await;

    guides_rules(&world).await;
    // Whether the cloud looks at destinations is not known, and the way back is missing in any case.
    expect(
        "unreachable",
        json!("source_check"),
        &world.port("192.168.0.3").await,
        &["10.0.2.1", "*"],
    )
    .await;

    check_off(&world, "192.168.0.3").await;
    expect("unreachable", json!("no_route"), "`destination = \"10.0.2.0/24\"`", &["10.0.2.1", "*"])
        .await;

    route(&world, "10.0.2.0/24", "192.168.0.2").await;
    expect("reachable", Json::Null, "", &FULL).await;
}

#[tokio::test]
async fn the_path_of_the_guide_is_told_in_both_directions() {
    let world = World::start().await;
    the_whole_guide(&world).await;
    let path = told(&world, kept(), json!({})).await;
    assert_eq!(path["missing_facts"], json!([]));
    for (direction, source, lines) in [
        ("forward", "10.0.2.2", FULL),
        ("return", "10.0.3.2", ["10.0.3.1", "192.168.0.2", "10.0.2.2"]),
    ] {
        let told = &path[direction];
        assert_eq!(told["verdict"], "reachable");
        assert_eq!((&told["message"], &told["fix"]), (&json!(""), &json!("")));
        assert_eq!((&told["ttl"], &told["source_seen"]), (&json!(62), &json!(source)));
        assert_eq!(told["traceroute"], json!(lines));
    }
    let table = world.default_table("vpc-containers").await;
    let (one, other) = (world.port("192.168.0.2").await, world.port("192.168.0.3").await);
    let server = world.server("ECS2").await;
    let line = |step: &Json| {
        let text = |name: &str| step[name].as_str().unwrap().to_owned();
        format!("{} {} at {}: {}", text("way"), text("stage"), text("where"), text("decided_by"))
    };
    let steps: Vec<String> =
        path["forward"]["steps"].as_array().unwrap().iter().map(line).collect();
    for expected in [
        "request forwarding at server 192.168.0.2: forwarding is on".to_owned(),
        "request source_nat at server 192.168.0.2: the source is kept".to_owned(),
        format!("request source_check at interface {one} of server 192.168.0.2: the check is off"),
        format!("request routing at route table {table}: route 10.0.3.0/24 to server {server}"),
        format!("answer source_check at interface {other} of server 192.168.0.3: the check is off"),
        "answer delivery at server 192.168.0.2: 10.0.2.2 is here".to_owned(),
    ] {
        assert!(steps.contains(&expected), "{expected} in {steps:#?}");
    }
    let rules = steps.iter().filter(|step| step.contains(": rule ")).count();
    assert_eq!(rules, 2, "egress and ingress of the request: {steps:#?}");
}

#[tokio::test]
async fn with_the_source_kept_ping_is_green_and_the_application_dead() {
    let world = World::start().await;
    the_whole_guide(&world).await;
    let tcp = json!({ "protocol": "tcp", "port": 80 });

    let path = told(&world, kept(), tcp.clone()).await;
    assert_eq!(path["verdict"], "unreachable");
    assert_eq!(path["forward"]["reason"], "group_ingress");
    let fix = path["forward"]["fix"].as_str().unwrap();
    for phrase in
        ["`huaweivpc_secgroup_rules`", "`ports = \"80\"`", "`remote_ip_prefix = \"10.0.2.0/24\"`"]
    {
        assert!(fix.contains(phrase), "{fix}");
    }
    // Masqueraded, the server is the caller, which is a member of the group.
    let path = told(&world, masqueraded(), tcp).await;
    assert_eq!(
        (&path["verdict"], &path["forward"]["source_seen"]),
        (&json!("reachable"), &json!("192.168.0.2"))
    );
    // UDP, as a traceroute sends it, and to one port.
    for udp in [json!({ "protocol": "udp" }), json!({ "protocol": "udp", "port": 53 })] {
        let path = told(&world, kept(), udp).await;
        assert_eq!(path["forward"]["traceroute"], json!(FULL));
    }
}

#[tokio::test]
async fn a_check_that_is_on_at_one_server_works_one_way() {
    let world = World::start().await;
    route(&world, "10.0.2.0/24", "192.168.0.2").await;
    route(&world, "10.0.3.0/24", "192.168.0.3").await;
    guides_rules(&world).await;
    check_off(&world, "192.168.0.3").await;

    let path = told(&world, masqueraded(), json!({})).await;

    assert_eq!(path["verdict"], "reachable");
    assert_eq!(path["return"]["verdict"], "unreachable");
    assert_eq!(path["return"]["reason"], "source_check");
    assert_eq!(path["return"]["traceroute"], json!(["10.0.3.1", "192.168.0.2 or *", "*"]));
}

#[tokio::test]
async fn without_facts_it_depends_and_what_is_missing_is_named() {
    let world = World::start().await;
    the_whole_guide(&world).await;
    let path = told(&world, Json::Null, json!({})).await;
    assert_eq!(path["verdict"], "undetermined");
    assert_eq!(path["forward"]["reason"], "facts_missing");
    let missing: Vec<&str> =
        path["missing_facts"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    for fact in ["engine_version", "gateway_mode", "forwarding", "forward_policy", "masquerade"] {
        for server in ["192.168.0.2", "192.168.0.3"] {
            let name = format!("hosts[\"{server}\"].{fact}");
            assert!(missing.contains(&name.as_str()), "{name} in {missing:?}");
        }
    }
    // What decides in the cloud needs no facts.
    let world = World::start().await;
    let path = told(&world, Json::Null, json!({})).await;
    assert_eq!((&path["verdict"], &path["missing_facts"]), (&json!("unreachable"), &json!([])));
}

#[tokio::test]
async fn each_version_does_what_it_does() {
    let world = World::start().await;
    the_whole_guide(&world).await;
    let usual = json!({ "masquerade": true, "forwarding": true, "gateway_mode": "nat" });
    for (facts, reason, lines) in [
        (json!({ "engine_version": "26.1.5", "forward_policy": "accept" }), Json::Null, &FULL[..]),
        (
            json!({ "engine_version": "26.1.5", "forward_policy": "drop" }),
            json!("forward_drop"),
            &["10.0.2.1", "192.168.0.3", "*"],
        ),
        (
            json!({ "engine_version": "27.5.1", "forward_policy": "drop", "admitted_cidrs": ["192.168.0.0/24"] }),
            Json::Null,
            &FULL,
        ),
        (
            json!({ "engine_version": "28.0.4" }),
            json!("forward_drop"),
            &["10.0.2.1", "192.168.0.3", "*"],
        ),
        (json!({ "engine_version": "28.5.2" }), json!("engine_drops_direct"), &["10.0.2.1", "*"]),
        (
            json!({ "engine_version": "28.5.2", "direct_routing": true }),
            json!("forward_drop"),
            &["10.0.2.1", "192.168.0.3", "*"],
        ),
        (
            json!({ "engine_version": "29.7.2", "firewall_backend": "nftables" }),
            json!("engine_drops_direct"),
            &["10.0.2.1", "*"],
        ),
        (
            json!({ "engine_version": "28.5.2", "forwarding": false }),
            json!("forwarding_off"),
            &["*"],
        ),
        (json!({ "engine": "podman", "forward_policy": "accept" }), Json::Null, &FULL),
    ] {
        let path = told(&world, patched(&usual, &facts), json!({})).await;
        let forward = &path["forward"];
        assert_eq!(
            (&forward["reason"], &forward["traceroute"]),
            (&reason, &json!(lines)),
            "{facts}: {forward:#}"
        );
        assert_eq!(forward["verdict"] == "reachable", reason.is_null());
        assert_eq!(forward["fix"] == "", reason.is_null());
    }
    // A published port is let in by all but the newest.
    let tcp = json!({ "protocol": "tcp", "port": 80 });
    for (ports, verdict) in
        [(json!([80]), "reachable"), (json!([]), "unreachable"), (Json::Null, "undetermined")]
    {
        let facts = json!({ "engine_version": "26.1.5", "forward_policy": "drop", "published_ports": ports });
        let path = told(&world, patched(&usual, &facts), tcp.clone()).await;
        assert_eq!(path["verdict"], verdict, "{facts}");
    }
}
