//! What concerns a destination in a table, against a scan of all its routes.

use std::net::{IpAddr, Ipv4Addr};

use huaweivpc::network::{Cidr, NextHop, Route, Routes};
use proptest::prelude::*;

fn destination() -> impl Strategy<Value = Cidr> {
    (0_u8..32, prop::bool::weighted(0.1), 27_u8..=32).prop_map(|(last, is_default, length)| {
        let address = Ipv4Addr::new(10, 0, 0, last).into();
        Cidr::around(address, if is_default { 0 } else { length }).unwrap()
    })
}

/// A table holds a destination once, and a local one overlaps no other.
fn table() -> impl Strategy<Value = Vec<Route>> {
    let entry = (destination(), prop::sample::select(vec!["ecs", "nat", "peering", "local"]));
    prop::collection::vec(entry, 0..14).prop_map(|entries| {
        let mut routes: Vec<Route> = Vec::new();
        for (destination, kind) in entries {
            let is_local = kind == "local";
            let clashes = |other: &Route| {
                other.destination == destination
                    || (is_local || other.is_local()) && other.destination.overlaps(destination)
            };
            let is_refused = is_local && destination.is_default();
            if !is_refused && !routes.iter().any(clashes) {
                let next_hop = NextHop::new(kind.parse().unwrap(), format!("hop-{}", routes.len()));
                routes.push(Route { destination, next_hop, description: String::new() });
            }
        }
        routes
    })
}

proptest! {
    #![proptest_config(crate::harness::property::config(10_000))]

    #[test]
    fn a_look_at_a_table_finds_what_a_scan_finds(routes in table(), asked in destination(), last in 0_u8..32) {
        let table: Routes<&Route> = routes.iter().collect();
        let scan = |is_meant: &dyn Fn(&Route) -> bool| -> Vec<&Route> {
            let mut found: Vec<&Route> = routes.iter().filter(|route| is_meant(route)).collect();
            found.sort_by_key(|route| route.destination);
            found
        };
        let made = |route: &Route| !route.is_local();

        prop_assert_eq!(
            table.same(asked).into_iter().collect::<Vec<_>>(),
            scan(&|route| made(route) && route.destination == asked)
        );
        let holds = |route: &Route| route.destination != asked && route.destination.contains(asked);
        let mut broader: Vec<&Route> = table.broader(asked).collect();
        prop_assert!(broader.is_sorted_by(|a, b| a.destination.prefix_length() > b.destination.prefix_length()));
        broader.reverse();
        prop_assert_eq!(broader, scan(&|route| made(route) && holds(route)));
        let lies_in = |route: &Route| route.destination != asked && asked.contains(route.destination);
        prop_assert_eq!(table.narrower(asked).collect::<Vec<_>>(), scan(&|route| made(route) && lies_in(route)));
        prop_assert_eq!(table.made().collect::<Vec<_>>(), scan(&made));
        prop_assert_eq!(table.count_made() + table.count_local(), routes.len());
        let is_around = |route: &Route| route.is_local() && route.destination.contains(asked);
        prop_assert_eq!(table.local_around(asked).into_iter().collect::<Vec<_>>(), scan(&is_around));
        let is_inside = |route: &Route| route.is_local() && lies_in(route);
        prop_assert_eq!(table.local_inside(asked).collect::<Vec<_>>(), scan(&is_inside));

        let address: IpAddr = Ipv4Addr::new(10, 0, 0, last).into();
        let longest = routes
            .iter()
            .filter(|route| route.destination.contains_address(address))
            .max_by_key(|route| route.destination.prefix_length());
        prop_assert_eq!(table.towards(address), longest);
    }
}
