//! Which network interface a host is meant by, out of lists that this run reads once: however many hosts there are, only
//! those that are in no list are asked for one by one.

use std::net::IpAddr;

use crate::{
    cloud::{
        self, Cloud, Nic, Port, PortId, RouteTableId, Server, ServerId, Subnet, SubnetId, VpcId,
    },
    network::{Location, layout},
};

/// How the user names a host.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    Server(ServerId),
    Address(IpAddr),
}

/// What a look for a host has found.
#[derive(Debug)]
pub(super) enum Looked {
    Interface(Box<Interface>),
    Elsewhere(Location),
}

#[derive(Debug, Clone)]
pub(super) struct Interface {
    pub(super) server_id: ServerId,
    pub(super) port: Port,
    /// The other interfaces of the server, as far as they are known.
    pub(super) others: Vec<PortId>,
    /// `None` if it is not known.
    pub(super) status: Option<String>,
}

/// The same with the tables that concern it.
#[derive(Debug)]
pub(super) enum Whereabouts {
    Found(Box<Found>),
    Elsewhere(Location),
}

#[derive(Debug)]
pub(super) struct Found {
    pub(super) interface: Interface,
    /// The table that the route belongs in.
    pub(super) table_id: RouteTableId,
    /// The table of its subnet.
    pub(super) own_table_id: RouteTableId,
}

impl Whereabouts {
    pub(super) fn found(&self) -> Option<&Found> {
        match self {
            Whereabouts::Found(found) => Some(found),
            Whereabouts::Elsewhere(_) => None,
        }
    }

    /// In the words of the examination.
    pub(super) fn location(&self) -> Location {
        match self {
            Whereabouts::Found(found) => Location::Found(Box::new(found.examined())),
            Whereabouts::Elsewhere(location) => location.clone(),
        }
    }
}

impl Found {
    pub(super) fn examined(&self) -> layout::Found {
        let Interface { server_id, port, others, status } = &self.interface;
        layout::Found {
            server_id: server_id.to_string(),
            port_id: port.id.to_string(),
            other_port_ids: others.iter().map(PortId::to_string).collect(),
            subnet_id: port.subnet_id.to_string(),
            is_primary: port.is_primary,
            checks_source: port.is_source_check_on(),
            status: status.clone(),
            table_id: self.table_id.to_string(),
            own_table_id: self.own_table_id.to_string(),
        }
    }
}

/// Where to look.
#[derive(Clone, Copy)]
pub(super) struct Places<'p> {
    pub(super) cloud: &'p Cloud,
    pub(super) vpc_id: &'p VpcId,
    pub(super) subnets: &'p [Subnet],
    /// `None` if they may not be read.
    pub(super) servers: Option<&'p [Server]>,
}

