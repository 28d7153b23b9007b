//! What the resources of one run intend for one route table, as far as their plans have told, and what that means for
//! the next one: whether there is room.
//!
//! Plans come in any order and some come twice, so everything here is a set: what was told before changes nothing.

use std::collections::BTreeSet;

use super::{cidr::Cidr, routes::Routes};

#[derive(Debug, Default)]
pub struct Intents {
    /// Routes in the state of this run, whatever becomes of them.
    held: BTreeSet<Cidr>,
    wanted: BTreeSet<Cidr>,
    leaving: BTreeSet<Cidr>,
    told: Option<Room>,
    is_vpc_told: bool,
}

/// Whether all that is planned fits into a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Enough,
    /// It fits if local routes do not count: used, new and local ones.
    UnlessLocalCount {
        used: usize,
        new: usize,
        local: usize,
    },
    /// It fits if other resources of this run remove routes, which is not told yet.
    UnlessNothingGoes {
        used: usize,
        new: usize,
    },
    Exceeded {
        used: usize,
        new: usize,
    },
}

impl Room {
    fn degree(self) -> u8 {
        match self {
            Room::Enough => 0,
            Room::UnlessLocalCount { .. } => 1,
            Room::UnlessNothingGoes { .. } => 2,
            Room::Exceeded { .. } => 3,
        }
    }
}

impl Intents {
    /// Takes note of a route in the state.
    pub fn hold(&mut self, destination: Cidr) {
        self.held.insert(destination);
    }

    /// The route may be this configuration's own. Then nobody can tell at plan time whether it is in the way.
    pub fn may_be_ours(&self, destination: Cidr) -> bool {
        self.held.contains(&destination)
    }

    pub fn is_planned(&self, destination: Cidr) -> bool {
        self.wanted.contains(&destination)
    }

    pub fn release(&mut self, destination: Cidr) {
        self.leaving.insert(destination);
    }

    /// Takes note of a planned route.
    pub fn want(&mut self, destination: Cidr) {
        self.wanted.insert(destination);
    }

    /// What is left of a quota of routes.
    pub fn room(&self, table: &Routes, quota: u64) -> Room {
        let fits = |count: usize| u64::try_from(count).is_ok_and(|count| count <= quota);
        let (made, local) = (table.count_made(), table.count_local());
        if fits(made + local + self.wanted.len()) {
            return Room::Enough;
        }
        let stands = |range: &&Cidr| table.same(**range).is_some();
        let planned = |range: &&Cidr| self.wanted.contains(*range);
        let new = self.wanted.iter().filter(|range| !stands(range)).count();
        let going = |ranges: &BTreeSet<Cidr>| {
            ranges.iter().filter(|range| stands(range) && !planned(range)).count()
        };
        let undecided = self.held.difference(&self.leaving).copied().collect();
        let used = made - going(&self.leaving);
        if new == 0 {
            Room::Enough
        } else if !fits((used + new).saturating_sub(going(&undecided))) {
            Room::Exceeded { used, new }
        } else if !fits(used + new) {
            Room::UnlessNothingGoes { used, new }
        } else if !fits(used + new + local) {
            Room::UnlessLocalCount { used, new, local }
        } else {
            Room::Enough
        }
    }

    /// What becomes of the table by all that is planned so far: routes that stay, and those that are new.
    pub fn outlook(&self, table: &Routes) -> (usize, usize) {
        let stands = |range: &&Cidr| table.same(**range).is_some();
        let planned = |range: &&Cidr| self.wanted.contains(*range);
        let going = self.leaving.iter().filter(|range| stands(range) && !planned(range)).count();
        let new = self.wanted.iter().filter(|range| !stands(range)).count();
        (table.count_made() - going, new)
    }

    /// Whether it is still to be told that the tables of the VPC hold too much.
    pub fn tell_of_vpc(&mut self) -> bool {
        !std::mem::replace(&mut self.is_vpc_told, true)
    }

    /// Whether this is still to be told: each degree once for a table, or every route of a plan would repeat it.
    pub fn tell(&mut self, room: Room) -> bool {
        let is_worse = self.told.is_none_or(|told| told.degree() < room.degree());
        if is_worse {
            self.told = Some(room);
        }
        is_worse
    }
}
