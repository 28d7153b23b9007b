//! `huaweivpc_container_routes`: a whole set of container routes in one route table, written together.
//!
//! API: GET and PUT `/v1/{project_id}/routetables/{id}`. The PUT is a delta, so a set sends what differs and nothing
//! else. Whose a route is, and what a change of the set means for it, is decided in `network::ownership`.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

mod entry;
mod hops;
mod others;
mod writing;

use self::{entry::Entry, writing::conflict};
use super::{
    home, missing,
    next_hop::{self, Via},
    planned_routes::{self, Place, PlannedRoutes, flaw_of_destination},
};
use crate::{
    cloud::{
        Cloud, Covers, Description, PortId, RouteTable, RouteTableId, ServerId, SweptRoute, VpcId,
        Writing,
    },
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

/// The destinations in `routes` that an exclusive set has found in its table and has not made. They are shown so that a
/// plan shows their removal, and remembered as they stood; destroying the set leaves them.
#[derive(Debug, Clone, std::default::Default, Serialize, Deserialize)]
struct Memory {
    strangers: BTreeMap<Cidr, network::Route>,
}

const ENTRY: &[Attribute] = &[
    string("ecs_id", next_hop::ECS_ID).alias(&next_hop::BESIDE_ECS_ID).of::<ServerId>(),
    string("host_ip", next_hop::HOST_IP).alias(&next_hop::BESIDE_HOST_IP).of::<Address>(),
    string("port_id", next_hop::PORT_ID).alias(&next_hop::BESIDE_PORT_ID).of::<PortId>(),
    string("virtual_ip", next_hop::VIRTUAL_IP).alias(&next_hop::BESIDE_VIRTUAL_IP).of::<Address>(),
    string(
        "description",
        "At most 255 characters, without `<` and `>`. Absent means an empty text.",
    )
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
            string("mode", "`additive`: only the routes named here belong to the set. `exclusive`: every route in the table does that a user can make (type `ecs`, `eni`, `vip`, `nat`, `peering` or `er`) and that `keep` does not match; those not named here are removed. Nothing is removed that the plan has not shown: as a member of `routes` to be removed, or in a warning where the set is created, or `mode` or `keep` changes. What appears between plan and apply, or is another route by then, stays and fails the apply. Routes the cloud makes itself are never touched, and destroying the set removes only what it has made. Defaults to `additive`.")
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
            planned_routes::recall(&table, entries(state).into_keys(), cloud);
        }
    }

    async fn outdated(prior: Draft<'_>, config: Draft<'_>, cloud: &Cloud) -> Vec<Path> {
        let Some(vpc) = prior.parsed("vpc_id") else { return Vec::new() };
        let before = BTreeMap::from_iter(prior.members("routes"));
        let named = config.members("routes").filter_map(|(key, entry)| {
            let before = *before.get(key)?;
            let address = next_hop::unmoved_address(before, entry)?;
            Some((Path::from("routes").key(key), address, Via::planned(before)?.plain()?))
        });
        next_hop::outdated(named.collect(), &vpc, cloud).await
    }

    async fn foresee(change: Change<'_>, cloud: &Cloud, foresight: &mut Foresight<'_>) {
        let claim = Claim::planned(change.planned);
        let routes = PlannedRoutes {
            change,
            before: entries(change.prior),
            after: entries(change.planned),
            // What an exclusive set does not know to keep yet may be its own.
            adopts: change.planned.may_be_true("adopt_existing") || claim.is_none(),
            covers: claim
                .clone()
                .filter(|claim| claim.mode == Mode::Exclusive)
                .map(Claim::into_covers),
            conflict,
            place: |problem, destination| in_entry(problem, &destination.to_string()),
        };
        let place = routes.examine(cloud, foresight).await;
        if let (Some(place), Some(claim)) = (place, &claim)
            && claim.is_wider_than(change.prior)
        {
            foresight.find(swept(&place, claim, &routes, cloud));
        }
    }

    /// Every route that this resource could express: as the configuration is not known here, the next plan shows what
    /// it does not name.
    async fn import(id: &str, cloud: &Cloud) -> Result<Json> {
        key_from_id(&Self::SCHEMA, id)?;
        let table_id: RouteTableId = id.parse().map_err(Problem::bug)?;
        let table = cloud.cached().route_table(&table_id).await?;
        let table = table.ok_or_else(|| missing("Route table", &table_id, "route_table_id"))?;
        let routes = table.routes.iter().filter(|route| route.next_hop.kind.is_host());
        let mut entries = BTreeMap::new();
        for route in routes {
            let via = Via::showing_host(&route.next_hop, None, &table.vpc_id, cloud).await?;
            entries.insert(route.destination, Entry { via, ..Entry::of(route) });
        }
        let set = Self {
            vpc_id: Some(table.vpc_id.clone()),
            route_table_id: Some(table_id.clone()),
            routes: entries,
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
        let table = cloud.cached().route_table_showing(table_id, &made).await?;
        let Some(table) = table else { return Ok(None) };
        let mut routes = BTreeMap::new();
        for (destination, entry) in self.made() {
            let route = table.route_to(*destination).filter(|route| !route.is_local());
            let Some(route) = route else { continue };
            routes.insert(*destination, entry.seen(route, &table.vpc_id, cloud).await?);
        }
        let mut strangers = self.covered(&table);
        strangers.retain(|destination, _| !routes.contains_key(destination));
        for destination in strangers.keys() {
            routes.extend(table.route_to(*destination).map(|it| (*destination, Entry::of(it))));
        }
        let vpc_id = Some(table.vpc_id.clone());
        Ok(Some(Self { vpc_id, routes, memory: Memory { strangers }, ..self }))
    }

    async fn create(self, cloud: &Cloud<Writing>) -> Result<Self> {
        self.write(None, cloud).await
    }

    async fn update(self, prior: Self, cloud: &Cloud<Writing>) -> Result<Self> {
        self.write(Some(prior), cloud).await
    }

    async fn delete(self, cloud: &Cloud<Writing>) -> Result<()> {
        self.unmake(cloud).await
    }
}

