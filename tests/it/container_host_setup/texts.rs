//! The texts themselves: the script and what is made around it.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::{Value as Json, json};

use super::{SETUP, answer, query, text};
use crate::harness::world::World;

#[tokio::test]
async fn the_script_begins_with_the_values_that_were_given() {
    let answer = answer(query(
        &json!({ "mtu": 1400, "engine": "docker", "engine_version": "20.10.24+dfsg1" }),
    ))
    .await;
    let values: Vec<&str> =
        text(&answer, "script").lines().filter(|line| line.contains("='")).take(9).collect();
    assert_eq!(
        values,
        [
            "OWN='10.0.2.0/24'",
            "PEERS='10.0.3.0/24'",
            "VPC='192.168.0.0/16'",
            "NET='my-net'",
            "BRIDGE='br-hwvpc'",
            "MTU='1400'",
            "SOURCE='kept'",
            "ENGINE='docker'",
            "VERSION='20.10.24+dfsg1'",
        ]
    );
    assert!(text(&answer, "script").starts_with("#!/bin/sh\n"));
}

#[tokio::test]
async fn many_peers_are_few_ranges_and_their_order_does_not_matter() {
    let peers = |script: &str| {
        let line = script.lines().find(|line| line.starts_with("PEERS="));
        line.expect("the peers").to_owned()
    };
    let of_all =
        json!({ "peer_cidrs": ["10.0.5.0/24", "10.0.2.0/24", "10.0.4.0/24", "10.0.3.0/24"] });
    let all = answer(query(&of_all)).await;
    assert_eq!(peers(text(&all, "script")), "PEERS='10.0.3.0/24 10.0.4.0/23'");
    let sorted =
        json!({ "peer_cidrs": ["10.0.2.0/24", "10.0.3.0/24", "10.0.4.0/24", "10.0.5.0/24"] });
    assert_eq!(answer(query(&sorted)).await["script"], all["script"]);

    // What a new server changes nothing about.
    let pool = answer(query(&json!({ "peer_cidrs": ["10.0.0.0/16", "10.0.9.0/24"] }))).await;
    assert_eq!(peers(text(&pool, "script")), "PEERS='10.0.0.0/16'");
}

#[tokio::test]
async fn user_data_writes_the_script_and_runs_it() {
    let answer = answer(query(&json!({}))).await;
    let user_data = text(&answer, "user_data");
    let (head, rest) = user_data.split_once("  content: |\n").expect("a block");
    let (block, tail) = rest.split_once("runcmd:\n").expect("a command");
    assert_eq!(
        head,
        "#cloud-config\nwrite_files:\n- path: /etc/huaweivpc/host\n  permissions: '0755'\n"
    );
    assert_eq!(tail, "- [sh, /etc/huaweivpc/host, apply]\n");
    let lines = block.lines().map(|line| line.strip_prefix("    ").unwrap_or(line));
    let script: String = lines.flat_map(|line| [line, "\n"]).collect();
    assert_eq!(script, text(&answer, "script"));
    // As a text, the cloud takes nothing else.
    assert!(user_data.is_ascii());
    assert!(
        text(&answer, "script").contains(text(&answer, "unit")),
        "the script installs the unit"
    );
}

#[tokio::test]
async fn user_data_of_a_thousand_hosts_fits_and_longer_ones_are_warned_about() {
    let ranges = |step: u32, many: u32| -> Json {
        let range = |n: u32| format!("10.{}.{}.0/24", n * step / 256, n * step % 256);
        (0..many).map(range).collect()
    };
    let side_by_side = answer(query(&json!({ "peer_cidrs": ranges(1, 1000) }))).await;
    assert!(text(&side_by_side, "user_data").len() < 32 * 1024);

    // Every other range is somebody else's.
    let found = World::start().await;
    let found = found.read(SETUP, query(&json!({ "peer_cidrs": ranges(2, 1200) }))).await;
    let long = text(&found.value, "user_data").len();
    assert!(long > 32 * 1024);
    let [warning] = &found.warnings[..] else { panic!("{:?}", found.warnings) };
    assert_eq!(warning.path.to_string(), "peer_cidrs");
    let begins =
        format!("`user_data` has {long} bytes, and the cloud takes 32768. Write fewer ranges");
    assert!(warning.detail.starts_with(&begins), "{}", warning.detail);
}

#[tokio::test]
async fn the_line_to_type_knows_the_engine_or_finds_out() {
    const DOCKER: &str = "docker network create --subnet 10.0.2.0/24 -o com.docker.network.bridge.name=br-hwvpc -o com.docker.network.driver.mtu=";
    const MODE: &str = "-o com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected";
    for (patch, expected) in [
        (
            json!({ "engine": "docker", "engine_version": "27.5.1", "mtu": 1400 }),
            format!("{DOCKER}1400 my-net"),
        ),
        (
            json!({ "engine": "docker", "engine_version": "28.0.4", "mtu": 1400 }),
            format!("{DOCKER}1400 {MODE} my-net"),
        ),
        (
            json!({ "engine": "docker", "engine_version": "29.7.2", "network_name": "apps" }),
            format!(
                r"{DOCKER}$(cat /sys/class/net/$(ip -4 route get 10.0.3.0 | sed -n 's/.* dev \([^ ]*\).*/\1/p')/mtu) {MODE} apps"
            ),
        ),
        (
            json!({ "mtu": 1500, "peer_cidrs": [] }),
            format!(
                "{DOCKER}1500 $([ \"$(docker version -f '{{{{.Server.Version}}}}' | cut -d. -f1)\" -lt 28 ] || echo {MODE}) my-net"
            ),
        ),
        (
            json!({ "engine": "podman", "mtu": 1400 }),
            "podman network create --subnet 10.0.2.0/24 --opt mtu=1400 my-net".to_owned(),
        ),
    ] {
        assert_eq!(
            answer(query(&patch)).await["docker_network_create"],
            json!(expected),
            "{patch}"
        );
    }
}

#[tokio::test]
async fn the_unit_comes_before_the_engines() {
    let answer = answer(query(&json!({}))).await;
    let unit = text(&answer, "unit");
    assert!(unit.contains("\nBefore=docker.service podman.service podman-restart.service\n"));
    assert!(unit.contains("\nExecStart=/bin/sh /etc/huaweivpc/host boot\n"));
}

#[tokio::test]
async fn shellcheck_has_nothing_to_say() {
    for patch in [json!({}), json!({ "source": "host", "peer_cidrs": [], "engine": "podman" })] {
        let answer = answer(query(&patch)).await;
        for (name, program) in [
            ("script", text(&answer, "script").to_owned()),
            ("docker_network_create", format!("{}\n", text(&answer, "docker_network_create"))),
        ] {
            let mut command = Command::new("shellcheck");
            // A name of an interface or a number is one word, quoted or not.
            command.args(["--shell=sh", "--exclude=SC2046", "-"]);
            let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
            let mut child = child.unwrap_or_else(|error| {
                panic!("THE SCRIPT WAS NOT CHECKED: shellcheck: {error}. Install shellcheck.")
            });
            let stdin = child.stdin.take();
            stdin.expect("a pipe").write_all(program.as_bytes()).expect("it reads");
            let output = child.wait_with_output().expect("it ends");
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && said.is_empty(), "{name}: {said}");
        }
    }
}
