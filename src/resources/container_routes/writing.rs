//! Writing a set: everything that differs travels together, and each destination gets its own answer.

use std::collections::{BTreeMap, BTreeSet};

use super::{ContainerRoutes, Entry, Memory, in_entry, left_alone, seen::seen_in};
use crate::{
    cloud::{Cloud, Error, Kind, RouteTableId, VpcId, Wish, Written},
    framework::{Problem, Problems, Result},
    network::{Address, Cidr, Recorded, SetChanges, set_changes},
    resources::{
        home::Home,
        next_hop::{self, NextHop},
        planned_routes::{claimed, leads_elsewhere, local_route, stored_otherwise},
    },
};

/// Why a destination is not as it was wished.
struct Failure {
    destination: Cidr,
    problem: Problem,
    /// It may be as it was wished all the same; the next refresh finds out.
    in_doubt: bool,
}

impl ContainerRoutes {
    /// Brings the table from the set as recorded, nothing for a new one, to this set.
    pub(super) async fn write(mut self, prior: Option<Self>, cloud: &Cloud) -> Result<Self> {
        let home = Home::find(self.vpc_id.as_ref(), self.route_table_id.as_ref(), cloud).await?;
        let changes = self.changes_since(prior.as_ref());
        let (wishes, mut failures) =
            self.wishes(&changes, prior.as_ref(), &home.vpc_id, cloud).await;
        failures.extend(self.send(wishes, &home, cloud).await);

        // The writer has read it, to see what came of the wishes. What cannot be read shows in the next plan.
        let table = cloud.route_table(&home.table_id).await.ok().flatten();
        let seen = table.map(|table| seen_in(&table)).unwrap_or_default();
        self.memory = Memory { seen, ..Memory::default() };
        let mut problems = told(&failures, &self.routes);
        let is_new = prior.is_none();
        problems.extend(self.unshown(&changes.remove, &home.table_id, is_new));
        self.vpc_id = Some(home.vpc_id);
        self.route_table_id = Some(home.table_id);
        let before =
            prior.map(|prior| prior.made().map(|(it, entry)| (*it, entry.clone())).collect());
        self.routes = standing(self.routes, &before.unwrap_or_default(), &failures);
        match Problems::from_list(problems) {
            None => Ok(self),
            // Nothing is there that would have to be recorded.
            Some(problems) if is_new && self.routes.is_empty() => Err(problems),
            Some(problems) => Err(problems.keeping(&self)),
        }
    }

    /// Removes what the set has made. What it has only found stays.
    pub(super) async fn unmake(mut self, cloud: &Cloud) -> Result<()> {
        let Some(table_id) = self.route_table_id.clone() else { return Ok(()) };
        let wishes: Vec<Wish> = self.made().map(|(it, _)| self.removal(*it)).collect();
        let answers = cloud.write_routes(&table_id, wishes).await;
        let mut failures = Vec::new();
        self.routes.retain(|destination, _| !self.memory.strangers.contains(destination));
        for (destination, answer) in self.routes.keys().zip(answers) {
            match answer {
                Ok(Written::Differs(held)) => failures.push(Failure {
                    destination: *destination,
                    problem: leads_elsewhere(*destination, &held, &table_id),
                    in_doubt: false,
                }),
                Ok(_) => {}
                // With its table the route is gone too.
                Err(error) if error.kind() == Kind::NotFound => {}
                Err(error) => failures.push(Failure::of(*destination, error)),
            }
        }
        self.routes.retain(|it, _| failures.iter().any(|failure| failure.destination == *it));
        self.memory.strangers = BTreeSet::new();
        match Problems::from_list(told(&failures, &BTreeMap::new())) {
            None => Ok(()),
            Some(problems) => Err(problems.keeping(&self)),
        }
    }

    /// A plan shows what a refresh has put into `routes`, and with new terms warns of what else it has seen. With a new set
    /// it can have shown nothing.
    fn changes_since(&self, prior: Option<&Self>) -> SetChanges {
        let claim = self.claim();
        let is_shown = |prior: &Self, destination: &Cidr| {
            (prior.mode, &prior.keep) != (self.mode, &self.keep)
                || prior.memory.strangers.contains(destination)
        };
        let of = |prior| Self::shown(prior, &claim).map(move |(it, _)| (prior, it));
        let shown = prior.into_iter().flat_map(of).filter(|(prior, it)| is_shown(prior, it));
        let shown = shown.map(|(_, destination)| destination).collect();
        let (no_routes, no_strangers) = (BTreeMap::new(), BTreeSet::new());
        let recorded = match prior {
            Some(prior) => Recorded { routes: &prior.routes, strangers: &prior.memory.strangers },
            None => Recorded { routes: &no_routes, strangers: &no_strangers },
        };
        set_changes(recorded, &self.routes, &shown)
    }

