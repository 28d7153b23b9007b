//! `tests/tools/packets.py`, by which users watch what their emulator holds carry packets.

use std::{path::Path, process::Command};

use serde_json::{Value as Json, json};

use super::stage::SERVERS;
use crate::harness::{emulator_process::EmulatorProcess, namespaces, terraform::REPOSITORY};

/// What it prints for the guide's servers, but for the line on how to enter.
fn shown(url: &str) -> Vec<String> {
    let output = Command::new("python3")
        .arg(Path::new(REPOSITORY).join("tests/tools/packets.py"))
        .args([url, "10.0.2.0/24@192.168.0.2", "10.0.3.0/24@192.168.0.3", "--once"])
        .output()
        .expect("python3 is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().skip(1).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn it_shows_what_the_emulator_holds_carry_packets() {
    if namespaces::are_missing() {
        return;
    }
    let cloud = EmulatorProcess::start("examples/scenarios/guide.json");
    assert_eq!(
        shown(&cloud.url()),
        [
            "10.0.2.2 to 10.0.3.2: ping no answer; traceroute 10.0.2.1, *; seen from nobody",
            "10.0.3.2 to 10.0.2.2: ping no answer; traceroute 10.0.3.1, *; seen from nobody",
        ]
    );

    let state = cloud.state();
    let id = |path: &str| state.pointer(path).and_then(Json::as_str).expect(path).to_owned();
    for (number, address) in SERVERS.into_iter().enumerate() {
        let ports = state["ports"].as_array().expect("ports");
        let port = ports.iter().find(|port| port["ip_address"] == address).expect("a port");
        let pairs = json!({ "port": { "allowed_address_pairs": [{ "ip_address": "1.1.1.1/0" }] } });
        let path = format!("/v1/{{p}}/ports/{}", port["id"].as_str().expect("an id"));
        cloud.operate("PUT", &path, &pairs);
        let route = json!({
            "type": "ecs",
            "destination": format!("10.0.{}.0/24", number + 2),
            "nexthop": port["device_id"],
        });
        let path = format!("/v1/{{p}}/routetables/{}", id("/route_tables/0/id"));
        cloud.operate("PUT", &path, &json!({ "routetable": { "routes": { "add": [route] } } }));
    }
    let rule = json!({
        "security_group_id": id("/security_groups/0/id"),
        "direction": "ingress",
        "protocol": "icmp",
        "remote_ip_prefix": "10.0.0.0/16",
    });
    let path = "/v3/{p}/vpc/security-group-rules";
    cloud.operate("POST", path, &json!({ "security_group_rule": rule }));
    assert_eq!(
        shown(&cloud.url()),
        [
            "10.0.2.2 to 10.0.3.2: ping ttl=62; traceroute 10.0.2.1, *; seen from 10.0.2.2",
            "10.0.3.2 to 10.0.2.2: ping ttl=62; traceroute 10.0.3.1, *; seen from 10.0.3.2",
        ],
        "UDP is not let in"
    );
}
