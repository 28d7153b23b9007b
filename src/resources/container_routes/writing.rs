//! Writing a set: everything that differs travels together, and each destination gets its own answer.

use std::collections::BTreeMap;

use super::{ContainerRoutes, Entry, Memory, hops::Hops, in_entry, others};
use crate::{
    cloud::{self, Cloud, Error, Expected, Kind, Object, RouteTableId, Wish, Writing, Written},
    framework::{Problem, Problems, Result},
    network::{Cidr, Recorded, SetChanges, Swept, set_changes},
    resources::{
        first_of,
        home::Home,
        planned_routes::{claimed, is_conflict, leads_elsewhere, local_route, stored_otherwise},
    },
};

/// Why a destination is not as it was wished.
struct Failure {
    destination: Cidr,
    problem: Problem,
    /// It may be as it was wished all the same; the next refresh finds out.
    in_doubt: bool,
    /// The table is full.
    lacks_room: bool,
}

impl ContainerRoutes {
    /// Brings the table from the set as recorded, nothing for a new one, to this set.
    pub(super) async fn write(
        mut self,
        prior: Option<Self>,
        cloud: &Cloud<Writing>,
    ) -> Result<Self> {
        let home = Home::find(self.vpc_id.as_ref(), self.route_table_id.as_ref(), cloud).await?;
        let swept = self.others(prior.as_ref(), &home.table_id, cloud).await?;
        let changes = self.changes_since(prior.as_ref(), &swept);
        let unmoved = prior.as_ref().map(|prior| &prior.routes);
        let hops = self.next_hops(&changes, unmoved, &home.vpc_id, cloud).await;
        let is_kept = |destination: &&Cidr| changes.create.binary_search(destination).is_err();
        let kept = self.routes.keys().filter(is_kept);
        let kept = kept.map(|destination| Object::route(&home.table_id, *destination));
        let mut claims = cloud.claim(Vec::new(), kept.collect()).await?;
        let mut failures = self.change(&changes, &swept, &hops, &home, cloud).await;
        claims.keep_all_but(&[]);
        let expected = |it: Cidr| {
            let of_others = swept.doomed.get(&it).map(others::expected);
            of_others.or_else(|| prior.as_ref().and_then(|prior| prior.expected(it)))
        };
        let doomed = changes.remove.iter().map(|it| (*it, expected(*it))).collect();
        failures.extend(self.remove(doomed, &home, cloud).await);
        if !changes.remove.is_empty() {
            let full = failures.extract_if(.., |failure| failure.lacks_room);
            let create = full.map(|failure| failure.destination).collect();
            let left = SetChanges { create, ..SetChanges::default() };
            failures.extend(self.change(&left, &swept, &hops, &home, cloud).await);
        }
        self.complete(&hops);

        let mut problems = told(&failures, &self.routes);
        problems.extend(others::left_alone(&swept.left, &home.table_id));
        self.vpc_id = Some(home.vpc_id);
        self.route_table_id = Some(home.table_id);
        self.memory = Memory::default();
        let before =
            prior.map(|prior| prior.made().map(|(it, entry)| (*it, entry.clone())).collect());
        let is_new = before.is_none();
        self.routes = standing(self.routes, &before.unwrap_or_default(), &failures);
        match Problems::from_list(problems) {
            None => Ok(self),
            // Nothing is there that would have to be recorded.
            Some(problems) if is_new && self.routes.is_empty() && !failures.is_empty() => {
                Err(problems)
            }
            Some(problems) => Err(problems.keeping(&self)),
        }
    }

    /// Removes what the set has made. What it has only found stays.
    pub(super) async fn unmake(mut self, cloud: &Cloud<Writing>) -> Result<()> {
        let Some(table_id) = self.route_table_id.clone() else { return Ok(()) };
        self.routes.retain(|destination, _| !self.memory.strangers.contains_key(destination));
        self.memory = Memory::default();
        let doomed = self.routes.keys().map(|it| (*it, self.expected(*it))).collect();
        let failures = remove(doomed, &table_id, cloud).await;
        self.routes.retain(|it, _| failures.iter().any(|failure| failure.destination == *it));
        match Problems::from_list(told(&failures, &BTreeMap::new())) {
            None => Ok(()),
            Some(problems) => Err(problems.keeping(&self)),
        }
    }

    fn changes_since(&self, prior: Option<&Self>, swept: &Swept) -> SetChanges {
        let no_routes = BTreeMap::new();
        let strangers = prior.map(|prior| &prior.memory.strangers).into_iter().flatten();
        let recorded = Recorded {
            routes: prior.map_or(&no_routes, |prior| &prior.routes),
            strangers: &strangers.map(|(destination, _)| *destination).collect(),
        };
        set_changes(recorded, &self.routes, &swept.doomed.keys().copied().collect())
    }

