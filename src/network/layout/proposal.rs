//! A free range where one is in the way: of the same size, near the ranges of the other hosts, and such as a person would
//! choose.

use std::collections::BTreeMap;

use super::{Host, Layout, addresses::capacity};
use crate::network::{
    cidr::{Cidr, address_of, number_of},
    finding::{Code, Finding},
    system::{private_ranges, system_ranges},
};

/// The half of the private IPv6 addresses that everybody may take from; nobody gives out the other (RFC 4193).
const LOCALLY_ASSIGNED: &str = "fd00::/8";

/// Gives every host whose range is in the way a range that is free: outside of everything that is known, the ranges of all
/// hosts and the other proposals included. `of_hosts` are the findings of each host.
pub(super) fn propose(
    layout: &Layout,
    of_hosts: &mut [Vec<Finding>],
    of_pools: Option<&mut Finding>,
) {
    if of_pools.is_none() && !of_hosts.iter().flatten().any(is_about_the_range) {
        return;
    }
    let sound: Vec<Cidr> = layout
        .hosts
        .iter()
        .zip(&*of_hosts)
        .filter(|(_, findings)| !findings.iter().any(is_about_the_range))
        .map(|(host, _)| host.range)
        .collect();
    let mut space = [false, true].map(|is_v6| FreeSpace::of(layout, is_v6, &sound));
    for (host, findings) in layout.hosts.iter().zip(of_hosts) {
        if !findings.iter().any(is_about_the_range) {
            continue;
        }
        let space = &mut space[usize::from(host.range.is_ipv6())];
        let proposal = lengths(host, &sound).find_map(|length| space.take(length));
        for finding in findings.iter_mut().filter(|finding| is_about_the_range(finding)) {
            say(finding, proposal);
        }
    }
    if let Some(finding) = of_pools {
        let pool = finding.conflicts_with.parse::<Cidr>().ok();
        say(
            finding,
            pool.and_then(|pool| space[usize::from(pool.is_ipv6())].take(pool.prefix_length())),
        );
    }
}

/// Another range would do away with the finding. (Host bits are not: spelt differently, it is the right range.)
fn is_about_the_range(finding: &Finding) -> bool {
    matches!(
        finding.code,
        Code::CidrTooSmall
            | Code::CidrSystemRange
            | Code::CidrInSubnet
            | Code::CidrOverlapsHost
            | Code::CidrReserved
            | Code::CidrDockerBridge
            | Code::CidrCoversRemote
            | Code::CidrInVpcRange
            | Code::CidrUsedElsewhere
            | Code::CidrPublic
            | Code::CidrDockerPool
            | Code::RouteForeignOwner
            | Code::RouteShadowed
            | Code::RouteOtherNextHop
    )
}

fn say(finding: &mut Finding, proposal: Option<Cidr>) {
    finding.fix += &match proposal {
        Some(range) => format!(" {range} is free."),
        None => " No private range of this size is free.".to_owned(),
    };
}

/// The prefix lengths to try: the one that is written if it is long enough for the containers, else the next that is;
/// then the one the other hosts have.
fn lengths(host: &Host, sound: &[Cidr]) -> impl Iterator<Item = u8> {
    let family = host.range.is_ipv6();
    let fits = move |length: &u8| {
        let range = Cidr::around(host.range.network(), *length);
        range.is_some_and(|range| capacity(range) >= u128::from(host.containers))
    };
    let own = (0..=host.range.prefix_length()).rev().find(fits);
    let usual = sound.iter().find(|range| range.is_ipv6() == family);
    let usual = usual.map(|range| range.prefix_length()).filter(fits);
    own.into_iter().chain(usual)
}

/// The private addresses of one family that nothing is known to have, in the order in which to offer them.
struct FreeSpace {
    /// 32 or 128.
    width: u8,
    /// First and last address of what is taken, by the first; none overlap.
    taken: BTreeMap<u128, u128>,
    /// First and last address of where to look, one after the other.
    stretches: Vec<(u128, u128)>,
    /// How far the stretches have been looked through for each prefix length. What was taken stays taken, so nobody
    /// looks there again.
    cursors: BTreeMap<u8, (usize, u128)>,
}

