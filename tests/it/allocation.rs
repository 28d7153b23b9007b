//! Laws of giving ranges to hosts and of putting ranges together, against brute force over small pools.

use std::collections::{BTreeMap, BTreeSet};

use huaweivpc::network::{
    Cidr,
    aggregate::aggregate,
    pool::{Claim, Shortage, allocate},
};
use proptest::prelude::*;

fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

/// A range among 1024 addresses of IPv4 or of IPv6; the length counts from the beginning of IPv4.
fn range(is_ipv6: bool, offset: u32, length: u8) -> Cidr {
    if is_ipv6 {
        let address = (0xfd00_u128 << 112) + u128::from(offset);
        Cidr::around(std::net::IpAddr::V6(address.into()), 96 + length).unwrap()
    } else {
        Cidr::around(std::net::IpAddr::V4((0x0a00_0000 + offset).into()), length).unwrap()
    }
}

fn small_ranges(is_ipv6: bool, most: usize) -> impl Strategy<Value = Vec<Cidr>> {
    let one =
        (0_u32..1024, 22_u8..=32).prop_map(move |(offset, length)| range(is_ipv6, offset, length));
    prop::collection::vec(one, 0..most)
}

/// The fewest ranges by definition: a block that is covered whole is one, any other what its halves are.
fn fewest(block: Cidr, ranges: &[Cidr]) -> Vec<Cidr> {
    if ranges.iter().any(|range| range.contains(block)) {
        return vec![block];
    }
    if ranges.iter().all(|range| !range.overlaps(block)) {
        return Vec::new();
    }
    let [lower, upper] = halves(block);
    let parts = [fewest(lower, ranges), fewest(upper, ranges)].concat();
    if parts == [lower, upper] { vec![block] } else { parts }
}

fn halves(block: Cidr) -> [Cidr; 2] {
    let length = block.prefix_length() + 1;
    [block.network(), block.last()].map(|address| Cidr::around(address, length).unwrap())
}

/// A pool, the size of a host's range, hosts in an order, and what is taken.
#[derive(Debug, Clone)]
struct Case {
    pool: Cidr,
    prefix_length: u64,
    hosts: Vec<Claim>,
    taken: Vec<Cidr>,
}

impl Case {
    fn allocate(&self, hosts: &[Claim]) -> Result<BTreeMap<String, Cidr>, Shortage> {
        allocate(self.pool, self.prefix_length, hosts, &self.taken)
    }

    /// Every range of the pool that is nobody's.
    fn free(&self) -> usize {
        let mut ranges = vec![self.pool];
        while u64::from(ranges[0].prefix_length()) < self.prefix_length {
            ranges = ranges.into_iter().flat_map(halves).collect();
        }
        let present = self.hosts.iter().filter_map(|host| host.present);
        let blocked: Vec<Cidr> = present.chain(self.taken.iter().copied()).collect();
        ranges.retain(|range| blocked.iter().all(|blocked| !blocked.overlaps(*range)));
        ranges.len()
    }

    fn new_hosts(&self) -> impl Iterator<Item = &Claim> {
        self.hosts.iter().filter(|host| host.present.is_none())
    }
}

fn cases() -> impl Strategy<Value = Case> {
    any::<bool>().prop_flat_map(|is_ipv6| {
        let pool =
            (22_u8..=26).prop_flat_map(|length| (Just(length), length..=(length + 5).min(30)));
        let names = prop::collection::btree_set("[a-z][0-9]?", 0..14);
        let present = small_ranges(is_ipv6, 4);
        (pool, names, any::<u64>(), present, small_ranges(is_ipv6, 5)).prop_map(
            move |((pool, size), names, order, present, taken)| {
                let mut hosts: Vec<Claim> =
                    names.into_iter().map(|name| Claim { name, present: None }).collect();
                if !hosts.is_empty() {
                    let middle = usize::try_from(order % hosts.len() as u64).unwrap();
                    hosts.rotate_left(middle);
                }
                // Ranges that hosts have do not overlap.
                let mut kept: Vec<Cidr> = Vec::new();
                for range in present {
                    if kept.iter().all(|other| !other.overlaps(range)) {
                        kept.push(range);
                    }
                }
                hosts.iter_mut().zip(kept).for_each(|(host, range)| host.present = Some(range));
                let beyond = if is_ipv6 { 96 } else { 0 };
                let prefix_length = u64::from(size + beyond);
                Case { pool: range(is_ipv6, 512, pool), prefix_length, hosts, taken }
            },
        )
    })
}

