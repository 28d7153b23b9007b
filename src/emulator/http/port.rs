//! Ports: `/v1/{project_id}/ports` to read and change, `/v3/{project_id}/ports` to read.

use axum::{Router, routing::get};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    App,
    call::{Call, Handled, Reply, change, read},
    query::{Query, page_info},
};
use crate::emulator::world::{
    Refusal, World,
    port::{AskedPair, Port, PortChange, missing},
};

pub(super) fn v1() -> Router<App> {
    Router::new().route("/v1/{project_id}/ports", get(read(list_v1))).route(
        "/v1/{project_id}/ports/{port_id}",
        get(read(show_v1)).put(change(update)).delete(change(delete)),
    )
}

pub(super) fn v3() -> Router<App> {
    Router::new()
        .route("/v3/{project_id}/ports", get(read(list_v3)))
        .route("/v3/{project_id}/ports/{port_id}", get(read(show_v3)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateBody {
    port: UpdatePort,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdatePort {
    name: Option<String>,
    security_groups: Option<Vec<String>>,
    allowed_address_pairs: Option<Vec<PairBody>>,
    extra_dhcp_opts: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PairBody {
    ip_address: Option<String>,
    mac_address: Option<String>,
}

impl From<PairBody> for AskedPair {
    fn from(pair: PairBody) -> Self {
        Self { ip_address: pair.ip_address, mac_address: pair.mac_address }
    }
}

fn list_v1(world: &World, call: &Call) -> Handled {
    let known = [
        "id",
        "name",
        "admin_state_up",
        "network_id",
        "mac_address",
        "device_id",
        "device_owner",
        "status",
        "security_groups",
        "fixed_ips",
        "enterprise_project_id",
        "enable_efi",
        "limit",
        "marker",
    ];
    let query = call.query.only(&known, invalid_v1)?;
    let mut fixed_ips = query.all("fixed_ips");
    if !fixed_ips.all(|f| f.starts_with("ip_address=") || f.starts_with("subnet_id=")) {
        return Err(invalid_v1("fixed_ips must be ip_address=… or subnet_id=…."));
    }
    let found = world.ports.iter().filter(|port| {
        is_common(query, port)
            && query.fits("network_id", &port.subnet_id)
            && query.fits("enable_efi", "false")
            && query.fits_enterprise_project("0")
            && fits_fixed_ips(world, query, port)
    });
    let page = query.page(found.collect(), |port| &port.id, invalid_v1)?;
    let ports: Vec<Value> = page.items.iter().map(|port| port_v1(world, port)).collect();
    Ok(Reply::json(200, json!({ "ports": ports })))
}

fn show_v1(world: &World, call: &Call) -> Handled {
    let id = call.path("port_id");
    let port = world.port(id).ok_or_else(|| missing(id))?;
    Ok(Reply::json(200, json!({ "port": port_v1(world, port) })))
}

fn update(world: &mut World, call: &Call) -> Handled {
    let UpdateBody { port } = call.body(invalid_v1)?;
    let pairs = port.allowed_address_pairs;
    let change = PortChange {
        name: port.name,
        security_groups: port.security_groups,
        allowed_address_pairs: pairs.map(|pairs| pairs.into_iter().map(Into::into).collect()),
        extra_dhcp_opts: port.extra_dhcp_opts.is_some(),
    };
    world.update_port(call.path("port_id"), change, call.now)?;
    show_v1(world, call)
}

fn delete(world: &mut World, call: &Call) -> Handled {
    world.delete_port(call.path("port_id"))?;
    Ok(Reply::empty(204))
}

fn list_v3(world: &World, call: &Call) -> Handled {
    let known = [
        "id",
        "name",
        "virsubnet_id",
        "device_id",
        "mac_address",
        "device_owner",
        "device_owner_prefixlike",
        "security_groups",
        "vpc_id",
        "private_ips",
        "allowed_address_pairs",
        "status",
        "admin_state_up",
        "enterprise_project_id",
        "limit",
        "marker",
    ];
    let query = call.query.only(&known, invalid_v3)?;
    let found = world.ports.iter().filter(|port| {
        let vpc_id = world.vpc_id_of_subnet(&port.subnet_id).unwrap_or_default();
        let address = format!("ip_address={}", port.ip_address);
        let has_pair = |wanted: &str| {
            port.allowed_address_pairs
                .iter()
                .any(|pair| wanted == format!("ip_address={}", pair.ip_address))
        };
        is_common(query, port)
            && query.fits("virsubnet_id", &port.subnet_id)
            && query.fits("vpc_id", vpc_id)
            && query.fits("private_ips", &address)
            && query.fits_with("allowed_address_pairs", has_pair)
            && query.fits_with("device_owner_prefixlike", |p| port.device_owner.starts_with(p))
            && query.fits_enterprise_project("0")
    });
    let page = query.page(found.collect(), |port| &port.id, invalid_v3)?;
    let ports: Vec<Value> = page.items.iter().map(|port| port_v3(world, port)).collect();
    let info = page_info(&page, |port| &port.id);
    Ok(Reply::numbered(200, json!({ "ports": ports, "page_info": info })))
}

fn show_v3(world: &World, call: &Call) -> Handled {
    let id = call.path("port_id");
    let Some(port) = world.port(id) else {
        return Err(Refusal::v3(404, "VPC.9904", format!("Port {id} could not be found.")));
    };
    Ok(Reply::numbered(200, json!({ "port": port_v3(world, port) })))
}

/// The filters both versions have under the same names.
fn is_common(query: &Query, port: &Port) -> bool {
    let in_group = |wanted: &str| port.security_groups.iter().any(|group| group == wanted);
    query.fits("id", &port.id)
        && query.fits("name", &port.name)
        && query.fits("admin_state_up", "true")
        && query.fits("mac_address", &port.mac_address)
        && query.fits("device_id", &port.device_id)
        && query.fits("device_owner", &port.device_owner)
        && query.fits("status", status(port))
        && query.fits_with("security_groups", in_group)
}

/// Several addresses or several subnets widen the filter, an address and a subnet narrow it.
fn fits_fixed_ips(world: &World, query: &Query, port: &Port) -> bool {
    let wanted = |key: &'static str| -> Vec<&str> {
        query.all("fixed_ips").filter_map(|filter| filter.strip_prefix(key)).collect()
    };
    let passes = |wanted: Vec<&str>, value: &str| wanted.is_empty() || wanted.contains(&value);
    passes(wanted("ip_address="), &port.ip_address.to_string())
        && passes(wanted("subnet_id="), neutron_subnet(world, port))
}

fn port_v1(world: &World, port: &Port) -> Value {
    let host = format!("ip-{}", port.ip_address.to_string().replace('.', "-"));
    let fqdn = format!("{host}.openstacklocal.");
    let zone = port.device_owner.strip_prefix("compute:").unwrap_or_default();
    json!({
        "id": port.id,
        "name": port.name,
        "status": status(port),
        "admin_state_up": true,
        "network_id": port.subnet_id,
        "fixed_ips": [{
            "subnet_id": neutron_subnet(world, port),
            "ip_address": port.ip_address,
        }],
        "mac_address": port.mac_address,
        "device_id": port.device_id,
        "device_owner": port.device_owner,
        "tenant_id": world.project_id,
        "security_groups": port.security_groups,
        "allowed_address_pairs": port.allowed_address_pairs,
        "extra_dhcp_opts": [],
        "binding:vnic_type": "normal",
        "binding:vif_details": vif_details(port),
        "binding:profile": {},
        "dns_name": host,
        "dns_assignment": [{ "hostname": host, "ip_address": port.ip_address, "fqdn": fqdn }],
        "instance_id": "",
        "instance_type": "",
        "port_security_enabled": true,
        "zone_id": zone,
        "enable_efi": false,
    })
}

fn port_v3(world: &World, port: &Port) -> Value {
    json!({
        "id": port.id,
        "name": port.name,
        "description": "",
        "status": status(port),
        "admin_state_up": true,
        "project_id": world.project_id,
        "vpc_id": world.vpc_id_of_subnet(&port.subnet_id),
        "virsubnet_id": port.subnet_id,
        "private_ips": [{
            "subnet_cidr_id": neutron_subnet(world, port),
            "ip_address": port.ip_address,
        }],
        "mac_address": port.mac_address,
        "device_id": port.device_id,
        "device_owner": port.device_owner,
        "security_groups": port.security_groups,
        "allowed_address_pairs": port.allowed_address_pairs,
        "binding:vif_details": vif_details(port),
        "port_security_enabled": true,
        "tags": [],
        "created_at": port.created_at.with_z(),
        "updated_at": port.updated_at.with_z(),
    })
}

/// A virtual IP is not bound to a host.
fn status(port: &Port) -> &'static str {
    if port.is_vip() { "DOWN" } else { "ACTIVE" }
}

fn vif_details(port: &Port) -> Value {
    if port.is_vip() { json!({}) } else { json!({ "primary_interface": port.primary }) }
}

fn neutron_subnet<'a>(world: &'a World, port: &Port) -> &'a str {
    world.subnet(&port.subnet_id).map_or("", |subnet| &subnet.neutron_subnet_id)
}

fn invalid_v1(what: &str) -> Refusal {
    Refusal::v1(400, "VPC.2500", format!("Param is invalid. {what}"))
}

fn invalid_v3(what: &str) -> Refusal {
    Refusal::v3(400, "VPC.9901", format!("Param is invalid. {what}"))
}
