//! What speaks against planned routes: the table, what stands in it, the next hops, the quota, and the other routes of
//! the same plan. The decisions are in `network::clash` and `network::intents`; here is what is read for them, and what
//! they are in words. Whether there is room is in `room`.
//!
//! However many routes are planned for a table: one look at the table, the ports of the hosts' subnets, the subnets and
//! the quota.

use std::{collections::BTreeMap, sync::Arc};

mod room;

use super::{
    home::Home,
    next_hop::{NEXT_HOPS, Surroundings, Via},
    ownership::{contested, if_nobody_releases_it, planning},
};
use crate::{
    cloud::{
        self, Cloud, Contest, Covers, Kind, Object, RouteTableId, Sweep, SweptRoute, VpcId, Written,
    },
    framework::{Change, Draft, Foresight, Given, Problem},
    network::{
        Cidr, Clash, Intents, NextHop, NextHopKind, Route, Routes, clashes, system_range_around,
    },
    untrusted,
};

/// How many routes a message lists before it only counts.
const LISTED: usize = 10;

/// The routes of one resource, as they are and as they are to be, by destination: what says the next hop.
pub(super) struct PlannedRoutes<'a> {
    pub(super) change: Change<'a>,
    pub(super) before: BTreeMap<Cidr, Draft<'a>>,
    pub(super) after: BTreeMap<Cidr, Draft<'a>>,
    /// What is there with the same destination is taken over.
    pub(super) adopts: bool,
    /// Tells the routes of the table that the resource removes although it does not name them, where it removes any.
    pub(super) covers: Option<Covers>,
    /// That somebody else's route stands, in the words of this resource.
    pub(super) conflict: fn(Cidr, &RouteTableId) -> Problem,
    /// Where a problem with one route belongs.
    pub(super) place: fn(Problem, Cidr) -> Problem,
}

/// The table that the routes belong to, as it is.
pub(super) struct Place {
    pub(super) home: Home,
    pub(super) table: Arc<Routes>,
}

/// The destination lies in a range that the table routes by itself.
pub(super) fn local_route(destination: Cidr, local: Cidr) -> Problem {
    let detail = format!(
        "{destination} lies in {local}, which the table routes by itself: to a subnet of the VPC, or to the cloud's own \
         services. Choose a `destination` outside every subnet and every system range."
    );
    Problem::error("Destination inside a local route", detail).at("destination")
}

/// What is wrong with a destination in every cloud.
pub(super) fn flaw_of_destination(destination: Cidr) -> Option<Problem> {
    let reserved = system_range_around(destination)?;
    let detail = format!(
        "{destination} lies in {}, which is for {}. Choose a `destination` outside every subnet and every system range.",
        reserved.range, reserved.purpose
    );
    Some(Problem::error("Destination inside a system range", detail).at("destination"))
}

/// Two resources want the destination.
pub(super) fn claimed(destination: Cidr) -> Problem {
    let detail = format!(
        "Another resource of this configuration makes a route to {destination} in the same table. Keep it in one of \
         them, or write another `destination`."
    );
    Problem::error("Destination claimed twice", detail).at("destination")
}

/// A route that was to go is another one than the plan has shown.
pub(super) fn leads_elsewhere(destination: Cidr, held: &Route, table: &RouteTableId) -> Problem {
    let detail = format!(
        "The route to {destination} in route table `{table}` was to be removed, and it is not the one that the plan has \
         shown: by now it leads to {}. It was left as it is. Plan again: the next plan shows what stands there, and what \
         is to become of it.",
        led(held)
    );
    Problem::error("Route changed since the plan", detail)
}

/// The cloud took a route and keeps another one.
pub(super) fn stored_otherwise(destination: Cidr, held: &Route) -> Problem {
    let detail = format!(
        "The cloud accepted the route to {destination}, and stores it otherwise than it was sent: to {}. Write the \
         `description` as the cloud stores it.",
        led(held)
    );
    Problem::error("Stored otherwise than sent", detail).at("description")
}

fn led(held: &Route) -> String {
    let NextHop { kind, id } = &held.next_hop;
    let (kind, id) = (untrusted::name(kind.as_str()), untrusted::name(id));
    match held.description.as_str() {
        "" => format!("{kind} `{id}` without a description"),
        text => format!("{kind} `{id}` with the description \"{}\"", untrusted::name(text)),
    }
}

/// A route to the destination is there already.
pub(super) fn is_conflict(answer: &cloud::Result<Written>) -> bool {
    match answer {
        Ok(written) => *written == Written::Exists,
        Err(error) => error.kind() == Kind::RouteExists,
    }
}

/// Takes note of routes in the state.
pub(super) fn recall(
    table: &RouteTableId,
    destinations: impl Iterator<Item = Cidr>,
    cloud: &Cloud,
) {
    let destinations: Vec<Cidr> = destinations.collect();
    cloud.recall(destinations.iter().map(|destination| Object::route(table, *destination)));
    cloud.intend(table, |intents| destinations.iter().for_each(|it| intents.hold(*it)));
}

