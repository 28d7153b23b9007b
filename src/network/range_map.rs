//! Things by the range they are about: which of them hold a range, lie in it or win for an address, without looking at
//! all of them.

use std::{collections::BTreeMap, net::IpAddr};

use super::cidr::Cidr;

/// Any number of things for each range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeMap<T>(BTreeMap<Cidr, Vec<T>>);

impl<T> Default for RangeMap<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> FromIterator<(Cidr, T)> for RangeMap<T> {
    fn from_iter<I: IntoIterator<Item = (Cidr, T)>>(things: I) -> Self {
        let mut map = Self::default();
        for (range, thing) in things {
            map.insert(range, thing);
        }
        map
    }
}

impl<T> RangeMap<T> {
    pub fn insert(&mut self, range: Cidr, thing: T) {
        // Most ranges have one thing.
        self.0.entry(range).or_insert_with(|| Vec::with_capacity(1)).push(thing);
    }

    /// Everything, in the order of the ranges.
    pub fn iter(&self) -> impl Iterator<Item = (Cidr, &T)> {
        self.0.iter().flat_map(|(range, things)| things.iter().map(|thing| (*range, thing)))
    }

    /// What is about exactly this range.
    pub fn at(&self, range: Cidr) -> &[T] {
        self.0.get(&range).map_or(&[], Vec::as_slice)
    }

    /// What is about a broader range that holds this one, the narrowest first.
    pub fn around(&self, range: Cidr) -> impl Iterator<Item = (Cidr, &T)> {
        let broader = (0..range.prefix_length()).rev();
        broader
            .filter_map(move |length| Cidr::around(range.network(), length))
            .flat_map(|outer| self.at(outer).iter().map(move |thing| (outer, thing)))
    }

    /// What is about a narrower range that lies in this one, in the order of the ranges.
    pub fn inside(&self, range: Cidr) -> impl Iterator<Item = (Cidr, &T)> {
        // A range sorts before everything it contains, and what it contains follows without a gap.
        self.0
            .range(range..)
            .take_while(move |(inner, _)| range.contains(**inner))
            .filter(move |(inner, _)| **inner != range)
            .flat_map(|(inner, things)| things.iter().map(|thing| (*inner, thing)))
    }

    /// What shares an address with this range: broader, the same, narrower.
    pub fn overlapping(&self, range: Cidr) -> impl Iterator<Item = (Cidr, &T)> {
        let same = self.at(range).iter().map(move |thing| (range, thing));
        self.around(range).chain(same).chain(self.inside(range))
    }

    /// What is about the narrowest range that holds this address: the longest prefix wins, as in a route table.
    pub fn best(&self, address: IpAddr) -> Option<(Cidr, &[T])> {
        let itself = Cidr::host(address);
        (0..=itself.prefix_length())
            .rev()
            .filter_map(|length| Cidr::around(address, length))
            .map(|range| (range, self.at(range)))
            .find(|(_, things)| !things.is_empty())
    }
}
