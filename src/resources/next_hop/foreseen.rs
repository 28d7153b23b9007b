//! Whether the next hop that a plan names can be one, seen the servers and ports of the VPC.
//!
//! Addresses are looked for in the lists of the ports of their subnets, however many routes are planned. What is named by
//! its id and not seen is asked for once more before it is called missing, so only a mistake costs a call of its own.

use super::{Via, refusal, through};
use crate::{
    cloud::{self, Cloud, Port, Subnet, VpcId},
    framework::{Draft, Problem},
    network::Address,
    resources::{address_pairs::VIRTUAL_IP, not_yet, the_one},
};

/// What next hops are judged by.
pub(in crate::resources) struct Surroundings<'a> {
    vpc: &'a VpcId,
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
        subnets: &'a [Subnet],
        cloud: &'a Cloud,
    ) -> Self {
        Self { vpc, subnets, cloud }
    }

    /// What is wrong with a next hop, at its attribute.
    pub(in crate::resources) async fn flaw(&self, via: &Via) -> cloud::Result<Option<Problem>> {
        if let Some(address) = via.host_ip {
            let ports = self.cloud.cached().ports_seen_at(address.into(), self.vpc).await?;
            return Ok(self.flaw_of_host(address, &ports, via));
        }
        if let Some(address) = via.virtual_ip {
            let ports = self.cloud.cached().ports_seen_at(address.into(), self.vpc).await?;
            return Ok(self.flaw_of_virtual_ip(address, &ports));
        }
        let port = match (&via.ecs_id, &via.port_id) {
            (Some(server), _) => self.cloud.cached().nic_seen(server).await?,
            (None, Some(port)) => self.cloud.cached().port_seen(port).await?,
            (None, None) => None,
        };
        match port.filter(|port| self.subnets.iter().any(|subnet| subnet.id == port.subnet_id)) {
            Some(port) if via.port_id.is_some() => {
                let flaw =
                    refusal::flaw_of_port(&port, Some(self.vpc), self.vpc).map(Problem::from);
                Ok(if port.device_owner.is_empty() { flaw.map(not_yet) } else { flaw })
            }
            Some(_) => Ok(None),
            None => Ok(via.flaw_of_next_hop(self.vpc, self.cloud).await?.map(Problem::from)),
        }
    }

    fn flaw_of_host(&self, address: Address, ports: &[Port], via: &Via) -> Option<Problem> {
        let nics: Vec<Port> = ports.iter().filter(|port| port.is_nic()).cloned().collect();
        let what = format!("the private address {address} in VPC `{}`", self.vpc);
        let is_nobodys = nics.is_empty();
        let flaw = match the_one(nics, "host_ip", &what) {
            Ok(nic) => via.disagreement(&through(&nic)),
            Err(flaw) if is_nobodys => Some(of_virtual_ip(address, ports).unwrap_or(flaw)),
            Err(flaw) => Some(flaw),
        };
        if is_nobodys { flaw.map(not_yet) } else { flaw }
    }

    fn flaw_of_virtual_ip(&self, address: Address, ports: &[Port]) -> Option<Problem> {
        let nics: Vec<Port> = ports.iter().filter(|port| port.is_nic()).cloned().collect();
        if ports.is_empty() && self.cloud.sees_part_of_the_ports() {
            return None;
        }
        let flaw = refusal::flaw_of_virtual_ip(address, ports, &nics, self.vpc).map(Problem::from);
        if ports.is_empty() { flaw.map(not_yet) } else { flaw }
    }
}

/// The address is a virtual one.
fn of_virtual_ip(address: Address, ports: &[Port]) -> Option<Problem> {
    let port = ports.iter().find(|port| port.device_owner == VIRTUAL_IP)?;
    let detail = format!(
        "{address} is the virtual IP address of port `{}`, and no server's own. Write `virtual_ip = \"{address}\"` \
         instead of `host_ip`, or the `host_ip` of a server.",
        port.id
    );
    Some(Problem::error("Virtual IP address as a host", detail).at("host_ip"))
}
