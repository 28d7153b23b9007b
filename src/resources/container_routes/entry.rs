//! One entry of the set: what users write for a destination, and how the table's route to it shows.

use serde::{Deserialize, Serialize};

use crate::{
    cloud::{Cloud, Description, VpcId},
    framework::Result,
    network::{Cidr, NextHop, Route},
    resources::next_hop::Via,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    #[serde(flatten)]
    pub(super) via: Via,
    /// Absent means the empty text, and stays absent.
    pub(super) description: Option<Description>,
}

impl Entry {
    /// The entry for a route of the table that nobody has written an entry for.
    pub(super) fn of(route: &Route) -> Self {
        let description = route
            .description
            .clone()
            .try_into()
            .ok()
            .filter(|text: &Description| !text.as_str().is_empty());
        Self { via: Via::showing(&route.next_hop), description }
    }

    /// The entry as the table shows it. A server rebuilt under its `host_ip` shows as a route to the old server's id,
    /// without an address, which is what it is, and the plan sets it right.
    pub(super) async fn seen(&self, route: &Route, vpc: &VpcId, cloud: &Cloud) -> Result<Self> {
        let held = &route.next_hop;
        let via = match self.via.host_ip {
            Some(address) => Via::showing_host(held, Some(address), vpc, cloud).await?,
            None => Via::showing(held),
        };
        let describes_the_same = self.text() == route.description;
        let description =
            if describes_the_same { self.description.clone() } else { Self::of(route).description };
        Ok(Self { via, description })
    }

    pub(super) fn route(&self, destination: Cidr, hop: NextHop) -> Route {
        Route { destination, next_hop: hop, description: self.text().to_owned() }
    }

    fn text(&self) -> &str {
        self.description.as_ref().map_or("", Description::as_str)
    }
}
