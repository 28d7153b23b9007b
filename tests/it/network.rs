//! The pure core against brute force and by table: ranges and ports here; look-ups by range, routes, the examination of a
//! layout and the path of a packet in files of their own.

mod clash;
mod layout;
pub mod path;
mod proposals;
mod range_map;
mod routes;

use std::{collections::BTreeSet, net::Ipv4Addr};

use huaweivpc::network::{Cidr, PortRanges, cidr::overlapping_pairs, layout::capacity};
use proptest::prelude::*;

fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

/// Ranges in one /24, so that every address of every range can be listed.
fn small_range() -> impl Strategy<Value = Cidr> {
    (any::<u8>(), 24_u8..=32).prop_map(|(last, length)| {
        Cidr::around(Ipv4Addr::new(10, 0, 0, last).into(), length).unwrap()
    })
}

fn addresses(range: Cidr) -> BTreeSet<u8> {
    (0..=255).filter(|last| range.contains_address(Ipv4Addr::new(10, 0, 0, *last).into())).collect()
}

proptest! {
    #![proptest_config(crate::harness::property::config(10_000))]

    #[test]
    fn ranges_relate_as_their_sets_of_addresses_do(a in small_range(), b in small_range()) {
        let (in_a, in_b) = (addresses(a), addresses(b));
        prop_assert_eq!(a.contains(b), in_a.is_superset(&in_b));
        prop_assert_eq!(a.overlaps(b), !in_a.is_disjoint(&in_b));
        prop_assert_eq!(a.size(), in_a.len() as u128);
        prop_assert_eq!(a.to_string().parse::<Cidr>(), Ok(a));
    }

    #[test]
    fn overlapping_pairs_are_found_as_by_comparing_every_two(ranges in prop::collection::vec(small_range(), 0..12)) {
        let naive: Vec<(usize, usize)> = (0..ranges.len())
            .flat_map(|b| (0..b).map(move |a| (a, b)))
            .filter(|&(a, b)| ranges[a].overlaps(ranges[b]))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        prop_assert_eq!(overlapping_pairs(&ranges, usize::MAX), naive);
    }

    #[test]
    fn any_address_with_host_bits_is_refused_with_its_canonical_form(address in any::<u32>(), length in 0_u8..=32) {
        let text = format!("{}/{length}", Ipv4Addr::from(address));
        let canonical = Cidr::around(Ipv4Addr::from(address).into(), length).unwrap();
        match text.parse::<Cidr>() {
            Ok(parsed) => prop_assert_eq!(parsed.to_string(), text),
            Err(refusal) => {
                let says_what_to_write = refusal.to_string().contains(&format!("Write `{canonical}`"));
                prop_assert!(says_what_to_write, "{}", refusal);
            }
        }
    }

    #[test]
    fn equivalent_port_lists_open_the_same_ports(
        a in prop::collection::vec((1_u16..40, 0_u16..6), 1..5),
        b in prop::collection::vec((1_u16..40, 0_u16..6), 1..5),
    ) {
        let text = |list: &[(u16, u16)]| {
            let range = |&(first, more): &(u16, u16)| match more {
                0 => first.to_string(),
                more => format!("{first}-{}", first + more),
            };
            list.iter().map(range).collect::<Vec<_>>().join(",")
        };
        let ports = |list: &[(u16, u16)]| -> BTreeSet<u16> {
            list.iter().flat_map(|&(first, more)| first..=first + more).collect()
        };
        let (parsed_a, parsed_b): (PortRanges, PortRanges) = (text(&a).parse().unwrap(), text(&b).parse().unwrap());
        prop_assert_eq!(parsed_a.is_equivalent(&parsed_b), ports(&a) == ports(&b));
        prop_assert_eq!(parsed_a.to_string(), text(&a));
    }
}

#[test]
fn a_range_has_one_spelling() {
    for (text, remedy) in [
        ("10.0.2.1/24", "Write `10.0.2.0/24`"),
        ("10.0.2.5", "Write `10.0.2.5/32`"),
        ("fd00:0:0::/64", "Write `fd00::/64`"),
        ("FD00::/64", "Write `fd00::/64`"),
        ("10.0.2.0/33", "such as `10.0.2.0/24`"),
        ("10.0.2/24", "such as `10.0.2.0/24`"),
        ("010.0.2.0/24", "Write `10.0.2.0/24`"),
        ("", "such as `10.0.2.0/24`"),
    ] {
        let refusal = text.parse::<Cidr>().unwrap_err().to_string();
        assert!(refusal.contains(remedy), "{text}: {refusal}");
    }
}

#[test]
fn a_list_of_ports_has_one_spelling() {
    for text in ["", "0", "65536", "53-53", "60-53", " 53", "53,", "+53", "053", "53;54", "a"] {
        assert!(text.parse::<PortRanges>().is_err(), "{text}");
    }
}

#[test]
fn the_capacity_leaves_out_the_addresses_that_containers_cannot_have() {
    for (range, containers) in [
        ("10.0.2.0/24", 253),
        ("10.0.2.0/30", 1),
        ("10.0.2.0/31", 0),
        ("10.0.2.0/32", 0),
        ("fd00::/126", 2),
    ] {
        assert_eq!(capacity(cidr(range)), containers, "{range}");
    }
}
