//! Subnets: `/v1/{project_id}/subnets`, and as `/v3/{project_id}/vpc/virsubnets`.

use axum::{
    Router,
    routing::{delete as delete_at, get},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    App,
    call::{Call, Handled, Reply, change, read},
    query::page_info,
};
use crate::emulator::world::{
    Refusal, World,
    subnet::{DhcpOption, NewSubnet, Subnet},
};

pub(super) fn v1() -> Router<App> {
    Router::new()
        .route("/v1/{project_id}/subnets", get(read(list_v1)).post(change(create)))
        .route("/v1/{project_id}/subnets/{subnet_id}", get(read(show_v1)))
        .route("/v1/{project_id}/vpcs/{vpc_id}/subnets/{subnet_id}", delete_at(change(delete)))
}

pub(super) fn v3() -> Router<App> {
    Router::new()
        .route("/v3/{project_id}/vpc/virsubnets", get(read(list_v3)))
        .route("/v3/{project_id}/vpc/virsubnets/{subnet_id}", get(read(show_v3)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    subnet: CreateSubnet,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateSubnet {
    name: String,
    #[serde(default)]
    description: String,
    cidr: String,
    gateway_ip: String,
    vpc_id: String,
    dhcp_enable: Option<bool>,
    primary_dns: Option<String>,
    secondary_dns: Option<String>,
    #[serde(rename = "dnsList")]
    _dns_list: Option<Vec<String>>,
    availability_zone: Option<String>,
    #[serde(default)]
    ipv6_enable: bool,
    extra_dhcp_opts: Option<Vec<DhcpOption>>,
}

fn list_v1(world: &World, call: &Call) -> Handled {
    let query = call.query.only(&["vpc_id", "limit", "marker"], invalid_v1)?;
    let found = world.subnets.iter().filter(|subnet| query.fits("vpc_id", &subnet.vpc_id));
    let page = query.page(found.collect(), |subnet| &subnet.id, invalid_v1)?;
    let subnets: Vec<Value> =
        page.items.iter().map(|subnet| subnet_v1(world, subnet, "ACTIVE")).collect();
    Ok(Reply::json(200, json!({ "subnets": subnets })))
}

fn show_v1(world: &World, call: &Call) -> Handled {
    let subnet = world.subnet(call.path("subnet_id")).ok_or_else(missing_v1)?;
    Ok(Reply::json(200, json!({ "subnet": subnet_v1(world, subnet, "ACTIVE") })))
}

/// Answers with a subnet that is not attached yet; the next look at it finds it active.
fn create(world: &mut World, call: &Call) -> Handled {
    let CreateBody { subnet } = call.body(invalid_v1)?;
    if subnet.ipv6_enable {
        return Err(invalid_v1("ipv6_enable is not supported in this region."));
    }
    let new = NewSubnet {
        vpc_id: subnet.vpc_id,
        name: subnet.name,
        description: subnet.description,
        cidr: subnet.cidr,
        gateway_ip: subnet.gateway_ip,
        dhcp_enable: subnet.dhcp_enable.unwrap_or(true),
        primary_dns: subnet.primary_dns,
        secondary_dns: subnet.secondary_dns,
        availability_zone: subnet.availability_zone,
        extra_dhcp_opts: subnet.extra_dhcp_opts.unwrap_or_default(),
    };
    let (id, neutron_id) = (world.mint("subnet"), world.mint("neutron-subnet"));
    world.create_subnet(id.clone(), neutron_id, new, call.now)?;
    let subnet = world.subnet(&id).ok_or_else(missing_v1)?;
    Ok(Reply::json(200, json!({ "subnet": subnet_v1(world, subnet, "UNKNOWN") })))
}

fn delete(world: &mut World, call: &Call) -> Handled {
    world.delete_subnet(call.path("vpc_id"), call.path("subnet_id"))?;
    Ok(Reply::empty(204))
}

fn list_v3(world: &World, call: &Call) -> Handled {
    let known = ["id", "name", "vpc_id", "status", "description", "limit", "marker"];
    let query = call.query.only(&known, invalid_v3)?;
    let found = world.subnets.iter().filter(|subnet| {
        query.fits("id", &subnet.id)
            && query.fits("name", &subnet.name)
            && query.fits("vpc_id", &subnet.vpc_id)
            && query.fits("status", "ACTIVE")
            && query.fits("description", &subnet.description)
    });
    let page = query.page(found.collect(), |subnet| &subnet.id, invalid_v3)?;
    let subnets: Vec<Value> = page.items.iter().map(|subnet| subnet_v3(world, subnet)).collect();
    let info = page_info(&page, |subnet| &subnet.id);
    Ok(Reply::numbered(200, json!({ "virsubnets": subnets, "page_info": info })))
}

fn show_v3(world: &World, call: &Call) -> Handled {
    let id = call.path("subnet_id");
    let Some(subnet) = world.subnet(id) else {
        return Err(Refusal::v3(404, "VPC.9904", format!("Virsubnet {id} could not be found.")));
    };
    Ok(Reply::numbered(200, json!({ "virsubnet": subnet_v3(world, subnet) })))
}

fn subnet_v1(world: &World, subnet: &Subnet, status: &str) -> Value {
    json!({
        "id": subnet.id,
        "name": subnet.name,
        "description": subnet.description,
        "cidr": subnet.cidr,
        "gateway_ip": subnet.gateway_ip,
        "ipv6_enable": false,
        "dhcp_enable": subnet.dhcp_enable,
        "primary_dns": subnet.primary_dns,
        "secondary_dns": subnet.secondary_dns,
        "dnsList": [subnet.primary_dns, subnet.secondary_dns],
        "availability_zone": subnet.availability_zone,
        "vpc_id": subnet.vpc_id,
        "status": status,
        "neutron_network_id": subnet.id,
        "neutron_subnet_id": subnet.neutron_subnet_id,
        "extra_dhcp_opts": subnet.extra_dhcp_opts,
        "tenant_id": world.project_id,
        "created_at": subnet.created_at.without_zone(),
        "updated_at": subnet.updated_at.without_zone(),
    })
}

fn subnet_v3(world: &World, subnet: &Subnet) -> Value {
    json!({
        "id": subnet.id,
        "name": subnet.name,
        "description": subnet.description,
        "vpc_id": subnet.vpc_id,
        "status": "ACTIVE",
        "project_id": world.project_id,
        "zone_id": "",
        "scope": "center",
        "dns_nameservers": [subnet.primary_dns, subnet.secondary_dns],
        "subnet_cidrs": [{
            "id": subnet.neutron_subnet_id,
            "ip_version": 4,
            "cidr": subnet.cidr,
            "gateway_ip": subnet.gateway_ip,
            "enable_dhcp": subnet.dhcp_enable,
        }],
        "extra_dhcp_opts": subnet.extra_dhcp_opts,
        "tags": super::tag::pairs(&subnet.tags),
        "created_at": subnet.created_at.without_zone(),
        "updated_at": subnet.updated_at.without_zone(),
    })
}

fn missing_v1() -> Refusal {
    Refusal::v1(404, "VPC.0202", "Subnet does not exist.")
}

fn invalid_v1(what: &str) -> Refusal {
    Refusal::v1(400, "VPC.0201", format!("Param is invalid. {what}"))
}

fn invalid_v3(what: &str) -> Refusal {
    Refusal::v3(400, "VPC.9901", format!("Param is invalid. {what}"))
}
