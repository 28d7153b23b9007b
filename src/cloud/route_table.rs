//! Route tables and their routes.
//!
//! API: GET `/v1/{project}/routetables?vpc_id=…`, GET and PUT `/v1/{project}/routetables/{id}`. A route has no id
//! and no call of its own; its table and its destination name it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    bounds::now,
    call::{Api, Call},
    client::Cloud,
    decode::or_default,
    error::{Result, Subject},
    ids::{RouteTableId, SubnetId, VpcId},
    notes::About,
    route_knowledge::Look,
};
use crate::network::{self, Cidr};

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

impl Cloud {
    /// The table as this run has read it; one request however many ask.
    pub async fn route_table(&self, id: &RouteTableId) -> Result<Option<Arc<RouteTable>>> {
        let read = || self.look_at_route_table(id);
        Ok(self.known().route_tables.find(id, read).await?.map(|look| look.table))
    }

    /// The table in which a refresh looks for the routes to `made`, which are in the state. What was asked for only just
    /// now and does not show is looked for again: the cloud may show it late, or answer from several places. What is seen
    /// needs no note any more.
    pub async fn route_table_showing(
        &self,
        id: &RouteTableId,
        made: &[Cidr],
    ) -> Result<Option<Arc<RouteTable>>> {
        let about = |destination| About::Route { route_table_id: id, destination };
        let mut looks = 0;
        loop {
            let Some(table) = self.route_table(id).await? else { return Ok(None) };
            let mut awaits = false;
            for destination in made {
                match table.route_to(*destination) {
                    Some(_) => self.settle_note(about(*destination)),
                    None => awaits |= self.may_not_show_yet(about(*destination)),
                }
            }
            let operation = format!("wait until route table {id} shows what was just written");
            if !awaits || !self.may_look_again(&operation, looks).await? {
                return Ok(Some(table));
            }
            self.route_table_anew(id).await?;
            looks += 1;
        }
    }

    /// The table as a request shows it that begins only now. What this run has read of it is up to date then.
    pub async fn route_table_anew(&self, id: &RouteTableId) -> Result<Option<Arc<RouteTable>>> {
        let read = async { self.look_at_route_table(id).await };
        let operation = format!("read route table {id}");
        let look = self.read_anew(&operation, &self.now().route_tables, id, read).await?;
        self.known().route_tables.learn(id, look.clone());
        Ok(look.map(|look| look.table))
    }

    pub(super) async fn look_at_route_table(&self, id: &RouteTableId) -> Result<Option<Look>> {
        let began = now();
        let table = self.route_table_now(id).await?;
        Ok(table.map(|table| Look { table: Arc::new(table), began }))
    }

    /// The table as it is now.
    pub async fn route_table_now(&self, id: &RouteTableId) -> Result<Option<RouteTable>> {
        let operation = format!("read route table {id}");
        let call =
            Call::get(Subject::RouteTable, operation, Api::VpcV1, format!("routetables/{id}"));
        self.find(&call, "routetable").await
    }

    /// As this run has read them.
    pub async fn route_tables(&self, vpc: &VpcId) -> Result<Vec<RouteTableSummary>> {
        let read = || async {
            let operation = format!("list the route tables of VPC {vpc}");
            let call =
                Call::get(Subject::Vpc, operation, Api::VpcV1, "routetables").query("vpc_id", vpc);
            let tables: Vec<_> = self.list(call, "routetables").await?;
            Ok(Some(tables).filter(|tables| !tables.is_empty()))
        };
        Ok(self.known().route_table_lists.find(vpc, read).await?.unwrap_or_default())
    }

    /// The tables of every VPC, as they are now.
    pub async fn all_route_tables(&self) -> Result<Arc<Vec<RouteTableSummary>>> {
        let operation = "list the route tables";
        let call = Call::get(Subject::RouteTable, operation, Api::VpcV1, "routetables");
        let read = async { self.list(call, "routetables").await.map(Arc::new) };
        self.read_anew(operation, &self.now().all_route_tables, &(), read).await
    }

    /// Sends all changes in one call and returns the table as the cloud then shows it.
    pub async fn change_routes(
        &self,
        table: &RouteTableId,
        changes: &RouteChanges,
    ) -> Result<RouteTable> {
        self.change_routes_again(table, changes, 0).await
    }

    /// The same where it has been sent so often before.
    pub(super) async fn change_routes_again(
        &self,
        table: &RouteTableId,
        changes: &RouteChanges,
        sendings: u32,
    ) -> Result<RouteTable> {
        let operation = format!("change routes of route table {table}");
        let path = format!("routetables/{table}");
        let body = json!({ "routetable": { "routes": changes.to_json() } });
        let call = Call::put(Subject::RouteTable, operation, Api::VpcV1, path, body);
        let call = call.sent_before(sendings);
        // Whatever comes of it, what was read before may be out of date.
        let outcome = self.send(&call).await;
        self.known().route_tables.forget(table);
        self.known().routes.forget(table);
        outcome?.object_with_id("routetable", table.as_str())
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