    /// What the route of the set leads to as it is recorded. Its description does not matter.
    fn expected(&self, destination: Cidr) -> Option<Expected> {
        let hop = self.routes.get(&destination)?.via.plain()?;
        Some(Expected { next_hop: hop, description: None })
    }

    /// Adds and changes routes. What another resource of the run gives up is taken over.
    async fn change(
        &self,
        changes: &SetChanges,
        swept: &Swept,
        hops: &Hops,
        home: &Home,
        cloud: &Cloud<Writing>,
    ) -> Vec<Failure> {
        let object = |destination: &Cidr| Object::route(&home.table_id, *destination);
        let new = changes.create.iter().map(object).collect();
        let mut claims = match cloud.claim(new, Vec::new()).await {
            Ok(claims) => claims,
            Err(error) => {
                let asked = changes.create.iter().chain(&changes.modify);
                return asked.map(|it| Failure::of(*it, error.clone())).collect();
            }
        };

        let (mut wishes, mut failures) = self.wishes(changes, swept, hops);
        wishes.retain(|(destination, _)| {
            let is_refused = claims.refused.contains(&object(destination));
            if is_refused {
                let problem = in_entry(claimed(*destination), &destination.to_string());
                failures.push(Failure::certain(*destination, problem));
            }
            !is_refused
        });
        take_over(&mut wishes, &home.table_id, cloud);
        let (done, conflicts) = send(wishes, &home.table_id, cloud).await;
        let mut answers = done;
        if !conflicts.is_empty() {
            let objects: Vec<Object> = conflicts.iter().map(|(it, _)| object(it)).collect();
            cloud.await_release(&objects).await;
            let mut again = conflicts;
            take_over(&mut again, &home.table_id, cloud);
            let (released, foreign): (Vec<_>, Vec<_>) = again.into_iter().partition(adopts);
            answers.extend(send(released, &home.table_id, cloud).await.0);
            let exists =
                foreign.into_iter().map(|(destination, _)| (destination, Ok(Written::Exists)));
            answers.extend(exists);
        }
        failures.extend(self.failures(answers, home, cloud).await);
        let is_lost = |failure: &&Failure| !failure.in_doubt;
        let lost = failures.iter().filter(is_lost).map(|failure| object(&failure.destination));
        claims.keep_all_but(&lost.collect::<Vec<_>>());
        failures
    }

    /// Removes what the set does not name any more, after what takes its place.
    async fn remove(&self, doomed: Doomed, home: &Home, cloud: &Cloud<Writing>) -> Vec<Failure> {
        let objects = doomed.keys().map(|it| Object::route(&home.table_id, *it));
        cloud.await_successors(&objects.collect::<Vec<_>>()).await;
        remove(doomed, &home.table_id, cloud).await
    }

    /// What to ask of the table, and the destinations of which it cannot be said.
    fn wishes(
        &self,
        changes: &SetChanges,
        swept: &Swept,
        hops: &Hops,
    ) -> (Vec<(Cidr, Wish)>, Vec<Failure>) {
        let mut wishes = Vec::new();
        let mut failures = Vec::new();
        let is_changed =
            |it: &Cidr| [&changes.create, &changes.modify].iter().any(|of| of.contains(it));
        let written = hops.iter().filter(|(it, _)| is_changed(it));
        let written =
            written.filter_map(|(it, hop)| Some((*it, self.routes.get(it)?, hop.as_ref())));
        for (destination, entry, hop) in written {
            match hop {
                Ok(hop) => {
                    let route = entry.route(destination, hop.clone());
                    let adopt = self.adopt_existing || swept.replaced.contains(&destination);
                    wishes.push(match changes.modify.binary_search(&destination) {
                        Ok(_) => (destination, Wish::Set { route }),
                        Err(_) => (destination, Wish::Create { route, adopt }),
                    });
                }
                Err(problems) => failures.extend(problems.list().iter().map(|problem| {
                    let problem = in_entry(problem.clone(), &destination.to_string());
                    Failure::certain(destination, problem)
                })),
            }
        }
        (wishes, failures)
    }

