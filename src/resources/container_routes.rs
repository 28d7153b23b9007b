//! `huaweivpc_container_routes`: a whole set of container routes in one route table, written together.
//!
//! API: GET and PUT `/v1/{project_id}/routetables/{id}`. The PUT is a delta, so a set sends what differs and nothing
//! else. Whose a route is, and what a change of the set means for it, is decided in `network::ownership`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

mod entry;
mod seen;
mod writing;

use self::{
    entry::Entry,
    seen::{Seen, seen_in},
    writing::conflict,
};
use super::{
    home, missing,
    next_hop::{self, NextHop},
    planned_routes::{self, Place, PlannedRoutes, flaw_of_destination},
};
use crate::{
    cloud::{Cloud, Description, PortId, RouteTableId, ServerId, VpcId},
    framework::{
        Attribute, Change, Default, Draft, Foresight, Given, Kind, Nesting, Path, Problem,
        Resource, Result, Schema, Timeouts, Value, all_of, key_from_id, quoted,
        schema::{attribute, boolean, string},
    },
    network::{self, Address, Cidr, Keep, Mode, Ownership, Standing},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContainerRoutes {
    vpc_id: Option<VpcId>,
    route_table_id: Option<RouteTableId>,
    routes: BTreeMap<Cidr, Entry>,
    mode: Mode,
    keep: Option<Vec<Keep>>,
    adopt_existing: bool,
    #[serde(default)]
    memory: Memory,
}

/// What the last refresh has found in the table.
#[derive(Debug, Clone, std::default::Default, Serialize, Deserialize)]
struct Memory {
    /// The destinations in `routes` that an exclusive set has found and has not made. They are shown so that a plan shows
    /// their removal; destroying the set leaves them.
    strangers: BTreeSet<Cidr>,
    /// All routes there that users make, its own among them.
    #[serde(default)]
    seen: BTreeMap<Cidr, Seen>,
}

const ENTRY: &[Attribute] = &[
    string("ecs_id", "Next hop: the server with this id. Exactly one of `ecs_id`, `host_ip`, `port_id` and `virtual_ip` is needed.")
        .optional()
        .of::<ServerId>(),
    string("host_ip", "Next hop: the server that owns this private IP address in the VPC. A server rebuilt under the same address shows as a change from the old server's `ecs_id` back to `host_ip`.")
        .optional()
        .of::<Address>(),
    string("port_id", "Next hop: the extension network interface with this port id.").optional().of::<PortId>(),
    string("virtual_ip", "Next hop: this virtual IP address.").optional().of::<Address>(),
    string("description", "At most 255 characters, without `<` and `>`. Absent means an empty text.")
        .optional()
        .of::<Description>(),
];

const KEEP: &[Attribute] = &[
    string("type", "Type of the next hop as the API holds it, such as `nat`, `peering` or `er`.")
        .optional(),
    string("destination_within", "Range in CIDR form that holds the destination.")
        .optional()
        .of::<Cidr>(),
    string("description_prefix", "How the description begins.").optional().of::<Description>(),
];

impl Resource<Cloud> for ContainerRoutes {
    const NAME: &'static str = "container_routes";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "Keeps a whole set of container routes in one VPC route table, written together.\n\nAdding, changing or \
                dropping an entry changes that one route in place, without a gap. One entry that cannot be made does not \
                keep the others from being made: they are recorded, and the next apply goes on with what is missing. \
                Where that happens while the set is created, Terraform marks it as tainted and would make all of it \
                anew; `terraform untaint` lets it be completed in place instead.\n\nA plan looks at the cloud: what \
                cannot be made fails it at the entry, before anything is changed (see the guide [What a plan \
                checks](../guides/plan-checks.md)).",
        key: &["route_table_id"],
        attributes: &[
            string("vpc_id", "VPC whose default route table carries the routes. At least one of `vpc_id` and `route_table_id` is needed; if both are given, they must agree.")
                .optional_computed()
                .replaces()
                .of::<VpcId>(),
            string("route_table_id", "Route table that carries the routes. Defaults to the default route table of the VPC.")
                .optional_computed()
                .replaces()
                .of::<RouteTableId>(),
            attribute("routes", Kind::Nested(Nesting::Map, ENTRY), "The routes by destination, a container range in CIDR form without host bits, such as `10.0.2.0/24`."),
            string("mode", "`additive`: only the routes named here belong to the set. `exclusive`: every route in the table does that a user can make (type `ecs`, `eni`, `vip`, `nat`, `peering` or `er`) and that `keep` does not match; those not named here are removed. Nothing is removed that the plan has not shown: as a member of `routes` to be removed, or in a warning where `mode` or `keep` changes. What stands in the table when the set is created stays, is named in a warning, and shows in the next plan; what appears between plan and apply, or is another route by then, stays and fails the apply. Routes the cloud makes itself are never touched, and destroying the set removes only what it has made. Defaults to `additive`.")
                .default(Default::Str("additive"))
                .of::<Mode>(),
            attribute("keep", Kind::Nested(Nesting::List, KEEP), "In mode `exclusive`: routes of others to leave alone. A route is kept if it meets all conditions of one of these.")
                .optional(),
            boolean("adopt_existing", "Take over routes with the same destinations instead of failing on them. Defaults to `false`.")
                .default(Default::Bool(false)),
        ],
        blocks: &[],
        timeouts: Some(Timeouts::MINUTES_5),
    };

    fn check(config: Draft<'_>) -> Vec<Problem> {
        let mut problems = Vec::from_iter(home::flaw(config));
        if let Given::Known(Value::Map(routes)) = config.given("routes") {
            for (destination, entry) in routes {
                let is_known = !entry.is_unknown();
                let entry = Draft::new(entry);
                let mut flaws = Vec::from_iter(next_hop::flaw(entry).filter(|_| is_known));
                match destination.parse::<Cidr>() {
                    Ok(destination) => {
                        flaws.extend(flaw_of_destination(destination));
                        flaws.extend(next_hop::flaw_towards(destination, entry));
                    }
                    Err(reason) => {
                        flaws.push(Problem::error("Invalid key of `routes`", reason.to_string()));
                    }
                }
                problems.extend(flaws.into_iter().map(|flaw| in_entry(flaw, destination)));
            }
        }
        if let Given::Known(Value::Seq(rules)) = config.given("keep") {
            let known = rules.iter().enumerate().filter(|(_, rule)| !rule.is_unknown());
            problems.extend(known.filter_map(|(at, rule)| flaw_of_keep(at, Draft::new(rule))));
        }
        problems
    }

    fn recall(state: Draft<'_>, cloud: &Cloud) {
        if let Some(table) = state.parsed("route_table_id") {
            cloud.intend(&table, |all| entries(state).into_keys().for_each(|it| all.hold(it)));
        }
    }

    async fn foresee(change: Change<'_>, cloud: &Cloud, foresight: &mut Foresight<'_>) {
        let claim = Claim::planned(change.planned);
        let before: Option<Self> = change.before();
        let after = entries(change.planned);
        let mut doomed = BTreeMap::new();
        if let (Some(before), Some(claim)) = (&before, &claim) {
            doomed.extend(before.shown(claim).filter(|(it, _)| !after.contains_key(it)));
            if change.makes_something() && claim.is_wider_than(change.prior) {
                foresight.find(will_go(&doomed));
            }
        }
        let routes = PlannedRoutes {
            change,
            before: entries(change.prior),
            after,
            adopts: change.planned.may_be_true("adopt_existing"),
            sweeps: &|route| doomed.contains_key(&route.destination),
            conflict,
            place: |problem, destination| in_entry(problem, &destination.to_string()),
        };
        let place = routes.examine(cloud, foresight).await;
        if let (Some(place), Some(claim), None) = (place, &claim, &before) {
            foresight.find(will_stay(&place, claim, &routes.after));
        }
    }

    /// Every route that this resource could express: as the configuration is not known here, the next plan shows what
    /// it does not name.
    async fn import(id: &str, cloud: &Cloud) -> Result<Json> {
        key_from_id(&Self::SCHEMA, id)?;
        let table_id: RouteTableId = id.parse().map_err(Problem::bug)?;
        let table = cloud.route_table(&table_id).await?;
        let table = table.ok_or_else(|| missing("Route table", &table_id, "route_table_id"))?;
        let is_expressible = |kind: &str| ["ecs", "eni", "vip"].contains(&kind);
        let routes = table.routes.iter().filter(|route| is_expressible(&route.next_hop_type));
        let routes = routes.filter_map(|it| Some((Cidr::lenient(&it.destination)?, Entry::of(it))));
        let set = Self {
            vpc_id: Some(table.vpc_id.clone()),
            route_table_id: Some(table_id.clone()),
            routes: routes.collect(),
            mode: Mode::Additive,
            keep: None,
            adopt_existing: false,
            memory: Memory::default(),
        };
        if set.routes.is_empty() {
            let detail = format!(
                "Route table `{table_id}` has no route to a server, a network interface or a virtual IP address. Create \
                 the set instead of importing it."
            );
            return Err(Problem::error("No routes to import", detail).into());
        }
        Ok(serde_json::to_value(set).map_err(Problem::bug)?)
    }

    async fn read(self, cloud: &Cloud) -> Result<Option<Self>> {
        let Some(table_id) = &self.route_table_id else { return Ok(None) };
        let made: Vec<Cidr> = self.made().map(|(destination, _)| *destination).collect();
        let Some(table) = cloud.route_table_showing(table_id, &made).await? else {
            return Ok(None);
        };
        let mut routes = BTreeMap::new();
        for (destination, entry) in self.made() {
            let route = table.route_to(*destination).filter(|route| !route.is_local());
            let Some(route) = route else { continue };
            let host = self.known_host(entry, &table.vpc_id, cloud).await?;
            routes.insert(*destination, entry.seen(route, host));
        }
        let seen = seen_in(&table);
        let now = Self { routes, memory: Memory { seen, ..Memory::default() }, ..self };
        let claim = now.claim();
        let strangers: BTreeSet<Cidr> =
            now.shown(&claim).map(|(destination, _)| destination).collect();
        let mut routes = now.routes.clone();
        for destination in &strangers {
            routes.extend(table.route_to(*destination).map(|it| (*destination, Entry::of(it))));
        }
        let vpc_id = Some(table.vpc_id.clone());
        Ok(Some(Self { vpc_id, routes, memory: Memory { strangers, ..now.memory }, ..now }))
    }

    async fn create(self, cloud: &Cloud) -> Result<Self> {
        self.write(None, cloud).await
    }

    async fn update(self, prior: Self, cloud: &Cloud) -> Result<Self> {
        self.write(Some(prior), cloud).await
    }

    async fn delete(self, cloud: &Cloud) -> Result<()> {
        self.unmake(cloud).await
    }
}