impl Places<'_> {
    pub(super) async fn find(&self, wanted: &Wanted) -> cloud::Result<Looked> {
        match wanted {
            Wanted::Server(id) => self.of_server(id).await,
            Wanted::Address(address) => self.at_address(*address).await,
        }
    }

    async fn of_server(&self, id: &ServerId) -> cloud::Result<Looked> {
        let listed = self.servers.into_iter().flatten().find(|server| server.id == *id);
        let elsewhere = listed.and_then(|server| server.vpc_id.as_ref());
        if let Some(vpc) = elsewhere.filter(|vpc| *vpc != self.vpc_id) {
            let vpc_id = Some(vpc.to_string());
            return Ok(Looked::Elsewhere(Location::OtherVpc { vpc_id }));
        }
        let port = match listed {
            Some(server) => self.primary_of(server).await?,
            None => None,
        };
        let port = match port {
            Some(port) => Some(port),
            // In no list it is gone, hidden or of a region that tells too little; only asking for it tells.
            None => self.cloud.primary_nic(id).await?,
        };
        Ok(match port {
            Some(port) => self.interface(port),
            None => Looked::Elsewhere(Location::NotFound { instead: None }),
        })
    }

    /// Found in the list of its subnet's ports, where the list of servers says enough about it.
    async fn primary_of(&self, server: &Server) -> cloud::Result<Option<Port>> {
        let primary = match server.nics.as_slice() {
            [only] => Some(only),
            several => several.iter().find(|nic| nic.is_primary == Some(true)),
        };
        let Some(nic) = primary else { return Ok(None) };
        let Some(subnet) = self.subnet_of(nic) else { return Ok(None) };
        let ports = self.cloud.cached().ports_of_subnet(subnet).await?;
        Ok(ports.iter().find(|port| port.id == nic.port_id).cloned())
    }

    fn subnet_of<'a>(&'a self, nic: &'a Nic) -> Option<&'a SubnetId> {
        let by_address = || {
            let holds = |subnet: &&Subnet| nic.addresses.iter().any(|it| subnet.holds(*it));
            self.subnets.iter().find(holds).map(|subnet| &subnet.id)
        };
        nic.subnet_id.as_ref().or_else(by_address)
    }

    async fn at_address(&self, address: IpAddr) -> cloud::Result<Looked> {
        let subnets = self.subnets;
        let mut nics = self.cloud.cached().nics_known_with_address(address, self.vpc_id).await?;
        if nics.is_empty() && subnets.iter().any(|subnet| subnet.may_hold(address)) {
            // The server may have been made since the list was read.
            nics = self.cloud.ports_with_address(address).await?;
            nics.retain(|port| port.is_nic() && subnets.iter().any(|it| it.id == port.subnet_id));
        }
        let Some(nic) = nics.pop() else { return self.instead_of(address, subnets).await };
        if nics.is_empty() {
            return Ok(self.interface(nic));
        }
        nics.push(nic);
        let candidates = nics.into_iter().map(|nic| nic.device_id).collect();
        Ok(Looked::Elsewhere(Location::Ambiguous { candidates }))
    }

    /// What is at an address that is no server's of this VPC.
    async fn instead_of(&self, address: IpAddr, subnets: &[Subnet]) -> cloud::Result<Looked> {
        if let Some(subnet) = subnets.iter().find(|subnet| subnet.holds(address)) {
            let ports = self.cloud.cached().ports_of_subnet(&subnet.id).await?;
            let at_address = ports.iter().find(|port| port.fixed_ips.contains(&address));
            let instead =
                at_address.map(|port| format!("Port {} has it, which is no server's.", port.id));
            return Ok(Looked::Elsewhere(Location::NotFound { instead }));
        }
        let has_it =
            |server: &&Server| server.nics.iter().any(|nic| nic.addresses.contains(&address));
        let mut servers = self.servers.into_iter().flatten();
        let elsewhere = servers.find(has_it).and_then(|server| server.vpc_id.as_ref());
        Ok(Looked::Elsewhere(match elsewhere.filter(|vpc| *vpc != self.vpc_id) {
            Some(vpc) => Location::OtherVpc { vpc_id: Some(vpc.to_string()) },
            None => {
                let instead = Some(format!("No subnet of the VPC holds {address}."));
                Location::NotFound { instead }
            }
        }))
    }

    fn interface(&self, port: Port) -> Looked {
        if self.subnets.iter().all(|subnet| subnet.id != port.subnet_id) {
            return Looked::Elsewhere(Location::OtherVpc { vpc_id: None });
        }
        // The owner of a server's interface is the server.
        let Ok(server_id) = port.device_id.parse::<ServerId>() else {
            return Looked::Elsewhere(Location::NotFound { instead: None });
        };
        let listed = self.servers.into_iter().flatten().find(|server| server.id == server_id);
        let status = listed.map(|server| server.status.clone());
        let ports = listed.into_iter().flat_map(|server| &server.nics).map(|nic| &nic.port_id);
        let others = ports.filter(|id| **id != port.id).cloned().collect();
        Looked::Interface(Box::new(Interface { server_id, port, others, status }))
    }
}
