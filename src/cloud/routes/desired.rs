//! What a resource wants of one destination, and what that takes, seen what is in the table. Pure.

use crate::{
    cloud::{
        api::route_table::{RouteChanges, RouteTable},
        client::error::Kind,
    },
    network::{Cidr, NextHop, Route},
    untrusted,
};

/// What should become of one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// A route that is not there yet. With `adopt`, one that is there is taken over.
    Create { route: Route, adopt: bool },
    /// A route of ours, which may have changed or gone meanwhile.
    Set { route: Route },
    /// No route. With `expected`, only the route that is so: another one stays and is reported.
    Remove { destination: Cidr, expected: Option<Expected> },
}

/// What whoever wants a route removed believes that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub next_hop: NextHop,
    /// `None` where that does not matter.
    pub description: Option<String>,
}

/// What became of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    Done,
    /// Somebody else's route to the destination stands.
    Exists,
    /// The destination lies in a range that the table routes by itself.
    Local(Cidr),
    /// Another route to the destination stands than the one expected: it was not removed, or what was sent is stored
    /// otherwise.
    Differs(Box<Route>),
}

/// What a wish takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing to send: it is so already, or cannot be.
    Settled(Written),
    Add(Route),
    Modify {
        from: Route,
        to: Route,
    },
    Delete(Route),
}

/// What a table shows of a step that the cloud has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sight {
    Done,
    /// As before the step, or as nobody can tell: perhaps not shown yet.
    NotYet,
    /// The next hop that was sent, and something else with it.
    Differs(Route),
    /// Neither what was sent nor what was there before.
    Another,
}

impl Wish {
    pub(crate) fn destination(&self) -> Option<Cidr> {
        match self {
            Wish::Create { route, .. } | Wish::Set { route } => Some(route.destination),
            Wish::Remove { destination, .. } => Some(*destination),
        }
    }

    /// `sent` says that we have asked the cloud for it already without learning what became of that. A route that is
    /// as we wanted it is ours then; otherwise a route that is there before we create it is somebody else's.
    pub(crate) fn step(&self, table: &RouteTable, sent: bool) -> Step {
        let destination = self.destination();
        let held = destination.and_then(|destination| table.route_to(destination));
        if let (Wish::Create { .. }, Some(local)) =
            (self, destination.and_then(|destination| table.local_range_around(destination)))
        {
            return Step::Settled(Written::Local(local));
        }
        match (self, held) {
            (Wish::Remove { .. }, None) => Step::Settled(Written::Done),
            (Wish::Remove { .. }, Some(held)) if held.is_local() => Step::Settled(Written::Done),
            (Wish::Remove { expected: Some(expected), .. }, Some(held))
                if !expected.is_met_by(held) =>
            {
                Step::Settled(Written::Differs(Box::new(held.clone())))
            }
            (Wish::Remove { .. }, Some(held)) => Step::Delete(held.clone()),
            (Wish::Create { route, .. } | Wish::Set { route }, None) => Step::Add(route.clone()),
            (Wish::Create { route, adopt }, Some(held)) => match held.is_like(route) {
                true if sent || *adopt => Step::Settled(Written::Done),
                false if *adopt => Step::Modify { from: held.clone(), to: route.clone() },
                _ => Step::Settled(Written::Exists),
            },
            (Wish::Set { route }, Some(held)) if held.is_like(route) => {
                Step::Settled(Written::Done)
            }
            (Wish::Set { route }, Some(held)) => {
                Step::Modify { from: held.clone(), to: route.clone() }
            }
        }
    }
}

impl Step {
    /// Whether what it changes shows in this table. An older table may show what was there before, or what somebody
    /// had there long before that; only a route to the same next hop is surely what became of ours.
    pub(crate) fn seen_in(&self, table: &RouteTable) -> Sight {
        let held = |route: &Route| table.route_to(route.destination).cloned();
        match self {
            Step::Settled(_) => Sight::Done,
            Step::Add(route) => match held(route) {
                Some(held) if held.is_like(route) => Sight::Done,
                Some(held) if held.next_hop == route.next_hop => Sight::Differs(held),
                Some(_) => Sight::Another,
                None => Sight::NotYet,
            },
            Step::Modify { from, to } => match held(to) {
                Some(held) if held.is_like(to) => Sight::Done,
                Some(held) if held.is_like(from) => Sight::NotYet,
                Some(held) if held.next_hop == to.next_hop => Sight::Differs(held),
                Some(_) => Sight::Another,
                None => Sight::NotYet,
            },
            Step::Delete(route) => match held(route) {
                None => Sight::Done,
                Some(held) if held.is_like(route) => Sight::NotYet,
                Some(held) => Sight::Differs(held),
            },
        }
    }