fn without(ranges: &BTreeMap<String, Cidr>, name: &str) -> BTreeMap<String, Cidr> {
    ranges
        .iter()
        .filter(|(host, _)| *host != name)
        .map(|(host, range)| (host.clone(), *range))
        .collect()
}

proptest! {
    #![proptest_config(crate::harness::property::config(10_000))]

    #[test]
    fn what_is_put_together_covers_the_same_with_the_fewest(
        (is_ipv6, ranges) in any::<bool>().prop_flat_map(|is_ipv6| (Just(is_ipv6), small_ranges(is_ipv6, 24)))
    ) {
        prop_assert_eq!(aggregate(&ranges), fewest(range(is_ipv6, 0, 22), &ranges));
    }

    #[test]
    fn each_host_has_a_free_range_of_the_pool_or_the_one_it_had(case in cases()) {
        let wanted = case.new_hosts().count();
        match case.allocate(&case.hosts) {
            Ok(ranges) => {
                let names: BTreeSet<_> = case.hosts.iter().map(|host| &host.name).collect();
                prop_assert_eq!(ranges.keys().collect::<BTreeSet<_>>(), names);
                for host in &case.hosts {
                    let range = ranges[&host.name];
                    match host.present {
                        Some(present) => prop_assert_eq!(range, present),
                        None => {
                            prop_assert!(case.pool.contains(range));
                            prop_assert_eq!(u64::from(range.prefix_length()), case.prefix_length);
                            prop_assert!(case.taken.iter().all(|taken| !taken.overlaps(range)));
                        }
                    }
                    let mut others = ranges.iter().filter(|(name, _)| **name != host.name);
                    prop_assert!(others.all(|(_, other)| !other.overlaps(range)));
                }
                prop_assert!(case.free() >= wanted);
            }
            Err(Shortage::Full { free, larger, .. }) => {
                prop_assert!(case.free() < wanted);
                prop_assert_eq!(free, case.free() as u128);
                let larger = Case { pool: larger.expect("there is room elsewhere"), ..case.clone() };
                prop_assert!(larger.allocate(&case.hosts).is_ok());
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn a_host_added_at_the_end_moves_no_other(case in cases()) {
        let Ok(ranges) = case.allocate(&case.hosts) else { return Ok(()) };
        let hosts = [case.hosts.clone(), vec![Claim { name: "new".into(), present: None }]].concat();
        if let Ok(more) = case.allocate(&hosts) {
            prop_assert_eq!(without(&more, "new"), ranges);
        }
    }

    #[test]
    fn hosts_that_say_what_they_have_never_move(case in cases(), position in any::<prop::sample::Index>()) {
        let Ok(ranges) = case.allocate(&case.hosts) else { return Ok(()) };
        let told: Vec<Claim> = ranges
            .iter()
            .map(|(name, range)| Claim { name: name.clone(), present: Some(*range) })
            .collect();
        prop_assert_eq!(case.allocate(&told), Ok(ranges.clone()));

        let mut more = told.clone();
        more.insert(position.index(told.len() + 1), Claim { name: "new".into(), present: None });
        if let Ok(more) = case.allocate(&more) {
            prop_assert_eq!(without(&more, "new"), ranges.clone());
        }
        if !told.is_empty() {
            let mut fewer = told;
            let removed = fewer.remove(position.index(fewer.len()));
            prop_assert_eq!(case.allocate(&fewer), Ok(without(&ranges, &removed.name)));
        }
    }

    #[test]
    fn a_host_that_goes_moves_only_later_ones(case in cases(), position in any::<prop::sample::Index>()) {
        let Ok(ranges) = case.allocate(&case.hosts) else { return Ok(()) };
        let mut new = (0..case.hosts.len()).filter(|host| case.hosts[*host].present.is_none());
        let Some(gone) = new.nth(position.index(case.hosts.len().max(1))) else { return Ok(()) };
        let mut fewer = case.hosts.clone();
        fewer.remove(gone);
        let after = case.allocate(&fewer).unwrap();
        for host in &case.hosts[..gone] {
            prop_assert_eq!(after[&host.name], ranges[&host.name]);
        }
    }
}

fn claims(names: impl IntoIterator<Item = String>) -> Vec<Claim> {
    names.into_iter().map(|name| Claim { name, present: None }).collect()
}

/// How many of `count` hosts of a list move, on average, when one of them is taken out.
fn moved_on_average(pool: &str, count: usize) -> f64 {
    let hosts = claims((0..count).map(|number| format!("node-{number}")));
    let ranges = allocate(cidr(pool), 24, &hosts, &[]).unwrap();
    let moved = (0..count).map(|gone| {
        let mut fewer = hosts.clone();
        fewer.remove(gone);
        let after = allocate(cidr(pool), 24, &fewer, &[]).unwrap();
        after.iter().filter(|(name, range)| ranges[*name] != **range).count()
    });
    moved.sum::<usize>() as f64 / count as f64
}

#[test]
fn taking_out_one_of_a_list_moves_few() {
    for (pool, count, most) in [
        ("10.0.0.0/8", 100, 0.01),
        ("10.0.0.0/12", 100, 0.05),
        ("10.0.0.0/16", 10, 0.15),
        ("10.0.0.0/16", 50, 0.3),
        ("10.0.0.0/16", 200, 1.5),
    ] {
        let moved = moved_on_average(pool, count);
        assert!(moved <= most, "{moved} of {count} hosts in {pool}");
    }
}

/// What one version has given, no later version may move.
/// What the page of the function says of each form.
#[test]
fn a_list_moves_hosts_where_a_map_keeps_them() {
    let names = || (0..50).map(|number| format!("host-{number}"));
    let before = allocate(cidr("10.0.0.0/16"), 24, &claims(names()), &[]).unwrap();
    let held: Vec<Cidr> = before.values().copied().collect();
    let with_ranges: Vec<Claim> = before
        .iter()
        .map(|(name, range)| Claim { name: name.clone(), present: Some(*range) })
        .collect();
    let moved = |pool: &str, hosts: &[Claim], taken: &[Cidr]| {
        let after = allocate(cidr(pool), 24, hosts, taken).unwrap();
        after.iter().filter(|(name, range)| before[*name] != **range).count()
    };
    for (what, pool, taken) in [
        ("a pool that grows", "10.0.0.0/14", &[][..]),
        ("a pool that shrinks", "10.0.0.0/17", &[]),
        ("their own ranges taken", "10.0.0.0/16", &held),
    ] {
        assert!(moved(pool, &claims(names()), taken) > 10, "{what}");
        assert_eq!(moved(pool, &with_ranges, taken), 0, "{what}");
    }
    assert_eq!(moved("10.0.0.0/16", &claims(names()), &held), 50);
}

#[test]
fn names_lead_where_they_always_led() {
    let hosts = || claims(["ecs1", "ecs2", "ecs3"].map(str::to_owned));
    let ranges = |pool: &str, length| {
        let ranges = allocate(cidr(pool), length, &hosts(), &[]).unwrap();
        ranges.into_values().map(|range| range.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ranges("10.0.0.0/16", 24), ["10.0.23.0/24", "10.0.140.0/24", "10.0.31.0/24"]);
    assert_eq!(
        ranges("fd00:10::/32", 64),
        ["fd00:10:17cb:8ccb::/64", "fd00:10:8cf1:8e1e::/64", "fd00:10:1f40:3175::/64"]
    );
    assert_eq!(
        ranges("::/0", 128),
        [
            "17cb:8ccb:497b:edd8:5c6d:c0e7:4416:e807/128",
            "8cf1:8e1e:869b:7385:e36c:60d7:6f42:ddff/128",
            "1f40:3175:87c9:ca8b:2600:b30c:88f3:ec3f/128"
        ]
    );
}

#[test]
fn pools_of_every_size_are_used_to_the_last_range() {
    let all = |pool: &str, length, count: usize| {
        let hosts = claims((0..count).map(|number| number.to_string()));
        allocate(cidr(pool), length, &hosts, &[]).map(|ranges| ranges.len())
    };
    assert_eq!(all("10.0.0.0/24", 24, 1), Ok(1));
    assert_eq!(all("0.0.0.0/0", 0, 1), Ok(1));
    assert_eq!(all("::/0", 128, 100), Ok(100));
    assert_eq!(all("255.255.255.0/24", 32, 256), Ok(256));
    assert_eq!(all("fd00::/48", 60, 4096), Ok(4096));
    assert_eq!(all("10.0.0.0/16", 24, 0), Ok(0));
}

#[test]
fn what_does_not_fit_is_refused_with_what_would() {
    let names = |count: usize| claims((0..count).map(|number| format!("ecs{number}")));
    let has = |name: &str, range: &str| Claim { name: name.into(), present: Some(cidr(range)) };
    let refusal = |pool: &str, length, hosts: &[Claim], taken: &[&str]| {
        let taken: Vec<Cidr> = taken.iter().map(|text| cidr(text)).collect();
        allocate(cidr(pool), length, hosts, &taken).unwrap_err().to_string()
    };
    let keep = "Hosts that are to keep their ranges in another pool have to name them in `hosts`.";
    assert_eq!(
        refusal("10.0.4.0/22", 24, &names(5), &["10.0.5.128/25"]),
        format!(
            "The pool 10.0.4.0/22 is full: it holds 4 ranges of /24, of which 3 are free, and 5 hosts need one. \
             10.0.0.0/21 would do. {keep}"
        )
    );
    assert_eq!(
        refusal("10.0.4.0/24", 24, &names(1), &["10.0.0.0/16"]),
        format!(
            "The pool 10.0.4.0/24 is full: it holds 1 range of /24, of which 0 are free, and 1 host needs one. \
             10.0.0.0/15 would do. {keep}"
        )
    );
    // No other private range is around 192.168.0.0/16.
    assert_eq!(
        refusal("192.168.0.0/16", 20, &names(17), &[]),
        format!(
            "The pool 192.168.0.0/16 is full: it holds 16 ranges of /20, of which 16 are free, and 17 hosts need one. \
             10.0.0.0/15 would do. {keep}"
        )
    );
    assert!(refusal("fd00::/64", 64, &names(2), &[]).contains("fd00::/63 would do."));
    assert!(
        refusal("10.0.0.0/8", 8, &names(3), &["172.16.0.0/12", "192.168.0.0/16"])
            .contains("Write a longer prefix length")
    );
    assert_eq!(
        refusal("10.0.0.0/16", 8, &[], &[]),
        "A range with prefix length 8 does not fit into the pool 10.0.0.0/16. Write a prefix length from 16 to 32."
    );
    assert!(refusal("fd00::/64", 129, &[], &[]).contains("from 64 to 128"));
    assert_eq!(
        refusal("10.0.0.0/16", 24, &[names(1), names(1)].concat(), &[]),
        "The host `ecs0` stands here twice. Write each name once."
    );
    assert_eq!(
        refusal("10.0.0.0/16", 24, &[has("a", "10.9.2.0/24"), has("b", "10.9.0.0/16")], &[]),
        "10.9.0.0/16 of `b` overlaps 10.9.2.0/24 of `a`. Give one of them another range, or null to have one chosen."
    );
}
