//! The cases that were measured with real engines (`network/path/measured.json`), played once more: settings of the servers,
//! mistakes in the VPC, faults of a server. What `ping`, `traceroute` and connections show is what `network/path` foretells.

use huaweivpc::network::path::Paths;
use serde_json::{Value as Json, json};

use super::stage::{CONTAINERS, RANGES, SERVERS, Stage, server};
use crate::{
    container_host_setup::{answer, other_query, query, stage::*, text},
    harness::{emulator_process::EmulatorProcess, namespaces},
    network::path::{compared, recorded, world::Case},
};

/// A server as one of the recorded set-ups has it.
async fn set_up(name: &str, number: usize) -> Json {
    const ACCEPT: &str = "iptables -P FORWARD ACCEPT";
    let (rules, commands): (Rules, &[&str]) = match name {
        "kept" => (DOCKER_28_5, &[]),
        "masq" => (DOCKER_28_5, &[ACCEPT]),
        "guide26" => (DOCKER_26, &[ACCEPT]),
        "default26" => (DOCKER_26, &[]),
        "guide280" => (DOCKER_28_0_DEFAULT, &[ACCEPT]),
        "guide28" => (DOCKER_28_2_DEFAULT, &[ACCEPT]),
        "guide29nft" => (DOCKER_29_NFTABLES_DEFAULT, &[ACCEPT]),
        "routed" => (DOCKER_28_2_ROUTED, &[]),
        other => panic!("play the set-up `{other}` here"),
    };
    let mut server = server(RANGES[number], rules);
    server["commands"] = json!(commands);
    if name == "kept" {
        let query = if number == 0 { query(&json!({})) } else { other_query(&json!({})) };
        server["boot"] = text(&answer(query).await, "script").into();
    }
    server
}

/// What is done to a server or its container: where, and by which command.
fn fault(name: &str) -> [&str; 2] {
    let (fault, number) = name.rsplit_once('-').expect("of which server");
    let number = number.parse::<usize>().expect("a number") - 1;
    match fault {
        "forward-off" => [SERVERS[number], "sysctl -qw net.ipv4.ip_forward=0"],
        // Others are on the bridge still: without any it would have no carrier.
        "container-stopped" => [CONTAINERS[number], "ip link set eth0 arp off"],
        "input-drop" => [SERVERS[number], "iptables -P INPUT DROP"],
        "network-gone" => [SERVERS[number], "ip link del br-hwvpc"],
        other => panic!("play the fault `{other}` here"),
    }
}

/// The guide's cloud with the tables, pairs and rules of a case.
fn cloud(guide: &Json, vpc: &Json) -> Json {
    let mut cloud = guide.clone();
    let servers = [0, 1].map(|number| guide["servers"][number]["id"].clone());
    let route = |it: &Json| {
        let number = it[1].as_u64().expect("the number of a server");
        let hop = servers.get(usize::try_from(number).unwrap() - 1);
        json!({ "destination": it[0], "type": "ecs", "nexthop": hop.unwrap_or(&json!("gone")) })
    };
    let routes =
        |list: &Json| list.as_array().expect("routes").iter().map(route).collect::<Vec<_>>();
    let of_the_guide = json!([[RANGES[0], 1], [RANGES[1], 2]]);
    cloud["route_tables"][0]["routes"] = routes(vpc.get("routes").unwrap_or(&of_the_guide)).into();
    if let Some(own) = vpc.get("own_table") {
        let mut table = cloud["route_tables"][0].clone();
        table["id"] = "own".into();
        table["routes"] = routes(own).into();
        cloud["route_tables"].as_array_mut().expect("tables").push(table);
        cloud["subnets"][0]["route_table_id"] = "own".into();
    }
    for (number, port) in cloud["ports"].as_array_mut().expect("ports").iter_mut().enumerate() {
        let pairs = match &vpc["pairs"][number] {
            Json::Array(ranges) => ranges.clone(),
            Json::String(on) if on == "on" => Vec::new(),
            _ => vec![json!("1.1.1.1/0")],
        };
        let pair = |address: &Json| json!({ "ip_address": address });
        port["allowed_address_pairs"] = pairs.iter().map(pair).collect();
    }
    let open = json!([
        ["ingress", null, "group"],
        ["egress", null, "any"],
        ["ingress", "icmp", "any"],
        ["ingress", "udp", "any"],
        ["ingress", "tcp", "any"],
    ]);
    let group = guide["security_groups"][0]["id"].clone();
    let rule = |it: &Json| {
        json!({
            "direction": it[0],
            "ethertype": "IPv4",
            "protocol": it[1],
            "ports": "all",
            "remote": if it[2] == "any" { json!("anyone") } else { json!({ "group": group }) },
            "action": it.get(3).unwrap_or(&json!("allow")),
            "priority": it.get(4).unwrap_or(&json!(100)),
            "enabled": true,
        })
    };
    let rules = vpc.get("rules").unwrap_or(&open).as_array().expect("rules");
    cloud["security_groups"][0]["rules"] = rules.iter().map(rule).collect();
    cloud
}

