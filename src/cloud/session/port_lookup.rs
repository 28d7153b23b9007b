//! Ports as this run has read them, for showing and planning: only those that are needed, in as few calls as that takes.
//!
//! One that is named alone is asked for alone. Another one of the same subnet comes out of the list of its ports, and
//! where many are named that have no subnet in common, all ports of the project are listed.
//!
//! API: GET `/v1/{project}/ports` with filters.

use std::{net::IpAddr, sync::Arc};

use super::Cached;
use crate::cloud::{
    api::{
        ids::{PortId, SecurityGroupId, ServerId, VpcId},
        port::Port,
    },
    client::error::Result,
};

/// So many are asked for alone.
const MOST_ALONE: usize = 10;

/// What was asked for alone.
#[derive(Default)]
pub(crate) struct Alone(tokio::sync::Mutex<Asked>);

#[derive(Default)]
struct Asked {
    count: usize,
    /// Those that were found.
    ports: Vec<Port>,
}

impl<'c> Cached<'c> {
    pub async fn port_seen(self, id: &PortId) -> Result<Option<Port>> {
        self.seen(|port| port.id == *id, self.0.client.ports_with_id(id)).await
    }

    /// The interface of a server that packets for the server arrive at, as far as the list of ports tells.
    pub async fn nic_seen(self, server: &ServerId) -> Result<Option<Port>> {
        let is_its = |port: &Port| {
            port.is_nic() && port.device_id == server.as_str() && port.is_primary != Some(false)
        };
        let alone = async { Ok(Vec::from_iter(self.0.primary_nic(server).await?)) };
        self.seen(is_its, alone).await
    }

    /// The ports of the VPC with this address: servers' interfaces, virtual IP addresses and others.
    pub async fn ports_seen_at(self, address: IpAddr, vpc: &VpcId) -> Result<Vec<Port>> {
        let mut found = Vec::new();
        for subnet in self.subnets(vpc).await?.iter().filter(|subnet| subnet.may_hold(address)) {
            let ports = self.ports_of_subnet(&subnet.id).await?;
            found.extend(ports.iter().filter(|port| port.fixed_ips.contains(&address)).cloned());
        }
        Ok(found)
    }

    /// The servers' interfaces with this private address, in all VPCs.
    pub async fn nics_seen_at(self, address: IpAddr) -> Result<Vec<Port>> {
        let operation = format!("look up address {address}");
        let is_alone = {
            let mut asked = self.0.client.during(&operation, self.cache().alone.0.lock()).await?;
            asked.count += 1;
            asked.count <= MOST_ALONE
        };
        let mut ports = match is_alone {
            true => self.0.ports_with_address(address).await?,
            false => Vec::clone(&*self.all_ports().await?),
        };
        ports.retain(|port| port.is_nic() && port.fixed_ips.contains(&address));
        Ok(ports)
    }

    /// The ports that have the security group.
    pub async fn ports_of_group(self, group: &SecurityGroupId) -> Result<Arc<Vec<Port>>> {
        let read = async {
            let mut ports = self.0.client.ports_of_group(group).await?;
            ports.retain(|port| port.security_groups.contains(group));
            Ok(Arc::new(ports))
        };
        self.cache().group_ports.get(group, read).await
    }

    /// The first port that is meant, `alone` being how to ask for it. Look-ups wait for each other, so that all but the
    /// first find what the ones before have read.
    async fn seen(
        self,
        is_meant: impl Fn(&Port) -> bool,
        alone: impl Future<Output = Result<Vec<Port>>>,
    ) -> Result<Option<Port>> {
        let mut asked = self.0.client.during("look up a port", self.cache().alone.0.lock()).await?;
        if let Some(port) = asked.ports.iter().find(|port| is_meant(port)) {
            return Ok(Some(port.clone()));
        }
        for port in &asked.ports {
            let ports = self.ports_of_subnet(&port.subnet_id).await?;
            if let Some(port) = ports.iter().find(|port| is_meant(port)) {
                return Ok(Some(port.clone()));
            }
        }
        if asked.count >= MOST_ALONE {
            let ports = self.all_ports().await?;
            return Ok(ports.iter().find(|port| is_meant(port)).cloned());
        }
        asked.count += 1;
        let found = alone.await?.into_iter().find(|port| is_meant(port));
        asked.ports.extend(found.clone());
        Ok(found)
    }

    /// All ports of the project, of the enterprise project only where one is configured.
    async fn all_ports(self) -> Result<Arc<Vec<Port>>> {
        let read = async { Ok(Arc::new(self.0.client.all_ports().await?)) };
        self.cache().all_ports.get(&(), read).await
    }
}
