//! Facts that nobody knows are tried every way: only where that makes a difference, the answer is that it depends.

use huaweivpc::network::path::{Explanation, Fact, Paths, Protocol, Verdict, What};
use serde_json::{Value as Json, json};

use super::world::{self, CONTAINERS, Case};
use crate::harness::config::patched;

fn explain(setups: [Json; 2], vpc: Json, protocol: Protocol) -> Explanation {
    let mut topology = Case { setups: setups.clone(), vpc, fault: None }.topology();
    for (host, setup) in topology.hosts.iter_mut().zip(&setups) {
        if setup["published"].is_null() {
            host.facts.published = None;
        }
        if setup["forwards"].is_null() {
            host.facts.forwards = None;
        }
    }
    Paths::of(&topology).explain(&world::flow(0, CONTAINERS[1], protocol))
}

fn known() -> Json {
    json!({
        "engine_version": "28.5.2",
        "gateway_mode": "nat-unprotected",
        "masquerade": false,
        "masquerade_to_servers": true,
        "forward_policy": "drop",
        "forwards": true,
        "published": [],
    })
}

fn without(names: &[&str]) -> Json {
    let nothing: Json = names.iter().map(|name| ((*name).to_owned(), Json::Null)).collect();
    patched(&known(), &nothing)
}

const OPEN: Json = Json::Null;

#[test]
fn a_fact_that_decides_makes_it_undetermined_and_is_named() {
    for (names, missing) in [
        (vec!["forwards"], vec![What::Forwarding]),
        (vec!["gateway_mode"], vec![What::GatewayMode]),
        (vec!["engine_version"], vec![What::EngineVersion, What::ForwardPolicy]),
        (vec!["engine_version", "forward_policy"], vec![What::EngineVersion, What::ForwardPolicy]),
    ] {
        let receiver = without(&names);
        let explained = explain([known(), receiver], OPEN, Protocol::Icmp);
        let found: Vec<What> = explained.missing.iter().map(|fact| fact.what).collect();
        if names == ["engine_version"] {
            // With the policy known to be DROP, an older Docker would let nothing in.
            assert_eq!(found, [What::EngineVersion]);
        } else {
            assert_eq!(found, missing);
        }
        assert!(explained.missing.iter().all(|fact| fact.at == 1), "the receiver's");
        assert_eq!(explained.verdict, Verdict::Undetermined);
        assert_eq!(explained.reason().unwrap().name(), "facts_missing");
    }
}

#[test]
fn a_fact_that_changes_nothing_is_not_missed() {
    // Nobody asks an old engine for its mode, nor an open one for its policy.
    let old = patched(
        &without(&["gateway_mode"]),
        &json!({ "engine_version": "26.1.5", "forward_policy": "accept" }),
    );
    for receiver in [old, without(&["forward_policy"]), without(&["masquerade"])] {
        let explained = explain([known(), receiver], OPEN, Protocol::Icmp);
        assert_eq!(explained.verdict, Verdict::Reachable);
        assert_eq!(explained.missing, []);
    }
    // Without a route it is the same with every engine.
    let nothing = json!({ "routes": [], "checks_destinations": true });
    let all = ["forwards", "engine_version", "gateway_mode", "masquerade", "forward_policy"];
    let explained = explain([without(&all), without(&all)], nothing, Protocol::Icmp);
    assert_eq!(explained.verdict, Verdict::Unreachable);
    assert_eq!(explained.reason().unwrap().name(), "no_route");
    assert_eq!(explained.missing, []);
}

