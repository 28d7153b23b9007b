//! The routes of one table by destination: what of them concerns a route that somebody wants to make.
//!
//! The rules are those of the vendor's route tables: a destination stands in a table once, it must not overlap a `local`
//! route, and the longest prefix wins.

use std::{borrow::Borrow, net::IpAddr};

use super::{cidr::Cidr, range_map::RangeMap, route::Route};

/// How many routes all tables of a VPC may hold together, local ones not counted: a limit that the cloud documents, and
/// that none of its calls tells.
pub const MOST_ROUTES_OF_A_VPC: u64 = 1000;

/// A table's routes, looked up without looking at all of them: `Routes` has its own, `Routes<&Route>` borrows them.
#[derive(Debug, Clone)]
pub struct Routes<R = Route> {
    made: RangeMap<R>,
    local: RangeMap<R>,
}

impl<R> Default for Routes<R> {
    fn default() -> Self {
        Self { made: RangeMap::default(), local: RangeMap::default() }
    }
}

impl<R: Borrow<Route>> FromIterator<R> for Routes<R> {
    fn from_iter<I: IntoIterator<Item = R>>(routes: I) -> Self {
        let mut table = Self::default();
        for route in routes {
            let Route { destination, .. } = *route.borrow();
            let map = match route.borrow().is_local() {
                true => &mut table.local,
                false => &mut table.made,
            };
            map.insert(destination, route);
        }
        table
    }
}

impl<R: Borrow<Route>> Routes<R> {
    /// The route that somebody has made to exactly this destination: a second one would be refused.
    pub fn same(&self, destination: Cidr) -> Option<&Route> {
        self.made.at(destination).first().map(R::borrow)
    }

    /// The `local` route that this destination lies in, the same or a broader one, for which the cloud refuses it.
    pub fn local_around(&self, destination: Cidr) -> Option<&Route> {
        let same = self.local.at(destination).first();
        let around = || self.local.around(destination).next().map(|(_, route)| route);
        same.or_else(around).map(R::borrow)
    }

    /// `local` routes to parts of the destination, in their order: these parts stay with the table.
    pub fn local_inside(&self, destination: Cidr) -> impl Iterator<Item = &Route> {
        self.local.inside(destination).map(|(_, route)| route.borrow())
    }

    /// Routes to broader destinations, the narrowest first: the first gets the packets while there is no route of their
    /// own.
    pub fn broader(&self, destination: Cidr) -> impl Iterator<Item = &Route> {
        self.made.around(destination).map(|(_, route)| route.borrow())
    }

    /// Routes to parts of the destination, in their order: each takes its part away.
    pub fn narrower(&self, destination: Cidr) -> impl Iterator<Item = &Route> {
        self.made.inside(destination).map(|(_, route)| route.borrow())
    }

    /// The route that a packet to this address follows: the longest prefix wins.
    pub fn towards(&self, address: IpAddr) -> Option<&Route> {
        let best = [&self.local, &self.made].into_iter().filter_map(|map| map.best(address));
        let routes = best.filter_map(|(_, routes)| routes.first()).map(R::borrow);
        routes.max_by_key(|route| route.destination.prefix_length())
    }

    /// The routes that somebody has made, in the order of their destinations. They count against the quota; whether
    /// local ones do is not documented.
    pub fn made(&self) -> impl Iterator<Item = &Route> {
        self.made.iter().map(|(_, route)| route.borrow())
    }

    pub fn count_made(&self) -> usize {
        self.made.iter().count()
    }

    pub fn count_local(&self) -> usize {
        self.local.iter().count()
    }
}
