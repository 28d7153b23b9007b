//! Which routes of a table belong to a set of routes, and what a change of the set means for each of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use super::{cidr::Cidr, route::NextHopKind};

/// How much of its table a set claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The routes it names.
    Additive,
    /// Every route that a user can make, but for those to keep.
    Exclusive,
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "additive" => Ok(Mode::Additive),
            "exclusive" => Ok(Mode::Exclusive),
            _ => Err(format!("`{text}` is not a mode. Write `additive` or `exclusive`.")),
        }
    }
}

/// Routes to leave alone: those that meet every condition that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    #[serde(rename = "type")]
    pub next_hop: Option<NextHopKind>,
    pub destination_within: Option<Cidr>,
    pub description_prefix: Option<String>,
}

/// A route that stands in a table, as far as it matters whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'r> {
    pub destination: Cidr,
    pub next_hop: &'r NextHopKind,
    pub description: &'r str,
}

/// What a set claims of its table beside the routes that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ownership<'k> {
    pub mode: Mode,
    pub keep: &'k [Keep],
}

impl Keep {
    fn matches(&self, route: &Standing<'_>) -> bool {
        let type_fits = self.next_hop.as_ref().is_none_or(|kind| kind == route.next_hop);
        let range_fits =
            self.destination_within.is_none_or(|range| range.contains(route.destination));
        let prefix = self.description_prefix.as_deref();
        let description_fits = prefix.is_none_or(|prefix| route.description.starts_with(prefix));
        type_fits && range_fits && description_fits
    }
}

impl Ownership<'_> {
    /// The route is the set's to change and to remove, although the set does not name it.
    pub fn covers(&self, route: &Standing<'_>) -> bool {
        self.mode == Mode::Exclusive
            && route.next_hop.is_made_by_users()
            && !self.keep.iter().any(|keep| keep.matches(route))
    }
}

/// What becomes of the destinations of a set; each list is sorted, and no destination is in two of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetChanges {
    pub create: Vec<Cidr>,
    pub modify: Vec<Cidr>,
    pub remove: Vec<Cidr>,
}

/// The set as it is recorded: what it names, and which of that it has found in the table without having made it.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'r, E> {
    pub routes: &'r BTreeMap<Cidr, E>,
    pub strangers: &'r BTreeSet<Cidr>,
}

/// From the set as recorded to the set as planned. `shown` are the destinations in the table that the planned set covers
/// although it has not made them, as far as the plan has shown them.
pub fn set_changes<E: PartialEq>(
    recorded: Recorded<'_, E>,
    planned: &BTreeMap<Cidr, E>,
    shown: &BTreeSet<Cidr>,
) -> SetChanges {
    let Recorded { routes, strangers } = recorded;
    let mut changes = SetChanges::default();
    for (destination, entry) in planned {
        match routes.get(destination) {
            None => changes.create.push(*destination),
            Some(before) if before != entry => changes.modify.push(*destination),
            Some(_) => {}
        }
    }
    let made = routes.keys().filter(|destination| !strangers.contains(destination));
    let doomed: BTreeSet<Cidr> = made.chain(shown).copied().collect();
    changes.remove =
        doomed.into_iter().filter(|destination| !planned.contains_key(destination)).collect();
    changes
}
