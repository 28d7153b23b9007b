//! `huaweivpc_container_route`: sends one container range to the server that hosts it.
//!
//! API: GET and PUT `/v1/{project_id}/routetables/{id}`. A route has no id of its own there; its table and its
//! destination name it. The PUT is a delta, so routes that are not named in it stay as they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    conflict::exists_already,
    home::{self, Home},
    next_hop::{self, NEXT_HOPS, Via},
    planned_routes::{
        self, PlannedRoutes, claimed, flaw_of_destination, is_conflict, leads_elsewhere,
        local_route, stored_otherwise,
    },
};
use crate::{
    cloud::{
        self, Cloud, Description, Expected, Kind, Object, PortId, RouteTableId, ServerId, VpcId,
        Wish, Writing, Written,
    },
    framework::{
        Change, Default, Draft, Foresight, Path, Problem, Problems, Resource, Result, Schema,
        Timeouts,
        schema::{boolean, string},
    },
    network::{Address, Cidr, NextHop, NextHopKind, Route},
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
    next_hop_kind: Option<NextHopKind>,
    nexthop: Option<String>,
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
            string("ecs_id", next_hop::ECS_ID).alias(&next_hop::BESIDE_ECS_ID).of::<ServerId>(),
            string("host_ip", next_hop::HOST_IP).alias(&next_hop::BESIDE_HOST_IP).of::<Address>(),
            string("port_id", next_hop::PORT_ID).alias(&next_hop::BESIDE_PORT_ID).of::<PortId>(),
            string("virtual_ip", next_hop::VIRTUAL_IP).alias(&next_hop::BESIDE_VIRTUAL_IP).of::<Address>(),
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
            planned_routes::recall(&table, only(state).into_keys(), cloud);
        }
    }

    async fn foresee(change: Change<'_>, cloud: &Cloud, foresight: &mut Foresight<'_>) {
        let routes = PlannedRoutes {
            change,
            before: only(change.prior),
            after: only(change.planned),
            adopts: change.planned.may_be_true("adopt_existing"),
            covers: None,
            conflict,
            place: |problem, _| problem,
        };
        routes.examine(cloud, foresight).await;
    }

    async fn outdated(prior: Draft<'_>, config: Draft<'_>, cloud: &Cloud) -> Vec<Path> {
        let Some(vpc) = prior.parsed("vpc_id") else { return Vec::new() };
        let held = prior.parsed("type").zip(prior.parsed("nexthop"));
        let held = held.map(|(kind, id)| NextHop { kind, id });
        let named = next_hop::unmoved_address(prior, config).zip(held);
        let named = named.map(|(address, held)| (Path::default(), address, held));
        next_hop::outdated(Vec::from_iter(named), &vpc, cloud).await
    }

    async fn read(mut self, cloud: &Cloud) -> Result<Option<Self>> {
        let Some(table_id) = &self.route_table_id else { return Ok(None) };
        let table = cloud.cached().route_table_showing(table_id, &[self.destination]).await?;
        let Some(table) = table else { return Ok(None) };
        // The table's own routes are nobody's to manage.
        let made = table.route_to(self.destination).filter(|route| !route.is_local());
        let Some(route) = made else { return Ok(None) };
        let held = route.next_hop.clone();
        let is_imported = self.nexthop.is_none();
        self.via = if self.via.host_ip.is_some() || is_imported {
            Via::showing_host(&held, self.via.host_ip, &table.vpc_id, cloud).await?
        } else {
            Via::showing(&held)
        };
        self.vpc_id = Some(table.vpc_id.clone());
        self.description = route.description.clone().try_into().unwrap_or_default();
        self.next_hop_kind = Some(held.kind);
        self.nexthop = Some(held.id);
        Ok(Some(self))
    }

    async fn create(self, cloud: &Cloud<Writing>) -> Result<Self> {
        let home = Home::find(self.vpc_id.as_ref(), self.route_table_id.as_ref(), cloud).await?;
        let next_hop = self.via.resolve(&home.vpc_id, cloud).await?;
        let object = Object::route(&home.table_id, self.destination);
        let claims = cloud.claim(vec![object.clone()], Vec::new()).await?;
        if !claims.refused.is_empty() {
            return Err(claimed(self.destination).into());
        }
        let wish = |adopt| Wish::Create { route: self.route(&next_hop), adopt };
        let adopt = self.adopt_existing || cloud.is_released_to_us(&object);
        let mut answer = cloud.write_route(&home.table_id, wish(adopt)).await;
        if !adopt && is_conflict(&answer) {
            cloud.await_release(std::slice::from_ref(&object)).await;
            if cloud.is_released_to_us(&object) {
                answer = cloud.write_route(&home.table_id, wish(true)).await;
            }
        }
        let made = self.written(answer, true, home, next_hop, cloud).await;
        if made.as_ref().err().is_none_or(Problems::keeps_something) {
            claims.keep();
        }
        made
    }

    async fn update(self, _prior: Self, cloud: &Cloud<Writing>) -> Result<Self> {
        let home = Home::find(self.vpc_id.as_ref(), self.route_table_id.as_ref(), cloud).await?;
        let next_hop = match (&self.next_hop_kind, &self.nexthop) {
            // Planned as it is.
            (Some(kind), Some(id)) => NextHop { kind: kind.clone(), id: id.clone() },
            _ => self.via.resolve(&home.vpc_id, cloud).await?,
        };
        let object = Object::route(&home.table_id, self.destination);
        let claims = cloud.claim(Vec::new(), vec![object]).await?;
        let wish = Wish::Set { route: self.route(&next_hop) };
        let answer = cloud.write_route(&home.table_id, wish).await;
        claims.keep();
        self.written(answer, false, home, next_hop, cloud).await
    }

    async fn delete(self, cloud: &Cloud<Writing>) -> Result<()> {
        let Some(table_id) = &self.route_table_id else { return Ok(()) };
        let release = cloud.release(vec![Object::route(table_id, self.destination)]).await?;
        if release.removed.is_empty() {
            return Ok(());
        }
        let held = self.next_hop_kind.zip(self.nexthop);
        let expected =
            held.map(|(kind, id)| Expected { next_hop: NextHop { kind, id }, description: None });
        let wish = Wish::Remove { destination: self.destination, expected };
        match cloud.write_route(table_id, wish).await {
            Ok(Written::Differs(held)) => {
                Err(leads_elsewhere(self.destination, &held, table_id).into())
            }
            Ok(_) => {
                release.done();
                Ok(())
            }
            // With its table the route is gone too.
            Err(error) if error.kind() == Kind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl ContainerRoute {
    /// What is there after a write.
    async fn written(
        self,
        answer: cloud::Result<Written>,
        is_new: bool,
        home: Home,
        next_hop: NextHop,
        cloud: &Cloud<Writing>,
    ) -> Result<Self> {
        match answer {
            Ok(Written::Done) => Ok(self.made(&home, next_hop)),
            Ok(Written::Local(local)) => Err(local_route(self.destination, local).into()),
            Ok(Written::Differs(held)) => {
                let problem = stored_otherwise(self.destination, &held);
                Err(Problems::from(problem).keeping(&self.made(&home, next_hop)))
            }
            Ok(Written::Exists) => Err(conflict(self.destination, &home.table_id).into()),
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
            destination: self.destination,
            next_hop: next_hop.clone(),
            description: self.description.to_string(),
        }
    }

    fn made(mut self, home: &Home, next_hop: NextHop) -> Self {
        self.vpc_id = Some(home.vpc_id.clone());
        self.route_table_id = Some(home.table_id.clone());
        if self.nexthop.is_none() {
            self.via = self.via.completed(&next_hop);
        }
        self.next_hop_kind = Some(next_hop.kind);
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
