//! `huaweivpc_container_route`: sends one container range to the server that hosts it.
//!
//! API: GET and PUT `/v1/{project_id}/routetables/{id}`. A route has no id of its own there; its table and its
//! destination name it. The PUT is a delta, so routes that are not named in it stay as they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    conflict::exists_already,
    home::{self, Home},
    next_hop::{self, NEXT_HOPS, NextHop, Via},
    planned_routes::{
        PlannedRoutes, claimed, flaw_of_destination, leads_elsewhere, local_route, stored_otherwise,
    },
};
use crate::{
    cloud::{
        Cloud, Description, Expected, Kind, PortId, Route, RouteTableId, ServerId, VpcId, Wish,
        Written,
    },
    framework::{
        Change, Default, Draft, Foresight, Problem, Problems, Resource, Result, Schema, Timeouts,
        schema::{boolean, string},
    },
    network::{Address, Cidr},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContainerRoute {
    vpc_id: Option<VpcId>,
    route_table_id: Option<RouteTableId>,
    destination: Cidr,
    #[serde(flatten)]
    via: Via,
    description: Description,
    adopt_existing: bool,
    #[serde(rename = "type")]
    next_hop_type: Option<String>,
    nexthop: Option<String>,
    #[serde(default)]
    memory: Memory,
}

/// The next hop that `host_ip` stood for when it was last looked up.
#[derive(Debug, Clone, std::default::Default, Serialize, Deserialize)]
struct Memory {
    owner: Option<NextHop>,
}

impl Resource<Cloud> for ContainerRoute {
    const NAME: &'static str = "container_route";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "Sends one container range to the server that hosts it, by a route in a VPC route table.\n\nMoving the \
                range to another server changes the next hop in place, without a gap. Routes that this resource did \
                not make are never touched.\n\nA plan looks at the cloud: a destination that is taken or lies in a \
                subnet, a next hop that does not exist and a full table fail it, before anything is changed (see the \
                guide [What a plan checks](../guides/plan-checks.md)).",
        key: &["route_table_id", "destination"],
        attributes: &[
            string("vpc_id", "VPC whose default route table carries the route. At least one of `vpc_id` and `route_table_id` is needed; if both are given, they must agree.")
                .optional_computed()
                .replaces()
                .of::<VpcId>(),
            string("route_table_id", "Route table that carries the route. Defaults to the default route table of the VPC.")
                .optional_computed()
                .replaces()
                .of::<RouteTableId>(),
            string("destination", "Container range of the server in CIDR form without host bits, such as `10.0.2.0/24`.")
                .replaces()
                .of::<Cidr>(),
            string("ecs_id", "Next hop: the server with this id. Exactly one of `ecs_id`, `host_ip`, `port_id` and `virtual_ip` is needed.")
                .optional()
                .of::<ServerId>(),
            string("host_ip", "Next hop: the server that owns this private IP address in the VPC. After an import, which names the server by `ecs_id`, the first plan shows a change in place that writes nothing.").optional().of::<Address>(),
            string("port_id", "Next hop: the extension network interface with this port id.").optional().of::<PortId>(),
            string("virtual_ip", "Next hop: this virtual IP address.").optional().of::<Address>(),
            string("description", "At most 255 characters, without `<` and `>`. Defaults to an empty text.")
                .default(Default::Str(""))
                .of::<Description>(),
            boolean("adopt_existing", "Take over a route with the same destination instead of failing on it. Defaults to `false`.")
                .default(Default::Bool(false)),
            string("type", "Type of the next hop, as the API holds it: `ecs`, `eni` or `vip`.").computed().follows(&NEXT_HOPS),
            string("nexthop", "Next hop, as the API holds it: the id of a server or of a port, or a virtual IP address. With `host_ip`, it changes when another server takes the address over.")
                .computed()
                .follows(&NEXT_HOPS),
        ],
        blocks: &[],
        timeouts: Some(Timeouts::MINUTES_5),
    };

    fn check(config: Draft<'_>) -> Vec<Problem> {
        let mut problems: Vec<Problem> =
            next_hop::flaw(config).into_iter().chain(home::flaw(config)).collect();
        if let Some(destination) = config.parsed("destination") {
            problems.extend(flaw_of_destination(destination));
            problems.extend(next_hop::flaw_towards(destination, config));
        }
        problems
    }

    fn recall(state: Draft<'_>, cloud: &Cloud) {
        if let Some(table) = state.parsed("route_table_id") {
            cloud.intend(&table, |intents| only(state).into_keys().for_each(|it| intents.hold(it)));
        }
    }

    async fn foresee(change: Change<'_>, cloud: &Cloud, foresight: &mut Foresight<'_>) {
        let routes = PlannedRoutes {
            change,
            before: only(change.prior),
            after: only(change.planned),
            adopts: change.planned.may_be_true("adopt_existing"),
            sweeps: &|_| false,
            conflict,
            place: |problem, _| problem,
        };
        routes.examine(cloud, foresight).await;
    }

    fn moved(&self) -> &'static [&'static str] {
        let held = self
            .next_hop_type
            .clone()
            .zip(self.nexthop.clone())
            .map(|(kind, id)| NextHop { kind, id });
        if self.via.host_ip.is_some() && self.memory.owner != held {
            &["type", "nexthop"]
        } else {
            &[]
        }
    }

    async fn read(mut self, cloud: &Cloud) -> Result<Option<Self>> {
        let Some(table_id) = &self.route_table_id else { return Ok(None) };
        let Some(table) = cloud.route_table_showing(table_id, &[self.destination]).await? else {
            return Ok(None);
        };
        // The table's own routes are nobody's to manage.
        let made = table.route_to(self.destination).filter(|route| !route.is_local());
        let Some(route) = made else { return Ok(None) };
        let held = NextHop { kind: route.next_hop_type.clone(), id: route.next_hop.clone() };
        match self.via.host_ip {
            Some(address) => {
                self.memory.owner = next_hop::known_owner(address, &table.vpc_id, cloud).await?;
            }
            None => self.via = Via::showing(&held),
        }
        self.vpc_id = Some(table.vpc_id.clone());
        self.description = route.description.clone().try_into().unwrap_or_default();
        self.next_hop_type = Some(held.kind);
        self.nexthop = Some(held.id);
        Ok(Some(self))
    }

    async fn create(self, cloud: &Cloud) -> Result<Self> {
        let home = Home::find(self.vpc_id.as_ref(), self.route_table_id.as_ref(), cloud).await?;
        let next_hop = self.via.resolve(&home.vpc_id, cloud).await?;
        let wish = Wish::Create { route: self.route(&next_hop), adopt: self.adopt_existing };
        self.write(wish, home, next_hop, cloud).await
    }

    async fn update(self, _prior: Self, cloud: &Cloud) -> Result<Self> {
        let home = Home::find(self.vpc_id.as_ref(), self.route_table_id.as_ref(), cloud).await?;
        let next_hop = self.via.resolve(&home.vpc_id, cloud).await?;
        let wish = Wish::Set { route: self.route(&next_hop) };
        self.write(wish, home, next_hop, cloud).await
    }

    async fn delete(self, cloud: &Cloud) -> Result<()> {
        let Some(table_id) = &self.route_table_id else { return Ok(()) };
        // If it leads elsewhere by now than the state says, somebody counts on it, and no plan has shown that it goes.
        let held = self.next_hop_type.clone().zip(self.nexthop.clone());
        let expected = held.map(|(next_hop_type, next_hop)| Expected {
            next_hop_type,
            next_hop,
            description: None,
        });
        let wish = Wish::Remove { destination: self.destination, expected };
        match cloud.write_route(table_id, wish).await {
            Ok(Written::Differs(held)) => {
                Err(leads_elsewhere(self.destination, &held, table_id).into())
            }
            Ok(_) => Ok(()),
            // With its table the route is gone too.
            Err(error) if error.kind() == Kind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl ContainerRoute {
    /// Makes the wish come true, and says what is there then.
    async fn write(self, wish: Wish, home: Home, next_hop: NextHop, cloud: &Cloud) -> Result<Self> {
        let is_new = matches!(wish, Wish::Create { .. });
        match cloud.write_route(&home.table_id, wish).await {
            Ok(Written::Done) => Ok(self.made(&home, next_hop)),
            Ok(Written::Local(local)) => Err(local_route(self.destination, local).into()),
            Ok(Written::Exists) => Err(conflict(self.destination, &home.table_id).into()),
            Ok(Written::Claimed) => Err(claimed(self.destination).into()),
            Ok(Written::Differs(held)) => {
                let problem = stored_otherwise(self.destination, &held);
                Err(Problems::from(problem).keeping(&self.made(&home, next_hop)))
            }
            Err(error) if is_new && error.kind() == Kind::RouteExists => {
                Err(conflict(self.destination, &home.table_id).into())
            }
            // Recorded, because it may be there; the next refresh finds out.
            Err(error) if is_new && error.leaves_doubt() => {
                Err(Problems::from(error).keeping(&self.made(&home, next_hop)))
            }
            Err(error) => Err(self.via.refused(error, &home.vpc_id, cloud).await.into()),
        }
    }

    fn route(&self, next_hop: &NextHop) -> Route {
        Route {
            destination: self.destination.to_string(),
            next_hop_type: next_hop.kind.clone(),
            next_hop: next_hop.id.clone(),
            description: self.description.to_string(),
        }
    }

    fn made(mut self, home: &Home, next_hop: NextHop) -> Self {
        self.vpc_id = Some(home.vpc_id.clone());
        self.route_table_id = Some(home.table_id.clone());
        self.memory.owner = self.via.host_ip.map(|_| next_hop.clone());
        self.next_hop_type = Some(next_hop.kind);
        self.nexthop = Some(next_hop.id);
        self
    }
}

/// The one route of a resource.
fn only(object: Draft<'_>) -> BTreeMap<Cidr, Draft<'_>> {
    object.parsed("destination").map(|destination| (destination, object)).into_iter().collect()
}

fn conflict(destination: Cidr, table: &RouteTableId) -> Problem {
    let what = format!("A route to {destination} in route table `{table}`");
    let id = format!("{table}/{destination}");
    exists_already(<ContainerRoute as Resource<Cloud>>::NAME, &what, &id, "destination")
}