impl ContainerRoutes {
    /// The entries that the set has made or taken over.
    fn made(&self) -> impl Iterator<Item = (&Cidr, &Entry)> {
        let strangers = &self.memory.strangers;
        self.routes.iter().filter(|(destination, _)| !strangers.contains(destination))
    }

    fn claim(&self) -> Claim {
        Claim { mode: self.mode, keep: self.keep.clone().unwrap_or_default() }
    }

    async fn known_host(
        &self,
        entry: &Entry,
        vpc: &VpcId,
        cloud: &Cloud,
    ) -> Result<Option<NextHop>> {
        match entry.via.host_ip {
            Some(address) => Ok(next_hop::known_owner(address, vpc, cloud).await?),
            None => Ok(None),
        }
    }
}

/// What a planned set claims beside the routes it names.
struct Claim {
    mode: Mode,
    keep: Vec<Keep>,
}

impl Claim {
    /// `None` as long as it is not known.
    fn planned(set: Draft<'_>) -> Option<Self> {
        let mode = set.parsed("mode")?;
        let rule = |rule: &Value| {
            let rule = Draft::new(rule);
            let names = ["type", "destination_within", "description_prefix"];
            let is_known = names.iter().all(|name| rule.given(name) != Given::Unknown);
            is_known.then(|| Keep {
                next_hop_type: rule.parsed("type"),
                destination_within: rule.parsed("destination_within"),
                description_prefix: rule.parsed("description_prefix"),
            })
        };
        let keep = match set.given("keep") {
            Given::Absent => Vec::new(),
            Given::Known(Value::Seq(rules)) => rules.iter().map(rule).collect::<Option<_>>()?,
            Given::Unknown | Given::Known(_) if mode == Mode::Additive => Vec::new(),
            Given::Unknown | Given::Known(_) => return None,
        };
        Some(Self { mode, keep })
    }

