//! What is said of many random layouts, against comparing everything with everything.

use std::{collections::BTreeSet, net::Ipv4Addr};

use huaweivpc::network::{
    Cidr, Code, Finding, Layout, NextHop, NextHopKind, Route, Severity, Subject, Subnet, Table,
    layout::examine,
};
use proptest::prelude::*;

use super::{cidr, found, host};

/// Ranges that often meet.
fn range() -> impl Strategy<Value = Cidr> {
    let first = prop::sample::select(vec![[10, 0, 0], [10, 0, 0], [172, 17, 0], [8, 8, 8]]);
    (first, any::<u8>(), 25_u8..=32).prop_map(|([a, b, c], last, length)| {
        Cidr::around(Ipv4Addr::new(a, b, c, last).into(), length).unwrap()
    })
}

fn some(most: usize) -> impl Strategy<Value = Vec<Cidr>> {
    prop::collection::vec(range(), 0..most)
}

/// What is said of a host's range, without looking anything up.
fn brute_force(layout: &Layout, position: usize) -> BTreeSet<Code> {
    let host = &layout.hosts[position];
    let meets = |ranges: &[Cidr]| ranges.iter().any(|range| range.overlaps(host.range));
    let mut said = BTreeSet::new();
    let subnets: Vec<Cidr> = layout.subnets.iter().map(|subnet| subnet.range).collect();
    let others: Vec<Cidr> = layout.hosts[..position].iter().map(|host| host.range).collect();
    for (code, is_said) in [
        (Code::CidrInSubnet, meets(&subnets)),
        (Code::CidrOverlapsHost, meets(&others)),
        (Code::CidrReserved, meets(&layout.reserved)),
        (Code::CidrTooSmall, host.range.prefix_length() > 30),
    ] {
        said.extend(is_said.then_some(code));
    }
    let is_sound = said.is_empty();
    if is_sound {
        let is_public =
            ["10.0.0.0/8", "172.16.0.0/12"].iter().all(|it| !cidr(it).contains(host.range));
        for (code, is_said) in [
            (Code::CidrInVpcRange, meets(&layout.vpc_ranges)),
            (Code::CidrDockerPool, meets(&layout.docker_pools)),
            (Code::CidrPublic, is_public),
        ] {
            said.extend(is_said.then_some(code));
        }
        let own = layout.tables[0].routes.iter();
        let here = |route: &&Route| route.next_hop.id == format!("s-{position}");
        let narrower = own.clone().filter(|route| {
            host.range != route.destination && host.range.contains(route.destination)
        });
        let of_plan =
            |hop: &str| (0..layout.hosts.len()).any(|number| hop == format!("s-{number}"));
        let is_told = |route: &Route| {
            let mut ranges = layout.hosts.iter().map(|host| host.range);
            route.next_hop.kind == NextHopKind::Ecs
                && of_plan(&route.next_hop.id)
                && ranges.any(|range| range == route.destination)
        };
        for route in narrower.filter(|route| !here(route) && !is_told(route)) {
            said.insert(match route.next_hop.kind {
                NextHopKind::Peering => Code::CidrCoversRemote,
                NextHopKind::Ecs if of_plan(&route.next_hop.id) => Code::RouteLeftOver,
                _ => Code::RouteShadowed,
            });
        }
        let same = own.clone().find(|route| route.destination == host.range);
        let broader = || {
            own.clone().filter(|route| {
                host.range != route.destination && route.destination.contains(host.range)
            })
        };
        if !same.as_ref().is_some_and(here) {
            let foreign = |route: &Route| {
                route.next_hop.kind == NextHopKind::Peering || !of_plan(&route.next_hop.id)
            };
            said.extend(broader().any(foreign).then_some(Code::CidrUsedElsewhere));
            said.insert(match same {
                Some(route) if route.next_hop.kind == NextHopKind::Peering => {
                    Code::RouteForeignOwner
                }
                Some(route) if of_plan(&route.next_hop.id) => Code::RouteMoves,
                Some(_) => Code::RouteOtherNextHop,
                None if broader().any(|route| !here(&route)) => Code::RouteOnlyBroader,
                None => Code::RouteMissing,
            });
        }
        // A range that has to be another one says no more.
        if said.iter().any(|code| code.severity() == Severity::Error) {
            let of_routes = [Code::RouteLeftOver, Code::CidrUsedElsewhere, Code::RouteMoves];
            let more = [Code::RouteOtherNextHop, Code::RouteOnlyBroader, Code::RouteMissing];
            said.retain(|code| !of_routes.contains(code) && !more.contains(code));
        }
    }
    said
}

proptest! {
    #![proptest_config(crate::harness::property::config(10_000))]

    #[test]
    fn the_examination_says_what_brute_force_says(
        hosts in some(6),
        subnets in some(4),
        vpc_ranges in some(2),
        reserved in some(3),
        docker_pools in some(2),
        routes in prop::collection::vec((range(), prop::bool::weighted(0.3), 0_u8..9), 0..10),
    ) {
        let subnet = |range: &Cidr| Subnet { id: range.to_string(), name: "name".into(), range: *range };
        let route = |(destination, is_remote, hop): &(Cidr, bool, u8)| Route {
            destination: *destination,
            next_hop: match is_remote {
                true => NextHop::new(NextHopKind::Peering, "peer"),
                false => NextHop::new(NextHopKind::Ecs, format!("s-{hop}")),
            },
            description: String::new(),
        };
        let mut routes: Vec<Route> = routes.iter().map(route).collect();
        routes.sort_by_key(|route| route.destination);
        routes.dedup_by_key(|route| route.destination);
        let layout = Layout {
            hosts: hosts
                .iter()
                .enumerate()
                .map(|(number, range)| {
                    host(&number.to_string(), *range, found(&format!("s-{number}"), "subnet", "table"))
                })
                .collect(),
            subnets: subnets.iter().map(subnet).collect(),
            vpc_ranges,
            reserved,
            docker_pools,
            tables: vec![Table { id: "table".into(), is_default: true, routes }],
            ..Layout::default()
        };
        let findings = examine(&layout);
        prop_assert!(findings.is_sorted_by_key(|finding| finding.code.severity()));
        for (position, host) in layout.hosts.iter().enumerate() {
            let about = |finding: &&Finding| finding.subject == Subject::Range(host.name.clone());
            let said: BTreeSet<Code> = findings.iter().filter(about).map(|finding| finding.code).collect();
            prop_assert_eq!(said, brute_force(&layout, position), "{:?}", host.range);
        }
        let errors = findings.iter().filter(|finding| finding.code.severity() == Severity::Error);
        prop_assert!(errors.into_iter().all(|finding| finding.is_error() && finding.code.resolved_by().is_none()));
    }
}
