//! Servers and the jobs that make and remove them.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::{
    Moment, Outcome, Refusal, World, id,
    port::{AskedPair, Port, check_pairs},
    quota::is_full,
};

const MOST_NICS: usize = 12;

/// Older jobs are forgotten, as the cloud does after a while.
const MOST_JOBS: usize = 1000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub id: String,
    pub name: String,
    pub status: String,
    pub vpc_id: String,
    pub availability_zone: String,
    pub flavor: String,
    pub image_id: String,
    pub key_name: Option<String>,
    /// An elastic IP on the primary NIC.
    pub public_ip: Option<IpAddr>,
    pub enterprise_project_id: String,
    pub tags: BTreeMap<String, String>,
    pub created: Moment,
    pub updated: Moment,
}

/// A finished piece of work. Jobs take effect at once; only their answer comes in two calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    pub id: String,
    pub kind: String,
    pub server_ids: Vec<String>,
    pub at: Moment,
}

#[derive(Debug, Clone, Default)]
pub struct NewServer {
    pub name: String,
    pub vpc_id: String,
    pub status: Option<String>,
    pub availability_zone: Option<String>,
    pub flavor: String,
    pub image_id: String,
    pub key_name: Option<String>,
    pub public_ip: Option<IpAddr>,
    pub enterprise_project_id: String,
    pub tags: BTreeMap<String, String>,
    pub nics: Vec<NewNic>,
}

#[derive(Debug, Clone, Default)]
pub struct NewNic {
    pub id: String,
    pub subnet_id: String,
    pub ip_address: Option<IpAddr>,
    pub security_groups: Vec<String>,
    pub allowed_address_pairs: Vec<AskedPair>,
}

impl World {
    pub fn server(&self, server_id: &str) -> Option<&Server> {
        self.servers.iter().find(|server| server.id == server_id)
    }

    /// Creates the server and its NICs; the first one is the primary NIC.
    pub fn create_server(&mut self, id: String, new: NewServer, now: Moment) -> Outcome<&Server> {
        let invalid = |what: &str| Refusal::ecs(400, "Ecs.0005", what);
        if new.name.is_empty() || new.name.chars().count() > 128 {
            return Err(invalid("The server name must have 1 to 128 characters."));
        }
        if self.vpc(&new.vpc_id).is_none() {
            return Err(invalid("vpcid is not found."));
        }
        if new.nics.is_empty() || new.nics.len() > MOST_NICS {
            return Err(invalid("A server has 1 to 12 NICs."));
        }
        if is_full(self.servers.len(), self.quotas.servers) {
            return Err(Refusal::ecs(400, "Ecs.0001", "The server quota is exceeded."));
        }
        let zone = new.availability_zone.unwrap_or_else(|| self.default_zone());
        for (index, nic) in new.nics.into_iter().enumerate() {
            let port = self.nic(nic, &id, &new.vpc_id, &zone, index == 0, now)?;
            self.ports.push(port);
        }
        self.servers.push(Server {
            id,
            name: new.name,
            status: new.status.unwrap_or_else(|| "ACTIVE".into()),
            vpc_id: new.vpc_id,
            availability_zone: zone,
            flavor: new.flavor,
            image_id: new.image_id,
            key_name: new.key_name,
            public_ip: new.public_ip,
            enterprise_project_id: new.enterprise_project_id,
            tags: new.tags,
            created: now,
            updated: now,
        });
        Ok(&self.servers[self.servers.len() - 1])
    }

    /// Deletes servers with their NICs. Routes that point to them stay and lead nowhere.
    pub fn delete_servers(&mut self, server_ids: &[String]) -> Outcome<()> {
        if server_ids.is_empty() {
            return Err(Refusal::ecs(400, "Ecs.0005", "servers is empty."));
        }
        if let Some(id) = server_ids.iter().find(|id| self.server(id).is_none()) {
            return Err(missing(id));
        }
        self.servers.retain(|server| !server_ids.contains(&server.id));
        self.ports.retain(|port| !server_ids.contains(&port.device_id));
        Ok(())
    }

    /// Detaches and deletes extension NICs of a server. What routes to them stays and leads nowhere.
    pub fn delete_nics(&mut self, server_id: &str, port_ids: &[String]) -> Outcome<()> {
        if self.server(server_id).is_none() {
            return Err(missing(server_id));
        }
        let is_extension = |id: &String| {
            self.port(id).is_some_and(|port| port.device_id == server_id && !port.primary)
        };
        if port_ids.is_empty() || !port_ids.iter().all(is_extension) {
            let message = "nics must name extension NICs of the server.";
            return Err(Refusal::ecs(400, "Ecs.0005", message));
        }
        self.ports.retain(|port| !port_ids.contains(&port.id));
        Ok(())
    }

    pub fn record_job(&mut self, kind: &str, server_ids: Vec<String>, now: Moment) -> String {
        let id = self.mint("job").replace('-', "");
        if self.jobs.len() >= MOST_JOBS {
            self.jobs.remove(0);
        }
        self.jobs.push(Job { id: id.clone(), kind: kind.to_owned(), server_ids, at: now });
        id
    }

    fn nic(
        &self,
        new: NewNic,
        server_id: &str,
        vpc_id: &str,
        zone: &str,
        primary: bool,
        now: Moment,
    ) -> Outcome<Port> {
        let invalid = |what: String| Refusal::ecs(400, "Ecs.0005", what);
        let Some(subnet) = self.subnet(&new.subnet_id).filter(|subnet| subnet.vpc_id == vpc_id)
        else {
            return Err(invalid(format!("Subnet {} is not found in the vpc.", new.subnet_id)));
        };
        let ip_address = match new.ip_address {
            None => self
                .free_address(subnet)
                .ok_or_else(|| invalid(format!("Subnet {} is full.", subnet.name)))?,
            Some(address) if self.port_at(&subnet.id, address).is_some() => {
                let message = format!("IP address {address} is in use.");
                return Err(Refusal::ecs(400, "Ecs.0010", message));
            }
            Some(address) if !self.is_free_address(subnet, address) => {
                return Err(invalid(format!("{address} is not usable in subnet {}.", subnet.name)));
            }
            Some(address) => address,
        };
        if new.security_groups.is_empty() {
            return Err(invalid("A NIC needs at least one security group.".into()));
        }
        if let Some(id) = new.security_groups.iter().find(|id| self.security_group(id).is_none()) {
            return Err(invalid(format!("Security group {id} is not found.")));
        }
        let mac_address = id::mac(&new.id);
        let allowed_address_pairs = check_pairs(new.allowed_address_pairs, &mac_address)
            .map_err(|refusal| Refusal::ecs(400, "Ecs.0213", refusal.message))?;
        Ok(Port {
            id: new.id,
            name: String::new(),
            subnet_id: new.subnet_id,
            ip_address,
            mac_address,
            device_id: server_id.to_owned(),
            device_owner: format!("compute:{zone}"),
            primary,
            security_groups: new.security_groups,
            allowed_address_pairs,
            created_at: now,
            updated_at: now,
        })
    }
}

pub fn missing(server_id: &str) -> Refusal {
    Refusal::ecs(404, "Ecs.0114", format!("Instance {server_id} could not be found."))
}
