//! What in a route table stands against a new route to a destination.
//!
//! The longest prefix wins, and a destination stands once in a table. A broader route beside the new one, to a NAT
//! gateway, a peering or a VPN, is what most tables have, and no clash.

use super::{cidr::Cidr, route::Route, routes::Routes};

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
pub fn clashes(destination: Cidr, table: &Routes) -> Vec<Clash<'_>> {
    if let Some(local) = table.local_around(destination) {
        return vec![Clash::InLocal(local.destination)];
    }
    let mut clashes = Vec::from_iter(table.same(destination).map(Clash::Same));
    if !destination.is_default() {
        let locals = table.local_inside(destination);
        clashes.extend(locals.map(|route| Clash::AroundLocal(route.destination)));
        clashes.extend(table.narrower(destination).map(Clash::Narrower));
    }
    clashes
}
