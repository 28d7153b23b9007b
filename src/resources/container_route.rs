//! `huaweivpc_container_route`: sends one container range to the server that hosts it.
//!
//! API: GET and PUT `/v1/{project_id}/routetables/{id}`. A route has no id of its own there; its table and its
//! destination name it. The PUT is a delta, so routes that are not named in it stay as they are.

use serde::{Deserialize, Serialize};

mod refusal;

use super::{absent, conflict::exists_already, listed, missing, the_one};
use crate::{
    cloud::{
        Cloud, Description, Kind, PortId, Route, RouteChanges, RouteTable, RouteTableId, ServerId,
        VpcId,
    },
    framework::{
        Default, Draft, Problem, Problems, Resource, Result, Schema, Timeouts,
        schema::{boolean, string},
    },
    network::{Address, Cidr},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContainerRoute {
    vpc_id: Option<VpcId>,
    route_table_id: Option<RouteTableId>,
    destination: Cidr,
    ecs_id: Option<ServerId>,
    host_ip: Option<Address>,
    port_id: Option<PortId>,
    virtual_ip: Option<Address>,
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

/// A next hop as the API holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct NextHop {
    #[serde(rename = "type")]
    kind: String,
    id: String,
}

const NEXT_HOPS: [&str; 4] = ["ecs_id", "host_ip", "port_id", "virtual_ip"];

impl Resource<Cloud> for ContainerRoute {
    const NAME: &'static str = "container_route";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "Sends one container range to the server that hosts it, by a route in a VPC route table.\n\nMoving the \
                range to another server changes the next hop in place, without a gap. Routes that this resource did \
                not make are never touched.",
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
        let mut problems = Vec::new();
        let (hops, open) = config.certain(&NEXT_HOPS);
        if hops.len() > 1 {
            let detail =
                format!("{} are set. Keep exactly one: a route has one next hop.", listed(&hops));
            problems.push(Problem::error("More than one next hop", detail).at(hops[1]));
        } else if hops.is_empty() && !open {
            let detail = format!("Set exactly one of {}.", listed(&NEXT_HOPS));
            problems.push(Problem::error("No next hop", detail));
        }
        if config.certain(&["vpc_id", "route_table_id"]) == (Vec::new(), false) {
            let detail =
                "Set `vpc_id`, for the default route table of the VPC, or `route_table_id`.";
            problems.push(Problem::error("No route table", detail));
        }
        problems
    }

    fn moved(&self) -> &'static [&'static str] {
        let held = self
            .next_hop_type
            .clone()
            .zip(self.nexthop.clone())
            .map(|(kind, id)| NextHop { kind, id });
        if self.host_ip.is_some() && self.memory.owner != held { &["type", "nexthop"] } else { &[] }
    }

    async fn read(mut self, cloud: &Cloud) -> Result<Option<Self>> {
        let Some(table_id) = &self.route_table_id else { return Ok(None) };
        let Some(table) = cloud.route_table(table_id).await? else { return Ok(None) };
        let Some(route) = route_to(self.destination, &table) else { return Ok(None) };
        match self.host_ip {
            Some(address) => {
                let nics = cloud.nics_with_address(address.into(), Some(&table.vpc_id)).await?;
                self.memory.owner = match nics.as_slice() {
                    [nic] => Some(next_hop_through(nic)),
                    _ => None,
                };
            }
            None => self.name_next_hop(&route.next_hop_type, &route.next_hop),
        }
        self.vpc_id = Some(table.vpc_id.clone());
        self.description = route.description.clone().try_into().unwrap_or_default();
        self.next_hop_type = Some(route.next_hop_type.clone());
        self.nexthop = Some(route.next_hop.clone());
        Ok(Some(self))
    }

    async fn create(self, cloud: &Cloud) -> Result<Self> {
        let table = self.table(cloud).await?;
        let next_hop = self.next_hop(&table.vpc_id, cloud).await?;
        let wanted = self.route(&next_hop);
        let changes = match creation(self.destination, &table, &wanted, self.adopt_existing) {
            Creation::Add => RouteChanges { add: vec![wanted], ..RouteChanges::default() },
            Creation::Adopt => RouteChanges { modify: vec![wanted], ..RouteChanges::default() },
            Creation::Nothing => RouteChanges::default(),
            Creation::Local(local) => return Err(local_route(self.destination, local).into()),
            Creation::Conflict => return Err(self.conflict(&table.id).into()),
        };
        let made = self.clone().made(&table, next_hop);
        if changes.is_empty() {
            return Ok(made);
        }
        match cloud.change_routes(&table.id, &changes).await {
            Ok(_) => Ok(made),
            Err(error) if error.kind() == Kind::RouteExists => Err(self.conflict(&table.id).into()),
            // Recorded, because it may be there; the next refresh finds out.
            Err(error) if error.leaves_doubt() => Err(Problems::from(error).keeping(&made)),
            Err(error) => Err(self.refused(error, &table.vpc_id, cloud).await),
        }
    }

    async fn update(self, _prior: Self, cloud: &Cloud) -> Result<Self> {
        let table = self.table(cloud).await?;
        let next_hop = self.next_hop(&table.vpc_id, cloud).await?;
        let wanted = self.route(&next_hop);
        let changes = match route_to(self.destination, &table) {
            Some(route) if is_as_wanted(route, &wanted) => RouteChanges::default(),
            Some(_) => RouteChanges { modify: vec![wanted], ..RouteChanges::default() },
            None => RouteChanges { add: vec![wanted], ..RouteChanges::default() },
        };
        if !changes.is_empty()
            && let Err(error) = cloud.change_routes(&table.id, &changes).await
        {
            return Err(self.refused(error, &table.vpc_id, cloud).await);
        }
        Ok(self.made(&table, next_hop))
    }

    async fn delete(self, cloud: &Cloud) -> Result<()> {
        let Some(table_id) = &self.route_table_id else { return Ok(()) };
        let Some(table) = cloud.route_table(table_id).await? else { return Ok(()) };
        let Some(route) = route_to(self.destination, &table) else { return Ok(()) };
        let changes =
            RouteChanges { delete: vec![route.destination.clone()], ..RouteChanges::default() };
        let Err(error) = cloud.change_routes(table_id, &changes).await else { return Ok(()) };
        // How the cloud words "gone already" is not documented, so it is looked up.
        match cloud.route_table(table_id).await? {
            Some(table) if route_to(self.destination, &table).is_some() => Err(error.into()),
            _ => Ok(()),
        }
    }
}

