//! One entry of the set: what users write for a destination, and how the table's route to it shows.

use serde::{Deserialize, Serialize};

use crate::{
    cloud::{Description, Route},
    network::Cidr,
    resources::next_hop::{NextHop, Via},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    #[serde(flatten)]
    pub(super) via: Via,
    /// Absent means the empty text, and stays absent.
    description: Option<Description>,
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
        Self { via: Via::showing(&held(route)), description }
    }

    /// The entry as the table shows it: as it is written where that still says the same, and in the API's words where it
    /// does not. So a server that was rebuilt under its `host_ip` shows as a route to the old server's id, which is what
    /// it is, and the plan sets it right. `host` is what `host_ip` stands for now.
    pub(super) fn seen(&self, route: &Route, host: Option<NextHop>) -> Self {
        let shown = Self::of(route);
        let meant = if self.via.host_ip.is_some() { host } else { self.via.plain() };
        let says_the_same = meant == Some(held(route));
        let describes_the_same = self.text() == route.description;
        Self {
            via: if says_the_same { self.via.clone() } else { shown.via },
            description: if describes_the_same {
                self.description.clone()
            } else {
                shown.description
            },
        }
    }

    pub(super) fn route(&self, destination: Cidr, hop: NextHop) -> Route {
        Route {
            destination: destination.to_string(),
            next_hop_type: hop.kind,
            next_hop: hop.id,
            description: self.text().to_owned(),
        }
    }

    fn text(&self) -> &str {
        self.description.as_ref().map_or("", Description::as_str)
    }
}

fn held(route: &Route) -> NextHop {
    NextHop { kind: route.next_hop_type.clone(), id: route.next_hop.clone() }
}
