//! Whether the next hop that a plan names can be one, seen the servers and ports of the project.
//!
//! All of them come from one list of ports, however many routes are planned. What it does not show is asked for by its
//! id before it is called missing, so only a mistake costs a call of its own.

use super::{NextHop, Via, refusal};
use crate::{
    cloud::{self, Cloud, Port, Subnet, VpcId},
    framework::{Draft, Problem},
    network::Address,
    resources::{address_pairs::VIRTUAL_IP, not_yet, the_one},
};

/// What next hops are judged by.
pub(in crate::resources) struct Surroundings<'a> {
    vpc: &'a VpcId,
    ports: &'a [Port],
    subnets: &'a [Subnet],
    cloud: &'a Cloud,
}

impl Via {
    /// The next hop as planned; `None` as long as it is not known.
    pub(in crate::resources) fn planned(entry: Draft<'_>) -> Option<Self> {
        let via = Self {
            ecs_id: entry.parsed("ecs_id"),
            host_ip: entry.parsed("host_ip"),
            port_id: entry.parsed("port_id"),
            virtual_ip: entry.parsed("virtual_ip"),
        };
        (via != Self::default()).then_some(via)
    }
}

impl<'a> Surroundings<'a> {
    pub(in crate::resources) fn new(
        vpc: &'a VpcId,
        ports: &'a [Port],
        subnets: &'a [Subnet],
        cloud: &'a Cloud,
    ) -> Self {
        Self { vpc, ports, subnets, cloud }
    }

    /// What is wrong with a next hop, at its attribute.
    pub(in crate::resources) async fn flaw(&self, via: &Via) -> cloud::Result<Option<Problem>> {
        if let Some(address) = via.host_ip {
            return Ok(self.flaw_of_host(address, via));
        }
        if let Some(address) = via.virtual_ip {
            return Ok(self.flaw_of_virtual_ip(address));
        }
        let is_known = |port: &&Port| match (&via.ecs_id, &via.port_id) {
            (Some(server), _) => port.is_nic() && port.device_id == server.as_str(),
            (None, id) => id.as_ref() == Some(&port.id),
        };
        match self.inside().find(is_known) {
            Some(port) if via.port_id.is_some() => {
                let flaw = refusal::flaw_of_port(port, Some(self.vpc), self.vpc).map(Problem::from);
                Ok(if port.device_owner.is_empty() { flaw.map(not_yet) } else { flaw })
            }
            Some(_) => Ok(None),
            None => Ok(via.flaw_of_next_hop(self.vpc, self.cloud).await?.map(Problem::from)),
        }
    }

    fn flaw_of_host(&self, address: Address, via: &Via) -> Option<Problem> {
        let nics: Vec<Port> = self.at(address).filter(|port| port.is_nic()).cloned().collect();
        let what = format!("the private address {address} in VPC `{}`", self.vpc);
        let is_nobodys = nics.is_empty();
        let flaw = match the_one(nics, "host_ip", &what) {
            Ok(nic) => via.disagreement(&NextHop::through(&nic)),
            Err(flaw) if is_nobodys => Some(self.of_virtual_ip(address).unwrap_or(flaw)),
            Err(flaw) => Some(flaw),
        };
        if is_nobodys { flaw.map(not_yet) } else { flaw }
    }

    fn flaw_of_virtual_ip(&self, address: Address) -> Option<Problem> {
        let ports: Vec<Port> = self.at(address).cloned().collect();
        let nics: Vec<Port> = ports.iter().filter(|port| port.is_nic()).cloned().collect();
        if ports.is_empty() && self.cloud.sees_part_of_the_ports() {
            return None;
        }
        let flaw = refusal::flaw_of_virtual_ip(address, &ports, &nics, self.vpc).map(Problem::from);
        if ports.is_empty() { flaw.map(not_yet) } else { flaw }
    }

    fn of_virtual_ip(&self, address: Address) -> Option<Problem> {
        let port = self.at(address).find(|port| port.device_owner == VIRTUAL_IP)?;
        let detail = format!(
            "{address} is the virtual IP address of port `{}`, and no server's own. Write `virtual_ip = \"{address}\"` \
             instead of `host_ip`, or the `host_ip` of a server.",
            port.id
        );
        Some(Problem::error("Virtual IP address as a host", detail).at("host_ip"))
    }

    fn at(&self, address: Address) -> impl Iterator<Item = &'a Port> {
        self.inside().filter(move |port| port.fixed_ips.contains(&address.into()))
    }

    /// The ports of the VPC.
    fn inside(&self) -> impl Iterator<Item = &'a Port> {
        let subnets = self.subnets;
        let is_inside = |port: &&Port| subnets.iter().any(|subnet| subnet.id == port.subnet_id);
        self.ports.iter().filter(is_inside)
    }
}
