//! The guide's topology with real Terraform and the emulator as a process: what a user gets, from the first plan to
//! the last destroy. The cloud's side is looked at too, not only Terraform's.

use std::{collections::BTreeMap, fs};

use serde_json::{Value, json};

use crate::harness::{
    emulator_process::EmulatorProcess,
    terraform::{Cli, Workspace, for_each_cli},
};

const SCENARIO: &str = "examples/scenarios/guide.json";

#[test]
fn the_guide_from_plan_to_destroy() {
    for_each_cli(|cli| {
        let emulator = EmulatorProcess::start(SCENARIO);
        let workspace = guide(cli, &emulator);
        let before = Facts::of(&emulator);
        let changes = workspace.plan().expect_changes().changes("planned_change");
        assert_eq!(changes.len(), 5, "{changes:?}");
        assert!(changes.values().all(|action| action == "create"), "{changes:?}");
        assert_eq!(Facts::of(&emulator), before, "a plan changes nothing");

        workspace.apply().succeeded();
        let after = Facts::of(&emulator);
        assert_eq!(after.routes, routes([("10.0.2.0/24", "ECS1"), ("10.0.3.0/24", "ECS2")]));
        assert_eq!(after.unchecked, ["ECS1", "ECS2"]);
        let added: Vec<&String> =
            after.rules.iter().filter(|rule| !before.rules.contains(rule)).collect();
        assert_eq!(added, ["icmp in from 0.0.0.0/0", "udp in from 0.0.0.0/0"]);
        assert_eq!(
            workspace.output("first_containers"),
            json!({ "ecs1": "10.0.2.2", "ecs2": "10.0.3.2" })
        );
        workspace.plan().expect_empty();

        workspace.destroy().succeeded();
        assert_eq!(Facts::of(&emulator), before, "everything is given back");
        let left: Vec<_> = fs::read_dir(workspace.temporary()).expect("a folder").collect();
        assert!(left.is_empty(), "sockets or other files are left: {left:?}");
    });
}

#[test]
fn what_somebody_else_changes_is_noticed_and_repaired() {
    for_each_cli(|cli| {
        let emulator = EmulatorProcess::start(SCENARIO);
        let workspace = guide(cli, &emulator);
        workspace.apply().succeeded();
        let wanted = Facts::of(&emulator);

        let world = emulator.state();
        let table = text(&world["route_tables"][0]["id"]);
        let change = json!({ "routes": { "del": [{ "destination": "10.0.2.0/24" }] } });
        emulator.operate("PUT", &format!("routetables/{table}"), &json!({ "routetable": change }));
        let port = text(&nic(&world, "ECS2")["id"]);
        let all_checks = json!({ "port": { "allowed_address_pairs": [] } });
        emulator.operate("PUT", &format!("ports/{port}"), &all_checks);
        let rules = world["security_groups"][0]["rules"].as_array().expect("rules");
        let udp = rules.iter().find(|rule| rule["protocol"] == "udp").expect("our rule");
        emulator.operate(
            "DELETE",
            &format!("security-group-rules/{}", text(&udp["id"])),
            &Value::Null,
        );

        let drift = workspace.plan().expect_changes();
        let changes = drift.changes("planned_change");
        let of = |address: &str| changes.get(address).map(String::as_str);
        assert_eq!(of("huaweivpc_container_route.range[\"10.0.2.0/24\"]"), Some("create"));
        assert_eq!(of("huaweivpc_ecs_port_source_check.host[\"ecs2\"]"), Some("update"));
        assert_eq!(of("huaweivpc_secgroup_icmp_udp_rule.containers"), Some("update"));
        assert_eq!(changes.len(), 3, "{changes:?}");

        workspace.apply().succeeded();
        assert_eq!(Facts::of(&emulator), wanted);
        workspace.plan().expect_empty();
    });
}

