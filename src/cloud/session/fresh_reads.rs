//! The door to how things are now: whoever asks gets the answer to a request that begins after that, so what it says may
//! decide a write. Those who ask for the same at the same time share a request.

use std::{hash::Hash, net::IpAddr, sync::Arc, time::Duration};

use super::{Cloud, coalesced::Coalesced};
use crate::cloud::{
    api::{
        ids::{PortId, RouteTableId, RuleId, SecurityGroupId, ServerId, SubnetId, VpcId},
        port::Port,
        route_table::{RouteTable, RouteTableSummary},
        security_group::SecurityGroup,
        security_group_rule::SecurityGroupRule,
        server::Server,
        subnet::Subnet,
        vpc::Vpc,
    },
    client::error::Result,
};

/// The requests that are on their way or go next.
#[derive(Default)]
pub(super) struct InFlight {
    /// The interfaces with some of the addresses asked for.
    pub(super) nics: Coalesced<VpcId, Vec<IpAddr>, Arc<Vec<Port>>>,
    /// Ports of a subnet, by their ids.
    pub(super) ports: Coalesced<SubnetId, PortId, Arc<Vec<Port>>>,
    rule_lists: Coalesced<SecurityGroupId, (), Arc<Vec<SecurityGroupRule>>>,
    /// By enterprise project, as are the groups.
    vpc_lists: Coalesced<Option<String>, (), Arc<Vec<Vpc>>>,
    group_lists: Coalesced<Option<String>, (), Arc<Vec<SecurityGroup>>>,
    subnet_lists: Coalesced<VpcId, (), Arc<Vec<Subnet>>>,
    /// Of every VPC of the project, as are the tables and the servers.
    all_subnets: Coalesced<(), (), Arc<Vec<Subnet>>>,
    route_tables: Coalesced<RouteTableId, (), Option<Arc<RouteTable>>>,
    all_route_tables: Coalesced<(), (), Arc<Vec<RouteTableSummary>>>,
    server_lists: Coalesced<(), (), Arc<Vec<Server>>>,
}

impl<A> Cloud<A> {
    pub async fn vpc(&self, id: &VpcId) -> Result<Option<Vpc>> {
        self.client.vpc(id).await
    }

    /// The VPCs of an enterprise project, or of the provider's.
    pub async fn vpcs(&self, enterprise_project: Option<&str>) -> Result<Arc<Vec<Vpc>>> {
        let scope = self.client.enterprise_project(enterprise_project);
        let read = async { self.client.vpcs(scope.as_deref()).await.map(Arc::new) };
        self.shared("list the VPCs", &self.in_flight().vpc_lists, &scope, read).await
    }

    pub async fn subnet(&self, id: &SubnetId) -> Result<Option<Subnet>> {
        self.client.subnet(id).await
    }

    /// The subnets of a VPC.
    pub async fn subnets(&self, vpc: &VpcId) -> Result<Arc<Vec<Subnet>>> {
        let operation = format!("list the subnets of VPC {vpc}");
        let read = async { self.client.subnets(vpc).await.map(Arc::new) };
        self.shared(&operation, &self.in_flight().subnet_lists, vpc, read).await
    }

    /// The subnets of every VPC.
    pub async fn all_subnets(&self) -> Result<Arc<Vec<Subnet>>> {
        let read = async { self.client.all_subnets().await.map(Arc::new) };
        self.shared("list the subnets", &self.in_flight().all_subnets, &(), read).await
    }

    pub async fn route_table(&self, id: &RouteTableId) -> Result<Option<Arc<RouteTable>>> {
        let read = async { Ok(self.client.route_table(id).await?.map(Arc::new)) };
        let operation = format!("read route table {id}");
        self.shared(&operation, &self.in_flight().route_tables, id, read).await
    }

    /// The tables of every VPC.
    pub async fn all_route_tables(&self) -> Result<Arc<Vec<RouteTableSummary>>> {
        let read = async { self.client.all_route_tables().await.map(Arc::new) };
        let operation = "list the route tables";
        self.shared(operation, &self.in_flight().all_route_tables, &(), read).await
    }

    pub async fn server(&self, id: &ServerId) -> Result<Option<Server>> {
        self.client.server(id).await
    }

    /// All servers; with an enterprise project in the provider block, those of it.
    pub async fn servers(&self) -> Result<Arc<Vec<Server>>> {
        let read = async { self.client.servers().await.map(Arc::new) };
        self.shared("list the servers", &self.in_flight().server_lists, &(), read).await
    }

    pub async fn port(&self, id: &PortId) -> Result<Option<Port>> {
        self.client.port(id).await
    }

    pub async fn ports_of_server(&self, id: &ServerId) -> Result<Vec<Port>> {
        self.client.ports_of_server(id).await
    }

    pub async fn ports_of_subnet(&self, subnet: &SubnetId) -> Result<Vec<Port>> {
        self.client.ports_of_subnet(subnet).await
    }

    /// All ports of the project with this private address; several VPCs may use the same.
    pub async fn ports_with_address(&self, address: IpAddr) -> Result<Vec<Port>> {
        self.client.ports_with_address(address).await
    }

    /// Whether lists of ports show those of one enterprise project only.
    pub fn sees_part_of_the_ports(&self) -> bool {
        self.client.config().enterprise_project_id.is_some()
    }

    /// Whether some server's interface has the group, or may have it: lists may show a part only.
    pub async fn may_be_worn(&self, group: &SecurityGroupId) -> Result<bool> {
        let (ports, are_more) = self.client.first_ports_of_group(group).await?;
        let has_it = |port: &Port| port.is_nic() && port.security_groups.contains(group);
        Ok(are_more || self.sees_part_of_the_ports() || ports.iter().any(has_it))
    }

    pub async fn security_group(&self, id: &SecurityGroupId) -> Result<Option<SecurityGroup>> {
        self.client.security_group(id).await
    }

    /// The groups of an enterprise project, or of the provider's.
    pub async fn security_groups(
        &self,
        enterprise_project: Option<&str>,
    ) -> Result<Arc<Vec<SecurityGroup>>> {
        let scope = self.client.enterprise_project(enterprise_project);
        let read = async { self.client.security_groups(scope.as_deref()).await.map(Arc::new) };
        self.shared("list the security groups", &self.in_flight().group_lists, &scope, read).await
    }

    /// The rules of a group.
    pub async fn security_group_rules(
        &self,
        group: &SecurityGroupId,
    ) -> Result<Arc<Vec<SecurityGroupRule>>> {
        let operation = format!("list the rules of security group {group}");
        let read = async { self.client.security_group_rules(group).await.map(Arc::new) };
        self.shared(&operation, &self.in_flight().rule_lists, group, read).await
    }

    pub async fn security_group_rule(&self, id: &RuleId) -> Result<Option<SecurityGroupRule>> {
        self.client.security_group_rule(id).await
    }

    pub(super) fn in_flight(&self) -> &InFlight {
        &self.session.in_flight
    }

    /// The answer to a request that has begun after this call, be it our own.
    async fn shared<K: Clone + Eq + Hash, V: Clone>(
        &self,
        operation: &str,
        line: &Coalesced<K, (), V>,
        key: &K,
        read: impl Future<Output = Result<V>>,
    ) -> Result<V> {
        line.get((&self.client, operation), key, (), Duration::ZERO, |_| read).await
    }
}
