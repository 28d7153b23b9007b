//! Route tables: one default table per VPC, more if the quota allows, and the routes in them.
//!
//! A change is a delta keyed by destination. It is checked as a whole and made as a whole.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Moment, Outcome, Refusal, World, is_description, is_name, quota::is_full};
use crate::network::Cidr;

/// Local routes every table has, after one per subnet of the VPC.
pub const SYSTEM_RANGES: &[&str] = &["198.19.128.0/20", "127.0.0.0/8", "100.64.0.0/10"];

/// How many routes the call that creates a table may carry.
const MOST_ROUTES_AT_CREATION: usize = 5;
const MOST_SUBNETS_PER_TABLE: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RouteType {
    Ecs,
    Eni,
    Vip,
    Nat,
    Peering,
    Vpn,
    Dc,
    Cc,
    Er,
    Egw,
    Subeni,
    Local,
}

/// A custom route. Local routes are not stored: they follow from the VPC's subnets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    #[serde(rename = "type")]
    pub kind: RouteType,
    pub destination: Cidr,
    pub nexthop: String,
    pub description: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteTable {
    pub id: String,
    pub vpc_id: String,
    pub name: String,
    pub description: String,
    pub default: bool,
    pub routes: Vec<Route>,
    pub created_at: Moment,
    pub updated_at: Moment,
}

/// A route as somebody asked for it, not yet checked.
#[derive(Debug, Clone, Default)]
pub struct AskedRoute {
    pub kind: Option<String>,
    pub destination: Option<String>,
    pub nexthop: Option<String>,
    pub description: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct RouteDelta {
    pub add: Vec<AskedRoute>,
    pub modify: Vec<AskedRoute>,
    pub delete: Vec<AskedRoute>,
}

#[derive(Debug, Clone, Default)]
pub struct TableChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub routes: Option<RouteDelta>,
}

/// Who writes a route. Some routes only the platform itself may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    User,
    Platform,
}

impl RouteType {
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(text.into()).ok()
    }

    pub fn text(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::Eni => "eni",
            Self::Vip => "vip",
            Self::Nat => "nat",
            Self::Peering => "peering",
            Self::Vpn => "vpn",
            Self::Dc => "dc",
            Self::Cc => "cc",
            Self::Er => "er",
            Self::Egw => "egw",
            Self::Subeni => "subeni",
            Self::Local => "local",
        }
    }

    /// Whether users may not write routes of this type into such a table.
    fn is_platforms(self, default_table: bool) -> bool {
        match self {
            Self::Egw | Self::Subeni | Self::Local => true,
            Self::Vpn | Self::Dc | Self::Cc => default_table,
            _ => false,
        }
    }
}

impl World {
    pub fn route_table(&self, table_id: &str) -> Outcome<&RouteTable> {
        self.route_tables
            .iter()
            .find(|table| table.id == table_id)
            .ok_or_else(|| Refusal::v1(404, "VPC.2808", "RouteTable is not exist."))
    }

    pub fn default_route_table(&self, vpc_id: &str) -> Option<&RouteTable> {
        self.route_tables.iter().find(|table| table.vpc_id == vpc_id && table.default)
    }

    /// The destinations of the local routes of every table of this VPC.
    pub fn local_destinations(&self, vpc_id: &str) -> Vec<Cidr> {
        let system = SYSTEM_RANGES.iter().filter_map(|text| text.parse().ok());
        let subnets = self.subnets.iter().filter(|subnet| subnet.vpc_id == vpc_id);
        subnets.map(|subnet| subnet.cidr).chain(system).collect()
    }

    /// The subnets this table governs.
    pub fn subnet_ids_of(&self, table_id: &str) -> Vec<&str> {
        let subnets = self.subnets.iter().filter(|subnet| subnet.route_table_id == table_id);
        subnets.map(|subnet| subnet.id.as_str()).collect()
    }

