//! Subnets: ranges of a VPC, each governed by exactly one route table.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::{Moment, Outcome, Refusal, World, is_description, is_name, quota::is_full};
use crate::network::Cidr;

const SMALLEST_PREFIX: u8 = 28;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subnet {
    /// The network id: what ports, servers and route tables call the subnet.
    pub id: String,
    /// What the fixed addresses of a port call it.
    pub neutron_subnet_id: String,
    pub vpc_id: String,
    pub route_table_id: String,
    pub name: String,
    pub description: String,
    pub cidr: Cidr,
    pub gateway_ip: IpAddr,
    pub dhcp_enable: bool,
    pub primary_dns: String,
    pub secondary_dns: String,
    pub availability_zone: String,
    #[serde(default)]
    pub extra_dhcp_opts: Vec<DhcpOption>,
    pub tags: BTreeMap<String, String>,
    pub created_at: Moment,
    pub updated_at: Moment,
}

/// What DHCP tells besides the address, such as the time servers. Kept, and otherwise without effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DhcpOption {
    pub opt_name: String,
    #[serde(default)]
    pub opt_value: Option<String>,
}

#[derive(Debug, Clone)]
pub struct NewSubnet {
    pub vpc_id: String,
    pub name: String,
    pub description: String,
    pub cidr: String,
    pub gateway_ip: String,
    pub dhcp_enable: bool,
    pub primary_dns: Option<String>,
    pub secondary_dns: Option<String>,
    pub availability_zone: Option<String>,
    pub extra_dhcp_opts: Vec<DhcpOption>,
}

impl World {
    pub fn subnet(&self, subnet_id: &str) -> Option<&Subnet> {
        self.subnets.iter().find(|subnet| subnet.id == subnet_id)
    }

    /// Creates the subnet under the two given ids and puts it under the VPC's default route table.
    pub fn create_subnet(
        &mut self,
        id: String,
        neutron_subnet_id: String,
        new: NewSubnet,
        now: Moment,
    ) -> Outcome<&Subnet> {
        let invalid =
            |what: &str| Refusal::v1(400, "VPC.0201", format!("Param is invalid. {what}"));
        let Some(vpc) = self.vpc(&new.vpc_id) else {
            return Err(Refusal::v1(404, "VPC.0003", "VPC does not exist."));
        };
        if new.name.is_empty() || !is_name(&new.name) || !is_description(&new.description) {
            return Err(invalid("name or description is not allowed."));
        }
        let cidr: Cidr = new.cidr.parse().map_err(|e| {
            Refusal::v1(400, "VPC.0212", format!("The subnet cidr is not valid: {e}"))
        })?;
        if cidr.prefix_length() > SMALLEST_PREFIX {
            let message = format!("The subnet cidr {cidr} is smaller than /{SMALLEST_PREFIX}.");
            return Err(Refusal::v1(400, "VPC.0212", message));
        }
        if !vpc.ranges().any(|range| range.contains(cidr)) {
            let message = format!("Subnet {cidr} is not in the range of VPC.");
            return Err(Refusal::v1(400, "VPC.0203", message));
        }
        if self.subnets_of(&new.vpc_id).any(|other| other.cidr.overlaps(cidr)) {
            let message = format!("The subnet cidr {cidr} conflicts with another subnet.");
            return Err(Refusal::v1(400, "VPC.0204", message));
        }
        let gateway_ip: IpAddr =
            new.gateway_ip.parse().map_err(|_| invalid("gateway_ip is no address."))?;
        if !is_inner_address(cidr, gateway_ip) {
            return Err(invalid("gateway_ip is not a host address of the subnet."));
        }
        if is_full(self.subnets.len(), self.quotas.subnet) {
            let message = "Quota exceeded for resources: ['subnet'].";
            return Err(Refusal::v1(409, "VPC.0202", message));
        }
        let Some(table) = self.default_route_table(&new.vpc_id) else {
            return Err(Refusal::v1(400, "VPC.0004", "VPC is not active, please try later."));
        };
        self.subnets.push(Subnet {
            id,
            neutron_subnet_id,
            route_table_id: table.id.clone(),
            vpc_id: new.vpc_id,
            name: new.name,
            description: new.description,
            cidr,
            gateway_ip,
            dhcp_enable: new.dhcp_enable,
            primary_dns: new.primary_dns.unwrap_or_else(|| "100.125.1.250".into()),
            secondary_dns: new.secondary_dns.unwrap_or_else(|| "100.125.129.250".into()),
            availability_zone: new.availability_zone.unwrap_or_else(|| self.default_zone()),
            extra_dhcp_opts: new.extra_dhcp_opts,
            tags: BTreeMap::new(),
            created_at: now,
            updated_at: now,
        });
        Ok(&self.subnets[self.subnets.len() - 1])
    }

    /// Deletes the subnet. What still uses it is a refusal with status 500, although no retry helps.
    pub fn delete_subnet(&mut self, vpc_id: &str, subnet_id: &str) -> Outcome<()> {
        let Some(subnet) = self.subnet(subnet_id) else {
            return Err(Refusal::v1(404, "VPC.0202", "Subnet does not exist."));
        };
        if subnet.vpc_id != vpc_id {
            let message = "Subnet does not belong to the VPC.";
            return Err(Refusal::v1(400, "VPC.0207", message));
        }
        let used =
            |code, what: &str| Err(Refusal::v1(500, code, format!("Subnet is used by {what}.")));
        if self.is_next_hop_in(subnet_id) {
            return used("VPC.0210", "a custom route");
        }
        let mut ports = self.ports.iter().filter(|port| port.subnet_id == subnet_id);
        if let Some(port) = ports.next() {
            return match port.is_vip() {
                true => used("VPC.0208", "a private IP address"),
                false => used("VPC.0209", "an ECS or a load balancer"),
            };
        }
        self.subnets.retain(|subnet| subnet.id != subnet_id);
        Ok(())
    }

    pub fn subnets_of<'a>(&'a self, vpc_id: &'a str) -> impl Iterator<Item = &'a Subnet> {
        self.subnets.iter().filter(move |subnet| subnet.vpc_id == vpc_id)
    }

    /// The first address of the subnet nobody has.
    pub fn free_address(&self, subnet: &Subnet) -> Option<IpAddr> {
        let IpAddr::V4(network) = subnet.cidr.network() else { return None };
        (1..subnet.cidr.size())
            .map_while(|offset| u32::try_from(offset).ok())
            .map(|offset| IpAddr::V4((u32::from(network).saturating_add(offset)).into()))
            .find(|address| self.is_free_address(subnet, *address))
    }

    /// An address of the subnet that a port could have now.
    pub fn is_free_address(&self, subnet: &Subnet, address: IpAddr) -> bool {
        is_inner_address(subnet.cidr, address)
            && !is_kept_back(subnet.cidr, address)
            && address != subnet.gateway_ip
            && self.port_at(&subnet.id, address).is_none()
    }
}

/// An address inside the range: neither its first nor its last.
fn is_inner_address(cidr: Cidr, address: IpAddr) -> bool {
    cidr.contains_address(address) && address != cidr.network() && address != cidr.last()
}

/// The cloud keeps the last three addresses of every subnet for itself: interface, DHCP, broadcast.
fn is_kept_back(cidr: Cidr, address: IpAddr) -> bool {
    match (address, cidr.last()) {
        (IpAddr::V4(address), IpAddr::V4(last)) => {
            u32::from(address) >= u32::from(last).saturating_sub(2)
        }
        _ => true,
    }
}
