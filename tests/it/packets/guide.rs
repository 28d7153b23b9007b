//! The guide from nothing to nothing by a real Terraform, and what `ping` and `traceroute` show meanwhile on servers of each
//! engine that have started with the script of `huaweivpc_container_host_setup`.

use std::sync::OnceLock;

use serde_json::{Value as Json, json};

use super::stage::{CONTAINERS, RANGES, SERVERS, Stage, server};
use crate::{
    container_host_setup::stage::*,
    guide::stage::Guide,
    harness::{namespaces, terraform::Cli},
};

const SCRIPTS: &str = r#"
data "huaweivpc_container_host_setup" "host" {
  for_each       = var.hosts
  container_cidr = each.value.container_cidr
  peer_cidrs     = [for host in var.hosts : host.container_cidr]
  vpc_cidrs      = ["192.168.0.0/16"]
}

output "scripts" {
  value = {
    for name, host in var.hosts : host.host_ip => data.huaweivpc_container_host_setup.host[name].script
  }
}
"#;

/// What the cloud holds at each step, and the scripts of the servers.
struct Told {
    before: Json,
    applied: Json,
    destroyed: Json,
    scripts: Json,
}

/// The guide is applied and destroyed once, for all engines.
fn told() -> &'static Told {
    static TOLD: OnceLock<Told> = OnceLock::new();
    TOLD.get_or_init(|| {
        let guide = Guide::new(&Cli::all()[0]);
        guide.workspace.write("scripts.tf", SCRIPTS);
        let before = guide.cloud.state();
        guide.apply();
        let (applied, scripts) = (guide.cloud.state(), guide.workspace.output("scripts"));
        guide.workspace.destroy().succeeded();
        Told { before, applied, destroyed: guide.cloud.state(), scripts }
    })
}

/// What is typed in the first and in the second container, and what comes of it without the times.
fn typed(stage: &mut Stage, state: &Json) -> Vec<String> {
    let [first, second] = CONTAINERS;
    let commands = [(first, second), (second, first)].map(|(from, to)| {
        [
            json!([from, format!("ping -n -c1 -W1 {to}")]),
            json!([from, format!("traceroute -n -q1 -w1 -m4 {to}")]),
        ]
    });
    let answer = stage.ask(&json!({ "state": state, "run": commands.concat() }));
    let outputs = answer["run"].as_array().expect("four outputs");
    let lines = outputs.iter().flat_map(|output| output.as_str().expect("a text").lines());
    lines.map(without_times).filter(|line| !line.is_empty()).collect()
}

fn without_times(line: &str) -> String {
    let line = line.split(" time").next().expect("a beginning");
    let line = line.strip_suffix(" ms").and_then(|it| it.rsplit_once("  ")).map_or(line, |it| it.0);
    let is_summary = line.starts_with("rtt ") || line.starts_with("--- ");
    if is_summary { String::new() } else { line.trim_end_matches(',').trim().to_owned() }
}

fn transcript(gateway: &str, server: &str, to: &str) -> Vec<String> {
    vec![
        format!("PING {to} ({to}) 56(84) bytes of data."),
        format!("64 bytes from {to}: icmp_seq=1 ttl=62"),
        "1 packets transmitted, 1 received, 0% packet loss".to_owned(),
        format!("traceroute to {to} ({to}), 4 hops max, 60 byte packets"),
        format!("1  {gateway}"),
        format!("2  {server}"),
        format!("3  {to}"),
    ]
}

fn silence(gateway: &str, to: &str) -> Vec<String> {
    vec![
        format!("PING {to} ({to}) 56(84) bytes of data."),
        "1 packets transmitted, 0 received, 100% packet loss".to_owned(),
        format!("traceroute to {to} ({to}), 4 hops max, 60 byte packets"),
        format!("1  {gateway}"),
        "2  *".to_owned(),
        "3  *".to_owned(),
        "4  *".to_owned(),
    ]
}

fn the_guide_carries_packets(rules: Rules) {
    if namespaces::are_missing() {
        return;
    }
    let Told { before, applied, destroyed, scripts } = told();
    let servers = [0, 1].map(|number| {
        let mut server = server(RANGES[number], rules);
        server["boot"] = scripts[SERVERS[number]].clone();
        server
    });
    let mut stage = Stage::new(before, servers);
    let nothing = [silence("10.0.2.1", "10.0.3.2"), silence("10.0.3.1", "10.0.2.2")].concat();
    let both = [
        transcript("10.0.2.1", "192.168.0.3", "10.0.3.2"),
        transcript("10.0.3.1", "192.168.0.2", "10.0.2.2"),
    ];
    assert_eq!(typed(&mut stage, before), nothing, "before the apply");
    assert_eq!(typed(&mut stage, applied), both.concat(), "after the apply");
    assert_eq!(typed(&mut stage, destroyed), nothing, "after the destroy");
}

macro_rules! engines {
    ($($name:ident: $rules:ident;)*) => {$(
        #[test]
        fn $name() {
            the_guide_carries_packets($rules);
        }
    )*};
}

engines! {
    docker_20_10: DOCKER_20;
    docker_26: DOCKER_26;
    docker_27: DOCKER_27;
    docker_27_with_iptables_legacy: DOCKER_27_LEGACY;
    docker_28_0: DOCKER_28_0;
    docker_28_1: DOCKER_28_1;
    docker_28_2: DOCKER_28_2;
    docker_28_5: DOCKER_28_5;
    docker_28_5_with_iptables_legacy: DOCKER_28_5_LEGACY;
    docker_29: DOCKER_29;
    docker_29_with_nftables: DOCKER_29_NFTABLES;
    podman_4: PODMAN_4;
    podman_5: PODMAN_5;
    podman_5_with_nftables: PODMAN_5_NFTABLES;
}
