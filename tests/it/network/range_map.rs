//! A map by ranges against a list that is looked through from end to end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use huaweivpc::network::{Cidr, RangeMap};
use proptest::prelude::*;

/// Addresses that differ in the last four bits and, now and then, in the first: much overlap, both families.
fn address() -> impl Strategy<Value = IpAddr> {
    (any::<bool>(), 0_u8..16, prop::bool::weighted(0.1)).prop_map(|(is_v6, last, is_far)| {
        let first: u8 = if is_far { 0xfd } else { 10 };
        if is_v6 {
            Ipv6Addr::new(first.into(), 0, 0, 0, 0, 0, 0, last.into()).into()
        } else {
            Ipv4Addr::new(first, 0, 0, last).into()
        }
    })
}

fn range() -> impl Strategy<Value = Cidr> {
    (address(), prop::bool::weighted(0.1), 0_u8..=5).prop_map(|(address, is_default, spare)| {
        let longest = if address.is_ipv6() { 128 } else { 32 };
        Cidr::around(address, if is_default { 0 } else { longest - spare }).unwrap()
    })
}

fn sorted(things: impl IntoIterator<Item = (Cidr, usize)>) -> Vec<(Cidr, usize)> {
    let mut things: Vec<_> = things.into_iter().collect();
    things.sort_unstable();
    things
}

proptest! {
    #![proptest_config(crate::harness::property::config(10_000))]

    #[test]
    fn a_look_finds_what_a_scan_finds(
        ranges in prop::collection::vec(range(), 0..12),
        asked in range(),
        address in address(),
    ) {
        let all: Vec<(Cidr, usize)> = ranges.into_iter().zip(0..).collect();
        let map: RangeMap<usize> = all.iter().copied().collect();
        let scan = |is_meant: &dyn Fn(Cidr) -> bool| sorted(all.iter().copied().filter(|(it, _)| is_meant(*it)));

        prop_assert_eq!(sorted(map.iter().map(|(it, n)| (it, *n))), scan(&|_| true));
        prop_assert_eq!(sorted(map.at(asked).iter().map(|n| (asked, *n))), scan(&|it| it == asked));
        prop_assert_eq!(
            sorted(map.around(asked).map(|(it, n)| (it, *n))),
            scan(&|it| it != asked && it.contains(asked))
        );
        prop_assert_eq!(
            sorted(map.inside(asked).map(|(it, n)| (it, *n))),
            scan(&|it| it != asked && asked.contains(it))
        );
        prop_assert_eq!(
            sorted(map.overlapping(asked).map(|(it, n)| (it, *n))),
            scan(&|it| it.overlaps(asked))
        );

        let narrowest = all.iter().map(|(it, _)| *it).filter(|it| it.contains_address(address));
        let narrowest = narrowest.max_by_key(|it| it.prefix_length());
        prop_assert_eq!(map.best(address).map(|(it, _)| it), narrowest);
        let of_equals = map.best(address).map_or(0, |(_, things)| things.len());
        prop_assert_eq!(of_equals, all.iter().filter(|(it, _)| Some(*it) == narrowest).count());

        let lengths: Vec<u8> = map.around(asked).map(|(it, _)| it.prefix_length()).collect();
        prop_assert!(lengths.is_sorted_by(|a, b| a >= b), "the narrowest first: {:?}", lengths);
    }
}
