//! The door to what this run may have read earlier: for showing and planning. Every thing is read once.

use std::sync::Arc;

use super::{Cloud, Reading, port_lookup::Alone, single_flight::SingleFlight};
use crate::{
    cloud::{
        api::{
            ids::{PortId, RouteTableId, SecurityGroupId, SubnetId, VpcId},
            port::Port,
            quota::Quota,
            route_table::{RouteTable, RouteTableSummary},
            security_group_rule::SecurityGroupRule,
            subnet::Subnet,
        },
        client::error::Result,
    },
    network::Routes,
};

/// What a run has read, or is reading.
#[derive(Default)]
pub(super) struct RunCache {
    pub(super) route_tables: SingleFlight<RouteTableId, Option<Arc<RouteTable>>>,
    pub(super) vpcs_of_route_tables: SingleFlight<RouteTableId, Option<VpcId>>,
    /// A VPC without any is not there yet, or its table is not.
    pub(super) route_table_lists: SingleFlight<VpcId, Option<Vec<RouteTableSummary>>>,
    pub(super) subnet_lists: SingleFlight<VpcId, Option<Vec<Subnet>>>,
    pub(super) port_lists: SingleFlight<SubnetId, Arc<Vec<Port>>>,
    pub(super) rule_lists: SingleFlight<SecurityGroupId, Arc<Vec<SecurityGroupRule>>>,
    /// Those of a table, by range.
    pub(super) routes: SingleFlight<RouteTableId, Option<Arc<Routes>>>,
    pub(super) group_ports: SingleFlight<SecurityGroupId, Arc<Vec<Port>>>,
    pub(super) alone: Alone,
    /// Of the whole project.
    pub(super) all_ports: SingleFlight<(), Arc<Vec<Port>>>,
    quotas: SingleFlight<String, Option<Quota>>,
}

/// Reads that may be answered with what this run has read earlier.
#[derive(Clone, Copy)]
pub struct Cached<'c>(pub(super) &'c Cloud<Reading>);

impl Cloud<Reading> {
    /// What this run has read, or else reads now.
    pub fn cached(&self) -> Cached<'_> {
        Cached(self)
    }
}

impl<'c> Cached<'c> {
    pub async fn route_table(self, id: &RouteTableId) -> Result<Option<Arc<RouteTable>>> {
        self.0.table_of_run(id).await
    }

    /// The routes of a table by range; `None` if there is no such table.
    pub async fn routes(self, table: &RouteTableId) -> Result<Option<Arc<Routes>>> {
        let read = || async {
            let table = self.route_table(table).await?;
            Ok(table.map(|table| Arc::new(table.routes.iter().cloned().collect())))
        };
        self.cache().routes.find(table, read).await
    }

    pub async fn route_tables(self, vpc: &VpcId) -> Result<Vec<RouteTableSummary>> {
        self.0.route_tables_of(vpc).await
    }

    pub async fn subnets(self, vpc: &VpcId) -> Result<Vec<Subnet>> {
        self.0.subnets_of(vpc).await
    }

    /// The port, found in the list of its subnet's ports where `subnet` is known.
    pub async fn port(self, id: &PortId, subnet: Option<&SubnetId>) -> Result<Option<Port>> {
        if let Some(subnet) = subnet {
            let ports = self.ports_of_subnet(subnet).await?;
            if let Some(port) = ports.iter().find(|port| port.id == *id) {
                return Ok(Some(port.clone()));
            }
        }
        // In no list it is gone, moved or hidden; only asking for it tells.
        self.0.port(id).await
    }

    pub async fn ports_of_subnet(self, subnet: &SubnetId) -> Result<Arc<Vec<Port>>> {
        let read = async { Ok(Arc::new(self.0.ports_of_subnet(subnet).await?)) };
        self.cache().port_lists.get(subnet, read).await
    }

    /// The rules of a group.
    pub async fn security_group_rules(
        self,
        group: &SecurityGroupId,
    ) -> Result<Arc<Vec<SecurityGroupRule>>> {
        let read = async { self.0.client.security_group_rules(group).await.map(Arc::new) };
        self.cache().rule_lists.get(group, read).await
    }

    /// The limit of a kind such as [`crate::cloud::ROUTES_PER_TABLE`], or `None` where there is none.
    ///
    /// For limits per parent (routes per table) the cloud does not count what is used: count it yourself.
    pub async fn quota(self, kind: &str) -> Result<Option<i64>> {
        let quota = self.quota_and_use(kind).await?;
        Ok(quota.and_then(|quota| i64::try_from(quota.limit).ok()))
    }

    /// The same with what is used of it.
    pub async fn quota_and_use(self, kind: &str) -> Result<Option<Quota>> {
        self.cache().quotas.get(&kind.to_owned(), self.0.client.quota(kind)).await
    }

    pub(super) fn cache(self) -> &'c RunCache {
        self.0.cache()
    }
}

impl<A> Cloud<A> {
    /// To make later readers read anew what is being changed, and for what never changes.
    pub(super) fn cache(&self) -> &RunCache {
        &self.session.cache
    }
}