    /// What the table shows in place of what was sent.
    pub(crate) fn shown_instead(&self, table: &RouteTable) -> String {
        let (Step::Add(route) | Step::Modify { to: route, .. } | Step::Delete(route)) = self else {
            return "what was wished".to_owned();
        };
        match table.route_to(route.destination) {
            Some(Route { destination, next_hop: NextHop { kind, id }, .. }) => {
                let [kind, id] = [kind.as_str(), id].map(untrusted::name);
                format!("{destination} to {kind} {id}")
            }
            None => format!("no route to {}", route.destination),
        }
    }
}

impl Expected {
    fn is_met_by(&self, held: &Route) -> bool {
        self.next_hop == held.next_hop
            && self.description.as_ref().is_none_or(|it| *it == held.description)
    }
}

/// What the failure of a call means for the wishes in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The time of one of them has ended before anything was sent.
    Ended,
    /// Fewer have to travel at once.
    TooMany,
    /// Perhaps carried out, or in the way of somebody else's call: look, and send what is missing.
    Again,
    /// One wish at fault must not fail its neighbours.
    OneOfThem,
    /// No room for the one wish in it.
    Full,
    /// It concerns the one wish in it, as the table stood.
    Its,
    /// It would meet every other call as well.
    Everybody,
}

impl Refusal {
    pub(crate) fn of(failure: &Kind, wishes: usize, may_repeat: bool) -> Self {
        match failure {
            Kind::TimedOut | Kind::Interrupted => Self::Ended,
            Kind::TooManyEntries if wishes > 1 => Self::TooMany,
            Kind::Lost | Kind::Unreadable | Kind::Conflict | Kind::RouteExists if may_repeat => {
                Self::Again
            }
            Kind::Refused | Kind::QuotaExceeded | Kind::RouteExists if wishes > 1 => {
                Self::OneOfThem
            }
            Kind::QuotaExceeded => Self::Full,
            Kind::Refused | Kind::RouteExists | Kind::TooManyEntries | Kind::NotFound => Self::Its,
            Kind::Lost
            | Kind::Unreadable
            | Kind::Conflict
            | Kind::RuleExists { .. }
            | Kind::Busy
            | Kind::Throttled
            | Kind::Denied
            | Kind::Unauthenticated
            | Kind::OtherProject
            | Kind::NotPublished
            | Kind::Unreachable
            | Kind::Untrusted(_)
            | Kind::ProxyRefused
            | Kind::Unconfigured(_) => Self::Everybody,
        }
    }

    /// The cloud promises no atomicity: before it came to the entry that it refused, it may have carried out others.
    pub(crate) fn may_be_in_part(self, wishes: usize) -> bool {
        wishes > 1 && matches!(self, Self::TooMany | Self::Again | Self::OneOfThem)
    }
}

impl RouteChanges {
    pub(crate) fn of<'s>(steps: impl IntoIterator<Item = &'s Step>) -> Self {
        let mut changes = Self::default();
        for step in steps {
            match step {
                Step::Settled(_) => {}
                Step::Add(route) => changes.add.push(route.clone()),
                Step::Modify { to, .. } => changes.modify.push(to.clone()),
                Step::Delete(route) => changes.delete.push(route.clone()),
            }
        }
        changes
    }
}

impl RouteTable {
    /// Whether it has this route, as it is.
    pub(crate) fn holds(&self, route: &Route) -> bool {
        self.route_to(route.destination).is_some_and(|held| held.is_like(route))
    }

    /// The local route that wins for everything in `destination`. Whether the cloud takes a destination around a local
    /// range is not documented; that is left to the cloud.
    fn local_range_around(&self, destination: Cidr) -> Option<Cidr> {
        let locals = self.routes.iter().filter(|route| route.is_local());
        locals.map(|route| route.destination).find(|local| local.contains(destination))
    }

    /// The table as it is once these changes have been made.
    pub(crate) fn after(&self, changes: &RouteChanges) -> Self {
        let mut table = self.clone();
        let RouteChanges { add, modify, delete } = changes;
        let is_touched = |destination: Cidr| {
            [add, modify, delete].into_iter().flatten().any(|it| it.destination == destination)
        };
        table.routes.retain(|route| !is_touched(route.destination));
        table.routes.extend(add.iter().chain(modify).cloned());
        table
    }
}
