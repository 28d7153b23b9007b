//! Route tables and their routes.
//!
//! API: GET `/v1/{project}/routetables?vpc_id=…`, GET and PUT `/v1/{project}/routetables/{id}`. A route has no id
//! and no call of its own; its table and its destination name it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::ids::{RouteTableId, SubnetId, VpcId};
use crate::{
    cloud::client::{
        Client,
        call::{Api, Call},
        decode::or_default,
        error::{Result, Subject},
    },
    network::{self, Cidr},
};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RouteTable {
    pub id: RouteTableId,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    pub vpc_id: VpcId,
    #[serde(default, rename = "default", deserialize_with = "or_default")]
    pub is_default: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub routes: Vec<Route>,
    #[serde(default, deserialize_with = "subnet_ids")]
    pub subnets: Vec<SubnetId>,
    #[serde(default, deserialize_with = "or_default")]
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

/// One route, as the cloud spells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub destination: String,
    /// `ecs`, `eni`, `vip`, `local`, … The cloud adds to them.
    #[serde(rename = "type")]
    pub next_hop_type: String,
    /// Server, port, address …, as the type says. Some clouds give a `local` route none: `""`.
    #[serde(default, rename = "nexthop", deserialize_with = "or_default")]
    pub next_hop: String,
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
}

/// What to change in a table; the routes not named stay as they are. A destination may stand in one list only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteChanges {
    pub add: Vec<Route>,
    /// Type, next hop and description of the routes with these destinations.
    pub modify: Vec<Route>,
    /// The routes to remove, with the next hops that they are expected to have.
    pub delete: Vec<Route>,
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
    /// The routes as values, local ones included. What has a destination in no known form is left out.
    pub fn known_routes(&self) -> Vec<network::Route> {
        let known = |route: &Route| {
            Some(network::Route {
                destination: Cidr::lenient(&route.destination)?,
                next_hop_type: route.next_hop_type.clone(),
                next_hop: route.next_hop.clone(),
                description: route.description.clone(),
            })
        };
        self.routes.iter().filter_map(known).collect()
    }
}

impl RouteChanges {
    fn to_json(&self) -> Value {
        let delete: Vec<_> = self.delete.iter().map(Route::as_deletion).collect();
        let lists = [("add", json!(self.add)), ("mod", json!(self.modify)), ("del", json!(delete))];
        let filled = lists.into_iter().filter(|(_, list)| *list != json!([]));
        filled.map(|(name, list)| (name.to_owned(), list)).collect::<Map<_, _>>().into()
    }
}

impl Route {
    /// How a deletion names the route. With its next hop, so that a cloud that compares removes no other.
    fn as_deletion(&self) -> Value {
        match self.next_hop.as_str() {
            "" => json!({ "destination": self.destination, "type": self.next_hop_type }),
            hop => {
                json!({ "destination": self.destination, "type": self.next_hop_type, "nexthop": hop })
            }
        }
    }
}

fn subnet_ids<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<SubnetId>, D::Error> {
    let subnets: Vec<AssociatedSubnet> = or_default(deserializer)?;
    Ok(subnets.into_iter().map(|subnet| subnet.id).collect())
}