#[test]
fn a_source_that_may_be_rewritten_is_missed_though_the_container_is_reached() {
    let explained = explain([without(&["masquerade"]), known()], OPEN, Protocol::Icmp);
    assert_eq!(explained.verdict, Verdict::Reachable);
    assert_eq!(explained.source_seen, None);
    assert_eq!(explained.missing, [Fact { what: What::Masquerade, at: 0 }]);

    // Where the groups tell servers from containers, it decides.
    let rules = json!({ "rules": [["ingress", null, "group"], ["egress", null, "any"]] });
    let explained = explain([without(&["masquerade"]), known()], rules, Protocol::Tcp(80));
    assert_eq!(explained.verdict, Verdict::Undetermined);
    assert_eq!(explained.missing, [Fact { what: What::Masquerade, at: 0 }]);
}

#[test]
fn whether_the_cloud_checks_destinations_changes_what_is_seen_and_not_what_arrives() {
    let pairs = json!({ "pairs": ["off", "on"] });
    let explained = explain([known(), known()], pairs, Protocol::Icmp);
    assert_eq!(explained.verdict, Verdict::Unreachable);
    assert_eq!(explained.missing, []);
    assert_eq!(explained.reason().unwrap().name(), "source_check");
    assert_eq!(explained.lines(), ["10.0.2.1", "192.168.0.3 or *", "*"]);
}

#[test]
fn an_address_group_that_nobody_has_read_is_missed() {
    let rules = |action: &str| {
        json!({ "rules": [
            ["egress", null, "any"],
            ["ingress", "icmp", "listed", action, 1],
            ["ingress", "icmp", "any", "allow", 2],
        ] })
    };
    let denied = explain([known(), known()], rules("deny"), Protocol::Icmp);
    assert_eq!(denied.verdict, Verdict::Undetermined);
    assert_eq!(denied.missing.len(), 1);
    assert_eq!(denied.missing[0].what, What::AddressGroup);
    // The next rule would let it through anyway.
    let allowed = explain([known(), known()], rules("allow"), Protocol::Icmp);
    assert_eq!((allowed.verdict, allowed.missing), (Verdict::Reachable, Vec::new()));
}

#[test]
fn podman_lets_in_what_the_policy_does() {
    for (policy, verdict) in [("accept", Verdict::Reachable), ("drop", Verdict::Unreachable)] {
        let setup = patched(&known(), &json!({ "engine": "podman", "forward_policy": policy }));
        let explained = explain([setup.clone(), setup], OPEN, Protocol::Icmp);
        assert_eq!(explained.verdict, verdict);
    }
}

#[test]
fn a_verdict_alone_is_the_same_as_that_of_the_whole_explanation() {
    let recorded = super::recorded();
    let forgotten = ["engine_version", "gateway_mode", "masquerade", "forward_policy"];
    for case in recorded["cases"].as_array().unwrap() {
        for known in 0..=forgotten.len() {
            let mut case = Case::of(case, &recorded["setups"]);
            for setup in &mut case.setups {
                let nothing: Json = forgotten[known..]
                    .iter()
                    .map(|name| ((*name).to_owned(), Json::Null))
                    .collect();
                *setup = patched(setup, &nothing);
            }
            let topology = case.topology();
            let paths = Paths::of(&topology);
            for protocol in [Protocol::Icmp, Protocol::TRACEROUTE, Protocol::Tcp(80)] {
                let flow = world::flow(1, CONTAINERS[0], protocol);
                let whole = paths.explain(&flow);
                let (verdict, stop) = paths.verdict(&flow);
                assert_eq!((verdict, stop), (whole.verdict, whole.stop), "{case:?}");
                assert_eq!(whole.verdict == Verdict::Reachable, whole.reason().is_none());
            }
        }
    }
}

#[test]
fn groups_that_may_not_be_read_are_missed() {
    let mut topology = Case { setups: [known(), known()], vpc: OPEN, fault: None }.topology();
    topology.groups[0].rules = None;
    let explained = Paths::of(&topology).explain(&world::flow(0, CONTAINERS[1], Protocol::Icmp));
    assert_eq!(explained.verdict, Verdict::Undetermined);
    let missing = [0, 1].map(|at| Fact { what: What::GroupRules, at });
    assert_eq!(explained.missing, missing);
}