/// An exclusive set removes what another resource makes.
fn swept(destination: Cidr) -> Problem {
    let detail = format!(
        "A resource of this configuration makes a route to {destination}, and an exclusive set of the same table removes \
         it at every apply. Write the route into `routes` of the set, let `keep` of the set match it, or give the set \
         `mode = \"additive\"`."
    );
    Problem::error("Route removed by an exclusive set", detail).at("destination")
}

/// What tells whether an exclusive set removes a planned route, where it is known.
fn swept_route(entry: Draft<'_>) -> Option<SweptRoute> {
    let description = match entry.given("description") {
        Given::Absent => String::new(),
        Given::Known(_) => entry.text("description")?.to_owned(),
        Given::Unknown => return None,
    };
    let is_given = |name| entry.given(name) != Given::Absent;
    let next_hop = match entry.parsed("type") {
        Some(known) => known,
        None if is_given("port_id") && !is_given("ecs_id") => NextHopKind::Eni,
        None if is_given("virtual_ip") && !is_given("host_ip") => NextHopKind::Vip,
        None => NextHopKind::Ecs,
    };
    Some(SweptRoute { next_hop, description })
}

impl PlannedRoutes<'_> {
    /// Examines the routes that are made or changed. Returns the table for what else is to be said of it.
    pub(super) async fn examine(
        &self,
        cloud: &Cloud,
        foresight: &mut Foresight<'_>,
    ) -> Option<Place> {
        if !self.change.makes_something() {
            let table = self.change.prior.parsed::<RouteTableId>("route_table_id")?;
            foresight.find_between(self.contests(&table, cloud));
            return None;
        }
        let place = match foresight.see("The route table", self.place(cloud)).await?? {
            Ok(place) => place,
            Err(problem) => {
                foresight.find([problem]);
                return None;
            }
        };
        foresight.find_between(self.contests(&place.home.table_id, cloud));
        foresight.find(self.clashes(&place, cloud));
        self.examine_next_hops(&place.home.vpc_id, cloud, foresight).await;
        self.release_swept(&place, cloud);
        self.examine_room(&place, cloud, foresight).await;
        Some(place)
    }

    /// `None` as long as it is not known which table is meant; a problem where there is none.
    async fn place(
        &self,
        cloud: &Cloud,
    ) -> cloud::Result<Option<std::result::Result<Place, Problem>>> {
        let Change { planned, config, .. } = self.change;
        let vpc: Option<VpcId> = planned.parsed("vpc_id");
        let table: Option<RouteTableId> = planned.parsed("route_table_id");
        let is_open = config.given("route_table_id") == Given::Absent && vpc.is_some();
        if table.is_none() && !is_open {
            return Ok(None);
        }
        let home = match Home::seek(vpc.as_ref(), table.as_ref(), cloud).await? {
            Ok(home) => home,
            Err(problem) => return Ok(Some(Err(problem))),
        };
        let table = cloud.cached().routes(&home.table_id).await?.unwrap_or_default();
        Ok(Some(Ok(Place { home, table })))
    }

    /// Takes note of what is planned, and tells what another resource of the configuration wants for good.
    fn contests(&self, table: &RouteTableId, cloud: &Cloud) -> Vec<Problem> {
        cloud.intend(table, |intents| {
            let leaving = self.before.keys().filter(|range| !self.after.contains_key(range));
            leaving.for_each(|range| intents.release(*range));
            self.after.keys().for_each(|range| intents.want(*range));
        });
        let object = |destination: &Cidr| Object::route(table, *destination);
        let after = self.after.iter().map(|(it, entry)| (object(it), swept_route(*entry)));
        let mut planning = planning(self.change, self.before.keys().map(object), after);
        planning.sweeps = self
            .covers
            .as_ref()
            .map(|covers| Sweep { route_table_id: table.clone(), covers: Arc::clone(covers) });
        let told = |contest: Contest| {
            let Object::Route { destination, .. } = contest.object else { return None };
            let is_named = self.after.contains_key(&destination);
            let problem = match contest.is_swept {
                true => swept(destination),
                false => claimed(destination),
            };
            let problem =
                if is_named { (self.place)(problem, destination) } else { problem.at("mode") };
            Some(contested(problem, contest.is_new))
        };
        cloud.plan_ownership(planning).into_iter().filter_map(told).collect()
    }

    fn sweeps(&self, route: &Route) -> bool {
        let swept = SweptRoute {
            next_hop: route.next_hop.kind.clone(),
            description: route.description.clone(),
        };
        self.covers.as_ref().is_some_and(|covers| covers(route.destination, &swept))
    }

    /// Takes note of what goes because an exclusive set sweeps it.
    fn release_swept(&self, place: &Place, cloud: &Cloud) {
        let is_going =
            |route: &&Route| self.sweeps(route) && !self.after.contains_key(&route.destination);
        cloud.intend(&place.home.table_id, |intents| {
            let going = place.table.made().filter(is_going);
            going.for_each(|route| intents.release(route.destination));
        });
    }

    /// The destinations that are new to the resource.
    fn additions(&self) -> impl Iterator<Item = Cidr> {
        self.after.keys().copied().filter(|range| !self.before.contains_key(range))
    }

    fn clashes(&self, place: &Place, cloud: &Cloud) -> Vec<Problem> {
        let Place { home, table } = place;
        let mut problems = Vec::new();
        for destination in self.additions() {
            let mut narrower = Vec::new();
            for clash in clashes(destination, table) {
                match clash {
                    Clash::InLocal(local) => {
                        problems.push((self.place)(local_route(destination, local), destination));
                    }
                    Clash::AroundLocal(local) => {
                        let problem = around_local(destination, local);
                        problems.push((self.place)(problem, destination));
                    }
                    Clash::Same(route) => {
                        let object = Object::route(&home.table_id, destination);
                        let may_be_ours = cloud.may_be_in_state(&object)
                            || cloud.journal().holds(&home.table_id, route);
                        if !self.adopts && !may_be_ours && !self.sweeps(route) {
                            let conflict = (self.conflict)(destination, &home.table_id);
                            problems.push(match route.next_hop.kind.is_host() {
                                true => if_nobody_releases_it(conflict),
                                false => conflict,
                            });
                        }
                    }
                    Clash::Narrower(route) => narrower.push(route),
                }
            }
            narrower.retain(|route| !self.is_ours(route, &home.table_id, cloud));
            if !narrower.is_empty() {
                let problem = taken_away(destination, &narrower, &home.table_id);
                problems.push((self.place)(problem, destination));
            }
        }
        problems
    }

    /// Whoever planned it knows of it, or it will go.
    fn is_ours(&self, route: &Route, table: &RouteTableId, cloud: &Cloud) -> bool {
        let range = route.destination;
        let is_known =
            |intents: &mut Intents| intents.is_planned(range) || intents.may_be_ours(range);
        self.sweeps(route) || cloud.intend(table, is_known)
    }

    async fn examine_next_hops(&self, vpc: &VpcId, cloud: &Cloud, foresight: &mut Foresight<'_>) {
        let is_changed = |(range, entry): &(&Cidr, &Draft<'_>)| {
            let same = |before: &&Draft<'_>| {
                NEXT_HOPS.iter().all(|name| entry.agrees_with(**before, name))
            };
            self.before.get(range).filter(same).is_none()
        };
        let changed = self.after.iter().filter(is_changed);
        let hops: Vec<(Cidr, Via)> =
            changed.filter_map(|(range, entry)| Some((*range, Via::planned(*entry)?))).collect();
        if hops.is_empty() {
            return;
        }
        let look = async {
            let subnets = cloud.cached().subnets(vpc).await?;
            let surroundings = Surroundings::new(vpc, &subnets, cloud);
            let mut flaws = Vec::new();
            for (destination, via) in &hops {
                let flaw = surroundings.flaw(via).await?;
                flaws.extend(flaw.map(|flaw| (self.place)(flaw, *destination)));
            }
            cloud::Result::Ok(flaws)
        };
        let flaws = foresight.see("The next hop of routes", look).await;
        foresight.find(flaws.into_iter().flatten());
    }
}

