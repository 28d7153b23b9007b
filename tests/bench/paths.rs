//! How long the paths between all pairs of hosts take, and how that grows: `make bench` writes it into
//! `docs/guides/performance.md`.
//!
//! Only the decisions are measured, without any cloud: the guide's topology with one server per range. Once with
//! everything known, step by step and the verdicts alone, and once with nothing known of the servers, when each flow is
//! tried in every way that makes a difference.

mod page;

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use huaweivpc::network::{
    Cidr, NextHop, NextHopKind, Route,
    path::{
        Facts, Flow, GatewayMode, Group, Host, Paths, Policy, Port, Protocol, Remote, Rule, Subnet,
        Table, Topology, Verdict, Version,
    },
};

const HOSTS: [u32; 3] = [10, 100, 1000];
const MARKERS: [&str; 2] = ["<!-- paths by `make bench` -->", "<!-- end of the paths -->"];

fn main() {
    page::publish(&report(), MARKERS);
}

fn report() -> String {
    let mut lines = vec![
        "| hosts | flows | step by step | each | verdicts alone | each | against 10 hosts | nothing known | each |".to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    let mut least: Option<f64> = None;
    for hosts in HOSTS {
        let (known, unknown) = (topology(hosts, &known()), topology(hosts, &Facts::UNKNOWN));
        let flows = f64::from(hosts) * f64::from(hosts - 1);
        let each = |took: Duration| took.as_secs_f64() * 1e9 / flows;
        let whole =
            time(&known, hosts, |paths, flow| paths.explain(flow).verdict, Verdict::Reachable);
        let brief = time(&known, hosts, |paths, flow| paths.verdict(flow).0, Verdict::Reachable);
        let open =
            time(&unknown, hosts, |paths, flow| paths.verdict(flow).0, Verdict::Undetermined);
        let least = *least.get_or_insert(each(brief));
        lines.push(format!(
            "| {hosts} | {flows} | {} | {:.0} ns | {} | {:.0} ns | {:.2} | {} | {:.0} ns |",
            milliseconds(whole),
            each(whole),
            milliseconds(brief),
            each(brief),
            each(brief) / least,
            milliseconds(open),
            each(open),
        ));
    }
    lines.join("\n")
}

/// All flows between two different hosts, each of which has this verdict.
#[expect(clippy::disallowed_methods, reason = "measuring is what this is for")]
fn time(
    topology: &Topology,
    hosts: u32,
    verdict: impl Fn(&Paths<'_>, &Flow) -> Verdict,
    expected: Verdict,
) -> Duration {
    let began = Instant::now();
    let paths = Paths::of(topology);
    for from in 0..hosts {
        for to in (0..hosts).filter(|to| *to != from) {
            let (container, to) = (Some(container(from)), container(to));
            let flow = Flow { from: from as usize, container, to, protocol: Protocol::Icmp };
            let found = verdict(&paths, std::hint::black_box(&flow));
            assert_eq!(found, expected);
        }
    }
    began.elapsed()
}

fn milliseconds(took: Duration) -> String {
    format!("{:.2} ms", took.as_secs_f64() * 1e3)
}

fn known() -> Facts {
    Facts {
        version: Some(Version(28, 5)),
        gateway_mode: Some(GatewayMode::NatUnprotected),
        masquerades: Some(false),
        masquerades_to_servers: Some(true),
        forwards: Some(true),
        forward_policy: Some(Policy::Drop),
        published: Some(Vec::new()),
        ..Facts::UNKNOWN
    }
}

/// The guide's: one subnet, one table with a route for each host, one group with its four rules.
fn topology(hosts: u32, facts: &Facts) -> Topology {
    let port = |number: u32| Port {
        id: format!("port-{number}"),
        server_id: format!("server-{number}"),
        addresses: vec![Ipv4Addr::from(u32::from(Ipv4Addr::new(192, 168, 0, 2)) + number).into()],
        subnet_id: "subnet".into(),
        is_primary: true,
        pairs: Cidr::lenient("1.1.1.1/0").into_iter().collect(),
        groups: vec!["group".into()],
    };
    let host = |number: u32| Host {
        port_id: format!("port-{number}"),
        range: Some(range(number)),
        facts: facts.clone(),
    };
    let rules = [
        rule(false, None, Remote::Group("group".into())),
        rule(true, None, Remote::Anyone),
        rule(false, Some("icmp"), Remote::Anyone),
        rule(false, Some("udp"), Remote::Anyone),
    ];
    Topology {
        subnets: vec![Subnet {
            id: "subnet".into(),
            range: Cidr::around(Ipv4Addr::new(192, 168, 0, 0).into(), 16).expect("a range"),
            table_id: "table".into(),
        }],
        tables: vec![Table { id: "table".into(), routes: (0..hosts).map(route).collect() }],
        ports: (0..hosts).map(port).collect(),
        lists_all_ports: true,
        groups: vec![Group { id: "group".into(), rules: Some(rules.into()) }],
        hosts: (0..hosts).map(host).collect(),
        checks_destinations: None,
    }
}

fn rule(is_egress: bool, protocol: Option<&str>, remote: Remote) -> Rule {
    Rule {
        id: "rule".into(),
        is_egress,
        is_ipv6: false,
        protocol: protocol.map(str::to_owned),
        ports: None,
        remote,
        denies: false,
        priority: 100,
    }
}

fn route(number: u32) -> Route {
    Route {
        destination: range(number),
        next_hop: NextHop::new(NextHopKind::Ecs, format!("server-{number}")),
        description: String::new(),
    }
}

fn range(number: u32) -> Cidr {
    Cidr::around(container(number).into(), 24).expect("a range")
}

fn container(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 0, 0, 2)) + (number << 8))
}