#[test]
fn ranges_move_to_another_server_without_a_gap() {
    for_each_cli(|cli| {
        let emulator = EmulatorProcess::start(SCENARIO);
        let mut workspace = guide(cli, &emulator);
        workspace.apply().succeeded();

        let swapped = json!({
            "ecs1": { "host_ip": "192.168.0.2", "container_cidr": "10.0.3.0/24" },
            "ecs2": { "host_ip": "192.168.0.3", "container_cidr": "10.0.2.0/24" },
        });
        workspace.set("TF_VAR_hosts", swapped.to_string());
        let changes = workspace.plan().expect_changes().changes("planned_change");
        assert_eq!(changes.len(), 2, "{changes:?}");
        assert!(changes.values().all(|action| action == "update"), "{changes:?}");

        let writes = writes_of(&emulator);
        workspace.apply().succeeded();
        assert_eq!(
            Facts::of(&emulator).routes,
            routes([("10.0.2.0/24", "ECS2"), ("10.0.3.0/24", "ECS1")])
        );
        assert_eq!(writes_of(&emulator), writes + 2, "one change per route");
        workspace.plan().expect_empty();
    });
}

#[test]
fn what_exists_is_imported_by_id() {
    for_each_cli(|cli| {
        let emulator = EmulatorProcess::start(SCENARIO);
        guide(cli, &emulator).apply().succeeded();

        let newcomer = guide(cli, &emulator);
        for (address, id) in ids(&emulator) {
            newcomer.import(&address, &id).succeeded();
        }
        expect_taken_over(&newcomer, &emulator);
    });
}

#[test]
fn what_exists_is_imported_by_identity() {
    for_each_cli(|cli| {
        if cli.is_opentofu() || !cli.is_at_least((1, 12)) {
            return;
        }
        let emulator = EmulatorProcess::start(SCENARIO);
        guide(cli, &emulator).apply().succeeded();

        let newcomer = guide(cli, &emulator);
        newcomer.write("imports.tf", &identities(&emulator));
        expect_taken_over(&newcomer, &emulator);
    });
}

#[test]
fn a_plan_that_cannot_work_ends_before_anything_is_built() {
    for_each_cli(|cli| {
        let emulator = EmulatorProcess::start(SCENARIO);
        let mut workspace = guide(cli, &emulator);
        let overlapping = json!({
            "ecs1": { "host_ip": "192.168.0.2", "container_cidr": "10.0.2.0/23" },
            "ecs2": { "host_ip": "192.168.0.3", "container_cidr": "10.0.3.0/24" },
        });
        workspace.set("TF_VAR_hosts", overlapping.to_string());
        let errors = workspace.plan().expect_error().errors();
        assert!(!errors.is_empty());
        for error in errors {
            assert_eq!(error.address, "data.huaweivpc_container_cidr_plan.this");
            let text = error.text();
            assert!(text.contains("10.0.2.0/23") && text.contains("10.0.3.0/24"), "{text}");
        }

        let beside_the_subnet = json!({
            "ecs1": { "host_ip": "192.168.0.2", "container_cidr": "192.168.7.0/24" },
        });
        workspace.set("TF_VAR_hosts", beside_the_subnet.to_string());
        let warnings = workspace.plan().expect_changes().warnings();
        assert!(
            warnings.iter().any(|warning| warning.text().contains("192.168.7.0/24")),
            "{warnings:?}"
        );
        assert_eq!(writes_of(&emulator), 0);
    });
}

/// The configuration and what exists are one: applying it writes nothing, and then there is nothing left to apply.
/// (An import cannot know by which name a next hop is written, so this apply may note `host_ip` in the state.)
fn expect_taken_over(workspace: &Workspace, emulator: &EmulatorProcess) {
    let writes = writes_of(emulator);
    workspace.apply().succeeded();
    assert_eq!(writes_of(emulator), writes, "an import changes nothing");
    workspace.plan().expect_empty();
}

/// How many requests were made that change the cloud. (Logging in does not.)
fn writes_of(emulator: &EmulatorProcess) -> usize {
    let requests = emulator.requests();
    let is_write = |request: &&Value| {
        request["method"] != "GET" && !text(&request["path"]).starts_with("/v3/auth/")
    };
    requests.iter().filter(is_write).count()
}

