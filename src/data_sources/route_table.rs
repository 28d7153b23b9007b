//! `huaweivpc_route_table`: looks up one route table, with its routes, the subnets it steers, and its free room.
//!
//! API: GET of the table, of the lists of the VPC's tables and subnets, and of the quota of routes. The list of
//! the whole project's tables is read anew, by one request for all who ask before it begins; the rest once in a run.

use serde::{Deserialize, Serialize};

use super::sought::{Sought, unsought};
use crate::{
    cloud::{
        self, Cloud, OtherRoute, ROUTES_PER_TABLE, RouteTableId, RouteTableSummary, SubnetId, VpcId,
    },
    framework::{
        Attribute, DataSource, Draft, Kind, Nesting, Noted, Problem, Result, Schema,
        schema::{attribute, boolean, number, string},
    },
    network::{self, NextHop, NextHopKind, association::Associations},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RouteTable {
    id: Option<RouteTableId>,
    name: Option<String>,
    vpc_id: Option<VpcId>,
    subnet_id: Option<SubnetId>,
    default: Option<bool>,
    description: Option<String>,
    subnets: Option<Vec<SubnetId>>,
    effective_subnets: Option<Vec<SubnetId>>,
    routes: Option<Vec<Route>>,
    routes_used: Option<u64>,
    routes_quota: Option<u64>,
    routes_free: Option<u64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Route {
    destination: String,
    r#type: String,
    nexthop: String,
    description: String,
}

impl DataSource<Cloud> for RouteTable {
    const NAME: &'static str = "route_table";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "Looks up a route table with its routes, the subnets it steers, and its free room.\n\nExactly one table has \
                to match. With `vpc_id` alone it is the default table of the VPC.",
        key: &[],
        attributes: &[
            string("id", "The table, by its id. At least one of `id`, `name`, `subnet_id` and `vpc_id` is needed.")
                .optional_computed()
                .of::<RouteTableId>(),
            string("name", "The table, by its exact name.").optional_computed(),
            string("vpc_id", "The VPC of the table; alone, it means its default table.")
                .optional_computed()
                .of::<VpcId>(),
            string("subnet_id", "The table that steers this subnet: the one it is associated with, or else the default one.")
                .optional()
                .of::<SubnetId>(),
            boolean("default", "Whether it is the default table of its VPC.").computed(),
            string("description", "What the table is said to be for.").computed(),
            attribute("subnets", Kind::List(&Kind::String), "The subnets associated with the table, as the cloud lists them.")
                .computed(),
            attribute("effective_subnets", Kind::List(&Kind::String), "The subnets that the table really steers. For the default \
                    table these are all that no other table lists.")
                .computed(),
            attribute("routes", Kind::Nested(Nesting::List, ROUTE), "The routes as the cloud lists them, those of type `local` \
                    among them.")
                .computed(),
            number("routes_used", "Routes in the table, without `local` ones.").computed(),
            number("routes_quota", "How many routes a table may hold; null if there is no limit.").computed(),
            number("routes_free", "How many routes the table can still take; null if there is no limit.").computed(),
        ],
        blocks: &[],
        timeouts: None,
    };

    fn check(config: Draft<'_>) -> Vec<Problem> {
        unsought(config, "route table", &["id", "name", "subnet_id", "vpc_id"])
    }

    async fn read(self, cloud: &Cloud) -> Result<Noted<Self>> {
        let sought = Sought::new("route table", "route tables")
            .by("id", "the id", self.id.as_ref())
            .by("name", "the name", self.name.as_ref())
            .by("subnet_id", "the subnet", self.subnet_id.as_ref())
            .by("vpc_id", "the VPC", self.vpc_id.as_ref());
        let place = self.place(cloud, &sought).await?;
        let found = place.tables.iter().filter(|table| self.means(table, &place)).collect();
        let id = sought.one_of(found, |table| &table.id)?.id.clone();
        let table = sought.the(cloud.cached().route_table(&id).await?)?;
        let vpc = Place::of(&table.vpc_id, cloud).await?;
        let subnets = cloud.cached().subnets(&table.vpc_id).await?;
        let quota = cloud
            .cached()
            .quota(ROUTES_PER_TABLE)
            .await?
            .and_then(|quota| u64::try_from(quota).ok());
        let made = table.routes.iter().filter(|route| !route.is_local()).count();
        let used = made + table.other_routes.len();
        let used = used as u64;
        let steered = vpc.steering.steered_by(&id, subnets.iter().map(|subnet| &subnet.id));
        let value = Self {
            subnet_id: self.subnet_id,
            name: Some(table.name.clone()),
            vpc_id: Some(table.vpc_id.clone()),
            default: Some(vpc.default.as_ref() == Some(&id)),
            description: Some(table.description.clone()),
            subnets: Some(table.subnets.clone()),
            effective_subnets: Some(steered.into_iter().cloned().collect()),
            routes: Some(
                table
                    .routes
                    .iter()
                    .map(Route::from)
                    .chain(table.other_routes.iter().map(Route::from))
                    .collect(),
            ),
            routes_used: Some(used),
            routes_quota: quota,
            routes_free: quota.map(|quota| quota.saturating_sub(used)),
            id: Some(id),
        };
        Ok(Noted { value, warnings: Vec::new() })
    }
}

const ROUTE: &[Attribute] = &[
    string("destination", "The range that the route is for.").computed(),
    string(
        "type",
        "What the next hop is: `ecs`, `eni`, `vip`, `nat`, `peering`, `local` and others.",
    )
    .computed(),
    string("nexthop", "The next hop, an id or an address as the type says; `-` for `local`.")
        .computed(),
    string("description", "What the route is said to be for.").computed(),
];

/// The tables among which one is sought.
struct Place {
    tables: Vec<RouteTableSummary>,
    default: Option<RouteTableId>,
    steering: Associations<RouteTableId, SubnetId>,
}

impl Place {
    /// Those of a VPC.
    async fn of(vpc: &VpcId, cloud: &Cloud) -> Result<Self> {
        let tables = cloud.cached().route_tables(vpc).await?;
        let default = cloud.default_among(&tables).await?;
        let listed = tables.iter().map(|table| (table.id.clone(), table.subnets.clone()));
        let steering = Associations::new(default.clone(), listed);
        Ok(Self { tables, default, steering })
    }
}

impl RouteTable {
    /// The VPC that the attributes lead to; all of them where only a name is given.
    async fn place(&self, cloud: &Cloud, sought: &Sought) -> Result<Place> {
        let vpc = match (&self.id, &self.subnet_id, &self.vpc_id) {
            (Some(id), _, _) => {
                Some(sought.the(cloud.cached().route_table(id).await?)?.vpc_id.clone())
            }
            (None, Some(subnet), _) => Some(existing(subnet, cloud).await?.vpc_id),
            (None, None, Some(vpc)) => Some(vpc.clone()),
            (None, None, None) => None,
        };
        let mut place = match vpc {
            Some(vpc) => Place::of(&vpc, cloud).await?,
            None => Place {
                tables: cloud.all_route_tables().await?.to_vec(),
                default: None,
                steering: Associations::new(None, []),
            },
        };
        // Some clouds name a table only in the table itself.
        let unnamed = |table: &&mut RouteTableSummary| self.name.is_some() && table.name.is_empty();
        for table in place.tables.iter_mut().filter(unnamed) {
            if let Some(shown) = cloud.cached().route_table(&table.id).await? {
                table.name = shown.name.clone();
            }
        }
        Ok(place)
    }

    fn means(&self, table: &RouteTableSummary, place: &Place) -> bool {
        let steers = |subnet| place.steering.table_of(subnet) == Some(&table.id);
        // Nothing but a VPC means its default table.
        let any = self.id.is_some() || self.name.is_some() || self.subnet_id.is_some();
        self.id.as_ref().is_none_or(|id| table.id == *id)
            && self.name.as_ref().is_none_or(|name| table.name == *name)
            && self.vpc_id.as_ref().is_none_or(|vpc| table.vpc_id == *vpc)
            && self.subnet_id.as_ref().is_none_or(steers)
            && (any || place.default.as_ref() == Some(&table.id))
    }
}

async fn existing(subnet: &SubnetId, cloud: &Cloud) -> Result<cloud::Subnet> {
    let sought = Sought::new("subnet", "subnets").by("subnet_id", "the id", Some(subnet));
    sought.the(cloud.subnet(subnet).await?)
}

impl From<&network::Route> for Route {
    fn from(route: &network::Route) -> Self {
        Self::shown(route.destination.to_string(), &route.next_hop, &route.description)
    }
}

impl From<&OtherRoute> for Route {
    fn from(route: &OtherRoute) -> Self {
        Self::shown(route.destination.clone(), &route.next_hop, &route.description)
    }
}

impl Route {
    fn shown(destination: String, next_hop: &NextHop, description: &str) -> Self {
        let nexthop = match next_hop.kind {
            // Clouds write this, null or nothing.
            NextHopKind::Local => "-",
            _ => &next_hop.id,
        };
        Self {
            destination,
            r#type: next_hop.kind.as_str().to_owned(),
            nexthop: nexthop.to_owned(),
            description: description.to_owned(),
        }
    }
}
