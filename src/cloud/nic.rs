//! Which network interface is meant by a server, or by a private address.

use std::net::IpAddr;

use super::{Cloud, Port, Result, ServerId, VpcId};

/// How the `device_owner` of a server's network interface begins; virtual IPs, gateways and the like have others.
const SERVER_OWNED: &str = "compute:";

impl Port {
    /// The port is a network interface of a server.
    pub fn is_nic(&self) -> bool {
        self.device_owner.starts_with(SERVER_OWNED) && !self.device_id.is_empty()
    }
}

impl Cloud {
    /// The primary interface of a server; `None` if the server or its interface does not exist.
    pub async fn primary_nic(&self, server: &ServerId) -> Result<Option<Port>> {
        let ports = self.ports_of_server(server).await?;
        if ports.len() <= 1 || ports.iter().any(|port| port.is_primary == Some(true)) {
            return Ok(choose_primary(ports));
        }
        // Older regions do not mark the port; the server itself knows.
        let Some(server) = self.server(server).await? else { return Ok(None) };
        let primary = server.nics.iter().find(|nic| nic.is_primary == Some(true));
        Ok(primary.and_then(|nic| ports.into_iter().find(|port| port.id == nic.port_id)))
    }

    /// The servers' interfaces with this private address, in one VPC or, where addresses repeat, in all of them.
    pub async fn nics_with_address(&self, address: IpAddr, vpc: Option<&VpcId>) -> Result<Vec<Port>> {
        let mut nics = self.ports_with_address(address).await?;
        nics.retain(Port::is_nic);
        let Some(vpc) = vpc else { return Ok(nics) };
        let mut inside = Vec::new();
        for nic in nics {
            let subnet = self.subnet(&nic.subnet_id).await?;
            if subnet.is_some_and(|subnet| subnet.vpc_id == *vpc) {
                inside.push(nic);
            }
        }
        Ok(inside)
    }
}

fn choose_primary(ports: Vec<Port>) -> Option<Port> {
    let marked = ports.iter().position(|port| port.is_primary == Some(true));
    ports.into_iter().nth(marked.unwrap_or(0))
}