impl FreeSpace {
    /// Looks behind the first of the hosts' ranges that is private, a sound one if there is one, then before it, then
    /// everywhere.
    fn of(layout: &Layout, is_v6: bool, sound: &[Cidr]) -> Self {
        let hosts: &Vec<Cidr> = &layout.hosts.iter().map(|host| host.range).collect();
        let subnets = layout.subnets.iter().map(|subnet| subnet.range);
        let system = system_ranges();
        let lists = layout.vpc_ranges.iter().chain(&layout.reserved).chain(&layout.docker_pools);
        let routes = layout.tables.iter().flat_map(|table| &table.routes);
        let mut all: Vec<Cidr> = lists
            .copied()
            .chain(subnets)
            .chain(system.iter().map(|reserved| reserved.range))
            .chain(routes.map(|route| route.destination))
            .chain(hosts.iter().copied())
            .filter(|range| range.is_ipv6() == is_v6 && !range.is_default())
            .collect();
        // A range sorts before everything it contains.
        all.sort_unstable();
        let mut taken: BTreeMap<u128, u128> = BTreeMap::new();
        for range in all {
            let (first, last) = span(range);
            if taken.last_key_value().is_none_or(|(_, end)| *end < first) {
                taken.insert(first, last);
            }
        }
        let blocks: Vec<Cidr> = if is_v6 {
            Cidr::lenient(LOCALLY_ASSIGNED).into_iter().collect()
        } else {
            private_ranges().filter(|block| !block.is_ipv6()).collect()
        };
        Self {
            width: if is_v6 { 128 } else { 32 },
            taken,
            stretches: stretches(&blocks, sound.iter().chain(hosts)),
            cursors: BTreeMap::new(),
        }
    }

    /// The next free range with this prefix length, which is taken from now on.
    fn take(&mut self, length: u8) -> Option<Cidr> {
        let size = 1_u128.checked_shl(u32::from(self.width - length))?;
        let start = (0, self.stretches.first()?.0);
        let (mut stretch, mut address) = self.cursors.get(&length).copied().unwrap_or(start);
        while let Some(&(_, end)) = self.stretches.get(stretch) {
            let first = address.checked_next_multiple_of(size);
            let fits = first.and_then(|first| Some((first, first.checked_add(size - 1)?)));
            let Some((first, last)) = fits.filter(|(_, last)| *last <= end) else {
                stretch += 1;
                address = self.stretches.get(stretch).map_or(0, |next| next.0);
                continue;
            };
            match self.taken.range(..=last).next_back().filter(|(_, end)| **end >= first) {
                // What is taken may go on to the last address there is, where every stretch has ended.
                Some((_, end)) => address = end.saturating_add(1),
                None => {
                    self.taken.insert(first, last);
                    self.cursors.insert(length, (stretch, last + 1));
                    return Cidr::around(address_of(first, self.width == 128)?, length);
                }
            }
        }
        self.cursors.insert(length, (stretch, address));
        None
    }
}

fn stretches<'r>(blocks: &[Cidr], mut near: impl Iterator<Item = &'r Cidr>) -> Vec<(u128, u128)> {
    let home = near.find_map(|range| {
        let block = blocks.iter().find(|block| block.contains(*range))?;
        Some((span(*block), span(*range).0))
    });
    let whole = blocks.iter().map(|block| span(*block));
    match home {
        None => whole.collect(),
        Some(((first, last), anchor)) => {
            let before = (anchor > first).then(|| (first, anchor - 1));
            let others = whole.filter(|block| *block != (first, last));
            [(anchor, last)].into_iter().chain(before).chain(others).collect()
        }
    }
}

/// The numbers of the first and the last address.
fn span(range: Cidr) -> (u128, u128) {
    (number_of(range.network()), number_of(range.last()))
}