    fn covers(&self, route: &Standing<'_>) -> bool {
        Ownership { mode: self.mode, keep: &self.keep }.covers(route)
    }

    /// It claims what no refresh can have shown in the plan.
    fn is_wider_than(&self, prior: Draft<'_>) -> bool {
        let before = Self::planned(prior);
        self.mode == Mode::Exclusive
            && before.is_none_or(|before| (before.mode, &before.keep) != (self.mode, &self.keep))
    }
}

/// A change of terms takes what is there, and `routes` does not show it.
fn will_go(doomed: &BTreeMap<Cidr, &Seen>) -> Option<Problem> {
    (!doomed.is_empty()).then(|| {
        let detail = format!(
            "With this change the set claims routes that it does not name, and removes them: {}. Name them in `routes`, \
             let `keep` match them, or write `mode = \"additive\"` to leave them.",
            Vec::from_iter(doomed.iter().map(|(it, seen)| seen.told(*it))).join(", ")
        );
        Problem::warning("Routes of others will be removed", detail).at("mode")
    })
}

/// A new set removes nothing: no plan can hand on to its apply what it has shown.
fn will_stay(place: &Place, claim: &Claim, after: &BTreeMap<Cidr, Draft<'_>>) -> Option<Problem> {
    let is_other = |route: &&network::Route| {
        let standing = Standing {
            destination: route.destination,
            next_hop_type: &route.next_hop_type,
            description: &route.description,
        };
        claim.covers(&standing) && !after.contains_key(&route.destination)
    };
    let others: Vec<_> = place.table.made().filter(is_other).collect();
    (!others.is_empty())
        .then(|| left_alone(&place.home.table_id, planned_routes::with_next_hops(&others)))
}

