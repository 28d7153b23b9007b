//! The rules of security groups and the routes of tables, as a packet meets them.

use std::net::Ipv4Addr;

use huaweivpc::network::{
    Cidr, NextHop, NextHopKind, Route, Routes,
    path::{By, Paths, Protocol, Reason, Stage, Topology, Verdict},
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::world::{self, CONTAINERS, Case};

fn kept() -> Json {
    super::recorded()["setups"]["kept"].clone()
}

fn with(vpc: Json) -> Case {
    Case { setups: [kept(), kept()], vpc, fault: None }
}

#[test]
fn the_first_rule_that_fits_decides_and_a_denying_one_goes_first() {
    let tcp = Protocol::Tcp(8000);
    for (rules, protocol, passes) in [
        (json!([["ingress", "tcp", "any", "allow", 1, "22,8000-8010"]]), tcp, true),
        (json!([["ingress", "6", "any", "allow", 1, "22,8000-8010"]]), tcp, true),
        (json!([["ingress", "tcp", "any", "allow", 1, "22,8001-8010"]]), tcp, false),
        (json!([["ingress", "udp", "any", "allow", 1, "33434-33534"]]), Protocol::TRACEROUTE, true),
        (json!([["ingress", "udp", "any", "allow", 1, "33434"]]), Protocol::TRACEROUTE, false),
        (json!([["ingress", "icmp", "any", "allow", 1, "8/0"]]), Protocol::Icmp, true),
        (json!([["ingress", "icmp", "any", "allow", 1, "3/4"]]), Protocol::Icmp, false),
        (json!([["ingress", null, "10.0.2.0/24"]]), tcp, true),
        (json!([["ingress", null, "10.0.2.0/31"]]), tcp, false),
        (json!([["ingress", null, "192.168.0.0/24"]]), tcp, false),
        (json!([["ingress", null, "group"]]), tcp, false),
        (
            json!([["ingress", null, "any", "allow", 2], ["ingress", "tcp", "any", "deny", 1]]),
            tcp,
            false,
        ),
        (
            json!([["ingress", null, "any", "allow", 1], ["ingress", "tcp", "any", "deny", 1]]),
            tcp,
            false,
        ),
        (
            json!([["ingress", null, "any", "allow", 1], ["ingress", "tcp", "any", "deny", 2]]),
            tcp,
            true,
        ),
        (
            json!([
                ["ingress", null, "any", "allow", 2],
                ["ingress", "tcp", "10.0.3.0/24", "deny", 1]
            ]),
            tcp,
            true,
        ),
        (json!([["egress", null, "any", "deny", 1], ["ingress", null, "any"]]), tcp, false),
    ] {
        let mut all = rules.as_array().unwrap().clone();
        all.push(json!(["egress", null, "any"]));
        let topology = with(json!({ "rules": all })).topology();
        let explained = Paths::of(&topology).explain(&world::flow(0, CONTAINERS[1], protocol));
        assert_eq!(explained.verdict == Verdict::Reachable, passes, "{rules}");
    }
}

#[test]
fn a_rule_for_ipv6_lets_no_ipv4_through() {
    let mut topology = with(json!({})).topology();
    for rule in topology.groups[0].rules.iter_mut().flatten() {
        rule.is_ipv6 = true;
    }
    let explained = Paths::of(&topology).explain(&world::flow(0, CONTAINERS[1], Protocol::Icmp));
    assert_eq!(explained.reason().unwrap().name(), "group_egress");
}

#[test]
fn what_is_behind_a_gateway_is_not_known() {
    let mut topology = with(json!({})).topology();
    topology.tables[0].routes.push(Route {
        destination: world::cidr("0.0.0.0/0"),
        next_hop: NextHop::new(NextHopKind::Nat, "gateway"),
        description: String::new(),
    });
    let out = world::flow(0, Ipv4Addr::new(198, 51, 100, 1), Protocol::Icmp);
    let explained = Paths::of(&topology).explain(&out);
    assert_eq!(explained.verdict, Verdict::Undetermined);
    assert_eq!(explained.reason().unwrap().name(), "leaves_vpc");
}

#[test]
fn a_next_hop_that_is_not_shown_may_be_there() {
    let vpc = json!({ "routes": [["10.0.2.0/24", 1], ["10.0.3.0/24", 3]] });
    let mut topology = with(vpc).topology();
    for (lists_all_ports, reason) in [(true, "next_hop_gone"), (false, "leaves_vpc")] {
        topology.lists_all_ports = lists_all_ports;
        let flow = world::flow(0, CONTAINERS[1], Protocol::Icmp);
        let explained = Paths::of(&topology).explain(&flow);
        assert_eq!(explained.reason().unwrap().name(), reason);
        assert_eq!(explained.verdict == Verdict::Undetermined, !lists_all_ports);
    }
}

#[test]
fn what_is_for_a_server_arrives_at_its_primary_interface() {
    let mut topology = with(json!({})).topology();
    let mut extension = topology.ports[1].clone();
    extension.id = "extension".into();
    extension.addresses = vec!["192.168.0.13".parse().unwrap()];
    extension.is_primary = false;
    topology.ports.insert(1, extension);
    let arrives = |topology: &Topology| {
        let flow = world::flow(0, CONTAINERS[1], Protocol::Icmp);
        Paths::of(topology).explain(&flow).reason().map(Reason::name)
    };
    assert_eq!(arrives(&topology), None);
    topology.tables[0].routes[1].next_hop.kind = NextHopKind::Eni;
    topology.tables[0].routes[1].next_hop.id = "extension".into();
    assert_eq!(arrives(&topology), Some("route_leads_elsewhere"));
    topology.tables[0].routes[1].next_hop.id = "port-2".into();
    assert_eq!(arrives(&topology), None);
    // Where nobody marks it, the first one counts.
    topology.ports[2].is_primary = false;
    topology.tables[0].routes[1].next_hop.kind = NextHopKind::Ecs;
    topology.tables[0].routes[1].next_hop.id = "ecs-2".into();
    assert_eq!(arrives(&topology), Some("route_leads_elsewhere"));
}

/// The server of the called container believes that the caller is one of its own.
#[test]
fn an_answer_that_another_server_keeps_does_not_come_back() {
    let mut topology = with(json!({})).topology();
    topology.hosts[1].range = Some(world::cidr("10.0.2.0/23"));
    let flow = world::flow(0, CONTAINERS[1], Protocol::Icmp);
    let explained = Paths::of(&topology).explain(&flow);
    assert_eq!(explained.reason(), Some(Reason::AnswerLedElsewhere));
    assert_eq!(explained.lines(), ["10.0.2.1", "*"]);
    assert_eq!(explained.source_seen, Some(CONTAINERS[0]));
}

#[test]
fn every_decision_is_a_step_with_what_decided() {
    let topology = with(json!({ "pairs": [["10.0.2.0/24"], "off"] })).topology();
    let explained = Paths::of(&topology).explain(&world::flow(0, CONTAINERS[1], Protocol::Icmp));
    let steps: Vec<(Stage, By)> = explained.steps.iter().map(|it| (it.stage, it.by)).collect();
    assert_eq!(
        steps,
        [
            (Stage::Forwarding, By::Server),
            (Stage::Forward, By::Server),
            (Stage::SourceNat, By::Server),
            (Stage::SourceCheck, By::Pair(0)),
            (Stage::Routing, By::Route(0, 1)),
            (Stage::DestinationCheck, By::CheckOff),
            (Stage::GroupEgress, By::Rule(0, 0)),
            (Stage::GroupIngress, By::Rule(0, 1)),
            (Stage::Forwarding, By::Server),
            (Stage::Forward, By::Server),
            (Stage::Delivery, By::Server),
            (Stage::Forwarding, By::Server),
            (Stage::Forward, By::Established),
            (Stage::SourceNat, By::Server),
            (Stage::SourceCheck, By::CheckOff),
            (Stage::Routing, By::Route(0, 0)),
            (Stage::DestinationCheck, By::Pair(0)),
            (Stage::GroupEgress, By::Established),
            (Stage::GroupIngress, By::Established),
            (Stage::Forwarding, By::Server),
            (Stage::Forward, By::Established),
            (Stage::Delivery, By::Server),
        ]
    );
    assert!(explained.steps.iter().all(|step| step.passes));
}

proptest! {
    #![proptest_config(crate::harness::property::config(500))]

    #[test]
    fn the_longest_prefix_wins_as_in_a_table(
        ranges in prop::collection::vec((any::<u8>(), 24_u8..=32), 0..12),
        addresses in prop::collection::vec(any::<u8>(), 1..8),
    ) {
        let mut topology = with(json!({})).topology();
        let range = |(last, length): &(u8, u8)| {
            Cidr::around(Ipv4Addr::new(255, 255, 255, *last).into(), *length).unwrap()
        };
        let route = |(number, it): (usize, &(u8, u8))| Route {
            destination: range(it),
            next_hop: NextHop::new(NextHopKind::Ecs, "ecs-2"),
            description: number.to_string(),
        };
        let routes: Vec<Route> = ranges.iter().enumerate().map(route).collect();
        topology.tables[0].routes.clone_from(&routes);
        let paths = Paths::of(&topology);
        let table: Routes<&Route> = routes.iter().collect();
        for last in addresses {
            let address = Ipv4Addr::new(255, 255, 255, last);
            let explained = paths.explain(&world::flow(0, address, Protocol::Icmp));
            let step = explained.steps.iter().find(|it| it.stage == Stage::Routing).unwrap();
            let found = match step.by {
                By::Route(0, route) => Some(&routes[route as usize]),
                _ => None,
            };
            prop_assert_eq!(found.map(|it| &it.description), table.towards(address.into()).map(|it| &it.description));
        }
    }
}