/// Plays the cases that `wanted` takes, and returns how many that were. Cases with the same servers share them, unless
/// something is done to one.
async fn play(wanted: impl Fn(&Json) -> bool) -> usize {
    let guide = EmulatorProcess::start("examples/scenarios/guide.json").state();
    let recorded = recorded();
    let cases: Vec<&Json> =
        recorded["cases"].as_array().expect("cases").iter().filter(|it| wanted(it)).collect();
    let mut mismatches = Vec::new();
    let mut shared: Option<(&Json, Stage)> = None;
    for case in &cases {
        let (setups, fault_of) = (&case["setups"], case["fault"].as_str());
        let mut stage = match shared.take() {
            Some((of, stage)) if of == setups && fault_of.is_none() => stage,
            _ => {
                let name = |number: usize| setups[number].as_str().expect("a name");
                let servers = [set_up(name(0), 0).await, set_up(name(1), 1).await];
                Stage::new(&guide, servers)
            }
        };
        // What is gone sends nothing. That a container is, its server finds out after three seconds.
        let is_gone = fault_of.is_some_and(|it| it.contains("gone") || it.contains("stopped"));
        let ways = &[(0, 1), (1, 0)][..if is_gone { 1 } else { 2 }];
        let probes: Vec<_> =
            ways.iter().map(|(from, to)| [CONTAINERS[*from], CONTAINERS[*to]]).collect();
        let answer = stage.ask(&json!({
            "state": cloud(&guide, &case["vpc"]),
            "checks_destinations": case["vpc"]["checks_destinations"],
            "run": fault_of.map(fault).into_iter().collect::<Vec<_>>(),
            "probe": probes,
            "patience": if is_gone { 5 } else { 1 },
        }));
        let topology = Case::of(case, &recorded["setups"]).topology();
        let paths = Paths::of(&topology);
        for &(from, to) in ways {
            for (what, is, foretold) in compared(&paths, from, to, &answer["probe"][from]) {
                if is != foretold {
                    let way = format!("{} to {}", from + 1, to + 1);
                    let name = &case["name"];
                    mismatches.push(format!("{name} {way}, {what}: {is} is, {foretold} foretold"));
                }
            }
        }
        shared = fault_of.is_none().then_some((setups, stage));
    }
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
    cases.len()
}

#[tokio::test]
async fn mistakes_in_the_vpc_where_the_source_is_kept() {
    if namespaces::are_missing() {
        return;
    }
    let cases = play(|case| case["setups"] == json!(["kept", "kept"]) && case["fault"].is_null());
    assert_eq!(cases.await, 20);
}

#[tokio::test]
async fn mistakes_in_the_vpc_where_the_source_is_the_servers() {
    if namespaces::are_missing() {
        return;
    }
    let cases = play(|case| case["setups"] == json!(["masq", "masq"]) && case["fault"].is_null());
    assert_eq!(cases.await, 20);
}

#[tokio::test]
async fn servers_of_other_versions_and_settings() {
    if namespaces::are_missing() {
        return;
    }
    let alike = [json!(["kept", "kept"]), json!(["masq", "masq"])];
    assert_eq!(play(|case| !alike.contains(&case["setups"])).await, 13);
}

#[tokio::test]
async fn faults_of_a_server() {
    if namespaces::are_missing() {
        return;
    }
    assert_eq!(play(|case| !case["fault"].is_null()).await, 8);
}
