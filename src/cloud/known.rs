//! What a session has read, or is reading, of the cloud.

use std::{net::IpAddr, sync::Arc};

use super::{
    fresh::Fresh,
    ids::{RouteTableId, SecurityGroupId, SubnetId, VpcId},
    memo::Memo,
    port::Port,
    route_table::{RouteTable, RouteTableSummary},
    security_group::SecurityGroupRule,
    subnet::Subnet,
};

/// What one run reads once.
#[derive(Default)]
pub(super) struct Known {
    pub(super) route_tables: Memo<RouteTableId, Option<Arc<RouteTable>>>,
    pub(super) vpcs_of_route_tables: Memo<RouteTableId, Option<VpcId>>,
    /// A VPC without any is not there yet, or its table is not.
    pub(super) route_table_lists: Memo<VpcId, Option<Vec<RouteTableSummary>>>,
    pub(super) subnet_lists: Memo<VpcId, Option<Vec<Subnet>>>,
    pub(super) port_lists: Memo<SubnetId, Arc<Vec<Port>>>,
    pub(super) rule_lists: Memo<SecurityGroupId, Arc<Vec<SecurityGroupRule>>>,
    pub(super) quotas: Memo<String, Option<i64>>,
}

/// What is read anew by whoever decides something, together with others who ask at the same time.
#[derive(Default)]
pub(super) struct Now {
    /// The interfaces with some of the addresses asked for.
    pub(super) nics: Fresh<VpcId, Vec<IpAddr>, Arc<Vec<Port>>>,
    pub(super) rule_lists: Fresh<SecurityGroupId, (), Arc<Vec<SecurityGroupRule>>>,
}