    async fn failures(
        &self,
        answers: Answers,
        home: &Home,
        cloud: &Cloud<Writing>,
    ) -> Vec<Failure> {
        let mut failures = Vec::new();
        for (destination, answer) in answers {
            let lacks_room =
                answer.as_ref().is_err_and(|error| error.kind() == Kind::QuotaExceeded);
            let problem = match answer {
                Ok(Written::Done) => continue,
                Ok(Written::Exists) => conflict(destination, &home.table_id),
                Ok(Written::Differs(held)) => {
                    let problem = stored_otherwise(destination, &held);
                    let problem = in_entry(problem, &destination.to_string());
                    failures
                        .push(Failure { in_doubt: true, ..Failure::certain(destination, problem) });
                    continue;
                }
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
            failures.push(Failure { lacks_room, ..Failure::certain(destination, problem) });
        }
        failures
    }
}

/// What came of wishes, by destination.
type Answers = Vec<(Cidr, cloud::Result<Written>)>;

/// Routes to remove, and what each is expected to lead to.
type Doomed = BTreeMap<Cidr, Option<Expected>>;

/// Lets creations take over what other resources of the run give up.
fn take_over(wishes: &mut [(Cidr, Wish)], table: &RouteTableId, cloud: &Cloud<Writing>) {
    for (destination, wish) in wishes {
        if let Wish::Create { adopt, .. } = wish {
            *adopt = *adopt || cloud.is_released_to_us(&Object::route(table, *destination));
        }
    }
}

fn adopts((_, wish): &(Cidr, Wish)) -> bool {
    matches!(wish, Wish::Create { adopt: true, .. })
}

/// Sends all at once. Returns the answers, but for creations that met an existing route: those wishes come back.
async fn send(
    wishes: Vec<(Cidr, Wish)>,
    table: &RouteTableId,
    cloud: &Cloud<Writing>,
) -> (Answers, Vec<(Cidr, Wish)>) {
    if wishes.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let sent = wishes.iter().map(|(_, wish)| wish.clone()).collect();
    let answers = cloud.write_routes(table, sent).await;
    let (mut done, mut conflicts) = (Vec::new(), Vec::new());
    for ((destination, wish), answer) in wishes.into_iter().zip(answers) {
        let may_wait = matches!(wish, Wish::Create { adopt: false, .. });
        if may_wait && is_conflict(&answer) {
            conflicts.push((destination, wish));
        } else {
            done.push((destination, answer));
        }
    }
    (done, conflicts)
}

/// Removes routes, but for those that another resource of the run has taken over.
async fn remove(mut doomed: Doomed, table: &RouteTableId, cloud: &Cloud<Writing>) -> Vec<Failure> {
    let objects = doomed.keys().map(|it| Object::route(table, *it)).collect();
    let release = match cloud.release(objects).await {
        Ok(release) => release,
        Err(error) => {
            return doomed.keys().map(|it| Failure::of(*it, error.clone())).collect();
        }
    };
    doomed.retain(|it, _| release.removed.contains(&Object::route(table, *it)));
    if doomed.is_empty() {
        return Vec::new();
    }
    let removal = |(it, expected): (&Cidr, &Option<Expected>)| Wish::Remove {
        destination: *it,
        expected: expected.clone(),
    };
    let wishes = doomed.iter().map(removal).collect();
    let mut failures = Vec::new();
    for (destination, answer) in doomed.into_keys().zip(cloud.write_routes(table, wishes).await) {
        match answer {
            Ok(Written::Differs(held)) => {
                let problem = leads_elsewhere(destination, &held, table);
                failures.push(Failure::certain(destination, problem));
            }
            Ok(_) => {}
            // With its table the route is gone too.
            Err(error) if error.kind() == Kind::NotFound => {}
            Err(error) => failures.push(Failure::of(destination, error)),
        }
    }
    if failures.is_empty() {
        release.done();
    }
    failures
}

impl Failure {
    fn of(destination: Cidr, error: Error) -> Self {
        Self { in_doubt: error.leaves_doubt(), ..Self::certain(destination, error.into()) }
    }

    fn certain(destination: Cidr, problem: Problem) -> Self {
        Self { destination, problem, in_doubt: false, lacks_room: false }
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
            let detail = format!("{}\n\nThis is about {}.", problem.detail, first_of(&names));
            Problem { detail, ..problem.clone() }
        }
    };
    causes.into_iter().map(tell).collect()
}

/// The cloud has one code for whatever is wrong with a route; the entry tells more. Not where the route was sent, and only a
/// look at it was refused.
fn is_about_the_entry(error: &Error) -> bool {
    !error.leaves_doubt() && matches!(error.kind(), Kind::Refused | Kind::QuotaExceeded)
}

pub(super) fn conflict(destination: Cidr, table: &RouteTableId) -> Problem {
    let detail = format!(
        "A route to {destination} in route table `{table}` exists already, and this set did not make it. If another \
         resource of your configuration had it before, write a `moved` block from that address to this one. If it is in no \
         state, set `adopt_existing = true` to take it over as it is planned here, or import the table's routes into a set \
         that is not in the state yet:\n\n  \
         terraform import huaweivpc_container_routes.<name> '{table}'\n\nIf it is somebody else's, leave it out of \
         `routes`."
    );
    in_entry(Problem::error("Already exists", detail), &destination.to_string())
}
