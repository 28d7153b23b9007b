//! The rules of ownership, as decisions without waiting.
//!
//! While planning it is told what each object of the state holds and wants to hold, and answers who else wants the same
//! for good. While applying it grants claims and releases: an object has one owner, whoever claims what another resource
//! of the run held takes it over, and the release of what another resource has claimed is no work.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    object::{Object, Owner},
    snapshot::Snapshot,
};
use crate::{
    cloud::api::ids::{PortId, RouteTableId},
    network::{Cidr, NextHopKind, Route},
};

/// What a planned change means for ownership.
#[derive(Clone)]
pub struct Planning {
    /// `None` for a new resource instance. One that is replaced is planned under its own name first, then as new under
    /// the same.
    pub owner: Option<Owner>,
    pub is_new: bool,
    pub before: BTreeSet<Object>,
    /// With what else the plan knows of a route.
    pub after: BTreeMap<Object, Option<SweptRoute>>,
    /// An exclusive set removes the routes of its table that this matches and it does not name.
    pub sweeps: Option<Sweep>,
}

/// What tells whether an exclusive set removes a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweptRoute {
    pub next_hop: NextHopKind,
    pub description: String,
}

/// Whether a route is an exclusive set's to remove.
pub type Covers = Arc<dyn Fn(Cidr, &SweptRoute) -> bool + Send + Sync>;

/// The routes that an exclusive set removes from its table.
#[derive(Clone)]
pub struct Sweep {
    pub route_table_id: RouteTableId,
    pub covers: Covers,
}

/// An object that two resources of the configuration want for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contest {
    pub object: Object,
    /// One of the two is about to get it. Otherwise both have it in the state already.
    pub is_new: bool,
    /// One of the two is an exclusive set that does not name it.
    pub is_swept: bool,
}

/// Who wants an object after the plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Planner {
    Known(Owner),
    New(u64),
}

#[derive(Debug, Clone)]
struct Want {
    is_addition: bool,
    route: Option<SweptRoute>,
}

#[derive(Debug, Clone)]
struct Claim {
    owner: Owner,
    /// The cloud has been asked and has answered.
    is_settled: bool,
}

/// What becomes of objects that are let go of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Released {
    pub(super) removed: Vec<Object>,
    pub(super) handed_over: Vec<Object>,
}

#[derive(Default)]
pub(super) struct Registry {
    /// What the process that planned has left.
    handed_down: Snapshot,
    /// What was in the state once a plan was applied that is not the one to apply now.
    past: BTreeSet<Object>,
    held: BTreeSet<Object>,
    found: BTreeMap<PortId, bool>,
    wants: BTreeMap<Object, BTreeMap<Planner, Want>>,
    wanted_by: BTreeMap<Planner, BTreeSet<Object>>,
    sweeps: BTreeMap<Planner, (Sweep, BTreeSet<Object>)>,
    shown_removals: BTreeMap<RouteTableId, BTreeMap<Cidr, Route>>,
    new_planners: u64,
    claims: BTreeMap<Object, Claim>,
    /// Objects that are being removed from the cloud.
    removing: BTreeSet<Object>,
    /// Who has let go of what.
    released: BTreeSet<(Object, Owner)>,
}

impl Registry {
    pub(super) fn hand_down(&mut self, snapshot: Snapshot) {
        if snapshot.is_used_up {
            self.past = snapshot.held;
            self.past.extend(snapshot.wanted);
        } else {
            self.handed_down = snapshot;
        }
    }

    pub(super) fn recall(&mut self, objects: impl IntoIterator<Item = Object>) {
        self.held.extend(objects);
    }

    pub(super) fn recall_found(&mut self, port: &PortId, enabled: bool) {
        // Where several resources have found it, the first one has found it on.
        let found = self.found.entry(port.clone()).or_default();
        *found |= enabled;
    }