/// A new set leaves what stands in its table for the next plan to show.
fn left_alone(table: &RouteTableId, routes: String) -> Problem {
    let detail = format!(
        "The set claims route table `{table}` for itself, and these routes there are not in it: {routes}. Creating the \
         set leaves them; the plan after that shows each as a member of `routes` to be removed. Name them in `routes`, \
         or let `keep` match them, to leave them for good."
    );
    Problem::warning("Routes of others stay for now", detail).at("mode")
}

/// The routes of a set by destination, as far as they are known.
fn entries(set: Draft<'_>) -> BTreeMap<Cidr, Draft<'_>> {
    let entry = |(key, entry): (&str, _)| Some((key.parse().ok()?, entry));
    set.members("routes").filter_map(entry).collect()
}

fn flaw_of_keep(index: usize, rule: Draft<'_>) -> Option<Problem> {
    let path = Path::from("keep").index(index);
    let names = ["type", "destination_within", "description_prefix"];
    let (given, open) = rule.certain(&names);
    let empty = given.iter().find(|name| rule.text(name) == Some(""));
    let detail = match empty {
        Some(name) => format!(
            "In `{path}`: an empty `{name}` would match every route or none. Write a text, or leave it out."
        ),
        None if given.is_empty() && !open => {
            format!(
                "`{path}` would keep every route. Set at least one of {}.",
                all_of(&quoted(&names))
            )
        }
        None => return None,
    };
    Some(Problem::error("Nothing to keep by", detail).at(path))
}

/// The problem at the entry of this destination, whichever of its attributes it is about.
fn in_entry(problem: Problem, destination: &str) -> Problem {
    let path = Path::from("routes").key(destination);
    Problem { detail: format!("In `{path}`: {}", problem.detail), path, ..problem }
}