impl ContainerRoute {
    /// The table that carries the route, or is to carry it.
    async fn table(&self, cloud: &Cloud) -> Result<RouteTable> {
        let table_id = match (&self.route_table_id, &self.vpc_id) {
            (Some(table_id), _) => table_id.clone(),
            (None, Some(vpc)) => {
                let table = cloud.default_route_table(vpc).await?;
                table.ok_or_else(|| {
                    let fact = format!("VPC `{vpc}` does not exist, or has no default route table");
                    absent("VPC", &fact, "vpc_id")
                })?
            }
            (None, None) => return Err(Problem::bug("neither VPC nor route table").into()),
        };
        let table = cloud.route_table(&table_id).await?;
        let table = table.ok_or_else(|| missing("Route table", &table_id, "route_table_id"))?;
        match &self.vpc_id {
            Some(vpc) if *vpc != table.vpc_id => {
                let detail = format!(
                    "Route table `{table_id}` belongs to VPC `{}`, not to `{vpc}`. Leave `vpc_id` out, or write that VPC.",
                    table.vpc_id
                );
                Err(Problem::error("Route table of another VPC", detail).at("vpc_id").into())
            }
            _ => Ok(table),
        }
    }

    /// The next hop the user means, in the API's words.
    async fn next_hop(&self, vpc: &VpcId, cloud: &Cloud) -> Result<NextHop> {
        if let Some(address) = self.host_ip {
            let nics = cloud.nics_with_address(address.into(), Some(vpc)).await?;
            let nic =
                the_one(nics, "host_ip", &format!("the private address {address} in VPC `{vpc}`"))?;
            return Ok(next_hop_through(&nic));
        }
        let server =
            self.ecs_id.as_ref().map(|id| NextHop { kind: "ecs".to_owned(), id: id.to_string() });
        let port = || {
            self.port_id.as_ref().map(|id| NextHop { kind: "eni".to_owned(), id: id.to_string() })
        };
        let virtual_ip =
            || self.virtual_ip.map(|ip| NextHop { kind: "vip".to_owned(), id: ip.to_string() });
        Ok(server
            .or_else(port)
            .or_else(virtual_ip)
            .ok_or_else(|| Problem::bug("a route without a next hop"))?)
    }

