//! What the resources of one run intend for one route table, as far as their plans have told, and what that means for
//! the next one: whether there is room.
//!
//! Plans come in any order and some come twice, so everything here is a set: what was told before changes nothing.

use std::{collections::BTreeSet, ops::Add};

use super::{cidr::Cidr, routes::Routes};

#[derive(Debug, Default)]
pub struct Intents {
    /// Routes in the state of this run, whatever becomes of them.
    held: BTreeSet<Cidr>,
    wanted: BTreeSet<Cidr>,
    leaving: BTreeSet<Cidr>,
    told: Told,
}

/// The worst that was told of the room in a table, or in all of a VPC.
#[derive(Debug, Default)]
pub struct Told(Option<Room>);

/// What becomes of the routes of a table by all that is planned so far, in numbers of routes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outlook {
    /// They stay.
    pub used: usize,
    pub new: usize,
    /// Those of the used ones that this run may yet remove.
    pub undecided: usize,
    pub local: usize,
}

/// Whether all that is planned fits into a table, or into all of a VPC.
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

    /// No more than this many routes will be in the table by all that is planned so far.
    pub fn at_most(&self, table: &Routes) -> usize {
        table.count_made() + table.count_local() + self.wanted.len()
    }

    /// What becomes of the table by all that is planned so far.
    pub fn outlook(&self, table: &Routes) -> Outlook {
        let stands = |range: &&Cidr| table.same(**range).is_some();
        let planned = |range: &&Cidr| self.wanted.contains(*range);
        let going = |ranges: &BTreeSet<Cidr>| {
            ranges.iter().filter(|range| stands(range) && !planned(range)).count()
        };
        Outlook {
            used: table.count_made() - going(&self.leaving),
            new: self.wanted.iter().filter(|range| !stands(range)).count(),
            undecided: going(&self.held.difference(&self.leaving).copied().collect()),
            local: table.count_local(),
        }
    }

    /// What is left of a quota of routes.
    pub fn room(&self, table: &Routes, quota: u64) -> Room {
        match fits(self.at_most(table), quota) {
            true => Room::Enough,
            false => self.outlook(table).room(quota),
        }
    }

    /// Whether this is still to be told of the table.
    pub fn tell(&mut self, room: Room) -> bool {
        self.told.tell(room)
    }
}

impl Outlook {
    /// What is left of a limit of routes.
    pub fn room(self, limit: u64) -> Room {
        let Outlook { used, new, undecided, local } = self;
        if new == 0 {
            Room::Enough
        } else if !fits((used + new).saturating_sub(undecided), limit) {
            Room::Exceeded { used, new }
        } else if !fits(used + new, limit) {
            Room::UnlessNothingGoes { used, new }
        } else if !fits(used + new + local, limit) {
            Room::UnlessLocalCount { used, new, local }
        } else {
            Room::Enough
        }
    }
}

/// The outlook of several tables together.
impl Add for Outlook {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            used: self.used + other.used,
            new: self.new + other.new,
            undecided: self.undecided + other.undecided,
            local: self.local + other.local,
        }
    }
}

impl Told {
    /// Whether this is still to be told: each degree once, or every route of a plan would repeat it.
    pub fn tell(&mut self, room: Room) -> bool {
        let is_worse = self.0.is_none_or(|told| told.degree() < room.degree());
        if is_worse {
            self.0 = Some(room);
        }
        is_worse
    }
}

fn fits(count: usize, limit: u64) -> bool {
    u64::try_from(count).is_ok_and(|count| count <= limit)
}
