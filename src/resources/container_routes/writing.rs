//! Writing a set: everything that differs travels together, and each destination gets its own answer.

use std::collections::{BTreeMap, BTreeSet};

use super::{ContainerRoutes, Entry, Memory, in_entry};
use crate::{
    cloud::{Cloud, Error, Kind, RouteTableId, VpcId, Wish, Written},
    framework::{Problem, Problems, Result},
    network::{Address, Cidr, Mode, Recorded, SetChanges, set_changes},
    resources::{
        home::Home,
        next_hop::{self, NextHop, Via},
        planned_routes::{claimed, local_route},
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
        let covered = match self.mode {
            Mode::Additive => BTreeSet::new(),
            Mode::Exclusive => match cloud.route_table(&home.table_id).await? {
                Some(table) => self.covered(&table),
                None => BTreeSet::new(),
            },
        };
        let changes = self.changes_since(prior.as_ref(), &covered);
        let unmoved = prior.as_ref().map(|prior| &prior.routes);
        let hops = self.next_hops(&changes, unmoved, &home.vpc_id, cloud).await;
        let (wishes, mut failures) = self.wishes(&changes, &covered, &hops);
        self.complete(&hops);
        failures.extend(self.send(wishes, &home, cloud).await);

        self.vpc_id = Some(home.vpc_id);
        self.route_table_id = Some(home.table_id);
        self.memory = Memory::default();
        let problems = told(&failures, &self.routes);
        let before =
            prior.map(|prior| prior.made().map(|(it, entry)| (*it, entry.clone())).collect());
        let is_new = before.is_none();
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
        self.routes.retain(|destination, _| !self.memory.strangers.contains(destination));
        self.memory = Memory::default();
        let remove = |destination: &Cidr| Wish::Remove { destination: *destination };
        let wishes: Vec<Wish> = self.routes.keys().map(remove).collect();
        let answers = cloud.write_routes(&table_id, wishes).await;
        let mut failures = Vec::new();
        for (destination, answer) in self.routes.keys().zip(answers) {
            match answer {
                Ok(_) => {}
                // With its table the route is gone too.
                Err(error) if error.kind() == Kind::NotFound => {}
                Err(error) => failures.push(Failure::of(*destination, error)),
            }
        }
        self.routes.retain(|it, _| failures.iter().any(|failure| failure.destination == *it));
        match Problems::from_list(told(&failures, &BTreeMap::new())) {
            None => Ok(()),
            Some(problems) => Err(problems.keeping(&self)),
        }
    }

    fn changes_since(&self, prior: Option<&Self>, covered: &BTreeSet<Cidr>) -> SetChanges {
        let (no_routes, no_strangers) = (BTreeMap::new(), BTreeSet::new());
        let recorded = match prior {
            Some(prior) => Recorded { routes: &prior.routes, strangers: &prior.memory.strangers },
            None => Recorded { routes: &no_routes, strangers: &no_strangers },
        };
        // Only under the terms that it was made with can a plan have shown all that has to go.
        let sweeping =
            prior.is_none_or(|prior| (prior.mode, &prior.keep) != (self.mode, &self.keep));
        set_changes(recorded, &self.routes, covered, sweeping)
    }

    /// What the entries that are written lead to. One whose next hop is planned as it is recorded keeps that.
    async fn next_hops(
        &self,
        changes: &SetChanges,
        recorded: Option<&BTreeMap<Cidr, Entry>>,
        vpc: &VpcId,
        cloud: &Cloud,
    ) -> BTreeMap<Cidr, Result<NextHop>> {
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
    fn complete(&mut self, hops: &BTreeMap<Cidr, Result<NextHop>>) {
        for (destination, hop) in hops {
            if let (Ok(hop), Some(entry)) = (hop, self.routes.get_mut(destination)) {
                entry.via = entry.via.completed(hop);
            }
        }
    }

    /// What to ask of the table, and the destinations of which it cannot be said.
    fn wishes(
        &self,
        changes: &SetChanges,
        covered: &BTreeSet<Cidr>,
        hops: &BTreeMap<Cidr, Result<NextHop>>,
    ) -> (Vec<(Cidr, Wish)>, Vec<Failure>) {
        let mut wishes = Vec::new();
        let mut failures = Vec::new();
        let written =
            hops.iter().filter_map(|(it, hop)| Some((*it, self.routes.get(it)?, hop.as_ref())));
        for (destination, entry, hop) in written {
            match hop {
                Ok(hop) => {
                    let route = entry.route(destination, hop.clone());
                    let adopt = self.adopt_existing || covered.contains(&destination);
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
        let remove =
            |destination: &Cidr| (*destination, Wish::Remove { destination: *destination });
        wishes.extend(changes.remove.iter().map(remove));
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
