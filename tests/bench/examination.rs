//! How long the examination of a plan takes, and how that grows: `make bench` writes it into `docs/guides/performance.md`.
//!
//! Only the decisions are measured, without any cloud. Two layouts: one in which nothing is wrong, and the worst one, in
//! which everything overlaps everything.

mod page;

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use huaweivpc::network::{
    Cidr, Found, Host, Layout, Location, NextHop, NextHopKind, Route, Subnet, Table,
    layout::examine,
};

const HOSTS: [u32; 4] = [10, 100, 1000, 10_000];
const ROUTES_PER_HOST: u32 = 10;
const HOSTS_PER_SUBNET: f64 = 2.5;
const ROUNDS: usize = 5;
const MARKERS: [&str; 2] =
    ["<!-- examination by `make bench` -->", "<!-- end of the examination -->"];

fn main() {
    page::publish(&report(), MARKERS);
}

fn report() -> String {
    let mut lines = vec![
        "| hosts | routes | subnets | nothing wrong | per host and log n | everything overlaps | findings |".to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    for hosts in HOSTS {
        let (sound, worst) = (sound(hosts), worst(hosts));
        let (took, findings) = (median(&sound), examine(&worst).len());
        assert!(examine(&sound).is_empty(), "nothing is wrong");
        let each = took.as_secs_f64() * 1e9 / (f64::from(hosts) * f64::from(hosts).log2());
        lines.push(format!(
            "| {hosts} | {} | {} | {} | {each:.0} ns | {} | {findings} |",
            sound.tables[0].routes.len(),
            sound.subnets.len(),
            milliseconds(took),
            milliseconds(median(&worst)),
        ));
    }
    lines.join("\n")
}

#[expect(clippy::disallowed_methods, reason = "measuring is what this is for")]
fn median(layout: &Layout) -> Duration {
    let mut took: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            std::hint::black_box(examine(std::hint::black_box(layout)));
            began.elapsed()
        })
        .collect();
    took.sort_unstable();
    took[ROUNDS / 2]
}

fn milliseconds(took: Duration) -> String {
    format!("{:.2} ms", took.as_secs_f64() * 1e3)
}

/// Every host has a /24 and its route; nine other routes for each lead to servers outside the plan.
fn sound(hosts: u32) -> Layout {
    let subnets = (f64::from(hosts) / HOSTS_PER_SUBNET) as u32;
    let own = (0..hosts).map(|number| route(range(10, number, 24), &server(number)));
    let foreign = (0..hosts * (ROUTES_PER_HOST - 1))
        .map(|number| route(range(20, number, 28), &server(hosts + number % 100)));
    let subnet = |number: u32| Subnet {
        id: format!("subnet-{number}"),
        name: format!("subnet-{number}"),
        range: range(172, number, 28),
    };
    Layout {
        vpc_ranges: vec![range(172, 0, 12)],
        subnets: (0..subnets).map(subnet).collect(),
        hosts: (0..hosts).map(|number| host(number, range(10, number, 24))).collect(),
        docker_pools: vec![range(192, 0, 16)],
        tables: vec![Table {
            id: "table".into(),
            is_default: true,
            routes: own.chain(foreign).collect(),
        }],
        quota: Some(u64::from(hosts * ROUTES_PER_HOST * 2)),
        servers: Some((0..hosts + 100).map(server).collect()),
        ..Layout::default()
    }
}

/// Every other host has the same broad range, and all other ranges lie in it.
fn worst(hosts: u32) -> Layout {
    let mut layout = sound(hosts);
    for host in layout.hosts.iter_mut().step_by(2) {
        host.range = range(10, 0, 8);
        host.written = host.range.to_string();
    }
    for subnet in &mut layout.subnets {
        subnet.range = range(10, 0, 8);
    }
    layout.reserved = layout.tables[0].routes.iter().map(|route| route.destination).collect();
    layout
}

/// The `number`-th range of this size from `first.0.0.0` (or from 172.16.0.0, 192.168.0.0).
fn range(first: u8, number: u32, length: u8) -> Cidr {
    let second = match first {
        172 => 16,
        192 => 168,
        _ => 0,
    };
    let address = u32::from(Ipv4Addr::new(first, second, 0, 0)) + (number << (32 - length));
    Cidr::around(Ipv4Addr::from(address).into(), length).expect("a prefix length of IPv4")
}

fn server(number: u32) -> String {
    format!("server-{number}")
}

fn route(destination: Cidr, server: &str) -> Route {
    let next_hop = NextHop::new(NextHopKind::Ecs, server);
    Route { destination, next_hop, description: String::new() }
}

fn host(number: u32, range: Cidr) -> Host {
    let found = Found {
        server_id: server(number),
        port_id: format!("port-{number}"),
        other_port_ids: Vec::new(),
        subnet_id: "subnet-0".into(),
        is_primary: Some(true),
        checks_source: false,
        status: Some("ACTIVE".into()),
        table_id: "table".into(),
        own_table_id: "table".into(),
    };
    Host {
        name: format!("host-{number:05}"),
        wanted: format!("the id `{number}`"),
        location: Location::Found(Box::new(found)),
        range,
        written: range.to_string(),
        containers: 100,
    }
}
