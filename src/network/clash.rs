//! What in a route table stands against a new route to a destination.
//!
//! The longest prefix wins, and a destination stands once in a table. A broader route beside the new one, to a NAT
//! gateway, a peering or a VPN, is what most tables have, and no clash.

use super::{cidr::Cidr, range_map::RangeMap, route::Route};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clash<'t> {
    /// The destination lies in this range, which the table routes by itself.
    InLocal(Cidr),
    /// This range lies in the destination and stays with the table. Whether the cloud takes such a destination is not
    /// documented, but for the default route, which it does.
    AroundLocal(Cidr),
    /// Somebody's route to the destination stands.
    Same(&'t Route),
    /// A route to a part of the destination, which takes that part away.
    Narrower(&'t Route),
}

/// Everything in the table that clashes, in the order of severity and then of the ranges.
pub fn clashes(destination: Cidr, table: &RangeMap<Route>) -> Vec<Clash<'_>> {
    let same = table.at(destination);
    let around = table.around(destination).map(|(_, route)| route);
    if let Some(local) = same.iter().chain(around).find(|route| route.is_local()) {
        return vec![Clash::InLocal(local.destination)];
    }
    let (locals, others): (Vec<_>, Vec<_>) =
        table.inside(destination).map(|(_, route)| route).partition(|route| route.is_local());
    let is_default = destination.prefix_length() == 0;
    let locals = locals.into_iter().filter(|_| !is_default);
    let narrower = others.into_iter().filter(|_| !is_default);
    same.iter()
        .map(Clash::Same)
        .chain(locals.map(|route| Clash::AroundLocal(route.destination)))
        .chain(narrower.map(Clash::Narrower))
        .collect()
}
