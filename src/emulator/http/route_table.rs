//! Route tables: `/v1/{project_id}/routetables`. There is no newer version and no call for one route.

use axum::{
    Router,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    App,
    call::{Call, Handled, Reply, change, read},
};
use crate::emulator::world::{
    Outcome, Refusal, World,
    route_table::{AskedRoute, Author, RouteDelta, RouteTable, TableChange},
};

pub(super) fn v1() -> Router<App> {
    let table = "/v1/{project_id}/routetables/{table_id}";
    Router::new()
        .route("/v1/{project_id}/routetables", get(read(list)))
        .route(table, get(read(show)).put(change(update)).delete(change(delete)))
        .route(&format!("{table}/action"), post(change(act)))
}

pub(super) fn v1_create() -> Router<App> {
    Router::new().route("/v1/{project_id}/routetables", post(change(create)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    routetable: CreateTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateTable {
    name: Option<String>,
    vpc_id: String,
    description: Option<String>,
    routes: Option<Vec<RouteBody>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateBody {
    routetable: UpdateTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateTable {
    name: Option<String>,
    description: Option<String>,
    routes: Option<DeltaBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeltaBody {
    add: Option<Vec<RouteBody>>,
    #[serde(rename = "mod")]
    modify: Option<Vec<RouteBody>>,
    del: Option<Vec<RouteBody>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteBody {
    #[serde(rename = "type")]
    kind: Option<String>,
    destination: Option<String>,
    nexthop: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionBody {
    routetable: ActionTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionTable {
    subnets: ActionSubnets,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionSubnets {
    associate: Option<Vec<String>>,
    disassociate: Option<Vec<String>>,
}

fn list(world: &World, call: &Call) -> Handled {
    let query = call.query.only(&["id", "vpc_id", "subnet_id", "limit", "marker"], invalid)?;
    let found = world.route_tables.iter().filter(|table| {
        query.fits("id", &table.id)
            && query.fits("vpc_id", &table.vpc_id)
            && query.fits_with("subnet_id", |id| world.subnet_ids_of(&table.id).contains(&id))
    });
    let page = query.page(found.collect(), |table| &table.id, invalid)?;
    let tables: Vec<Value> = page.items.iter().map(|table| listed(world, table, call)).collect();
    Ok(Reply::json(200, json!({ "routetables": tables })))
}

fn show(world: &World, call: &Call) -> Handled {
    one(world, call.path("table_id"))
}

fn create(world: &mut World, call: &Call) -> Handled {
    let CreateBody { routetable: table } = call.body(invalid)?;
    let routes =
        table.routes.map(|add| RouteDelta { add: asked(Some(add)), ..RouteDelta::default() });
    let change = TableChange { name: table.name, description: table.description, routes };
    let id = world.mint("routetable");
    world.create_route_table(id.clone(), &table.vpc_id, change, Author::User, call.now)?;
    one(world, &id)
}

fn update(world: &mut World, call: &Call) -> Handled {
    let UpdateBody { routetable: table } = call.body(invalid)?;
    if table.name.as_deref() == Some("") {
        return Err(invalid("name must have 1 to 64 characters."));
    }
    let routes = table.routes.map(|delta| RouteDelta {
        add: asked(delta.add),
        modify: asked(delta.modify),
        delete: asked(delta.del),
    });
    let change = TableChange { name: table.name, description: table.description, routes };
    let id = call.path("table_id");
    world.update_route_table(id, change, Author::User, call.now)?;
    one(world, id)
}

fn delete(world: &mut World, call: &Call) -> Handled {
    world.delete_route_table(call.path("table_id"))?;
    Ok(Reply::empty(204))
}

fn act(world: &mut World, call: &Call) -> Handled {
    let ActionBody { routetable } = call.body(invalid)?;
    let id = call.path("table_id");
    match (routetable.subnets.associate, routetable.subnets.disassociate) {
        (Some(subnets), None) => world.associate(id, &subnets)?,
        (None, Some(subnets)) => world.disassociate(id, &subnets)?,
        _ => return Err(invalid("give either associate or disassociate.")),
    };
    one(world, id)
}

fn asked(routes: Option<Vec<RouteBody>>) -> Vec<AskedRoute> {
    let asked = |route: RouteBody| AskedRoute {
        kind: route.kind,
        destination: route.destination,
        nexthop: route.nexthop,
        description: route.description,
    };
    routes.unwrap_or_default().into_iter().map(asked).collect()
}

fn one(world: &World, table_id: &str) -> Outcome<Reply> {
    let table = world.route_table(table_id)?;
    let mut body = without_routes(world, table);
    body["routes"] = routes(world, table).into();
    Ok(Reply::json(200, json!({ "routetable": body })))
}

fn listed(world: &World, table: &RouteTable, call: &Call) -> Value {
    let mut body = without_routes(world, table);
    if call.variants().lists_show_routes {
        body["routes"] = routes(world, table).into();
    }
    body
}

/// A table as most lists have it. One without a description does not mention any.
fn without_routes(world: &World, table: &RouteTable) -> Value {
    let subnets: Vec<Value> =
        world.subnet_ids_of(&table.id).into_iter().map(|id| json!({ "id": id })).collect();
    let mut body = json!({
        "id": table.id,
        "name": table.name,
        "default": table.default,
        "vpc_id": table.vpc_id,
        "tenant_id": world.project_id,
        "subnets": subnets,
        "created_at": table.created_at.without_zone(),
        "updated_at": table.updated_at.without_zone(),
    });
    if !table.description.is_empty() {
        body["description"] = table.description.as_str().into();
    }
    body
}

/// Local routes first, then the others in the order they were written.
fn routes(world: &World, table: &RouteTable) -> Vec<Value> {
    let local = world
        .local_destinations(&table.vpc_id)
        .into_iter()
        .map(|range| json!({ "type": "local", "destination": range, "nexthop": "-" }));
    let custom = table.routes.iter().map(|route| {
        json!({
            "type": route.kind.text(),
            "destination": route.destination,
            "nexthop": route.nexthop,
            "description": route.description,
        })
    });
    local.chain(custom).collect()
}

fn invalid(what: &str) -> Refusal {
    Refusal::v1(400, "VPC.2800", what)
}