    pub(super) fn found(&self, port: &PortId) -> Option<bool> {
        let (here, before) = (self.found.get(port), self.handed_down.found.get(port));
        here.into_iter().chain(before).copied().reduce(|one, other| one | other)
    }

    pub(super) fn plan(&mut self, planning: Planning) -> Vec<Contest> {
        let Planning { owner, is_new, before, after, sweeps } = planning;
        let planner = match owner {
            Some(owner) => Planner::Known(owner),
            None if is_new => {
                self.new_planners += 1;
                Planner::New(self.new_planners)
            }
            // Without a name nobody can tell it from the one that replaces it.
            None => return Vec::new(),
        };
        for object in self.wanted_by.remove(&planner).unwrap_or_default() {
            if let Some(wants) = self.wants.get_mut(&object) {
                wants.remove(&planner);
            }
        }
        self.sweeps.remove(&planner);
        let mut contests = Vec::new();
        for (object, route) in &after {
            let is_addition = is_new || !before.contains(object);
            let wants = self.wants.entry(object.clone()).or_default();
            if !wants.is_empty() {
                let is_new = is_addition || wants.values().any(|want| want.is_addition);
                contests.push(Contest { object: object.clone(), is_new, is_swept: false });
            }
            wants.insert(planner.clone(), Want { is_addition, route: route.clone() });
            let is_swept = |(sweep, named): &(Sweep, BTreeSet<Object>)| {
                sweep.removes(object, route.as_ref()) && !named.contains(object)
            };
            if self.sweeps.values().any(is_swept) {
                contests.push(Contest { object: object.clone(), is_new: true, is_swept: true });
            }
        }
        let named: BTreeSet<Object> = after.into_keys().collect();
        if let Some(sweep) = sweeps {
            let swept = self.wants.iter().filter(|(object, wants)| {
                let of_another = |(other, want): (&Planner, &Want)| {
                    *other != planner && sweep.removes(object, want.route.as_ref())
                };
                !named.contains(object) && wants.iter().any(of_another)
            });
            contests.extend(swept.map(|(object, _)| Contest {
                object: object.clone(),
                is_new: true,
                is_swept: true,
            }));
            self.sweeps.insert(planner.clone(), (sweep, named.clone()));
        }
        self.wanted_by.insert(planner, named);
        contests
    }

    pub(super) fn show_removals(
        &mut self,
        table: &RouteTableId,
        routes: impl Iterator<Item = (Cidr, Route)>,
    ) {
        self.shown_removals.entry(table.clone()).or_default().extend(routes);
    }

    pub(super) fn shown_removals(&self, table: &RouteTableId) -> Option<BTreeMap<Cidr, Route>> {
        self.handed_down.shown_removals.get(table).cloned()
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot {
            held: self.held.clone(),
            found: self.found.clone(),
            shown_removals: self.shown_removals.clone(),
            ..Snapshot::default()
        };
        for (object, wants) in &self.wants {
            for (planner, want) in wants {
                match planner {
                    Planner::Known(owner) if !want.is_addition => {
                        let keepers = snapshot.kept.entry(object.clone()).or_default();
                        keepers.insert(owner.clone());
                    }
                    Planner::Known(_) | Planner::New(_) => {
                        snapshot.wanted.insert(object.clone());
                    }
                }
            }
        }
        snapshot
    }

    pub(super) fn may_be_in_state(&self, object: &Object) -> bool {
        let Snapshot { held, wanted, .. } = &self.handed_down;
        [&self.held, &self.past, held, wanted].iter().any(|objects| objects.contains(object))
    }

    /// The object is in the state, and nobody else keeps it.
    pub(super) fn may_take_over(&self, object: &Object, owner: &Owner) -> bool {
        let is_held = self.held.contains(object) || self.handed_down.held.contains(object);
        is_held && !self.is_kept_by_another(object, owner)
    }

