//! Settings by version: the same on both servers of an open VPC, the policy of FORWARD included, which a Docker up to 27
//! and an iptables one behind it leaves at DROP where it has switched forwarding on itself.

use huaweivpc::network::path::{Answered, Paths, Protocol, Verdict, Way};
use serde_json::{Value as Json, json};

use super::world::{self, CONTAINERS, Case, SERVERS};
use crate::harness::config::patched;

/// How far a traceroute gets, and whom the receiver has seen.
const HOP_1: &str = "10.0.2.1 *";
const HOP_2: &str = "10.0.2.1 192.168.0.3 *";
const BY_HOST: &str = "10.0.2.1 192.168.0.3 10.0.3.2 (192.168.0.2)";
const BY_CONTAINER: &str = "10.0.2.1 192.168.0.3 10.0.3.2 (10.0.2.2)";

fn world(version: &str, setting: &Json) -> Case {
    let usual = json!({
        "engine_version": version,
        "gateway_mode": "nat",
        "masquerade": true,
        "masquerade_to_servers": true,
        "forward_policy": "drop",
    });
    let setup = patched(&usual, setting);
    let vpc = json!({ "checks_destinations": true });
    Case { setups: [setup.clone(), setup], vpc, fault: None }
}

/// What a traceroute from the first container to the second one shows.
fn shown(case: &Case, protocol: Protocol) -> String {
    let topology = case.topology();
    let explained = Paths::of(&topology).explain(&world::flow(0, CONTAINERS[1], protocol));
    assert_eq!(explained.missing, [], "every fact is known");
    let lines = explained.lines();
    let seen = explained.source_seen.filter(|_| explained.verdict == Verdict::Reachable);
    lines.join(" ") + &seen.map(|source| format!(" ({source})")).unwrap_or_default()
}

#[test]
fn settings_do_what_they_did_on_each_version() {
    let from_anywhere = json!(["0.0.0.0/0"]);
    let containers_only = json!(["10.0.0.0/16"]);
    for (setting, cells) in [
        (
            json!({}),
            [("26.1.5", HOP_2), ("28.0.4", HOP_2), ("28.1.1", HOP_2), ("28.2.2", HOP_1)].to_vec(),
        ),
        (
            json!({ "forward_policy": "accept" }),
            [("20.10.24", BY_HOST), ("27.5.1", BY_HOST), ("28.1.1", HOP_2), ("29.7.2", HOP_1)]
                .to_vec(),
        ),
        (
            json!({ "admits": from_anywhere }),
            [("26.1.5", BY_HOST), ("27.5.1", BY_HOST), ("28.0.4", BY_HOST), ("28.5.2", HOP_1)]
                .to_vec(),
        ),
        // Peers that masquerade come with addresses of the subnet.
        (
            json!({ "admits": containers_only }),
            [("26.1.5", HOP_2), ("27.5.1", HOP_2), ("28.0.4", HOP_2)].to_vec(),
        ),
        (json!({ "allows_direct": true }), [("28.2.2", HOP_2), ("28.5.2", HOP_2)].to_vec()),
        (
            json!({ "allows_direct": true, "admits": from_anywhere }),
            [("28.2.2", BY_HOST), ("29.7.2", BY_HOST)].to_vec(),
        ),
        // Up to 26 a mode is ignored, and 27 leaves `routed` to the policy.
        (
            json!({ "gateway_mode": "routed", "masquerade": null }),
            [("27.5.1", HOP_2), ("28.0.4", HOP_2), ("28.5.2", HOP_2), ("29.7.2", HOP_2)].to_vec(),
        ),
        (
            json!({ "gateway_mode": "routed", "masquerade": null, "forward_policy": "accept" }),
            [("27.5.1", BY_CONTAINER), ("28.5.2", HOP_2)].to_vec(),
        ),
        (
            json!({ "gateway_mode": "nat-unprotected" }),
            [("26.1.5", HOP_2), ("28.0.4", BY_HOST), ("28.1.1", BY_HOST), ("29.7.2", BY_HOST)]
                .to_vec(),
        ),
        (
            json!({ "gateway_mode": "nat-unprotected", "masquerade": false }),
            [("28.0.4", BY_CONTAINER), ("28.5.2", BY_CONTAINER)].to_vec(),
        ),
        // A kept source has its answers dropped where the sender's own engine takes nothing from outside.
        (
            json!({ "allows_direct": true, "admits": from_anywhere, "masquerade": false }),
            [("28.5.2", BY_CONTAINER)].to_vec(),
        ),
        (json!({ "nftables": true, "forward_policy": "accept" }), [("29.7.2", HOP_1)].to_vec()),
        (
            json!({ "nftables": true, "forward_policy": null, "allows_direct": true }),
            [("29.7.2", HOP_2)].to_vec(),
        ),
        (
            json!({ "nftables": true, "forward_policy": null, "gateway_mode": "nat-unprotected" }),
            [("29.7.2", BY_HOST)].to_vec(),
        ),
        // dockerd with `--iptables=false`.
        (
            json!({ "writes_rules": false, "masquerade": null, "forward_policy": "accept" }),
            [("26.1.5", BY_CONTAINER), ("28.5.2", BY_CONTAINER)].to_vec(),
        ),
    ] {
        for (version, line) in cells {
            let case = world(version, &setting);
            assert_eq!(shown(&case, Protocol::TRACEROUTE), line, "{version} with {setting}");
        }
    }
}

