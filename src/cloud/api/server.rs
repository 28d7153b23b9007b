//! Servers (ECS).
//!
//! API: GET `/v1/{project}/cloudservers/{id}`, GET `/v1/{project}/cloudservers/detail`, whose pages have numbers.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use serde::Deserialize;

use super::ids::{PortId, ServerId, SubnetId, VpcId};
use crate::cloud::client::{
    Client,
    call::{Api, Call},
    decode::{Answer, addresses, optional_id, or_default, tags, text},
    error::{Result, Subject},
    list::{PAGE_LIMIT, Read},
};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WireServer")]
pub struct Server {
    pub id: ServerId,
    pub name: String,
    /// `ACTIVE`, `SHUTOFF`, `BUILD`, `ERROR`, …
    pub status: String,
    pub vpc_id: Option<VpcId>,
    pub nics: Vec<Nic>,
    pub has_public_ip: bool,
    pub availability_zone: String,
    pub tags: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nic {
    pub port_id: PortId,
    /// `None` in regions whose servers do not list it; the port does.
    pub subnet_id: Option<SubnetId>,
    /// Private addresses.
    pub addresses: Vec<IpAddr>,
    /// `None` in regions whose servers do not say; the port does.
    pub is_primary: Option<bool>,
}

#[derive(Deserialize)]
struct WireServer {
    id: ServerId,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    status: String,
    /// By VPC.
    #[serde(default, deserialize_with = "or_default")]
    addresses: BTreeMap<String, Vec<WireAddress>>,
    /// Newer regions only.
    #[serde(default, deserialize_with = "or_default")]
    network_interfaces: Vec<WireNic>,
    #[serde(default, deserialize_with = "or_default")]
    metadata: Metadata,
    #[serde(default, rename = "OS-EXT-AZ:availability_zone", deserialize_with = "or_default")]
    availability_zone: String,
    #[serde(default, deserialize_with = "tags")]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct ServerPage {
    /// Of all pages together.
    count: Option<usize>,
    servers: Vec<Server>,
}

#[derive(Deserialize)]
struct WireAddress {
    addr: String,
    #[serde(default, rename = "OS-EXT-IPS:type", deserialize_with = "or_default")]
    kind: String,
    #[serde(default, rename = "OS-EXT-IPS:port_id", deserialize_with = "optional_id")]
    port_id: Option<PortId>,
    primary: Option<bool>,
}

#[derive(Deserialize)]
struct WireNic {
    port_id: PortId,
    #[serde(default, deserialize_with = "optional_id")]
    subnet_id: Option<SubnetId>,
    #[serde(default, deserialize_with = "or_default")]
    ip_addresses: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    ipv6_addresses: Vec<String>,
    primary: Option<bool>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default, deserialize_with = "text")]
    vpc_id: Option<String>,
}

/// A server that is listed although it is gone.
const DELETED: &str = "DELETED";

impl Client {
    pub(crate) async fn server(&self, id: &ServerId) -> Result<Option<Server>> {
        let operation = format!("read server {id}");
        let call = Call::get(Subject::Server, operation, Api::EcsV1, format!("cloudservers/{id}"));
        let server: Option<Server> = self.find(&call, "server").await?;
        Ok(server.filter(|server| server.status != DELETED))
    }

    /// All servers; with an enterprise project in the provider block, those of it.
    ///
    /// The cloud could filter, but its filters are loose, and how they match tags differs between regions: a server left
    /// out by mistake would look as if it were gone.
    pub(crate) async fn servers(&self) -> Result<Vec<Server>> {
        let path = "cloudservers/detail";
        let call = Call::get(Subject::Server, "list the servers", Api::EcsV1, path);
        let scope = self.enterprise_project(None);
        let call = call.optional_query("enterprise_project_id", scope.as_deref());
        let first = call.query("limit", PAGE_LIMIT);
        let mut servers: Vec<Server> = Vec::new();
        // What is made or removed meanwhile shifts the pages, and a server may come twice.
        let mut seen = BTreeSet::new();
        let mut read = Read::default();
        for number in 1.. {
            let call = first.clone().query("offset", number);
            let (ServerPage { count, servers: page }, answer) =
                self.read(&call, Answer::body).await?;
            let (known, length) = (seen.len(), page.len());
            servers.extend(page.into_iter().filter(|server| seen.insert(server.id.clone())));
            // Some clouds give shorter pages than they are asked for.
            let is_last = count.map_or(length < PAGE_LIMIT, |count| seen.len() >= count);
            if is_last || length == 0 {
                break;
            }
            read.page(&answer)?;
            if seen.len() == known {
                return Err(answer.endless());
            }
        }
        servers.retain(|server| server.status != DELETED);
        Ok(servers)
    }
}

impl From<WireServer> for Server {
    fn from(wire: WireServer) -> Self {
        let vpc_id = wire.vpc_id();
        let has_public_ip =
            wire.addresses.values().flatten().any(|address| address.kind == "floating");
        let nics = if wire.network_interfaces.is_empty() {
            nics_by_address(wire.addresses)
        } else {
            wire.network_interfaces.into_iter().map(Nic::from).collect()
        };
        Self {
            id: wire.id,
            name: wire.name,
            status: wire.status,
            vpc_id,
            nics,
            has_public_ip,
            availability_zone: wire.availability_zone,
            tags: wire.tags,
        }
    }
}

impl WireServer {
    /// A server is in one VPC. Where the metadata lacks it, it is the key under which the addresses stand.
    fn vpc_id(&self) -> Option<VpcId> {
        let only_key = || match self.addresses.len() {
            1 => self.addresses.keys().next().cloned(),
            _ => None,
        };
        self.metadata.vpc_id.clone().or_else(only_key)?.try_into().ok()
    }
}

impl From<WireNic> for Nic {
    fn from(wire: WireNic) -> Self {
        let texts = [wire.ip_addresses, wire.ipv6_addresses].concat();
        Self {
            port_id: wire.port_id,
            subnet_id: wire.subnet_id,
            addresses: addresses(&texts),
            is_primary: wire.primary,
        }
    }
}

/// The NICs as the private addresses imply them, in their order.
fn nics_by_address(by_vpc: BTreeMap<String, Vec<WireAddress>>) -> Vec<Nic> {
    let mut nics: Vec<Nic> = Vec::new();
    for address in by_vpc.into_values().flatten().filter(|address| address.kind != "floating") {
        let Some(port_id) = address.port_id else { continue };
        let position = nics.iter().position(|nic| nic.port_id == port_id).unwrap_or_else(|| {
            let is_primary = None;
            nics.push(Nic { port_id, subnet_id: None, addresses: Vec::new(), is_primary });
            nics.len() - 1
        });
        let nic = &mut nics[position];
        nic.addresses.extend(addresses(&[address.addr]));
        nic.is_primary = nic.is_primary.or(address.primary);
    }
    nics
}
