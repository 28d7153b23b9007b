//! `huaweivpc_container_route`: sends one container range to the server that hosts it.
//!
//! API: GET and PUT `/v1/{project_id}/routetables/{id}`. A route has no id of its own there; its table and its
//! destination name it. The PUT is a delta, so routes that are not named in it stay as they are.

use serde::{Deserialize, Serialize};

mod refusal;

use super::{absent, conflict::exists_already, listed, missing, the_one};
use crate::{
    cloud::{
        Cloud, Description, Kind, PortId, Route, RouteTableId, ServerId, VpcId, Wish, Written,
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

/// Where a route belongs.
struct Home {
    table_id: RouteTableId,
    vpc_id: VpcId,
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
        // The table's own routes are nobody's to manage.
        let made = table.route_to(self.destination).filter(|route| !route.is_local());
        let Some(route) = made else { return Ok(None) };
        match self.host_ip {
            Some(address) => {
                let nics = cloud.nics_known_with_address(address.into(), &table.vpc_id).await?;
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
        let home = self.home(cloud).await?;
        let next_hop = self.next_hop(&home.vpc_id, cloud).await?;
        let wish = Wish::Create { route: self.route(&next_hop), adopt: self.adopt_existing };
        self.write(wish, home, next_hop, cloud).await
    }

    async fn update(self, _prior: Self, cloud: &Cloud) -> Result<Self> {
        let home = self.home(cloud).await?;
        let next_hop = self.next_hop(&home.vpc_id, cloud).await?;
        let wish = Wish::Set { route: self.route(&next_hop) };
        self.write(wish, home, next_hop, cloud).await
    }

    async fn delete(self, cloud: &Cloud) -> Result<()> {
        let Some(table_id) = &self.route_table_id else { return Ok(()) };
        let wish = Wish::Remove { destination: self.destination };
        match cloud.write_route(table_id, wish).await {
            Ok(_) => Ok(()),
            // With its table the route is gone too.
            Err(error) if error.kind() == Kind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl ContainerRoute {
    /// The table that carries the route, or is to carry it.
    async fn home(&self, cloud: &Cloud) -> Result<Home> {
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
        let vpc_id = cloud.vpc_of_route_table(&table_id).await?;
        let vpc_id = vpc_id.ok_or_else(|| missing("Route table", &table_id, "route_table_id"))?;
        match &self.vpc_id {
            Some(vpc) if *vpc != vpc_id => {
                let detail = format!(
                    "Route table `{table_id}` belongs to VPC `{vpc_id}`, not to `{vpc}`. Leave `vpc_id` out, or write that VPC."
                );
                Err(Problem::error("Route table of another VPC", detail).at("vpc_id").into())
            }
            _ => Ok(Home { table_id, vpc_id }),
        }
    }

    /// Makes the wish come true, and says what is there then.
    async fn write(self, wish: Wish, home: Home, next_hop: NextHop, cloud: &Cloud) -> Result<Self> {
        let is_new = matches!(wish, Wish::Create { .. });
        match cloud.write_route(&home.table_id, wish).await {
            Ok(Written::Done) => Ok(self.made(&home, next_hop)),
            Ok(Written::Local(local)) => Err(local_route(self.destination, local).into()),
            Ok(Written::Exists) => Err(self.conflict(&home.table_id).into()),
            Ok(Written::Claimed) => Err(claimed(self.destination).into()),
            Err(error) if is_new && error.kind() == Kind::RouteExists => {
                Err(self.conflict(&home.table_id).into())
            }
            // Recorded, because it may be there; the next refresh finds out.
            Err(error) if is_new && error.leaves_doubt() => {
                Err(Problems::from(error).keeping(&self.made(&home, next_hop)))
            }
            Err(error) => Err(self.refused(error, &home.vpc_id, cloud).await),
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

    fn made(mut self, home: &Home, next_hop: NextHop) -> Self {
        self.vpc_id = Some(home.vpc_id.clone());
        self.route_table_id = Some(home.table_id.clone());
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

/// The cloud sends what is routed to a server to its primary interface, so an extension interface is named itself.
fn next_hop_through(nic: &crate::cloud::Port) -> NextHop {
    match nic.is_primary {
        Some(false) => NextHop { kind: "eni".to_owned(), id: nic.id.to_string() },
        Some(true) | None => NextHop { kind: "ecs".to_owned(), id: nic.device_id.clone() },
    }
}

fn claimed(destination: Cidr) -> Problem {
    let detail = format!(
        "Another resource of this configuration makes a route to {destination} in the same table. Keep one of them, or \
         write another `destination`."
    );
    Problem::error("Destination claimed twice", detail).at("destination")
}

fn local_route(destination: Cidr, local: Cidr) -> Problem {
    let detail = format!(
        "{destination} lies in {local}, which the table routes by itself: to a subnet of the VPC, or to the cloud's own \
         services. Choose a `destination` outside every subnet and every system range."
    );
    Problem::error("Destination inside a local route", detail).at("destination")
}