impl ContainerRoutes {
    /// The entries that the set has made or taken over.
    fn made(&self) -> impl Iterator<Item = (&Cidr, &Entry)> {
        let strangers = &self.memory.strangers;
        self.routes.iter().filter(|(destination, _)| !strangers.contains_key(destination))
    }

    fn claim(&self) -> Claim {
        Claim { mode: self.mode, keep: self.keep.clone().unwrap_or_default() }
    }

    /// What stands in the table and is the set's although it may not name it.
    fn covered(&self, table: &RouteTable) -> BTreeMap<Cidr, network::Route> {
        let claim = self.claim();
        let covered = table.routes.iter().filter(|route| claim.covers(route));
        covered.map(|route| (route.destination, route.clone())).collect()
    }
}

/// What a planned set claims beside the routes it names.
#[derive(Clone, PartialEq)]
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
                next_hop: rule.parsed("type"),
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

    fn covers(&self, route: &network::Route) -> bool {
        let ownership = Ownership { mode: self.mode, keep: &self.keep };
        ownership.covers(&Standing {
            destination: route.destination,
            next_hop: &route.next_hop.kind,
            description: &route.description,
        })
    }

    fn into_covers(self) -> Covers {
        Arc::new(move |destination, route: &SweptRoute| {
            let ownership = Ownership { mode: self.mode, keep: &self.keep };
            ownership.covers(&Standing {
                destination,
                next_hop: &route.next_hop,
                description: &route.description,
            })
        })
    }

    /// It claims what no refresh can have shown in the plan.
    fn is_wider_than(&self, prior: Draft<'_>) -> bool {
        let before = Self::planned(prior);
        self.mode == Mode::Exclusive && before.is_none_or(|before| before != *self)
    }
}

/// What an exclusive set is going to remove or replace without having made it. The apply may do that to what is shown
/// here, and to nothing else.
fn swept(
    place: &Place,
    claim: &Claim,
    planned: &PlannedRoutes<'_>,
    cloud: &Cloud,
) -> Option<Problem> {
    let table = &place.home.table_id;
    let covered = place.table.made().filter(|route| claim.covers(route));
    let is_named = |route: &&network::Route| planned.after.contains_key(&route.destination);
    let (named, doomed): (Vec<_>, Vec<_>) = covered.partition(is_named);
    let is_foreign = |route: &&network::Route| {
        !planned.before.contains_key(&route.destination)
            && !others::may_be_ours(route, table, cloud)
    };
    let replaced: Vec<_> = named.into_iter().filter(is_foreign).collect();
    cloud.show_removals(table, doomed.iter().chain(&replaced).copied());
    let told = [("removes those there that it does not name", &doomed), ("replaces", &replaced)];
    let told = told.iter().filter(|(_, routes)| !routes.is_empty());
    let told: Vec<String> = told
        .map(|(act, routes)| format!("{act}: {}", planned_routes::with_next_hops(routes)))
        .collect();
    (!told.is_empty()).then(|| {
        let detail = format!(
            "The set claims route table `{table}` for itself, so of the routes of others it {}. Let `keep` match them, or \
             write `mode = \"additive\"`, to leave them.",
            told.join("; and it ")
        );
        Problem::warning("Routes of others will be removed", detail).at("mode")
    })
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
