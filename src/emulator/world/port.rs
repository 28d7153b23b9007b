//! Ports: the NICs of servers and virtual IP addresses, with the pairs that switch the source check off.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Moment, Outcome, Refusal, World, id, is_name};

pub const VIP_OWNER: &str = "neutron:VIP_PORT";

/// The pair that switches the source/destination check of a port off.
const CHECK_OFF: &str = "1.1.1.1/0";

/// The limit of the networking service behind the API; the cloud's documents name none.
const MOST_PAIRS: usize = 10;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    pub id: String,
    pub name: String,
    pub subnet_id: String,
    pub ip_address: IpAddr,
    pub mac_address: String,
    /// The server, or empty.
    pub device_id: String,
    pub device_owner: String,
    pub primary: bool,
    pub security_groups: Vec<String>,
    pub allowed_address_pairs: Vec<Pair>,
    pub created_at: Moment,
    pub updated_at: Moment,
}

/// An address the port may also send from, in the words of whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    pub ip_address: String,
    pub mac_address: String,
}

#[derive(Debug, Clone, Default)]
pub struct AskedPair {
    pub ip_address: Option<String>,
    pub mac_address: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct PortChange {
    pub name: Option<String>,
    pub security_groups: Option<Vec<String>>,
    pub allowed_address_pairs: Option<Vec<AskedPair>>,
    /// The only other attribute the call takes. It is accepted and not kept.
    pub extra_dhcp_opts: bool,
}

impl Port {
    pub fn is_vip(&self) -> bool {
        self.device_owner == VIP_OWNER
    }

    /// A NIC of a server.
    pub fn is_nic(&self) -> bool {
        self.device_owner.starts_with("compute:")
    }
}

impl World {
    pub fn port(&self, port_id: &str) -> Option<&Port> {
        self.ports.iter().find(|port| port.id == port_id)
    }

    pub fn port_at(&self, subnet_id: &str, address: IpAddr) -> Option<&Port> {
        self.ports.iter().find(|port| port.subnet_id == subnet_id && port.ip_address == address)
    }

    /// The NICs of a server, in the order they were attached.
    pub fn ports_of<'a>(&'a self, server_id: &'a str) -> impl Iterator<Item = &'a Port> {
        self.ports.iter().filter(move |port| port.device_id == server_id)
    }

    /// Creates a virtual IP address: a port no server owns.
    pub fn create_vip(
        &mut self,
        id: String,
        subnet_id: &str,
        name: String,
        address: Option<IpAddr>,
        now: Moment,
    ) -> Outcome<&Port> {
        let Some(subnet) = self.subnet(subnet_id) else {
            return Err(invalid("network_id is not found."));
        };
        let address = match address {
            Some(address) if self.port_at(subnet_id, address).is_some() => {
                let message = format!("IP address {address} is in use.");
                return Err(Refusal::v1(409, "VPC.0701", message));
            }
            Some(address) if !self.is_free_address(subnet, address) => {
                return Err(invalid("ip_address is not a usable address of the subnet."));
            }
            Some(address) => address,
            None => self.free_address(subnet).ok_or_else(|| invalid("The subnet is full."))?,
        };
        self.ports.push(Port {
            mac_address: id::mac(&id),
            id,
            name,
            subnet_id: subnet_id.to_owned(),
            ip_address: address,
            device_id: String::new(),
            device_owner: VIP_OWNER.to_owned(),
            primary: false,
            security_groups: Vec::new(),
            allowed_address_pairs: Vec::new(),
            created_at: now,
            updated_at: now,
        });
        Ok(&self.ports[self.ports.len() - 1])
    }

    /// Changes what the call names; lists are replaced as a whole.
    pub fn update_port(
        &mut self,
        port_id: &str,
        change: PortChange,
        now: Moment,
    ) -> Outcome<&Port> {
        let Some(mut port) = self.port(port_id).cloned() else {
            return Err(missing(port_id));
        };
        let nothing = change.name.is_none()
            && change.security_groups.is_none()
            && change.allowed_address_pairs.is_none()
            && !change.extra_dhcp_opts;
        if nothing {
            return Err(invalid("At least one attribute must be given."));
        }
        if let Some(name) = change.name {
            if !is_name(&name) {
                return Err(invalid("name is not allowed."));
            }
            port.name = name;
        }
        if let Some(groups) = change.security_groups {
            self.check_groups(&groups)?;
            port.security_groups = groups;
        }
        if let Some(asked) = change.allowed_address_pairs {
            port.allowed_address_pairs = check_pairs(asked, &port.mac_address)?;
        }
        port.updated_at = now;
        if let Some(stored) = self.ports.iter_mut().find(|port| port.id == port_id) {
            *stored = port;
        }
        self.port(port_id).ok_or_else(|| missing(port_id))
    }

    /// Deletes a port that no server has.
    pub fn delete_port(&mut self, port_id: &str) -> Outcome<()> {
        let Some(port) = self.port(port_id) else {
            return Err(Refusal::v1(404, "VPC.2500", format!("Port {port_id} not found.")));
        };
        if !port.device_id.is_empty() {
            return Err(invalid("The port belongs to a device."));
        }
        self.ports.retain(|port| port.id != port_id);
        Ok(())
    }

    fn check_groups(&self, groups: &[String]) -> Outcome<()> {
        if groups.is_empty() {
            return Err(invalid("A port must keep at least one security group."));
        }
        match groups.iter().find(|id| self.security_group(id).is_none()) {
            Some(id) => Err(invalid(&format!("Security group {id} is not found."))),
            None => Ok(()),
        }
    }
}

pub fn missing(port_id: &str) -> Refusal {
    Refusal::v1(404, "VPC.2502", format!("Port {port_id} not found."))
}

/// Pairs as they will be stored, with the port's own hardware address where none was given.
pub fn check_pairs(asked: Vec<AskedPair>, port_mac: &str) -> Outcome<Vec<Pair>> {
    let mut pairs: Vec<Pair> = Vec::new();
    for pair in asked {
        let Some(ip_address) = pair.ip_address else {
            return Err(invalid("allowed_address_pairs: ip_address is missing."));
        };
        check_pair_address(&ip_address)?;
        let mac_address = pair.mac_address.unwrap_or_else(|| port_mac.to_owned());
        let pair = Pair { ip_address, mac_address };
        if pairs.contains(&pair) {
            return Err(invalid("allowed_address_pairs: a pair is repeated."));
        }
        pairs.push(pair);
    }
    if pairs.len() > MOST_PAIRS {
        return Err(invalid("allowed_address_pairs: at most 10 pairs are allowed."));
    }
    Ok(pairs)
}

/// An address or a range; of the ranges that mean everything only the one with a meaning of its own.
fn check_pair_address(text: &str) -> Outcome<()> {
    if text == CHECK_OFF {
        return Ok(());
    }
    match crate::network::Cidr::lenient(text) {
        None => Err(invalid(&format!("allowed_address_pairs: {text} is no address or range."))),
        Some(range) if range.prefix_length() == 0 => {
            Err(invalid(&format!("allowed_address_pairs: {text} is not allowed.")))
        }
        Some(_) => Ok(()),
    }
}

fn invalid(what: &str) -> Refusal {
    Refusal::v1(400, "VPC.2500", format!("Param is invalid. {what}"))
}
