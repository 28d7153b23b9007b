//! VPCs: `/v1/{project_id}/vpcs`, and with their secondary ranges `/v3/{project_id}/vpc/vpcs`.

use axum::{
    Router,
    routing::{get, put},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    App,
    call::{Call, Handled, Reply, change, read},
    query::page_info,
};
use crate::emulator::world::{
    Outcome, Refusal, World,
    vpc::{NewVpc, Vpc},
};

pub(super) fn v1() -> Router<App> {
    Router::new()
        .route("/v1/{project_id}/vpcs", get(read(list_v1)).post(change(create)))
        .route("/v1/{project_id}/vpcs/{vpc_id}", get(read(show_v1)).delete(change(delete)))
}

pub(super) fn v3() -> Router<App> {
    let vpc = "/v3/{project_id}/vpc/vpcs/{vpc_id}";
    Router::new()
        .route("/v3/{project_id}/vpc/vpcs", get(read(list_v3)))
        .route(vpc, get(read(show_v3)))
        .route(&format!("{vpc}/add-extend-cidr"), put(change(add_extend_cidr)))
        .route(&format!("{vpc}/remove-extend-cidr"), put(change(remove_extend_cidr)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    vpc: CreateVpc,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateVpc {
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    cidr: String,
    enterprise_project_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtendBody {
    vpc: Extend,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extend {
    extend_cidrs: Vec<String>,
}

fn list_v1(world: &World, call: &Call) -> Handled {
    let query = call.query.only(&["id", "enterprise_project_id", "limit", "marker"], invalid_v1)?;
    let found = world.vpcs.iter().filter(|vpc| {
        query.fits("id", &vpc.id) && query.fits_enterprise_project(&vpc.enterprise_project_id)
    });
    let page = query.page(found.collect(), |vpc| &vpc.id, invalid_v1)?;
    let vpcs: Vec<Value> = page.items.iter().map(|vpc| vpc_v1(world, vpc)).collect();
    Ok(Reply::json(200, json!({ "vpcs": vpcs })))
}

fn show_v1(world: &World, call: &Call) -> Handled {
    let vpc = world.vpc(call.path("vpc_id")).ok_or_else(missing_v1)?;
    Ok(Reply::json(200, json!({ "vpc": vpc_v1(world, vpc) })))
}

fn create(world: &mut World, call: &Call) -> Handled {
    let CreateBody { vpc } = call.body(invalid_v1)?;
    let new = NewVpc {
        name: vpc.name,
        description: vpc.description,
        cidr: vpc.cidr,
        enterprise_project_id: vpc.enterprise_project_id.unwrap_or_else(|| "0".into()),
    };
    let (id, table_id) = (world.mint("vpc"), world.mint("routetable"));
    world.create_vpc(id.clone(), table_id, new, call.now)?;
    let vpc = world.vpc(&id).ok_or_else(missing_v1)?;
    Ok(Reply::json(200, json!({ "vpc": vpc_v1(world, vpc) })))
}

fn delete(world: &mut World, call: &Call) -> Handled {
    world.delete_vpc(call.path("vpc_id"))?;
    Ok(Reply::empty(204))
}

fn list_v3(world: &World, call: &Call) -> Handled {
    let known = ["id", "name", "description", "cidr", "enterprise_project_id", "limit", "marker"];
    let query = call.query.only(&known, invalid_v3)?;
    let found = world.vpcs.iter().filter(|vpc| {
        query.fits("id", &vpc.id)
            && query.fits("name", &vpc.name)
            && query.fits("description", &vpc.description)
            && query.fits("cidr", &vpc.cidr.to_string())
            && query.fits_enterprise_project(&vpc.enterprise_project_id)
    });
    let page = query.page(found.collect(), |vpc| &vpc.id, invalid_v3)?;
    let vpcs: Vec<Value> = page.items.iter().map(|vpc| vpc_v3(world, vpc)).collect();
    let info = page_info(&page, |vpc| &vpc.id);
    Ok(Reply::numbered(200, json!({ "vpcs": vpcs, "page_info": info })))
}

fn show_v3(world: &World, call: &Call) -> Handled {
    one_v3(world, world.vpc_v3(call.path("vpc_id"))?)
}

fn add_extend_cidr(world: &mut World, call: &Call) -> Handled {
    let ranges = extend_cidrs(call)?;
    world.add_extend_cidr(call.path("vpc_id"), &ranges, call.now)?;
    show_v3(world, call)
}

fn remove_extend_cidr(world: &mut World, call: &Call) -> Handled {
    let ranges = extend_cidrs(call)?;
    world.remove_extend_cidr(call.path("vpc_id"), &ranges, call.now)?;
    show_v3(world, call)
}

fn extend_cidrs(call: &Call) -> Outcome<Vec<String>> {
    let body: ExtendBody = call.body(|what| Refusal::v3(400, "VPC.9911", what))?;
    Ok(body.vpc.extend_cidrs)
}

fn one_v3(world: &World, vpc: &Vpc) -> Handled {
    Ok(Reply::numbered(200, json!({ "vpc": vpc_v3(world, vpc) })))
}

/// Version 1 does not know secondary ranges.
fn vpc_v1(world: &World, vpc: &Vpc) -> Value {
    json!({
        "id": vpc.id,
        "name": vpc.name,
        "description": vpc.description,
        "cidr": vpc.cidr,
        "status": "OK",
        "enterprise_project_id": vpc.enterprise_project_id,
        "routes": [],
        "tenant_id": world.project_id,
        "created_at": vpc.created_at.without_zone(),
        "updated_at": vpc.updated_at.without_zone(),
    })
}

fn vpc_v3(world: &World, vpc: &Vpc) -> Value {
    let tables = world.route_tables.iter().filter(|table| table.vpc_id == vpc.id).count();
    let subnets = world.subnets_of(&vpc.id).count();
    json!({
        "id": vpc.id,
        "name": vpc.name,
        "description": vpc.description,
        "cidr": vpc.cidr,
        "extend_cidrs": vpc.extend_cidrs,
        "status": "ACTIVE",
        "enterprise_project_id": vpc.enterprise_project_id,
        "project_id": world.project_id,
        "tags": super::tag::pairs(&vpc.tags),
        "cloud_resources": [
            { "resource_type": "routetable", "resource_count": tables },
            { "resource_type": "virsubnet", "resource_count": subnets },
        ],
        "created_at": vpc.created_at.without_zone(),
        "updated_at": vpc.updated_at.without_zone(),
    })
}

fn missing_v1() -> Refusal {
    Refusal::v1(404, "VPC.0003", "VPC does not exist.")
}

fn invalid_v1(what: &str) -> Refusal {
    Refusal::v1(400, "VPC.0101", format!("Param is invalid. {what}"))
}

fn invalid_v3(what: &str) -> Refusal {
    Refusal::v3(400, "VPC.9901", format!("Param is invalid. {what}"))
}
