//! Servers: `/v1/{project_id}/cloudservers` with their NICs, and the jobs that make and remove them.

use std::{collections::BTreeMap, net::IpAddr};

use axum::{
    Router,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    App,
    call::{Call, Handled, Reply, change, read},
    port::PairBody,
    query::Query,
};
use crate::emulator::world::{
    Refusal, World,
    port::Port,
    server::{NewNic, NewServer, Server, missing},
};

pub(super) fn v1() -> Router<App> {
    let servers = "/v1/{project_id}/cloudservers";
    Router::new()
        .route(servers, post(change(create)))
        .route(&format!("{servers}/detail"), get(read(list)))
        .route(&format!("{servers}/delete"), post(change(delete)))
        .route(&format!("{servers}/limits"), get(read(limits)))
        .route(&format!("{servers}/{{server_id}}"), get(read(show)))
        .route(&format!("{servers}/{{server_id}}/os-interface"), get(read(interfaces)))
        .route(&format!("{servers}/{{server_id}}/nics/delete"), post(change(delete_nics)))
        .route("/v1/{project_id}/jobs/{job_id}", get(read(job)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    server: CreateServer,
    #[serde(default)]
    dry_run: bool,
}

/// Storage, login and billing are accepted and ignored: nothing here runs.
#[derive(Deserialize)]
struct CreateServer {
    name: String,
    #[serde(rename = "flavorRef")]
    flavor: String,
    #[serde(rename = "imageRef")]
    image: String,
    vpcid: String,
    nics: Vec<CreateNic>,
    #[serde(default)]
    security_groups: Vec<GroupRef>,
    availability_zone: Option<String>,
    key_name: Option<String>,
    #[serde(default)]
    server_tags: Vec<TagBody>,
}

#[derive(Deserialize)]
struct CreateNic {
    subnet_id: String,
    ip_address: Option<IpAddr>,
    allowed_address_pairs: Option<Vec<PairBody>>,
}

#[derive(Deserialize)]
struct GroupRef {
    id: String,
}

#[derive(Deserialize)]
struct TagBody {
    key: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeleteBody {
    servers: Vec<ServerRef>,
    #[serde(rename = "delete_publicip")]
    _delete_public_ip: Option<bool>,
    #[serde(rename = "delete_volume")]
    _delete_volume: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerRef {
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeleteNicsBody {
    nics: Vec<PortRef>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PortRef {
    id: String,
}

/// Pages are numbered from 1; page 0 is page 1.
fn list(world: &World, call: &Call) -> Handled {
    let known = [
        "name",
        "status",
        "ip",
        "ip_eq",
        "flavor",
        "tags",
        "not-tags",
        "enterprise_project_id",
        "server_id",
        "reservation_id",
        "limit",
        "offset",
    ];
    let query = call.query.only(&known, invalid)?;
    if query.has("server_id") && known[..8].iter().any(|key| query.has(key)) {
        return Err(invalid("server_id can not be combined with other filters."));
    }
    let limit = query.number("limit", invalid)?.unwrap_or(25);
    let number = query.number("offset", invalid)?.unwrap_or(1).max(1);
    if !(1..=1000).contains(&limit) {
        return Err(invalid("limit must be 1 to 1000."));
    }
    let found: Vec<&Server> =
        world.servers.iter().filter(|server| is_wanted(world, query, server)).collect();
    let page = found.iter().skip((number - 1) * limit).take(limit);
    let servers: Vec<Value> = page.map(|server| detail(world, server)).collect();
    Ok(Reply::numbered(200, json!({ "count": found.len(), "servers": servers })))
}

fn show(world: &World, call: &Call) -> Handled {
    let id = call.path("server_id");
    let server = world.server(id).ok_or_else(|| missing(id))?;
    Ok(Reply::json(200, json!({ "server": detail(world, server) })))
}

fn interfaces(world: &World, call: &Call) -> Handled {
    let id = call.path("server_id");
    if world.server(id).is_none() {
        let message = format!("Query port failed: server {id} does not exist.");
        return Err(Refusal::ecs(400, "Ecs.0307", message));
    }
    let ports: Vec<Value> = world.ports_of(id).map(|port| interface(world, port)).collect();
    let free = 12_usize.saturating_sub(ports.len());
    let body = json!({ "attachableQuantity": { "free_nic": free }, "interfaceAttachments": ports });
    Ok(Reply::json(200, body))
}

fn create(world: &mut World, call: &Call) -> Handled {
    let CreateBody { server, dry_run } = call.body(invalid)?;
    let groups: Vec<String> = match server.security_groups.is_empty() {
        false => server.security_groups.into_iter().map(|group| group.id).collect(),
        true => world
            .security_groups
            .iter()
            .find(|group| group.name == "default")
            .map(|group| vec![group.id.clone()])
            .unwrap_or_default(),
    };
    let nics = server
        .nics
        .into_iter()
        .map(|nic| NewNic {
            id: world.mint("port"),
            subnet_id: nic.subnet_id,
            ip_address: nic.ip_address,
            security_groups: groups.clone(),
            allowed_address_pairs: nic
                .allowed_address_pairs
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
        })
        .collect();
    let new = NewServer {
        name: server.name,
        vpc_id: server.vpcid,
        availability_zone: server.availability_zone,
        flavor: server.flavor,
        image_id: server.image,
        key_name: server.key_name,
        enterprise_project_id: "0".into(),
        tags: server.server_tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        nics,
        ..NewServer::default()
    };
    if dry_run {
        world.clone().create_server(String::new(), new, call.now)?;
        return Ok(Reply::empty(202));
    }
    let id = world.mint("server");
    world.create_server(id.clone(), new, call.now)?;
    let job_id = world.record_job("createServer", vec![id.clone()], call.now);
    Ok(Reply::json(200, json!({ "job_id": job_id, "serverIds": [id] })))
}

fn delete(world: &mut World, call: &Call) -> Handled {
    let body: DeleteBody = call.body(invalid)?;
    let ids: Vec<String> = body.servers.into_iter().map(|server| server.id).collect();
    world.delete_servers(&ids)?;
    let job_id = world.record_job("deleteServer", ids, call.now);
    Ok(Reply::json(200, json!({ "job_id": job_id })))
}

fn delete_nics(world: &mut World, call: &Call) -> Handled {
    let body: DeleteNicsBody = call.body(invalid)?;
    let ids: Vec<String> = body.nics.into_iter().map(|nic| nic.id).collect();
    let server = call.path("server_id");
    world.delete_nics(server, &ids)?;
    let job_id = world.record_job("nicDelete", vec![server.to_owned()], call.now);
    Ok(Reply::json(200, json!({ "job_id": job_id })))
}

fn job(world: &World, call: &Call) -> Handled {
    let Some(job) = world.jobs.iter().find(|job| job.id == call.path("job_id")) else {
        return Err(invalid("job_id is not found."));
    };
    let at = job.at.with_z();
    let sub_jobs: Vec<Value> = job
        .server_ids
        .iter()
        .map(|id| json!({ "status": "SUCCESS", "entities": { "server_id": id } }))
        .collect();
    let body = json!({
        "job_id": job.id,
        "job_type": job.kind,
        "status": "SUCCESS",
        "begin_time": at,
        "end_time": at,
        "error_code": null,
        "fail_reason": null,
        "entities": { "sub_jobs_total": sub_jobs.len(), "sub_jobs": sub_jobs },
    });
    Ok(Reply::json(200, body))
}

fn limits(world: &World, _call: &Call) -> Handled {
    let absolute = json!({
        "maxTotalInstances": world.quotas.servers,
        "totalInstancesUsed": world.servers.len(),
        "maxSecurityGroups": 10,
        "maxTotalCores": -1,
        "totalCoresUsed": 0,
        "maxTotalRAMSize": -1,
        "totalRAMUsed": 0,
    });
    Ok(Reply::json(200, json!({ "absolute": absolute })))
}

fn is_wanted(world: &World, query: &Query, server: &Server) -> bool {
    let addresses: Vec<String> =
        world.ports_of(&server.id).map(|port| port.ip_address.to_string()).collect();
    let tags = tags(&server.tags);
    let has_tag = |wanted: &str| {
        wanted.split(',').all(|wanted| {
            tags.iter().any(|tag| tag == wanted || tag.split('=').next() == Some(wanted))
        })
    };
    let is_named = |ids: &str| ids.split(',').any(|id| id == server.id);
    query.fits_with("name", |part| server.name.contains(part))
        && query.fits("status", &server.status)
        && query.fits_with("ip", |part| addresses.iter().any(|address| address.contains(part)))
        && query.fits_with("ip_eq", |wanted| addresses.iter().any(|address| address == wanted))
        && query.fits("flavor", &server.flavor)
        && query.fits_with("tags", has_tag)
        && !query.all("not-tags").any(has_tag)
        && query.fits_enterprise_project(&server.enterprise_project_id)
        && query.fits_with("server_id", is_named)
        && !query.has("reservation_id")
}

fn detail(world: &World, server: &Server) -> Value {
    let ports: Vec<&Port> = world.ports_of(&server.id).collect();
    let interfaces: Vec<Value> = ports
        .iter()
        .map(|port| {
            json!({
                "port_id": port.id,
                "primary": port.primary,
                "ip_addresses": [port.ip_address],
                "ipv6_addresses": [],
                "subnet_id": port.subnet_id,
            })
        })
        .collect();
    let groups: BTreeMap<&str, Value> = ports
        .iter()
        .flat_map(|port| &port.security_groups)
        .filter_map(|id| world.security_group(id))
        .map(|group| (group.id.as_str(), json!({ "id": group.id, "name": group.name })))
        .collect();
    let metadata = json!({ "vpc_id": server.vpc_id, "os_type": "Linux", "charging_mode": "0" });
    json!({
        "id": server.id,
        "name": server.name,
        "status": server.status,
        "tenant_id": world.project_id,
        "enterprise_project_id": server.enterprise_project_id,
        "addresses": { (server.vpc_id.as_str()): addresses(server, &ports) },
        "network_interfaces": interfaces,
        "metadata": metadata,
        "security_groups": groups.into_values().collect::<Vec<_>>(),
        "flavor": {
            "id": server.flavor, "name": server.flavor, "vcpus": "2", "ram": "4096", "disk": "0",
        },
        "image": { "id": server.image_id },
        "key_name": server.key_name,
        "tags": tags(&server.tags),
        "sys_tags": [],
        "OS-EXT-AZ:availability_zone": server.availability_zone,
        "OS-EXT-STS:vm_state": server.status.to_ascii_lowercase(),
        "OS-EXT-STS:task_state": null,
        "OS-EXT-STS:power_state": u8::from(server.status == "ACTIVE"),
        "created": server.created.with_z(),
        "updated": server.updated.with_z(),
        "locked": false,
        "description": "",
        "hostId": "",
    })
}

fn addresses(server: &Server, ports: &[&Port]) -> Vec<Value> {
    let fixed = ports.iter().map(|port| {
        json!({
            "version": "4",
            "addr": port.ip_address,
            "OS-EXT-IPS:type": "fixed",
            "OS-EXT-IPS-MAC:mac_addr": port.mac_address,
            "OS-EXT-IPS:port_id": port.id,
            "primary": port.primary,
        })
    });
    let floating = server.public_ip.iter().filter_map(|address| {
        let port = ports.iter().find(|port| port.primary)?;
        Some(json!({
            "version": "4",
            "addr": address,
            "OS-EXT-IPS:type": "floating",
            "OS-EXT-IPS-MAC:mac_addr": port.mac_address,
            "OS-EXT-IPS:port_id": port.id,
        }))
    });
    fixed.chain(floating).collect()
}

fn interface(world: &World, port: &Port) -> Value {
    let subnet_id = world.subnet(&port.subnet_id).map(|subnet| &subnet.neutron_subnet_id);
    json!({
        "port_id": port.id,
        "port_state": "ACTIVE",
        "net_id": port.subnet_id,
        "mac_addr": port.mac_address,
        "fixed_ips": [{ "subnet_id": subnet_id, "ip_address": port.ip_address }],
        "delete_on_termination": true,
        "driver_mode": null,
        "min_rate": null,
        "multiqueue_num": null,
        "pci_address": null,
    })
}

fn tags(tags: &BTreeMap<String, String>) -> Vec<String> {
    tags.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

fn invalid(what: &str) -> Refusal {
    Refusal::ecs(400, "Ecs.0005", what)
}