    pub fn create_route_table(
        &mut self,
        id: String,
        vpc_id: &str,
        change: TableChange,
        author: Author,
        now: Moment,
    ) -> Outcome<&RouteTable> {
        if self.vpc(vpc_id).is_none() {
            return Err(Refusal::v1(404, "VPC.0003", "VPC does not exist."));
        }
        let delta = change.routes.unwrap_or_default();
        if author == Author::User && delta.add.len() > MOST_ROUTES_AT_CREATION {
            return Err(invalid("The num of routes to update is more than 5."));
        }
        if self.quotas.vpc_contain_routetable <= 1 {
            let message = "the vpc cannot support customized routetable";
            return Err(Refusal::v1(400, "VPC.2810", message));
        }
        let siblings = self.route_tables.iter().filter(|table| table.vpc_id == vpc_id).count();
        if is_full(siblings, self.quotas.vpc_contain_routetable) {
            return Err(neutron(409, "Quota exceeded for resources: ['routetable']."));
        }
        self.route_tables.push(RouteTable {
            id: id.clone(),
            vpc_id: vpc_id.to_owned(),
            name: String::new(),
            description: String::new(),
            default: false,
            routes: Vec::new(),
            created_at: now,
            updated_at: now,
        });
        let change = TableChange { routes: Some(delta), ..change };
        self.update_route_table(&id, change, author, now)
    }

    pub fn update_route_table(
        &mut self,
        table_id: &str,
        change: TableChange,
        author: Author,
        now: Moment,
    ) -> Outcome<&RouteTable> {
        let mut table = self.route_table(table_id)?.clone();
        if change.name.is_none() && change.description.is_none() && change.routes.is_none() {
            return Err(invalid("Nothing to update."));
        }
        if let Some(name) = change.name {
            if !is_name(&name) {
                return Err(invalid("name is not allowed."));
            }
            table.name = name;
        }
        if let Some(description) = change.description {
            if !is_description(&description) {
                return Err(invalid("description is not allowed."));
            }
            table.description = description;
        }
        if let Some(delta) = change.routes {
            self.apply(&mut table, delta, author)?;
        }
        table.updated_at = now;
        if let Some(stored) = self.route_tables.iter_mut().find(|table| table.id == table_id) {
            *stored = table;
        }
        self.route_table(table_id)
    }

    pub fn delete_route_table(&mut self, table_id: &str) -> Outcome<()> {
        if self.route_table(table_id)?.default {
            return Err(invalid("The default routetable can not be deleted."));
        }
        if !self.subnet_ids_of(table_id).is_empty() {
            return Err(neutron(409, "The routetable is associated with subnets."));
        }
        self.route_tables.retain(|table| table.id != table_id);
        Ok(())
    }

    /// Moves subnets to this table, away from the one they were under.
    pub fn associate(&mut self, table_id: &str, subnets: &[String]) -> Outcome<&RouteTable> {
        self.check_subnets(table_id, subnets)?;
        for subnet in self.subnets.iter_mut().filter(|subnet| subnets.contains(&subnet.id)) {
            subnet.route_table_id = table_id.to_owned();
        }
        if self.subnet_ids_of(table_id).len() > MOST_SUBNETS_PER_TABLE {
            return Err(neutron(409, "The routetable holds at most 100 subnets."));
        }
        self.route_table(table_id)
    }

    /// Gives subnets back to the VPC's default table.
    pub fn disassociate(&mut self, table_id: &str, subnets: &[String]) -> Outcome<&RouteTable> {
        self.check_subnets(table_id, subnets)?;
        let table = self.route_table(table_id)?;
        let default = self.default_route_table(&table.vpc_id).map(|table| table.id.clone());
        let Some(default) = default.filter(|default| default != table_id) else {
            return Err(invalid("Subnets can not be disassociated from the default routetable."));
        };
        for subnet in self.subnets.iter_mut().filter(|subnet| subnets.contains(&subnet.id)) {
            if subnet.route_table_id != table_id {
                return Err(wrong_subnet(&subnet.id));
            }
            subnet.route_table_id.clone_from(&default);
        }
        self.route_table(table_id)
    }

    fn check_subnets(&self, table_id: &str, subnets: &[String]) -> Outcome<()> {
        let table = self.route_table(table_id)?;
        if subnets.is_empty() {
            return Err(invalid("Subnets are missing."));
        }
        let of_vpc = |id: &str| self.subnet(id).is_some_and(|subnet| subnet.vpc_id == table.vpc_id);
        match subnets.iter().find(|id| !of_vpc(id)) {
            Some(id) => Err(wrong_subnet(id)),
            None => Ok(()),
        }
    }

