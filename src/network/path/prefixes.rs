//! Which of many ranges wins for an address, by one binary search: the ranges are laid out side by side once.

use std::net::{IpAddr, Ipv4Addr};

use crate::network::cidr::Cidr;

/// Things by IPv4 range; the longest prefix wins, and of the same range the first.
#[derive(Debug, Clone, Default)]
pub(super) struct Prefixes<T> {
    /// Where something else begins to win, and what; ordered.
    stretches: Vec<(u32, Option<T>)>,
}

impl<T: Copy> FromIterator<(Cidr, T)> for Prefixes<T> {
    fn from_iter<I: IntoIterator<Item = (Cidr, T)>>(things: I) -> Self {
        let mut ranges: Vec<(u32, u32, T)> = things
            .into_iter()
            .filter_map(|(range, thing)| {
                Some((number(range.network())?, number(range.last())?, thing))
            })
            .collect();
        // What contains others comes before them.
        ranges.sort_by_key(|(first, last, _)| (*first, std::cmp::Reverse(*last)));
        ranges.dedup_by_key(|(first, last, _)| (*first, *last));
        let mut stretches: Vec<(u32, Option<T>)> = Vec::with_capacity(ranges.len() * 2);
        let mut open: Vec<(u32, T)> = Vec::new();
        let close = |open: &mut Vec<(u32, T)>, stretches: &mut Vec<(u32, Option<T>)>, before| {
            while let Some((last, _)) = open.last().copied().filter(|(last, _)| *last < before) {
                open.pop();
                stretches.push((last + 1, open.last().map(|(_, thing)| *thing)));
            }
        };
        for (first, last, thing) in ranges {
            close(&mut open, &mut stretches, first);
            stretches.push((first, Some(thing)));
            open.push((last, thing));
        }
        // What ends with the last address there is stays open.
        close(&mut open, &mut stretches, u32::MAX);
        // Where several begin at one address, the last one said is the narrowest.
        stretches.reverse();
        stretches.dedup_by_key(|(first, _)| *first);
        stretches.reverse();
        Self { stretches }
    }
}

impl<T: Copy> Prefixes<T> {
    pub(super) fn best(&self, address: Ipv4Addr) -> Option<T> {
        let address = u32::from(address);
        let behind = self.stretches.partition_point(|(first, _)| *first <= address);
        self.stretches.get(behind.checked_sub(1)?)?.1
    }
}

fn number(address: IpAddr) -> Option<u32> {
    match address {
        IpAddr::V4(address) => Some(address.into()),
        IpAddr::V6(_) => None,
    }
}
