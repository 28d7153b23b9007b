//! `huaweivpc_ecs_hosts`: looks up servers with their addresses, network interfaces and source checks.
//!
//! API: GET of the list of servers, and of the lists of ports of the subnets they are in. The servers are read anew,
//! by one request for all who ask before it begins; the ports once in a run. So many hosts cost no more calls than a few.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

mod schema;
mod survey;

use self::{
    schema::KeyBy,
    survey::{Found, Interface, found},
};
use super::sought::{BEFORE_A_DESTROY, Sought, unsought};
use crate::{
    cloud::{Cloud, Port, PortId, SecurityGroupId, Server, ServerId, SubnetId, VpcId},
    framework::{DataSource, Draft, Noted, Problem, Problems, Result, Schema, all_of},
    network::Address,
    untrusted,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EcsHosts {
    ids: Option<BTreeSet<ServerId>>,
    names: Option<BTreeSet<String>>,
    tags: Option<BTreeMap<String, String>>,
    subnet_id: Option<SubnetId>,
    vpc_id: Option<VpcId>,
    key_by: KeyBy,
    hosts: Option<BTreeMap<String, Host>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Host {
    ecs_id: ServerId,
    name: String,
    status: String,
    vpc_id: Option<VpcId>,
    subnet_id: Option<SubnetId>,
    port_id: Option<PortId>,
    host_ip: Option<Address>,
    source_check_enabled: Option<bool>,
    private_ips: Vec<Address>,
    nics: Vec<Nic>,
    availability_zone: String,
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Nic {
    port_id: PortId,
    subnet_id: Option<SubnetId>,
    private_ips: Vec<Address>,
    primary: bool,
    source_check_enabled: Option<bool>,
    mac_address: Option<String>,
    security_group_ids: Vec<SecurityGroupId>,
}

impl DataSource<Cloud> for EcsHosts {
    const NAME: &'static str = "ecs_hosts";

    const SCHEMA: Schema = schema::SCHEMA;

    fn check(config: Draft<'_>) -> Vec<Problem> {
        unsought(config, "servers", &["ids", "names", "tags", "subnet_id", "vpc_id"])
    }

    async fn read(mut self, cloud: &Cloud) -> Result<Noted<Self>> {
        let servers = cloud.servers().await?;
        let mut meant: Vec<&Server> = servers.iter().filter(|server| self.means(server)).collect();
        if let Some(subnet) = &self.subnet_id {
            let ports = cloud.cached().ports_of_subnet(subnet).await?;
            meant.retain(|server| is_in(server, subnet, &ports));
        }
        if let Some(problems) = Problems::from_list(self.unmet(&meant)) {
            return Err(problems);
        }
        if meant.is_empty() {
            self.check_place(cloud).await?;
        }
        let hosts = found(&meant, cloud).await?;
        let hosts = hosts.into_iter().map(|host| self.keyed(host)).collect();
        self.hosts = Some(hosts);
        Ok(Noted { value: self, warnings: Vec::new() })
    }
}

impl EcsHosts {
    /// By all but the subnet, which the server itself may not tell.
    fn means(&self, server: &Server) -> bool {
        let has = |(key, value): (&String, &String)| server.tags.get(key) == Some(value);
        self.ids.as_ref().is_none_or(|ids| ids.contains(&server.id))
            && self.names.as_ref().is_none_or(|names| names.contains(&server.name))
            && self.tags.as_ref().is_none_or(|tags| tags.iter().all(has))
            && self.vpc_id.as_ref().is_none_or(|vpc| server.vpc_id.as_ref() == Some(vpc))
    }

    /// What was asked for by its id or name and is not there, and names that are no keys.
    fn unmet(&self, servers: &[&Server]) -> Vec<Problem> {
        let ids: BTreeSet<&ServerId> = servers.iter().map(|server| &server.id).collect();
        let mut by_name: BTreeMap<&str, Vec<&ServerId>> = BTreeMap::new();
        for server in servers {
            by_name.entry(&server.name).or_default().push(&server.id);
        }
        let lost_ids = self.ids.iter().flatten().filter(|id| !ids.contains(id));
        let lost_names =
            self.names.iter().flatten().filter(|name| !by_name.contains_key(name.as_str()));
        let mut problems = Vec::new();
        problems.extend(missing(
            "ids",
            "the id",
            lost_ids.map(|id| id.as_str()),
            self.others("ids"),
        ));
        problems.extend(missing(
            "names",
            "the name",
            lost_names.map(String::as_str),
            self.others("names"),
        ));
        if self.key_by == KeyBy::Name {
            let repeated = by_name.iter().filter(|(_, ids)| ids.len() > 1);
            problems.extend(repeated.map(|(name, ids)| self.ambiguous(name, ids)));
        }
        problems
    }

    /// Where no server was found: whether there is a place to find one in.
    async fn check_place(&self, cloud: &Cloud) -> Result<()> {
        if let Some(id) = &self.subnet_id {
            let sought = Sought::new("subnet", "subnets").by("subnet_id", "the id", Some(id));
            sought.the(cloud.subnet(id).await?)?;
        }
        if let Some(id) = &self.vpc_id {
            let sought = Sought::new("VPC", "VPCs").by("vpc_id", "the id", Some(id));
            sought.the(cloud.vpc(id).await?)?;
        }
        Ok(())
    }

    /// The other filters in words: a server that is there may be hidden by them.
    fn others(&self, attribute: &str) -> Vec<String> {
        [
            ("ids", self.ids.is_some()),
            ("names", self.names.is_some()),
            ("tags", self.tags.is_some()),
            ("subnet_id", self.subnet_id.is_some()),
            ("vpc_id", self.vpc_id.is_some()),
        ]
        .into_iter()
        .filter(|(name, given)| *given && *name != attribute)
        .map(|(name, _)| format!("`{name}`"))
        .collect()
    }

    fn ambiguous(&self, name: &str, ids: &[&ServerId]) -> Problem {
        let listed: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
        let attribute = if self.names.is_some() { "names" } else { "key_by" };
        let detail = format!(
            "{} servers have the name `{}`: {}. Write `ids` to say which are meant, or set `key_by = \"id\"`.",
            ids.len(),
            untrusted::name(name),
            all_of(&listed)
        );
        Problem::error("Several servers match", detail).at(attribute)
    }

    fn keyed(&self, host: Found<'_>) -> (String, Host) {
        let key = match self.key_by {
            KeyBy::Name => host.server.name.clone(),
            KeyBy::Id => host.server.id.to_string(),
        };
        (key, Host::from(&host, self.subnet_id.as_ref()))
    }
}

/// Whether the server has an interface in the subnet. Older regions tell only by the ports.
fn is_in(server: &Server, subnet: &SubnetId, ports: &[Port]) -> bool {
    server.nics.iter().any(|nic| {
        nic.subnet_id.as_ref() == Some(subnet) || ports.iter().any(|port| port.id == nic.port_id)
    })
}

/// What to say of servers that were named and not found.
fn missing<'a>(
    attribute: &'static str,
    what: &str,
    lost: impl Iterator<Item = &'a str>,
    others: Vec<String>,
) -> Option<Problem> {
    let lost: Vec<String> = lost.map(|value| format!("`{value}`")).collect();
    if lost.is_empty() {
        return None;
    }
    let as_asked = match others.as_slice() {
        [] => String::new(),
        [other] => format!(" and is as {other} asks"),
        others => format!(" and is as {} ask", all_of(others)),
    };
    let detail = format!(
        "No server has {what} {}{as_asked}. Check `{attribute}`, and the region and the project of the \
         provider.\n\n{BEFORE_A_DESTROY}",
        lost.join(" or ")
    );
    Some(Problem::error("Server not found", detail).at(attribute))
}

impl Host {
    /// `subnet` is the one in which the host was sought: then its interface there is the one that counts.
    fn from(host: &Found<'_>, subnet: Option<&SubnetId>) -> Self {
        let Found { server, interfaces } = host;
        let chosen = host.interface(subnet);
        let private_ips = interfaces.iter().flat_map(Interface::addresses).collect();
        Self {
            ecs_id: server.id.clone(),
            name: server.name.clone(),
            status: server.status.clone(),
            vpc_id: server.vpc_id.clone(),
            subnet_id: chosen.and_then(|it| it.subnet_id.clone()),
            port_id: chosen.map(|it| it.port_id.clone()),
            host_ip: chosen.and_then(|it| it.addresses().next()),
            source_check_enabled: chosen.and_then(Interface::source_check),
            private_ips,
            nics: interfaces.iter().map(Nic::from).collect(),
            availability_zone: server.availability_zone.clone(),
            tags: server.tags.clone(),
        }
    }
}

impl From<&Interface> for Nic {
    fn from(interface: &Interface) -> Self {
        let port = interface.port.as_ref();
        Self {
            port_id: interface.port_id.clone(),
            subnet_id: interface.subnet_id.clone(),
            private_ips: interface.addresses().collect(),
            primary: interface.is_primary,
            source_check_enabled: interface.source_check(),
            mac_address: port.map(|port| port.mac_address.clone()),
            security_group_ids: port.map_or_else(Vec::new, |port| port.security_groups.clone()),
        }
    }
}