    fn apply(&self, table: &mut RouteTable, delta: RouteDelta, author: Author) -> Outcome<()> {
        let mut named = BTreeSet::new();
        for asked in delta.delete.iter().chain(&delta.modify).chain(&delta.add) {
            let destination = destination_of(asked)?;
            if !named.insert(destination) {
                let message = format!("destination {destination} is repeated in the request.");
                return Err(neutron(400, &message));
            }
        }
        for asked in &delta.delete {
            let position = position_of(table, destination_of(asked)?)?;
            let route = &table.routes[position];
            check_author(route.kind, table.default, author)?;
            let same_kind = asked.kind.as_deref().is_none_or(|kind| kind == route.kind.text());
            let same_hop = asked.nexthop.as_deref().is_none_or(|hop| hop == route.nexthop);
            if !same_kind || !same_hop {
                return Err(invalid("The route to delete has another type or nexthop."));
            }
            table.routes.remove(position);
        }
        for asked in &delta.modify {
            let position = position_of(table, destination_of(asked)?)?;
            check_author(table.routes[position].kind, table.default, author)?;
            let mut route = self.check_route(table, asked, author)?;
            if asked.description.is_none() {
                route.description.clone_from(&table.routes[position].description);
            }
            table.routes[position] = route;
        }
        let siblings = self
            .route_tables
            .iter()
            .filter(|other| other.vpc_id == table.vpc_id && other.id != table.id);
        let elsewhere: usize = siblings.map(|other| other.routes.len()).sum();
        for asked in &delta.add {
            let route = self.check_route(table, asked, author)?;
            if table.routes.iter().any(|other| other.destination == route.destination) {
                let message = format!("The route {} already exists.", route.destination);
                return Err(Refusal::v1(400, "VPC.2812", message));
            }
            if is_full(table.routes.len(), self.quotas.routetable_contain_routes) {
                return Err(neutron(409, "Quota exceeded for resources: ['routes']."));
            }
            if is_full(elsewhere + table.routes.len(), self.quotas.vpc_contain_routes) {
                return Err(neutron(409, "Quota exceeded for resources: ['routes'] of the vpc."));
            }
            table.routes.push(route);
        }
        Ok(())
    }

    fn check_route(
        &self,
        table: &RouteTable,
        asked: &AskedRoute,
        author: Author,
    ) -> Outcome<Route> {
        let kind = asked.kind.as_deref().unwrap_or_default();
        let Some(kind) = RouteType::parse(kind) else {
            return Err(invalid(&format!("route type \"{kind}\" is not supported.")));
        };
        check_author(kind, table.default, author)?;
        let destination = destination_of(asked)?;
        let description = asked.description.clone().unwrap_or_default();
        if !is_description(&description) {
            return Err(invalid("route description is not allowed."));
        }
        if destination.prefix_length() > 0 {
            let local = self.local_destinations(&table.vpc_id);
            let clashes = |local: &&Cidr| match self.accepts_routes_around_local {
                true => local.contains(destination),
                false => local.overlaps(destination),
            };
            if let Some(local) = local.iter().find(clashes) {
                let message = format!("destination {destination} overlaps system route {local}.");
                return Err(neutron(400, &message));
            }
        }
        let nexthop = asked.nexthop.clone().unwrap_or_default();
        if !self.is_next_hop(kind, &nexthop, &table.vpc_id) {
            let message =
                format!("nexthop {nexthop} of type {} is not found in the vpc.", kind.text());
            return Err(neutron(400, &message));
        }
        Ok(Route { kind, destination, nexthop, description })
    }
}

fn destination_of(asked: &AskedRoute) -> Outcome<Cidr> {
    let text = asked.destination.as_deref().unwrap_or_default();
    text.parse().map_err(|e| invalid(&format!("destination is invalid: {e}")))
}

fn position_of(table: &RouteTable, destination: Cidr) -> Outcome<usize> {
    table
        .routes
        .iter()
        .position(|route| route.destination == destination)
        .ok_or_else(|| invalid(&format!("The route {destination} does not exist.")))
}

fn check_author(kind: RouteType, default_table: bool, author: Author) -> Outcome<()> {
    if author == Author::User && kind.is_platforms(default_table) {
        return Err(invalid(&format!("A route of type {} can not be changed.", kind.text())));
    }
    Ok(())
}

fn invalid(what: &str) -> Refusal {
    Refusal::v1(400, "VPC.2800", what)
}

/// A refusal of the system behind the API, which the cloud wraps under one code.
fn neutron(status: u16, what: &str) -> Refusal {
    Refusal::v1(status, "VPC.2809", format!("NeutronError: {what}"))
}

fn wrong_subnet(id: &str) -> Refusal {
    let message = format!("Subnet {id} does not exist or does not belong to the vpc.");
    Refusal::v1(400, "VPC.2807", message)
}
