//! The routes of one table by destination: what of them concerns a route that somebody wants to make.
//!
//! The rules are those of the vendor's route tables: a destination stands in a table once, it must not overlap a `local`
//! route, and the longest prefix wins.

use std::net::IpAddr;

use super::{cidr::Cidr, range_map::RangeMap, route::Route};

/// A table's routes, looked up without looking at all of them.
#[derive(Debug, Clone)]
pub struct Routes<'r> {
    made: RangeMap<&'r Route>,
    local: RangeMap<&'r Route>,
}

impl<'r> FromIterator<&'r Route> for Routes<'r> {
    fn from_iter<I: IntoIterator<Item = &'r Route>>(routes: I) -> Self {
        let (mut made, mut local) = (RangeMap::default(), RangeMap::default());
        for route in routes {
            let map = if route.is_local() { &mut local } else { &mut made };
            map.insert(route.destination, route);
        }
        Self { made, local }
    }
}

impl<'r> Routes<'r> {
    /// The route that somebody has made to exactly this destination: a second one would be refused.
    pub fn same(&self, destination: Cidr) -> Option<&'r Route> {
        self.made.at(destination).first().copied()
    }

    /// A `local` route that this destination overlaps, for which the cloud refuses it. `0.0.0.0/0` and `::/0` are taken.
    pub fn local(&self, destination: Cidr) -> Option<&'r Route> {
        let mut overlapping = self.local.overlapping(destination).map(|(_, route)| *route);
        overlapping.next().filter(|_| !destination.is_default())
    }

    /// Routes to broader destinations, the narrowest first: the first gets the packets while there is no route of their
    /// own.
    pub fn broader(&self, destination: Cidr) -> impl Iterator<Item = &'r Route> {
        self.made.around(destination).map(|(_, route)| *route)
    }

    /// Routes to parts of the destination, in their order: each takes its part away.
    pub fn narrower(&self, destination: Cidr) -> impl Iterator<Item = &'r Route> {
        self.made.inside(destination).map(|(_, route)| *route)
    }

    /// The route that a packet to this address follows: the longest prefix wins.
    pub fn towards(&self, address: IpAddr) -> Option<&'r Route> {
        let best = |map: &RangeMap<&'r Route>| Some(*map.best(address)?.1.first()?);
        let length = |route: &&Route| route.destination.prefix_length();
        [best(&self.local), best(&self.made)].into_iter().flatten().max_by_key(length)
    }

    /// The routes that somebody has made, in the order of their destinations. They count against the quota; whether
    /// local ones do is not documented.
    pub fn made(&self) -> impl Iterator<Item = &'r Route> {
        self.made.iter().map(|(_, route)| *route)
    }

    pub fn count_made(&self) -> usize {
        self.made.iter().count()
    }

    pub fn count_local(&self) -> usize {
        self.local.iter().count()
    }
}
