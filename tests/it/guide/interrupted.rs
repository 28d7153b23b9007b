//! Ctrl-C in the middle of an apply, with real Terraform: what exists by then is known, and the next apply goes on.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::stage::Guide;
use crate::harness::terraform::for_each_cli;

#[test]
fn what_was_made_before_ctrl_c_is_recorded() {
    for_each_cli(|cli| {
        // Slow enough for the signal to meet the request under way.
        let guide = Guide::with(cli, &["--latency", "100ms"]);
        interrupt_while_a_route_is_added(&guide);
        assert!(!guide.routes().is_empty(), "the request was under way, so it had its effect");

        let recorded: Vec<Value> = guide
            .workspace
            .state_json()
            .and_then(|state| state["resources"].as_array().cloned())
            .unwrap_or_default();
        let instances = |kind: &str| -> usize {
            let of_kind = recorded.iter().filter(|resource| resource["type"] == kind);
            of_kind.map(|resource| resource["instances"].as_array().map_or(0, Vec::len)).sum()
        };
        assert_eq!(instances("huaweivpc_container_route"), guide.routes().len());
        assert_eq!(instances("huaweivpc_ecs_port_source_check"), guide.checks_off().len());
        assert_eq!(
            instances("huaweivpc_secgroup_icmp_udp_rule"),
            usize::from(!guide.rules().is_empty())
        );

        guide.apply();
        assert_eq!(guide.routes().len(), 2);
        guide.nothing_to_do();
    });
}

/// Sends SIGINT while the request that adds a route is under way, and waits for the end.
fn interrupt_while_a_route_is_added(guide: &Guide) {
    let mut apply = guide.workspace.command(&["apply", "-auto-approve", "-no-color"]);
    let mut apply =
        apply.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the client starts");
    let is_under_way = |request: &Value| {
        let path = request["path"].as_str().unwrap_or_default();
        request["method"] == "PUT" && path.contains("/routetables/") && request["status"].is_null()
    };
    while !guide.cloud.requests().iter().any(is_under_way) {
        let ended = apply.try_wait().expect("a process of ours");
        assert!(ended.is_none(), "the apply ended before a route was added");
    }
    let signal = Command::new("kill").args(["-INT", &apply.id().to_string()]).status();
    assert!(signal.expect("kill runs").success());
    assert!(!apply.wait().expect("it ends").success(), "an interrupted apply does not succeed");
}