    fn route(&self, next_hop: &NextHop) -> Route {
        Route {
            destination: self.destination.to_string(),
            next_hop_type: next_hop.kind.clone(),
            next_hop: next_hop.id.clone(),
            description: self.description.to_string(),
        }
    }

    fn made(mut self, table: &RouteTable, next_hop: NextHop) -> Self {
        self.vpc_id = Some(table.vpc_id.clone());
        self.route_table_id = Some(table.id.clone());
        self.memory.owner = self.host_ip.map(|_| next_hop.clone());
        self.next_hop_type = Some(next_hop.kind);
        self.nexthop = Some(next_hop.id);
        self
    }

    /// Shows a next hop in the attribute a user would write it in; a type that has none shows in `type` only.
    fn name_next_hop(&mut self, kind: &str, id: &str) {
        self.ecs_id = (kind == "ecs").then(|| id.parse().ok()).flatten();
        self.port_id = (kind == "eni").then(|| id.parse().ok()).flatten();
        self.virtual_ip = (kind == "vip").then(|| id.parse().ok()).flatten();
    }

    fn conflict(&self, table: &RouteTableId) -> Problem {
        let what = format!("A route to {} in route table `{table}`", self.destination);
        exists_already(Self::NAME, &what, &format!("{table}/{}", self.destination), "destination")
    }
}

/// What creating a route takes, seen what is in the table.
enum Creation {
    Add,
    /// Takes over another's route, as the user asked.
    Adopt,
    /// The adopted route is as it should be.
    Nothing,
    Conflict,
    /// The table's own route, of this range, goes before any other to what lies in it.
    Local(Cidr),
}

fn creation(destination: Cidr, table: &RouteTable, wanted: &Route, adopt: bool) -> Creation {
    // Whether the cloud takes a range around a local one is not documented; it is left to the cloud.
    let locals = table.routes.iter().filter(|route| route.next_hop_type == "local");
    let mut ranges = locals.filter_map(|route| Cidr::lenient(&route.destination));
    if let Some(local) = ranges.find(|local| local.contains(destination)) {
        return Creation::Local(local);
    }
    match route_to(destination, table) {
        None => Creation::Add,
        Some(_) if !adopt => Creation::Conflict,
        Some(route) if is_as_wanted(route, wanted) => Creation::Nothing,
        Some(_) => Creation::Adopt,
    }
}

fn is_as_wanted(route: &Route, wanted: &Route) -> bool {
    (&route.next_hop_type, &route.next_hop, &route.description)
        == (&wanted.next_hop_type, &wanted.next_hop, &wanted.description)
}

/// The route that somebody made; the table's own ones are nobody's to manage.
fn route_to(destination: Cidr, table: &RouteTable) -> Option<&Route> {
    let mut made = table.routes.iter().filter(|route| route.next_hop_type != "local");
    made.find(|route| Cidr::lenient(&route.destination) == Some(destination))
}

/// The cloud sends what is routed to a server to its primary interface, so an extension interface is named itself.
fn next_hop_through(nic: &crate::cloud::Port) -> NextHop {
    match nic.is_primary {
        Some(false) => NextHop { kind: "eni".to_owned(), id: nic.id.to_string() },
        Some(true) | None => NextHop { kind: "ecs".to_owned(), id: nic.device_id.clone() },
    }
}

fn local_route(destination: Cidr, local: Cidr) -> Problem {
    let detail = format!(
        "{destination} lies in {local}, which the table routes by itself: to a subnet of the VPC, or to the cloud's own \
         services. Choose a `destination` outside every subnet and every system range."
    );
    Problem::error("Destination inside a local route", detail).at("destination")
}
