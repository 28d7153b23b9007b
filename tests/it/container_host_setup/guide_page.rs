//! The guide `prepare-servers`: what it tells to type does what the script does.

use serde_json::json;

use super::{answer, query, stage::*, text};
use crate::harness::namespaces;

const PAGE: &str = include_str!("../../../docs/guides/prepare-servers.md");

/// The commands of the page for the first server: for every engine, and besides for Docker up to 27.
fn commands() -> [String; 2] {
    let (_, by_hand) = PAGE.split_once("<!-- these commands are run by the tests -->").unwrap();
    let mut blocks = by_hand.split("```shell\n").skip(1).map(|rest| {
        let (block, _) = rest.split_once("```").expect("the end of the block");
        block.to_owned()
    });
    let two = [blocks.next().expect("a block"), blocks.next().expect("another one")];
    assert_eq!(blocks.next(), None);
    two
}

fn for_the_second_server(commands: &str) -> String {
    commands
        .replace("10.0.2.", "10.0.X.")
        .replace("10.0.3.", "10.0.2.")
        .replace("10.0.X.", "10.0.3.")
}

#[tokio::test]
async fn the_commands_bring_packets_through() {
    if namespaces::are_missing() {
        return;
    }
    let [all, before_28] = commands();
    for (rules, typed) in [
        (DOCKER_20, format!("{all}{before_28}")),
        (DOCKER_27_LEGACY, format!("{all}{before_28}")),
        (DOCKER_28_5, all.clone()),
        (DOCKER_29_NFTABLES, all.clone()),
        (PODMAN_5, all),
    ] {
        let story = Story::on(rules).await;
        story.write("h1", &typed);
        story.write("h2", &for_the_second_server(&typed));
        let told = story.told("for server in h1 h2; do host $server >/dev/null; done; everywhere");
        assert_eq!(
            told,
            [
                "c1 to 10.0.3.2: ttl=62, seen from 10.0.2.2",
                "c2 to 10.0.2.2: ttl=62, seen from 10.0.3.2",
                "c1 to 198.51.100.1: ttl=63, seen from 192.168.0.2",
            ],
            "{} {}",
            rules.engine,
            rules.version
        );
    }
}

#[tokio::test]
async fn the_networks_are_those_of_the_data_source() {
    for (engine, version) in [("docker", "27.5.1"), ("docker", "28.5.2"), ("podman", "5.4.2")] {
        let patch = json!({ "engine": engine, "engine_version": version, "mtu": 1500 });
        let answer = answer(query(&patch)).await;
        let line = format!("\n{}\n", text(&answer, "docker_network_create"));
        assert!(PAGE.contains(&line), "{line}");
    }
}