/// A policy that is DROP in a chain of its own shuts in both directions what nftables lets through.
#[test]
fn a_policy_beside_the_engines_own_tables_shuts_everything() {
    for shut in [
        json!({ "nftables": true, "gateway_mode": "nat-unprotected", "forward_policy": "drop" }),
        json!({ "writes_rules": false, "masquerade": false, "forward_policy": "drop" }),
    ] {
        let mut case = world("29.7.2", &shut);
        for (line, stops_at) in [(HOP_1, 0), (HOP_2, 1)] {
            assert_eq!(shown(&case, Protocol::Icmp), line, "{shut}");
            let topology = case.topology();
            let flow = world::flow(0, CONTAINERS[1], Protocol::Icmp);
            let stop = Paths::of(&topology).explain(&flow).stop.unwrap();
            assert_eq!((stop.port, stop.way), (stops_at, Way::Request), "{shut}");
            case.setups[0]["forward_policy"] = json!("accept");
        }
    }
}

#[test]
fn the_rules_of_a_container_go_with_it() {
    for (version, fault, line) in [
        ("28.5.2", "container-stopped-2", HOP_2),
        ("28.5.2", "network-gone-2", HOP_2),
        ("26.1.5", "container-stopped-2", HOP_2),
    ] {
        let mut case = world(version, &json!({}));
        case.fault = Some(fault.to_owned());
        assert_eq!(shown(&case, Protocol::Tcp(80)), line, "{version}, {fault}");
        // Nothing stands behind the server's own port either.
        let topology = case.topology();
        let flow = world::flow(0, SERVERS[1], Protocol::Tcp(8080));
        let answered_by = Paths::of(&topology).explain(&flow).answered_by;
        assert_eq!(answered_by, Some(Answered::Server), "{version}, {fault}");
    }
}

#[test]
fn a_loop_goes_on_for_those_whom_the_user_admits() {
    let admitted = json!({ "admits": ["192.168.0.0/16"] });
    for (setting, rounds) in [(json!({}), 1), (admitted, 29)] {
        let mut case = world("26.1.5", &setting);
        case.fault = Some("network-gone-2".into());
        let lines = shown(&case, Protocol::Icmp);
        assert_eq!(lines.matches(" 192.168.0.3").count(), rounds, "{lines}");
    }
    // With nftables they are admitted to the containers' bridge only, which is gone.
    let mut case = world("29.7.2", &json!({}));
    case.setups[1]["nftables"] = json!(true);
    case.setups[1]["admits"] = json!(["192.168.0.0/16"]);
    case.fault = Some("network-gone-2".into());
    assert_eq!(shown(&case, Protocol::Icmp), HOP_2);
}

#[test]
fn a_routed_network_answers_pings_and_published_ports_only() {
    for version in ["28.0.4", "28.5.2", "29.7.2"] {
        let case = world(version, &json!({ "gateway_mode": "routed", "masquerade": null }));
        assert_eq!(shown(&case, Protocol::Icmp), BY_CONTAINER);
        assert_eq!(shown(&case, Protocol::Tcp(80)), BY_CONTAINER);
        assert_eq!(shown(&case, Protocol::Tcp(8081)), HOP_2);
    }
}

#[test]
fn a_published_port_is_open_by_the_servers_address_and_from_28_on_by_no_other() {
    for (version, directly) in [("27.5.1", BY_HOST), ("28.1.1", HOP_1), ("28.5.2", HOP_1)] {
        let case = world(version, &json!({}));
        assert_eq!(shown(&case, Protocol::Tcp(80)), directly, "{version}");
        let topology = case.topology();
        let flow = world::flow(0, SERVERS[1], Protocol::Tcp(8080));
        let explained = Paths::of(&topology).explain(&flow);
        assert_eq!(explained.verdict, Verdict::Reachable, "{version}");
        assert_eq!(explained.answered_by, Some(Answered::Container), "{version}");
    }
}

#[test]
fn answers_are_dropped_by_the_senders_own_engine() {
    let open = json!({ "gateway_mode": "nat-unprotected", "masquerade": false });
    let mut case = world("28.5.2", &open);
    case.setups[0]["gateway_mode"] = json!("nat");
    let topology = case.topology();
    let explained = Paths::of(&topology).explain(&world::flow(0, CONTAINERS[1], Protocol::Icmp));
    assert_eq!(explained.reason().unwrap().name(), "engine_drops_direct");
    assert_eq!(explained.source_seen, Some(CONTAINERS[0]), "the request has arrived");
    assert_eq!(shown(&case, Protocol::Icmp), HOP_1, "nor do the time-exceeded arrive");
}