/// The guide's configuration, ready to be planned against this emulator.
fn guide(cli: &'static Cli, emulator: &EmulatorProcess) -> Workspace {
    let world = emulator.state();
    let url = emulator.url();
    let mut workspace = Workspace::new(cli);
    workspace.copy("examples/guide");
    workspace
        .set("HW_REGION_NAME", text(&world["region"]))
        .set("HW_ACCESS_KEY", "EMULATORACCESSKEY001")
        .set("HW_SECRET_KEY", "emulator-secret-key-not-a-real-one-00001")
        .set("TF_VAR_vpc_id", text(&world["vpcs"][0]["id"]))
        .set("TF_VAR_security_group_id", text(&world["security_groups"][0]["id"]))
        .set("TF_VAR_endpoints", json!({ "iam": url, "vpc": url, "ecs": url }).to_string());
    workspace.init();
    workspace
}

/// Each object of the guide with the id to import it by.
fn ids(emulator: &EmulatorProcess) -> Vec<(String, String)> {
    let world = emulator.state();
    let table = text(&world["route_tables"][0]["id"]);
    let group = text(&world["security_groups"][0]["id"]);
    let mut ids = vec![(
        "huaweivpc_secgroup_icmp_udp_rule.containers".to_owned(),
        format!("{group}/ingress/0.0.0.0/0"),
    )];
    for range in ["10.0.2.0/24", "10.0.3.0/24"] {
        let address = format!("huaweivpc_container_route.range[{range:?}]");
        ids.push((address, format!("{table}/{range}")));
    }
    for (host, server) in [("ecs1", "ECS1"), ("ecs2", "ECS2")] {
        let address = format!("huaweivpc_ecs_port_source_check.host[{host:?}]");
        ids.push((address, text(&nic(&world, server)["id"])));
    }
    ids
}

/// The same as `import` blocks.
fn identities(emulator: &EmulatorProcess) -> String {
    let mut blocks = String::new();
    for (address, id) in ids(emulator) {
        let names: &[&str] = match address.split('.').next() {
            Some("huaweivpc_container_route") => &["route_table_id", "destination"],
            Some("huaweivpc_ecs_port_source_check") => &["port_id"],
            _ => &["security_group_id", "direction", "remote_ip_prefix"],
        };
        let parts = names.iter().zip(id.splitn(names.len(), '/'));
        let identity: String = parts.map(|(name, part)| format!("{name} = {part:?}\n")).collect();
        blocks += &format!("import {{\nto = {address}\nidentity = {{\n{identity}}}\n}}\n");
    }
    blocks
}

/// What of the cloud the guide is about.
#[derive(Debug, PartialEq)]
struct Facts {
    /// The custom routes: range to server.
    routes: BTreeMap<String, String>,
    /// The servers whose source/destination check is off.
    unchecked: Vec<String>,
    rules: Vec<String>,
}

impl Facts {
    fn of(emulator: &EmulatorProcess) -> Self {
        let world = emulator.state();
        let servers: BTreeMap<String, String> = list(&world["servers"])
            .map(|server| (text(&server["id"]), text(&server["name"])))
            .collect();
        let routes = list(&world["route_tables"][0]["routes"])
            .map(|route| (text(&route["destination"]), servers[&text(&route["nexthop"])].clone()))
            .collect();
        let is_off = |name: &&String| {
            list(&nic(&world, name)["allowed_address_pairs"])
                .any(|pair| pair["ip_address"] == "1.1.1.1/0")
        };
        let mut rules: Vec<String> = list(&world["security_groups"][0]["rules"])
            .map(|rule| {
                let protocol = rule["protocol"].as_str().unwrap_or("all");
                let way = if rule["direction"] == "ingress" { "in from" } else { "out to" };
                let remote = rule["remote"]["prefix"].as_str().unwrap_or("others");
                format!("{protocol} {way} {remote}")
            })
            .collect();
        rules.sort();
        Self { routes, unchecked: servers.values().filter(is_off).cloned().collect(), rules }
    }
}

fn routes<const N: usize>(routes: [(&str, &str); N]) -> BTreeMap<String, String> {
    routes.map(|(range, server)| (range.to_owned(), server.to_owned())).into()
}

/// The network interface of the server with this name.
fn nic<'w>(world: &'w Value, server: &str) -> &'w Value {
    let server = list(&world["servers"]).find(|found| found["name"] == server).expect("the server");
    list(&world["ports"]).find(|port| port["device_id"] == server["id"]).expect("its interface")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("a list").iter()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
