//! Which object is meant, where the user does not name it by its id: a VPC's default route table, the network
//! interface of a server or of a private address.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use super::{Cached, Cloud, Reading, Writing};
use crate::cloud::{
    api::{
        ids::{RouteTableId, ServerId, SubnetId, VpcId},
        port::Port,
        route_table::{RouteTable, RouteTableSummary},
        subnet::Subnet,
    },
    client::error::Result,
};

impl Cloud<Reading> {
    /// A table never moves to another VPC, so this is read once. `None` if there is no such table.
    pub async fn vpc_of_route_table(&self, table: &RouteTableId) -> Result<Option<VpcId>> {
        Ok(self.table_of_run(table).await?.map(|table| table.vpc_id.clone()))
    }
}

impl Cloud<Writing> {
    /// The same; the table is read for the writer of its routes, too.
    pub async fn vpc_of_route_table(&self, table: &RouteTableId) -> Result<Option<VpcId>> {
        let writer = self.session.route_writers.of(table);
        let read =
            || async { Ok(writer.read(&self.client).await?.map(|table| table.vpc_id.clone())) };
        self.cache().vpcs_of_route_tables.find(table, read).await
    }
}

impl<A> Cloud<A> {
    /// Another table never becomes a VPC's default one, so this is read once. `None` if the VPC does not exist, or in a
    /// cloud without route tables.
    pub async fn default_route_table(&self, vpc: &VpcId) -> Result<Option<RouteTableId>> {
        let tables = self.route_tables_of(vpc).await?;
        self.default_among(&tables).await
    }

    /// The default one of a VPC's tables. Some clouds mark it only in the table itself, not in the list.
    pub async fn default_among(
        &self,
        tables: &[RouteTableSummary],
    ) -> Result<Option<RouteTableId>> {
        if let Some(table) = tables.iter().find(|table| table.is_default == Some(true)) {
            return Ok(Some(table.id.clone()));
        }
        for summary in tables.iter().filter(|table| table.is_default.is_none()) {
            if self.table_of_run(&summary.id).await?.is_some_and(|table| table.is_default) {
                return Ok(Some(summary.id.clone()));
            }
        }
        Ok(None)
    }

    /// A table, read once. For what never changes as long as it exists, and behind the door of the cache.
    pub(super) async fn table_of_run(&self, id: &RouteTableId) -> Result<Option<Arc<RouteTable>>> {
        self.cache().route_tables.find(id, || self.route_table(id)).await
    }

    /// The tables of a VPC, read once. For what never changes as long as they exist, and behind the door of the cache.
    pub(super) async fn route_tables_of(&self, vpc: &VpcId) -> Result<Vec<RouteTableSummary>> {
        let read = || async {
            let tables = self.client.route_tables(vpc).await?;
            Ok(Some(tables).filter(|tables| !tables.is_empty()))
        };
        Ok(self.cache().route_table_lists.find(vpc, read).await?.unwrap_or_default())
    }

    /// The subnets of a VPC, read once. They never move to another VPC, and their ranges never change.
    pub(super) async fn subnets_of(&self, vpc: &VpcId) -> Result<Vec<Subnet>> {
        let read = || async {
            let subnets = self.client.subnets(vpc).await?;
            Ok(Some(subnets).filter(|subnets| !subnets.is_empty()))
        };
        Ok(self.cache().subnet_lists.find(vpc, read).await?.unwrap_or_default())
    }

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
    pub async fn nics_with_address(
        &self,
        address: IpAddr,
        vpc: Option<&VpcId>,
    ) -> Result<Vec<Port>> {
        if let Some(vpc) = vpc {
            return self.nics_with_addresses(vec![address], vpc).await;
        }
        let mut nics = self.ports_with_address(address).await?;
        nics.retain(Port::is_nic);
        Ok(nics)
    }

    /// The servers' interfaces in the VPC with one of these private addresses, in no order. Look-ups
    /// that are wanted at the same time are one.
    pub async fn nics_with_addresses(
        &self,
        addresses: Vec<IpAddr>,
        vpc: &VpcId,
    ) -> Result<Vec<Port>> {
        let operation = format!("look up addresses in VPC {vpc}");
        let look_up = |questions: Vec<Vec<IpAddr>>| async move {
            let wanted = questions.iter().flatten().copied().collect();
            let found = self.nics_now(&wanted, vpc).await;
            found.map(Arc::new)
        };
        let line = &self.in_flight().nics;
        let bounds = (&self.client, operation.as_str());
        let look_up =
            line.get(bounds, vpc, addresses.clone(), self.client.config().linger, look_up);
        let mut nics = Vec::clone(&*look_up.await?);
        nics.retain(|nic| addresses.iter().any(|address| nic.fixed_ips.contains(address)));
        Ok(nics)
    }

    /// In as few calls as it takes: the ports of a subnet where it holds several of the addresses, else the ports with
    /// the address.
    async fn nics_now(&self, addresses: &BTreeSet<IpAddr>, vpc: &VpcId) -> Result<Vec<Port>> {
        let mut single = addresses.clone();
        let mut nics = Vec::new();
        if addresses.len() > 1 {
            for subnet in self.subnets_of(vpc).await? {
                let held = |address: &&IpAddr| subnet.holds(**address);
                let held: Vec<IpAddr> = addresses.iter().filter(held).copied().collect();
                if held.len() > 1 {
                    nics.extend(self.ports_of_subnet(&subnet.id).await?);
                    single.retain(|address| !held.contains(address));
                }
            }
        }
        nics.retain(Port::is_nic);
        for address in single {
            nics.extend(self.nics_inside(address, vpc).await?);
        }
        Ok(nics)
    }

    async fn nics_inside(&self, address: IpAddr, vpc: &VpcId) -> Result<Vec<Port>> {
        let mut nics = self.ports_with_address(address).await?;
        nics.retain(Port::is_nic);
        // A subnet never moves to another VPC, so for those once seen in this one the list of this run will do.
        let known = self.subnets_of(vpc).await?;
        let mut inside = Vec::new();
        for nic in nics {
            let is_known = known.iter().any(|subnet| subnet.id == nic.subnet_id);
            if is_known || self.is_subnet_of(&nic.subnet_id, vpc).await? {
                inside.push(nic);
            }
        }
        Ok(inside)
    }

    async fn is_subnet_of(&self, subnet: &SubnetId, vpc: &VpcId) -> Result<bool> {
        Ok(self.subnet(subnet).await?.is_some_and(|subnet| subnet.vpc_id == *vpc))
    }
}

impl<'c> Cached<'c> {
    /// The servers' interfaces with this private address, out of the ports of the subnet it is in.
    pub async fn nics_known_with_address(self, address: IpAddr, vpc: &VpcId) -> Result<Vec<Port>> {
        let mut nics = self.ports_seen_at(address, vpc).await?;
        nics.retain(Port::is_nic);
        Ok(nics)
    }
}

fn choose_primary(ports: Vec<Port>) -> Option<Port> {
    let marked = ports.iter().position(|port| port.is_primary == Some(true));
    ports.into_iter().nth(marked.unwrap_or(0))
}
