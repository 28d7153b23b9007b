//! What is proposed is free, is near and is what a person would choose.

use huaweivpc::network::{
    Cidr, Finding, Layout, Route, Subnet,
    layout::{capacity, examine},
};
use proptest::prelude::*;

use super::layout::{cidr, found, guide, host, route};

fn proposals(layout: &Layout) -> Vec<(String, Option<Cidr>)> {
    let proposed = examine(layout).into_iter();
    proposed
        .filter(|finding| finding.fix.contains("free"))
        .map(|finding| (finding.subject.to_string(), proposal(&finding)))
        .collect()
}

/// The range that a fix names as free.
fn proposal(finding: &Finding) -> Option<Cidr> {
    let (text, _) = finding.fix.split_once(" is free.")?;
    text.rsplit(' ').next()?.parse().ok()
}

/// Hosts with these ranges, of which nothing is done yet.
fn hosts(ranges: &[&str]) -> Layout {
    let mut layout = guide();
    layout.tables[0].routes.retain(Route::is_local);
    layout.hosts = ranges
        .iter()
        .zip(0..)
        .map(|(range, number)| {
            let name = format!("h{number}");
            let found = found(&format!("s-{number}"), "subnet", "table");
            host(&name, cidr(range), found)
        })
        .collect();
    layout
}

#[test]
fn a_person_would_have_chosen_it() {
    for (ranges, proposed) in [
        (&["10.0.2.0/24", "10.0.3.0/24", "10.0.2.0/24"][..], &["10.0.4.0/24"][..]),
        (&["10.0.2.0/24", "10.0.2.128/25", "10.0.2.0/25"], &["10.0.3.0/25", "10.0.3.128/25"]),
        (&["192.168.0.0/24", "10.0.2.0/24"], &["10.0.3.0/24"]),
        (&["10.0.2.0/24", "100.64.0.0/10"], &["10.64.0.0/10"]),
        (&["10.0.2.0/24", "10.0.3.0/31"], &["10.0.3.4/30"]),
        (&["10.255.255.0/24", "10.255.255.0/24"], &["10.0.0.0/24"]),
        (&["8.8.8.0/24"], &["10.0.0.0/24"]),
        (&["fd00:10:2::/64", "fd00:10:2::/64"], &["fd00:10:2:1::/64"]),
        // No second range of this size is private; the size of the others' is.
        (&["10.0.2.0/24", "10.0.0.0/8"], &["172.16.0.0/24"]),
    ] {
        let found = proposals(&hosts(ranges));
        let found: Vec<String> =
            found.iter().map(|(_, range)| range.expect("one is free").to_string()).collect();
        assert_eq!(found, proposed, "{ranges:?}");
    }
}

#[test]
fn it_holds_what_is_wanted() {
    let mut layout = hosts(&["10.0.2.0/28", "10.0.3.0/24"]);
    layout.hosts[0].containers = 500;
    assert_eq!(proposals(&layout), [("host `h0`".to_owned(), Some(cidr("10.0.4.0/23")))]);
}

#[test]
fn nothing_is_sought_behind_the_last_address_there_is() {
    for reserved in ["8000::/1", "f000::/4"] {
        let mut layout = hosts(&["fd00:10:2::/64", "fd00:10:2::/64"]);
        layout.reserved = vec![cidr(reserved)];
        let found = proposals(&layout);
        assert!(!found.is_empty() && found.iter().all(|(_, range)| range.is_none()), "{found:?}");
    }
}

#[test]
fn where_nothing_is_free_that_is_said() {
    let mut layout = hosts(&["10.0.2.0/24", "10.0.2.0/24"]);
    layout.reserved = vec![cidr("10.0.0.0/9"), cidr("10.128.0.0/9"), cidr("172.16.0.0/12")];
    layout.vpc_ranges = vec![cidr("192.168.0.0/16")];
    for finding in examine(&layout).iter().filter(|finding| finding.is_error()) {
        assert!(finding.fix.ends_with("No private range of this size is free."), "{}", finding.fix);
    }
}

#[test]
fn docker_gets_one_too() {
    let mut layout = guide();
    layout.tables[0].routes.push(route("172.17.9.0/24", "vpn", "gateway"));
    let proposed = proposals(&layout);
    assert_eq!(proposed, [("Docker's pools".to_owned(), Some(cidr("10.1.0.0/16")))]);
}

fn range() -> impl Strategy<Value = Cidr> {
    let block = prop::sample::select(vec![
        "10.0.0.0/26",
        "10.0.0.0/26",
        "172.16.255.192/26",
        "100.64.0.0/26",
    ]);
    (block, any::<u32>(), 26_u8..=32).prop_map(|(block, offset, length)| {
        let address = cidr(block).address(offset % 64).unwrap();
        Cidr::around(address, length).unwrap()
    })
}

proptest! {
    #![proptest_config(crate::harness::property::config(10_000))]

    #[test]
    fn what_is_proposed_overlaps_nothing_that_is_known(
        ranges in prop::collection::vec((range(), 1_u64..20), 1..8),
        subnets in prop::collection::vec(range(), 0..4),
        others in prop::collection::vec(range(), 0..4),
        routes in prop::collection::vec(range(), 0..6),
    ) {
        let texts: Vec<String> = ranges.iter().map(|(range, _)| range.to_string()).collect();
        let mut layout = hosts(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        for (host, (_, containers)) in layout.hosts.iter_mut().zip(&ranges) {
            host.containers = *containers;
        }
        let subnet = |range: Cidr| Subnet { id: range.to_string(), name: "name".into(), range };
        layout.subnets.extend(subnets.iter().copied().map(subnet));
        layout.reserved.clone_from(&others);
        let destinations = routes.iter().map(|range| route(&range.to_string(), "peering", "peer"));
        layout.tables[0].routes.extend(destinations);
        let known: Vec<Cidr> = ranges
            .iter()
            .map(|(range, _)| *range)
            .chain(layout.subnets.iter().map(|subnet| subnet.range))
            .chain(layout.tables[0].routes.iter().map(|route| route.destination))
            .chain(others)
            .chain(layout.vpc_ranges.clone())
            .chain(layout.docker_pools.clone())
            .collect();

        let mut proposed = proposals(&layout);
        proposed.sort();
        proposed.dedup();
        let by_host: std::collections::BTreeSet<&String> = proposed.iter().map(|(host, _)| host).collect();
        prop_assert_eq!(by_host.len(), proposed.len(), "one for each host");
        for (position, (host, range)) in proposed.iter().enumerate() {
            let range = range.expect("there is much room");
            prop_assert!(known.iter().all(|other| !other.overlaps(range)), "{range} is taken");
            let mut others = proposed[..position].iter().filter_map(|(_, other)| *other);
            prop_assert!(others.all(|other| !other.overlaps(range)), "{range} is proposed twice");
            let host = layout.hosts.iter().find(|it| *host == format!("host `{}`", it.name)).unwrap();
            prop_assert!(capacity(range) >= u128::from(host.containers));
            prop_assert!(range.prefix_length() <= host.range.prefix_length());
        }
    }
}