    /// That a route goes which the set has seen: as long as it is what it was then.
    fn removal(&self, destination: Cidr) -> Wish {
        let is_made =
            self.routes.contains_key(&destination) && !self.memory.strangers.contains(&destination);
        let seen = self.memory.seen.get(&destination);
        let expected = seen.map(|seen| if is_made { seen.of_the_set() } else { seen.of_others() });
        Wish::Remove { destination, expected }
    }

    /// What stands in the table of an exclusive set after a write, and no plan has shown.
    fn unshown(&self, removed: &[Cidr], table: &RouteTableId, is_new: bool) -> Option<Problem> {
        let claim = self.claim();
        let others = self.shown(&claim).filter(|(it, _)| !removed.contains(it));
        let others: Vec<String> = others.map(|(it, seen)| seen.told(it)).collect();
        if others.is_empty() {
            return None;
        }
        Some(match is_new {
            // An error would mark the set as tainted, and the next apply would make all of it anew.
            true => left_alone(table, others.join(", ")),
            false => appeared(table, &others.join(", ")),
        })
    }

    /// What to ask of the table, and the destinations of which it cannot be said.
    async fn wishes(
        &self,
        changes: &SetChanges,
        prior: Option<&Self>,
        vpc: &VpcId,
        cloud: &Cloud,
    ) -> (Vec<(Cidr, Wish)>, Vec<Failure>) {
        let mut wishes = Vec::new();
        let mut failures = Vec::new();
        let written = || changes.create.iter().chain(&changes.modify);
        let entries = written().filter_map(|it| Some((*it, self.routes.get(it)?)));
        let addresses = entries.clone().filter_map(|(_, entry)| entry.via.host_ip).collect();
        let hosts = hosts(addresses, vpc, cloud).await;
        for (destination, entry) in entries {
            let hop = match entry.via.host_ip {
                Some(address) => hosts.get(&address).cloned(),
                None => entry.via.plain().map(Ok),
            };
            match hop.unwrap_or_else(|| Err(Problem::bug("a route without a next hop").into())) {
                Ok(hop) => {
                    let route = entry.route(destination, hop);
                    let adopt = self.adopt_existing;
                    wishes.push(match changes.modify.binary_search(&destination) {
                        Ok(_) => (destination, Wish::Set { route }),
                        Err(_) => (destination, Wish::Create { route, adopt }),
                    });
                }
                Err(problems) => failures.extend(problems.list().iter().map(|problem| Failure {
                    destination,
                    problem: in_entry(problem.clone(), &destination.to_string()),
                    in_doubt: false,
                })),
            }
        }
        let remove = |prior: &Self, it: &Cidr| (*it, prior.removal(*it));
        wishes.extend(
            prior.iter().flat_map(|prior| changes.remove.iter().map(|it| remove(prior, it))),
        );
        (wishes, failures)
    }

    async fn send(&self, wishes: Vec<(Cidr, Wish)>, home: &Home, cloud: &Cloud) -> Vec<Failure> {
        let (destinations, wishes): (Vec<Cidr>, Vec<Wish>) = wishes.into_iter().unzip();
        if wishes.is_empty() {
            return Vec::new();
        }
        let answers = cloud.write_routes(&home.table_id, wishes).await;
        let mut failures = Vec::new();
        for (destination, answer) in destinations.into_iter().zip(answers) {
            let problem = match answer {
                Ok(Written::Done) => continue,
                Ok(Written::Exists) => conflict(destination, &home.table_id),
                Ok(Written::Differs(held)) if !self.routes.contains_key(&destination) => {
                    leads_elsewhere(destination, &held, &home.table_id)
                }
                Ok(Written::Differs(held)) => {
                    let problem = stored_otherwise(destination, &held);
                    let problem = in_entry(problem, &destination.to_string());
                    failures.push(Failure { destination, problem, in_doubt: true });
                    continue;
                }
                Ok(Written::Claimed) => in_entry(claimed(destination), &destination.to_string()),
                Ok(Written::Local(local)) => {
                    in_entry(local_route(destination, local), &destination.to_string())
                }
                // It has come meanwhile.
                Err(error) if error.kind() == Kind::RouteExists => {
                    conflict(destination, &home.table_id)
                }
                Err(error) if is_about_the_entry(&error) => match self.routes.get(&destination) {
                    Some(entry) => {
                        let problem = entry.via.refused(error, &home.vpc_id, cloud).await;
                        in_entry(problem, &destination.to_string())
                    }
                    None => error.into(),
                },
                Err(error) => {
                    failures.push(Failure::of(destination, error));
                    continue;
                }
            };
            failures.push(Failure { destination, problem, in_doubt: false });
        }
        failures
    }
}

