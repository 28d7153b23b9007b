//! The pure core against brute force and by table: ranges, ports, and the examination of a layout.

mod clash;
mod range_map;

use std::{collections::BTreeSet, net::Ipv4Addr};

use huaweivpc::network::{
    Cidr, Code, Host, Layout, Location, PortRanges, Subnet, Table,
    cidr::overlapping_pairs,
    layout::{capacity, examine},
    system,
};
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
    #![proptest_config(ProptestConfig::with_cases(10_000))]

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
        prop_assert_eq!(overlapping_pairs(&ranges), naive);
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

fn found(server: &str, subnet: &str) -> Location {
    Location::Found { server_id: server.into(), subnet_id: subnet.into(), table_id: "table".into() }
}

fn host(name: &str, range: &str, location: Location) -> Host {
    Host {
        name: name.into(),
        wanted: format!("the id `{name}`"),
        location,
        range: cidr(range),
        containers: 1,
    }
}

/// The guide's topology.
fn guide() -> Layout {
    Layout {
        vpc_ranges: vec![cidr("192.168.0.0/16")],
        subnets: vec![Subnet {
            id: "subnet".into(),
            name: "subnet-a".into(),
            range: cidr("192.168.0.0/24"),
        }],
        hosts: vec![
            host("ecs1", "10.0.2.0/24", found("server-1", "subnet")),
            host("ecs2", "10.0.3.0/24", found("server-2", "subnet")),
        ],
        reserved: Vec::new(),
        docker_pools: system::docker_pools(),
        tables: vec![Table {
            id: "table".into(),
            destinations: Vec::new(),
            local_routes: 4,
            quota: Some(200),
        }],
    }
}

fn codes(layout: &Layout) -> Vec<&'static str> {
    examine(layout).iter().map(|finding| finding.code.name()).collect()
}

#[test]
fn the_guide_is_without_findings() {
    assert_eq!(examine(&guide()), []);
}

#[test]
fn each_mistake_has_its_finding_and_its_nearest_neighbour_has_none() {
    type Change = fn(&mut Layout);
    let cases: &[(&str, Change, &[&str])] = &[
        ("the same range", |l| l.hosts[1].range = cidr("10.0.2.0/24"), &["cidr_overlaps_host"]),
        ("a nested range", |l| l.hosts[1].range = cidr("10.0.2.128/25"), &["cidr_overlaps_host"]),
        ("an adjacent range", |l| l.hosts[1].range = cidr("10.0.1.0/24"), &[]),
        ("inside a subnet", |l| l.hosts[1].range = cidr("192.168.0.128/25"), &["cidr_in_subnet"]),
        ("around a subnet", |l| l.hosts[1].range = cidr("192.0.0.0/8"), &["cidr_in_subnet"]),
        (
            "in the VPC's range, no subnet there",
            |l| l.hosts[1].range = cidr("192.168.7.0/24"),
            &["cidr_in_vpc_range", "cidr_docker_pool"],
        ),
        (
            "in a secondary range",
            |l| l.vpc_ranges.push(cidr("10.0.0.0/16")),
            &["cidr_in_vpc_range", "cidr_in_vpc_range"],
        ),
        ("the cloud's DNS", |l| l.hosts[1].range = cidr("100.125.0.0/16"), &["cidr_system_range"]),
        ("beside the system range", |l| l.hosts[1].range = cidr("100.128.0.0/16"), &[]),
        ("198.19.128.0/20", |l| l.hosts[1].range = cidr("198.19.130.0/24"), &["cidr_system_range"]),
        ("metadata", |l| l.hosts[1].range = cidr("169.254.1.0/24"), &["cidr_system_range"]),
        ("loopback", |l| l.hosts[1].range = cidr("127.3.0.0/16"), &["cidr_system_range"]),
        ("multicast", |l| l.hosts[1].range = cidr("239.0.0.0/24"), &["cidr_system_range"]),
        ("everything", |l| l.hosts[1].range = cidr("0.0.0.0/0"), &["cidr_overlaps_host"]),
        ("a reserved range", |l| l.reserved.push(cidr("10.0.3.128/25")), &["cidr_reserved"]),
        ("another reserved range", |l| l.reserved.push(cidr("10.0.4.0/24")), &[]),
        ("Docker's pool", |l| l.hosts[1].range = cidr("172.17.3.0/24"), &["cidr_docker_pool"]),
        ("outside Docker's pool", |l| l.hosts[1].range = cidr("172.16.3.0/24"), &[]),
        ("too small", |l| l.hosts[1].containers = 254, &["cidr_too_small"]),
        ("just large enough", |l| l.hosts[1].containers = 253, &[]),
        ("no room at all", |l| l.hosts[1].range = cidr("10.0.3.0/31"), &["cidr_too_small"]),
        ("no such server", |l| l.hosts[1].location = Location::NotFound, &["host_not_found"]),
        (
            "two servers",
            |l| {
                l.hosts[1].location =
                    Location::Ambiguous { candidates: vec!["a".into(), "b".into()] }
            },
            &["host_ambiguous"],
        ),
        ("another VPC", |l| l.hosts[1].location = Location::OtherVpc, &["host_other_vpc"]),
        (
            "another subnet",
            |l| l.hosts[1].location = found("server-2", "subnet-b"),
            &["host_other_subnet"],
        ),
        (
            "one server twice",
            |l| l.hosts[1].location = found("server-1", "subnet"),
            &["host_repeated"],
        ),
        ("quota full", |l| l.tables[0].quota = Some(1), &["quota_exceeded"]),
        (
            "quota just full if local routes count",
            |l| l.tables[0].quota = Some(5),
            &["quota_nearly_full"],
        ),
        ("room left", |l| l.tables[0].quota = Some(6), &[]),
        ("no quota", |l| l.tables[0].quota = None, &[]),
        (
            "routes that exist need no room",
            |l| {
                l.tables[0].destinations = vec![cidr("10.0.2.0/24"), cidr("10.0.3.0/24")];
                l.tables[0].quota = Some(2);
            },
            &[],
        ),
    ];
    for (what, change, expected) in cases {
        let mut layout = guide();
        change(&mut layout);
        let found = codes(&layout);
        // 0.0.0.0/0 overlaps whatever there is; that it overlaps the other host is enough here.
        if *what == "everything" {
            assert!(found.contains(&expected[0]), "{what}: {found:?}");
        } else {
            assert_eq!(found, *expected, "{what}");
        }
    }
}

#[test]
fn all_findings_come_at_once_errors_first() {
    let mut layout = guide();
    layout.hosts[0].range = cidr("172.17.0.0/16");
    layout.hosts[1].range = cidr("172.17.1.0/24");
    layout.hosts.push(host("ecs3", "10.0.3.1/32", Location::NotFound));
    assert_eq!(
        codes(&layout),
        [
            "cidr_overlaps_host",
            "host_not_found",
            "cidr_too_small",
            "cidr_docker_pool",
            "cidr_docker_pool"
        ]
    );
}

#[test]
fn a_finding_names_the_addresses_and_a_remedy() {
    let mut layout = guide();
    layout.hosts[1].range = cidr("10.0.2.128/25");
    let findings = examine(&layout);
    assert_eq!(findings[0].code, Code::CidrOverlapsHost);
    assert_eq!(findings[0].message, "10.0.2.128/25 of `ecs2` overlaps 10.0.2.0/24 of `ecs1`.");
    assert!(!findings[0].fix.is_empty());
}
