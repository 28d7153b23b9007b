//! Whether the next hop that a plan names can be one, seen the servers and ports of the project.
//!
//! All of them come from one list of ports for each subnet that is concerned, however many routes are planned. What it does not show is asked for by its
//! id before it is called missing, so only a mistake costs a call of its own.

use super::{Via, refusal};
use crate::{
    cloud::{self, Cloud, Port, Subnet, VpcId},
    framework::{Draft, Problem},
    network::{Address, Cidr},
    resources::{not_yet, the_one},
};

/// How the `device_owner` of a virtual IP address is.
const VIRTUAL_IP: &str = "neutron:VIP_PORT";

/// How many subnets are asked for their ports before all ports of the project are.
const MOST_SUBNETS: usize = 8;

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

    /// The ports among which these next hops are looked for: of the subnets of the VPC that hold their addresses, or of
    /// all where something is named by its id. Where that would be many lists, those of the whole project are one.
    pub(in crate::resources) async fn ports_around(
        hops: &[(Cidr, Self)],
        vpc: &VpcId,
        cloud: &Cloud,
    ) -> cloud::Result<Vec<Port>> {
        let mut subnets = cloud.subnets(vpc).await?;
        let addresses: Option<Vec<Address>> =
            hops.iter().map(|(_, via)| via.host_ip.or(via.virtual_ip)).collect();
        if let Some(addresses) = addresses {
            subnets.retain(|subnet| addresses.iter().any(|it| subnet.holds((*it).into())));
        }
        if subnets.len() > MOST_SUBNETS {
            return Ok(cloud.all_ports().await?.to_vec());
        }
        let mut ports = Vec::new();
        for subnet in subnets {
            ports.extend(cloud.ports_of_subnet(&subnet.id).await?.iter().cloned());
        }
        Ok(ports)
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
            return Ok(self.flaw_of_host(address));
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

    fn flaw_of_host(&self, address: Address) -> Option<Problem> {
        let nics: Vec<Port> = self.at(address).filter(|port| port.is_nic()).cloned().collect();
        let what = format!("the private address {address} in VPC `{}`", self.vpc);
        let is_nobodys = nics.is_empty();
        let flaw = the_one(nics, "host_ip", &what).err();
        let mut owners = self.at(address);
        if let Some(port) = owners.find(|port| port.device_owner == VIRTUAL_IP) {
            return flaw.map(|flaw| of_virtual_ip(flaw, address, port)).map(not_yet);
        }
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

/// A server has the address only together with others.
fn of_virtual_ip(flaw: Problem, address: Address, port: &Port) -> Problem {
    let detail = format!(
        "{address} is a virtual IP address, of port `{}`, and no server's own. Write `virtual_ip = \"{address}\"` instead \
         of `host_ip`, or the `host_ip` of a server.",
        port.id
    );
    Problem { detail, ..flaw }
}
