//! The next hops of the routes that a set writes, looked up together.

use std::collections::{BTreeMap, BTreeSet};

use super::{ContainerRoutes, Entry};
use crate::{
    cloud::{Cloud, VpcId},
    framework::{Problem, Result},
    network::{Address, Cidr, NextHop, SetChanges},
    resources::next_hop::{self, Via},
};

/// The next hop of each route that is written.
pub(super) type Hops = BTreeMap<Cidr, Result<NextHop>>;

impl ContainerRoutes {
    /// What the entries that are written lead to. One whose next hop is planned as it is recorded keeps that.
    pub(super) async fn next_hops<A>(
        &self,
        changes: &SetChanges,
        recorded: Option<&BTreeMap<Cidr, Entry>>,
        vpc: &VpcId,
        cloud: &Cloud<A>,
    ) -> Hops {
        let written = changes.create.iter().chain(&changes.modify);
        let entries = || written.clone().filter_map(|it| Some((*it, self.routes.get(it)?)));
        let kept = |destination: &Cidr, via: &Via| {
            let recorded = recorded.and_then(|entries| entries.get(destination));
            recorded.filter(|entry| entry.via == *via)?.via.plain()
        };
        let sought =
            entries().filter(|(destination, entry)| kept(destination, &entry.via).is_none());
        let addresses = sought.filter_map(|(_, entry)| entry.via.host_ip).collect();
        let hosts = hosts(addresses, vpc, cloud).await;
        let hop = |(destination, entry): (Cidr, &Entry)| {
            let via = &entry.via;
            let hop = match (kept(&destination, via), via.host_ip) {
                (Some(hop), _) => Ok(hop),
                (None, Some(address)) => hosts.get(&address).cloned().map_or_else(
                    || Err(Problem::bug("an address that was not looked up").into()),
                    |owner| via.agreeing_with(owner?),
                ),
                (None, None) => via.named(),
            };
            (destination, hop)
        };
        entries().map(hop).collect()
    }

    /// Shows in each entry what it turned out to lead to.
    pub(super) fn complete(&mut self, hops: &Hops) {
        for (destination, hop) in hops {
            if let (Ok(hop), Some(entry)) = (hop, self.routes.get_mut(destination)) {
                entry.via = entry.via.completed(hop);
            }
        }
    }
}

/// What each address stands for now.
async fn hosts<A>(
    addresses: BTreeSet<Address>,
    vpc: &VpcId,
    cloud: &Cloud<A>,
) -> BTreeMap<Address, Result<NextHop>> {
    if addresses.is_empty() {
        return BTreeMap::new();
    }
    let wanted = addresses.iter().map(|address| (*address).into()).collect();
    let nics = cloud.nics_with_addresses(wanted, vpc).await;
    let owner = |address: Address| next_hop::owner_among(&nics.clone()?, address, vpc);
    addresses.into_iter().map(|address| (address, owner(address))).collect()
}
