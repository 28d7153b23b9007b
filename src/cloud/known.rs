//! What a session has read, or is reading, of the cloud.

use std::{future::ready, hash::Hash, net::IpAddr, sync::Arc};

use super::{
    client::Cloud,
    error::Result,
    fresh::Fresh,
    ids::{PortId, RouteTableId, SecurityGroupId, SubnetId, VpcId},
    memo::Memo,
    port::Port,
    port_sight::Alone,
    quota::Quota,
    route_knowledge::Look,
    route_table::RouteTableSummary,
    security_group::SecurityGroupRule,
    security_group_list::SecurityGroup,
    server::Server,
    subnet::Subnet,
    vpc::Vpc,
};
use crate::network::Routes;

/// What one run reads once.
#[derive(Default)]
pub(super) struct Known {
    pub(super) route_tables: Memo<RouteTableId, Option<Look>>,
    pub(super) vpcs_of_route_tables: Memo<RouteTableId, Option<VpcId>>,
    /// A VPC without any is not there yet, or its table is not.
    pub(super) route_table_lists: Memo<VpcId, Option<Vec<RouteTableSummary>>>,
    pub(super) subnet_lists: Memo<VpcId, Option<Vec<Subnet>>>,
    pub(super) port_lists: Memo<SubnetId, Arc<Vec<Port>>>,
    pub(super) rule_lists: Memo<SecurityGroupId, Arc<Vec<SecurityGroupRule>>>,
    /// Those of a table, by range.
    pub(super) routes: Memo<RouteTableId, Option<Arc<Routes>>>,
    pub(super) group_ports: Memo<SecurityGroupId, Arc<Vec<Port>>>,
    pub(super) alone: Alone,
    /// Of the whole project.
    pub(super) all_ports: Memo<(), Arc<Vec<Port>>>,
    pub(super) quotas: Memo<String, Option<Quota>>,
}

/// What is read anew, together with others who ask at the same time: what decides a write, and what a look-up seeks,
/// which may have been made only just before it.
#[derive(Default)]
pub(super) struct Now {
    /// The interfaces with some of the addresses asked for.
    pub(super) nics: Fresh<VpcId, Vec<IpAddr>, Arc<Vec<Port>>>,
    /// Ports of a subnet, by their ids.
    pub(super) ports: Fresh<SubnetId, PortId, Arc<Vec<Port>>>,
    pub(super) rule_lists: Fresh<SecurityGroupId, (), Arc<Vec<SecurityGroupRule>>>,
    /// By enterprise project, as are the groups.
    pub(super) vpc_lists: Fresh<Option<String>, (), Arc<Vec<Vpc>>>,
    pub(super) group_lists: Fresh<Option<String>, (), Arc<Vec<SecurityGroup>>>,
    /// Of every VPC of the project, as are the tables and the servers.
    pub(super) all_subnets: Fresh<(), (), Arc<Vec<Subnet>>>,
    pub(super) route_tables: Fresh<RouteTableId, (), Option<Look>>,
    pub(super) all_route_tables: Fresh<(), (), Arc<Vec<RouteTableSummary>>>,
    pub(super) server_lists: Fresh<(), (), Arc<Vec<Server>>>,
}

impl Cloud {
    /// The answer to a request that has begun after this call, be it our own.
    pub(super) async fn read_anew<K: Clone + Eq + Hash, V: Clone>(
        &self,
        operation: &str,
        line: &Fresh<K, (), V>,
        key: &K,
        read: impl Future<Output = Result<V>>,
    ) -> Result<V> {
        self.during(operation, line.get(key, (), ready(()), |_| read)).await?
    }
}