impl Failure {
    fn of(destination: Cidr, error: Error) -> Self {
        Self { destination, in_doubt: error.leaves_doubt(), problem: error.into() }
    }
}

/// What stands in the way of the word `exclusive` after an update.
fn appeared(table: &RouteTableId, routes: &str) -> Problem {
    let detail = format!(
        "These routes stand in route table `{table}`, which the set claims for itself, and the plan has not shown them: \
         {routes}. They were left, and everything else was done as planned. Plan again: the next plan shows each as a \
         member of `routes` to be removed. Name them in `routes`, or let `keep` match them, to leave them for good."
    );
    Problem::error("Routes have appeared since the plan", detail).at("mode")
}

/// The entries that stand in the table after a write that failed in part.
fn standing(
    planned: BTreeMap<Cidr, Entry>,
    before: &BTreeMap<Cidr, Entry>,
    failures: &[Failure],
) -> BTreeMap<Cidr, Entry> {
    let mut routes = planned;
    for Failure { destination, in_doubt, .. } in failures {
        match before.get(destination) {
            Some(entry) => {
                routes.insert(*destination, entry.clone());
            }
            None if *in_doubt => {}
            None => {
                routes.remove(destination);
            }
        }
    }
    routes
}

/// One problem for each failure, or for each cause where one has hit many destinations.
fn told(failures: &[Failure], configured: &BTreeMap<Cidr, Entry>) -> Vec<Problem> {
    let mut causes: Vec<(&Problem, Vec<Cidr>)> = Vec::new();
    for Failure { destination, problem, .. } in failures {
        match causes.iter_mut().find(|(cause, _)| *cause == problem) {
            Some((_, destinations)) => destinations.push(*destination),
            None => causes.push((problem, vec![*destination])),
        }
    }
    let tell = |(problem, destinations): (&Problem, Vec<Cidr>)| match destinations.as_slice() {
        _ if !problem.path.is_root() => problem.clone(),
        [one] if configured.contains_key(one) => in_entry(problem.clone(), &one.to_string()),
        many => {
            let names: Vec<String> = many.iter().map(Cidr::to_string).collect();
            let detail = format!("{}\n\nThis is about {}.", problem.detail, names.join(", "));
            Problem { detail, ..problem.clone() }
        }
    };
    causes.into_iter().map(tell).collect()
}

/// What each address stands for now.
async fn hosts(
    addresses: BTreeSet<Address>,
    vpc: &VpcId,
    cloud: &Cloud,
) -> BTreeMap<Address, Result<NextHop>> {
    if addresses.is_empty() {
        return BTreeMap::new();
    }
    let wanted = addresses.iter().map(|address| (*address).into()).collect();
    let nics = cloud.nics_with_addresses(wanted, vpc).await;
    let owner = |address: Address| next_hop::owner_among(&nics.clone()?, address, vpc);
    addresses.into_iter().map(|address| (address, owner(address))).collect()
}

/// The cloud has one code for whatever is wrong with a route; the entry tells more.
fn is_about_the_entry(error: &Error) -> bool {
    matches!(error.kind(), Kind::Refused | Kind::QuotaExceeded)
}

pub(super) fn conflict(destination: Cidr, table: &RouteTableId) -> Problem {
    let detail = format!(
        "A route to {destination} in route table `{table}` exists already, and this set did not make it. If it is yours, \
         set `adopt_existing = true` to take it over as it is planned here, or import the table's routes into a set \
         that is not in the state yet:\n\n  \
         terraform import huaweivpc_container_routes.<name> '{table}'\n\nIf it is somebody else's, leave it out of \
         `routes`."
    );
    in_entry(Problem::error("Already exists", detail), &destination.to_string())
}