fn around_local(destination: Cidr, local: Cidr) -> Problem {
    let detail = format!(
        "{destination} holds {local}, which the table routes by itself. Those addresses stay there, and the cloud may \
         refuse the route. Choose a `destination` outside every subnet and every system range."
    );
    Problem::warning("Destination around a local route", detail).at("destination")
}

fn taken_away(destination: Cidr, narrower: &[&Route], table: &RouteTableId) -> Problem {
    let detail = format!(
        "The longest prefix wins, and route table `{table}` leads parts of {destination} elsewhere: {}. Remove those \
         routes, or choose another `destination`, unless it is meant so.",
        with_next_hops(narrower)
    );
    Problem::warning("Part of the destination goes elsewhere", detail).at("destination")
}

/// The routes as a sentence lists them.
pub(super) fn with_next_hops(routes: &[&Route]) -> String {
    let one = |route: &&Route| {
        let NextHop { kind, id } = &route.next_hop;
        let (kind, id) = (untrusted::name(kind.as_str()), untrusted::name(id));
        format!("{} to {kind} `{id}`", route.destination)
    };
    let mut named: Vec<String> = routes.iter().take(LISTED).map(one).collect();
    if let Some(more) = routes.len().checked_sub(LISTED).filter(|more| *more > 0) {
        named.push(format!("and {more} more"));
    }
    named.join(", ")
}
