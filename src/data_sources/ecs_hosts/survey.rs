//! Servers with the ports of their network interfaces.

use crate::{
    cloud::{Cloud, Nic, Port, PortId, Server, Subnet, SubnetId, VpcId},
    framework::Result,
    network::Address,
};

pub(super) struct Found<'s> {
    pub(super) server: &'s Server,
    /// The primary one first.
    pub(super) interfaces: Vec<Interface>,
}

pub(super) struct Interface {
    pub(super) port_id: PortId,
    pub(super) subnet_id: Option<SubnetId>,
    pub(super) is_primary: bool,
    /// `None` where the cloud does not show it.
    pub(super) port: Option<Port>,
    addresses: Vec<Address>,
}

impl Found<'_> {
    /// The first interface, in this subnet if one is given.
    pub(super) fn interface(&self, subnet: Option<&SubnetId>) -> Option<&Interface> {
        let fits = |it: &&Interface| subnet.is_none_or(|id| it.subnet_id.as_ref() == Some(id));
        self.interfaces.iter().find(fits)
    }
}

impl Interface {
    pub(super) fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.addresses.iter().copied()
    }

    pub(super) fn source_check(&self) -> Option<bool> {
        self.port.as_ref().map(Port::is_source_check_on)
    }
}

/// The servers with their ports, which are read subnet by subnet.
pub(super) async fn found<'s>(servers: &[&'s Server], cloud: &Cloud) -> Result<Vec<Found<'s>>> {
    let mut hosts = Vec::with_capacity(servers.len());
    for &server in servers {
        let mut interfaces = Vec::with_capacity(server.nics.len());
        for nic in &server.nics {
            interfaces.push(interface(nic, server, cloud).await?);
        }
        // Where nobody marks the primary one, it is the first.
        if interfaces.iter().all(|it| !it.is_primary)
            && let Some(first) = interfaces.first_mut()
        {
            first.is_primary = true;
        }
        interfaces.sort_by_key(|it| !it.is_primary);
        hosts.push(Found { server, interfaces });
    }
    Ok(hosts)
}

async fn interface(nic: &Nic, server: &Server, cloud: &Cloud) -> Result<Interface> {
    // Servers of older regions do not name the subnets, but their addresses lie in them.
    let told = match (&nic.subnet_id, &server.vpc_id) {
        (Some(subnet), _) => Some(subnet.clone()),
        (None, Some(vpc)) => holding(nic, vpc, cloud).await?,
        (None, None) => None,
    };
    let port = cloud.cached().port(&nic.port_id, told.as_ref()).await?;
    let is_primary = nic.is_primary.or(port.as_ref().and_then(|port| port.is_primary));
    Ok(Interface {
        port_id: nic.port_id.clone(),
        subnet_id: told.or_else(|| port.as_ref().map(|port| port.subnet_id.clone())),
        is_primary: is_primary == Some(true),
        addresses: nic.addresses.iter().map(|address| Address::from(*address)).collect(),
        port,
    })
}

/// The subnet that an address of the interface lies in.
async fn holding(nic: &Nic, vpc: &VpcId, cloud: &Cloud) -> Result<Option<SubnetId>> {
    let holds = |subnet: &Subnet| nic.addresses.iter().any(|address| subnet.holds(*address));
    Ok(cloud.cached().subnets(vpc).await?.into_iter().find(holds).map(|subnet| subnet.id))
}
