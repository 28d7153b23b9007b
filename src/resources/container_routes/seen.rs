//! The routes of the table as the last refresh has read them: what a plan can have shown, and so all that may be removed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Claim, ContainerRoutes};
use crate::{
    cloud::{Expected, Route, RouteTable},
    network::{Cidr, Mode, Ownership, Standing},
};

/// One route that stood in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    #[serde(rename = "type")]
    next_hop_type: String,
    nexthop: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
}

impl Seen {
    pub(super) fn of(route: &Route) -> Self {
        Self {
            next_hop_type: route.next_hop_type.clone(),
            nexthop: route.next_hop.clone(),
            description: route.description.clone(),
        }
    }

    /// The set's own route, whatever its description has become.
    pub(super) fn of_the_set(&self) -> Expected {
        Expected { description: None, ..self.of_others() }
    }

    /// Somebody else's route, exactly as it was shown.
    pub(super) fn of_others(&self) -> Expected {
        Expected {
            next_hop_type: self.next_hop_type.clone(),
            next_hop: self.nexthop.clone(),
            description: Some(self.description.clone()),
        }
    }

    /// As a sentence names it.
    pub(super) fn told(&self, destination: Cidr) -> String {
        format!("{destination} to {} `{}`", self.next_hop_type, self.nexthop)
    }

    fn standing(&self, destination: Cidr) -> Standing<'_> {
        Standing { destination, next_hop_type: &self.next_hop_type, description: &self.description }
    }
}

/// The routes that users make, whosever they are.
pub(super) fn seen_in(table: &RouteTable) -> BTreeMap<Cidr, Seen> {
    let users = Ownership { mode: Mode::Exclusive, keep: &[] };
    let seen = |route: &Route| {
        let destination = Cidr::lenient(&route.destination)?;
        let seen = Seen::of(route);
        let is_users = users.covers(&seen.standing(destination));
        is_users.then_some((destination, seen))
    };
    table.routes.iter().filter_map(seen).collect()
}

impl ContainerRoutes {
    /// What `claim` covers of the routes that the set has seen in its table and has not made.
    pub(super) fn shown<'s>(&'s self, claim: &'s Claim) -> impl Iterator<Item = (Cidr, &'s Seen)> {
        let is_made = |destination: &Cidr| {
            self.routes.contains_key(destination) && !self.memory.strangers.contains(destination)
        };
        let others = self.memory.seen.iter().filter(move |(it, _)| !is_made(it));
        others.map(|(it, seen)| (*it, seen)).filter(|(it, seen)| claim.covers(&seen.standing(*it)))
    }
}
