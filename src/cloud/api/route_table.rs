//! Route tables and their routes.
//!
//! API: GET `/v1/{project}/routetables?vpc_id=…`, GET and PUT `/v1/{project}/routetables/{id}`. A route has no id
//! and no call of its own; its table and its destination name it.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ids::{RouteTableId, SubnetId, VpcId};
use crate::{
    cloud::client::{
        Client,
        call::{Api, Call},
        decode::or_default,
        error::{Result, Subject},
    },
    network::{Cidr, NextHop, NextHopKind, Route},
};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WireTable")]
pub struct RouteTable {
    pub id: RouteTableId,
    pub name: String,
    pub vpc_id: VpcId,
    pub is_default: bool,
    /// The routes to ranges, local ones included.
    pub routes: Vec<Route>,
    pub other_routes: Vec<OtherRoute>,
    pub subnets: Vec<SubnetId>,
    pub description: String,
}

/// A route table as a list shows it, without its routes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RouteTableSummary {
    pub id: RouteTableId,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    pub vpc_id: VpcId,
    /// `None` where the list does not say; the table itself does.
    #[serde(default, rename = "default")]
    pub is_default: Option<bool>,
    #[serde(default, deserialize_with = "subnet_ids")]
    pub subnets: Vec<SubnetId>,
}

/// What to change in a table; the routes not named stay as they are. A destination may stand in one list only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RouteChanges {
    pub(crate) add: Vec<Route>,
    /// Next hop and description of the routes with these destinations.
    pub(crate) modify: Vec<Route>,
    /// The routes to remove, with the next hops that they are expected to have.
    pub(crate) delete: Vec<Route>,
}

/// A route that the cloud shows and that is none to a range, such as one to a list of prefixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherRoute {
    pub destination: String,
    pub next_hop: NextHop,
    pub description: String,
}

#[derive(Deserialize)]
struct WireTable {
    id: RouteTableId,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    vpc_id: VpcId,
    #[serde(default, rename = "default", deserialize_with = "or_default")]
    is_default: bool,
    #[serde(default, deserialize_with = "or_default")]
    routes: Vec<WireRoute>,
    #[serde(default, deserialize_with = "subnet_ids")]
    subnets: Vec<SubnetId>,
    #[serde(default, deserialize_with = "or_default")]
    description: String,
}

#[derive(Deserialize)]
struct WireRoute {
    destination: String,
    #[serde(rename = "type")]
    kind: NextHopKind,
    /// Some clouds give a `local` route none.
    #[serde(default, deserialize_with = "or_default")]
    nexthop: String,
    #[serde(default, deserialize_with = "or_default")]
    description: String,
}

#[derive(Deserialize)]
struct AssociatedSubnet {
    id: SubnetId,
}

impl Client {
    pub(crate) async fn route_table(&self, id: &RouteTableId) -> Result<Option<RouteTable>> {
        let operation = format!("read route table {id}");
        let call =
            Call::get(Subject::RouteTable, operation, Api::VpcV1, format!("routetables/{id}"));
        self.find(&call, "routetable").await
    }

    pub(crate) async fn route_tables(&self, vpc: &VpcId) -> Result<Vec<RouteTableSummary>> {
        let operation = format!("list the route tables of VPC {vpc}");
        let call =
            Call::get(Subject::Vpc, operation, Api::VpcV1, "routetables").query("vpc_id", vpc);
        self.list(call, "routetables").await
    }

    /// The tables of every VPC.
    pub(crate) async fn all_route_tables(&self) -> Result<Vec<RouteTableSummary>> {
        let operation = "list the route tables";
        let call = Call::get(Subject::RouteTable, operation, Api::VpcV1, "routetables");
        self.list(call, "routetables").await
    }

    /// Sends all changes in one call and returns the table as the cloud then shows it. The same has been sent so often
    /// before.
    pub(crate) async fn change_routes(
        &self,
        table: &RouteTableId,
        changes: &RouteChanges,
        sendings: u32,
    ) -> Result<RouteTable> {
        let operation = format!("change routes of route table {table}");
        let path = format!("routetables/{table}");
        let body = json!({ "routetable": { "routes": changes.to_json() } });
        let call = Call::put(Subject::RouteTable, operation, Api::VpcV1, path, body);
        let answer = self.send(&call.sent_before(sendings)).await?;
        answer.object_with_id("routetable", table.as_str())
    }
}

impl RouteTable {
    /// The table's route to exactly this destination.
    pub fn route_to(&self, destination: Cidr) -> Option<&Route> {
        self.routes.iter().find(|route| route.destination == destination)
    }
}

impl RouteChanges {
    fn to_json(&self) -> Value {
        let full = |routes: &[Route]| Value::from_iter(routes.iter().map(as_addition));
        let delete = Value::from_iter(self.delete.iter().map(as_deletion));
        let lists = [("add", full(&self.add)), ("mod", full(&self.modify)), ("del", delete)];
        let filled = lists.into_iter().filter(|(_, list)| *list != json!([]));
        filled.map(|(name, list)| (name.to_owned(), list)).collect::<Map<_, _>>().into()
    }
}

fn as_addition(route: &Route) -> Value {
    let Route { destination, next_hop: NextHop { kind, id }, description } = route;
    json!({ "destination": destination, "type": kind, "nexthop": id, "description": description })
}

/// How a deletion names the route. With its next hop, so that a cloud that compares removes no other.
fn as_deletion(route: &Route) -> Value {
    let Route { destination, next_hop: NextHop { kind, id }, .. } = route;
    match id.as_str() {
        "" => json!({ "destination": destination, "type": kind }),
        id => json!({ "destination": destination, "type": kind, "nexthop": id }),
    }
}

impl From<WireTable> for RouteTable {
    fn from(wire: WireTable) -> Self {
        let (mut routes, mut other_routes) = (Vec::new(), Vec::new());
        for WireRoute { destination, kind, nexthop, description } in wire.routes {
            let next_hop = NextHop::new(kind, nexthop);
            match Cidr::lenient(&destination) {
                Some(destination) => routes.push(Route { destination, next_hop, description }),
                None => other_routes.push(OtherRoute { destination, next_hop, description }),
            }
        }
        Self {
            id: wire.id,
            name: wire.name,
            vpc_id: wire.vpc_id,
            is_default: wire.is_default,
            routes,
            other_routes,
            subnets: wire.subnets,
            description: wire.description,
        }
    }
}

fn subnet_ids<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<SubnetId>, D::Error> {
    let subnets: Vec<AssociatedSubnet> = or_default(deserializer)?;
    Ok(subnets.into_iter().map(|subnet| subnet.id).collect())
}