    fn is_kept_by_another(&self, object: &Object, owner: &Owner) -> bool {
        let keepers = self.handed_down.kept.get(object).into_iter().flatten();
        keepers
            .filter(|keeper| *keeper != owner)
            .any(|keeper| !self.released.contains(&(object.clone(), keeper.clone())))
    }

    fn is_claimed_by_another(&self, object: &Object, owner: &Owner) -> bool {
        self.claims.get(object).is_some_and(|claim| claim.owner != *owner)
    }

    /// The new objects that another resource of the run owns, none of which is claimed; `None` as long as one of the
    /// objects is being removed.
    pub(super) fn claim(
        &mut self,
        new: &[Object],
        kept: &[Object],
        owner: &Owner,
    ) -> Option<Vec<Object>> {
        if new.iter().chain(kept).any(|object| self.removing.contains(object)) {
            return None;
        }
        let is_anothers = |object: &&Object| {
            self.is_claimed_by_another(object, owner) || self.is_kept_by_another(object, owner)
        };
        let refused: Vec<Object> = new.iter().filter(is_anothers).cloned().collect();
        let free = kept.iter().filter(|object| !self.is_claimed_by_another(object, owner)).cloned();
        let free: Vec<Object> = free.collect();
        let granted = new.iter().filter(|object| !refused.contains(object)).cloned().chain(free);
        for object in granted {
            self.claims.insert(object, Claim { owner: owner.clone(), is_settled: false });
        }
        Some(refused)
    }

    /// What has come of claims: those that failed are given up.
    pub(super) fn settle(&mut self, objects: &[Object], failed: &[Object], owner: &Owner) {
        for object in objects {
            if self.is_claimed_by_another(object, owner) {
                continue;
            }
            if failed.contains(object) {
                self.claims.remove(object);
            } else if let Some(claim) = self.claims.get_mut(object) {
                claim.is_settled = true;
            }
        }
    }

    /// What is to be removed, and what another resource of the run owns now; `None` as long as it is not decided whether
    /// one does.
    pub(super) fn release(&mut self, objects: &[Object], owner: &Owner) -> Option<Released> {
        let is_pending = |object: &Object| {
            self.claims.get(object).is_some_and(|it| it.owner != *owner && !it.is_settled)
        };
        if objects.iter().any(|object| is_pending(object) || self.removing.contains(object)) {
            return None;
        }
        let is_anothers = |object: &Object| {
            self.is_claimed_by_another(object, owner) || self.is_kept_by_another(object, owner)
        };
        let (handed_over, removed): (Vec<_>, Vec<_>) =
            objects.iter().cloned().partition(is_anothers);
        self.removing.extend(removed.iter().cloned());
        for object in objects {
            self.released.insert((object.clone(), owner.clone()));
            if !self.is_claimed_by_another(object, owner) {
                self.claims.remove(object);
            }
        }
        Some(Released { removed, handed_over })
    }

    /// Others may claim the objects again. Where they are gone, what comes to be in their place is nobody's of the state.
    pub(super) fn end_release(&mut self, objects: &[Object], are_gone: bool) {
        for object in objects {
            self.removing.remove(object);
            if are_gone {
                self.held.remove(object);
                self.handed_down.held.remove(object);
            }
        }
    }

    /// The plan gives one of the objects to another resource, which has not claimed it yet.
    pub(super) fn awaits_successor(&self, objects: &[Object], owner: &Owner) -> bool {
        let is_awaited = |object: &Object| {
            self.handed_down.wanted.contains(object) && !self.is_claimed_by_another(object, owner)
        };
        objects.iter().any(is_awaited)
    }
}

impl Sweep {
    fn removes(&self, object: &Object, route: Option<&SweptRoute>) -> bool {
        match (object, route) {
            (Object::Route { route_table_id, destination }, Some(route)) => {
                *route_table_id == self.route_table_id && (self.covers)(*destination, route)
            }
            _ => false,
        }
    }
}
