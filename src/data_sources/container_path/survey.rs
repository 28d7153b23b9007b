//! What the cloud holds between the two ends: subnets, tables, network interfaces and the rules on the way.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use super::endpoint::{Endpoint, Place};
use crate::{
    cloud::{
        Cloud, Kind, Port, PortId, RouteTable, RouteTableId, SecurityGroupId, SecurityGroupRule,
        ServerId, Subnet, SubnetId, VpcId,
    },
    data_sources::sought::Sought,
    framework::{Path, Problem, Result},
    network::{
        Cidr, NextHopKind, Routes,
        association::Associations,
        path::{self, Group, Host, Remote, Topology},
    },
};

pub(super) struct Survey {
    subnets: Vec<Subnet>,
    tables: Vec<Arc<RouteTable>>,
    steering: Associations<RouteTableId, SubnetId>,
    /// The network interfaces of servers, in all subnets.
    ports: Vec<Port>,
    /// The interfaces that what is for a server arrives at, where that had to be asked for.
    primary: BTreeSet<PortId>,
    lists_all_ports: bool,
}

/// The prefix length of a range that is not known.
const USUAL_LENGTH: u8 = 24;

/// Ranges that no network of containers has.
const LONGEST_OF_A_NETWORK: u8 = 30;

pub(super) async fn survey(cloud: &Cloud, vpc: &VpcId) -> Result<Survey> {
    let (subnets, summaries) =
        tokio::join!(cloud.cached().subnets(vpc), cloud.cached().route_tables(vpc));
    let (subnets, summaries) = (subnets?, summaries?);
    if subnets.is_empty() {
        let sought = Sought::new("VPC", "VPCs").by("vpc_id", "the id", Some(vpc));
        sought.the(cloud.vpc(vpc).await?)?;
    }
    let mut tables = Vec::with_capacity(summaries.len());
    for summary in &summaries {
        tables.extend(cloud.cached().route_table(&summary.id).await?);
    }
    let default = cloud.default_among(&summaries).await?;
    let listed = summaries.into_iter().map(|table| (table.id, table.subnets));
    let steering = Associations::new(default, listed);
    let mut ports = Vec::new();
    for subnet in &subnets {
        let here = cloud.cached().ports_of_subnet(&subnet.id).await?;
        ports.extend(here.iter().filter(|port| port.is_nic()).cloned());
    }
    let lists_all_ports = !cloud.sees_part_of_the_ports();
    Ok(Survey { subnets, tables, steering, ports, primary: BTreeSet::new(), lists_all_ports })
}

impl Survey {
    pub(super) fn port_id(&self, port: usize) -> String {
        self.ports.get(port).map(|port| port.id.to_string()).unwrap_or_default()
    }

    /// What an end of the path is.
    pub(super) async fn place(
        &mut self,
        cloud: &Cloud,
        end: &Endpoint,
        attribute: &'static str,
    ) -> Result<Place> {
        let path = |name| Path::from(attribute).attribute(name);
        let container = end.container_ip.and_then(|address| v4(address.into()));
        let named = match (&end.ecs_id, end.host_ip) {
            (Some(server), _) => Some(self.of_server(cloud, server, path("ecs_id")).await?),
            (None, Some(address)) => Some(self.at(address.into(), path("host_ip"))?),
            (None, None) => None,
        };
        let address = match (container, named) {
            (Some(address), _) => address,
            (None, Some(port)) => self.address_of(port, end.host_ip.map(IpAddr::from)),
            (None, None) => {
                return Err(Problem::bug("an end without an address").into());
            }
        };
        let itself = self.ports.iter().position(|port| port.fixed_ips.contains(&address.into()));
        // A server's own address is no container's.
        let container = container.filter(|_| itself.is_none());
        let port = named.or(itself).or_else(|| self.led_to(address));
        let range = container.and_then(|container| {
            let led = || port.and_then(|port| self.range_of(port, container));
            end.container_cidr.or_else(led).or_else(|| Cidr::around(container.into(), USUAL_LENGTH))
        });
        // Where nothing leads, nobody knows whether a container is meant.
        let range = range.filter(|_| port.is_some());
        Ok(Place { port, container: container.filter(|_| port.is_some()), address, range })
    }

    async fn of_server(&mut self, cloud: &Cloud, id: &ServerId, path: Path) -> Result<usize> {
        let is_its = |port: &&Port| port.device_id == id.as_str();
        let several = self.ports.iter().filter(is_its).count() > 1;
        let marked = self.ports.iter().filter(is_its).any(|port| port.is_primary == Some(true));
        if several && !marked {
            self.primary.extend(cloud.primary_nic(id).await?.map(|port| port.id));
        }
        let mut its = (0..self.ports.len()).filter(|it| is_its(&&self.ports[*it]));
        let first = its.clone().next();
        let primary = its.find(|it| self.is_primary(&self.ports[*it]));
        primary.or(first).ok_or_else(|| not_found(&format!("the id `{id}`"), path).into())
    }

    fn at(&self, address: IpAddr, path: Path) -> Result<usize> {
        let mut found =
            (0..self.ports.len()).filter(|it| self.ports[*it].fixed_ips.contains(&address));
        found
            .next()
            .ok_or_else(|| not_found(&format!("the private address {address}"), path).into())
    }

    /// The server that a key of `hosts` stands for.
    pub(super) fn named_in_hosts(&self, name: &str) -> Result<usize> {
        let path = Path::from("hosts").key(name);
        if let Ok(address) = name.parse::<IpAddr>() {
            return self.at(address, path);
        }
        let its = |it: &usize| self.ports[*it].device_id == name;
        let mut all = (0..self.ports.len()).filter(its);
        let first = all.clone().next();
        let primary = all.find(|it| self.is_primary(&self.ports[*it]));
        primary.or(first).ok_or_else(|| not_found(&format!("the id `{name}`"), path).into())
    }

    fn is_primary(&self, port: &Port) -> bool {
        port.is_primary == Some(true) || self.primary.contains(&port.id)
    }

    fn address_of(&self, port: usize, wanted: Option<IpAddr>) -> Ipv4Addr {
        let own = self.ports.get(port).into_iter().flat_map(|port| &port.fixed_ips).copied();
        let first = wanted.into_iter().chain(own).find_map(v4);
        first.unwrap_or(Ipv4Addr::UNSPECIFIED)
    }

    /// The interface that a route of any table leads to for this address; of several tables, the first that says so.
    fn led_to(&self, address: Ipv4Addr) -> Option<usize> {
        self.tables.iter().find_map(|table| {
            let routes: Routes<&crate::network::Route> = table.routes.iter().collect();
            self.next_hop(routes.towards(address.into())?)
        })
    }

    fn next_hop(&self, route: &crate::network::Route) -> Option<usize> {
        let hop = route.next_hop.id.as_str();
        let all = 0..self.ports.len();
        match route.next_hop.kind {
            NextHopKind::Eni => all.into_iter().find(|it| self.ports[*it].id.as_str() == hop),
            NextHopKind::Ecs => self.named_in_hosts(hop).ok(),
            _ => None,
        }
    }

    /// The range of the containers behind an interface, by the routes that lead there.
    fn range_of(&self, port: usize, container: Ipv4Addr) -> Option<Cidr> {
        let routes = self.tables.iter().flat_map(|table| &table.routes);
        let ranges = routes
            .filter(|route| self.next_hop(route) == Some(port))
            .map(|route| route.destination)
            .filter(|range| range.contains_address(container.into()))
            .filter(|range| !range.is_default() && range.prefix_length() <= LONGEST_OF_A_NETWORK);
        ranges.max_by_key(|range| range.prefix_length())
    }

    /// The groups of all interfaces; with their rules those of both ends and of where routes lead for them.
    pub(super) async fn groups(&self, cloud: &Cloud, ends: &[Place]) -> Result<Vec<Group>> {
        let mut relevant: BTreeSet<usize> = ends.iter().filter_map(|end| end.port).collect();
        for table in &self.tables {
            let concerns = |route: &&crate::network::Route| {
                ends.iter().any(|end| route.destination.contains_address(end.address.into()))
            };
            relevant.extend(
                table.routes.iter().filter(concerns).filter_map(|route| self.next_hop(route)),
            );
        }
        let mut groups: BTreeMap<&SecurityGroupId, Option<Vec<path::Rule>>> = BTreeMap::new();
        for id in self.ports.iter().flat_map(|port| &port.security_groups) {
            groups.insert(id, None);
        }
        let wanted: BTreeSet<&SecurityGroupId> =
            relevant.iter().flat_map(|port| &self.ports[*port].security_groups).collect();
        for id in wanted {
            let rules = match cloud.cached().security_group_rules(id).await {
                Ok(rules) => Some(rules.iter().map(rule).collect()),
                Err(error) if error.kind() == Kind::Denied => None,
                Err(error) => return Err(error.into()),
            };
            groups.insert(id, rules);
        }
        let group = |(id, rules): (&SecurityGroupId, _)| Group { id: id.to_string(), rules };
        Ok(groups.into_iter().map(group).collect())
    }

    /// In the words of the examination.
    pub(super) fn topology(&self, groups: Vec<Group>, hosts: Vec<Host>) -> Topology {
        let subnet = |subnet: &Subnet| {
            let table_id = self.steering.table_of(&subnet.id).map(RouteTableId::to_string);
            let (id, table_id) = (subnet.id.to_string(), table_id.unwrap_or_default());
            Some(path::Subnet { id, range: subnet.cidr?, table_id })
        };
        let table = |table: &Arc<RouteTable>| path::Table {
            id: table.id.to_string(),
            // What is local to a table is in a subnet or outside of the VPC.
            routes: table.routes.clone(),
        };
        Topology {
            subnets: self.subnets.iter().filter_map(subnet).collect(),
            tables: self.tables.iter().map(table).collect(),
            ports: self.ports.iter().map(|port| self.examined(port)).collect(),
            lists_all_ports: self.lists_all_ports,
            groups,
            hosts,
            // The documents speak of sources only, and nobody has looked.
            checks_destinations: None,
        }
    }

    fn examined(&self, port: &Port) -> path::Port {
        path::Port {
            id: port.id.to_string(),
            server_id: port.device_id.clone(),
            addresses: port.fixed_ips.clone(),
            subnet_id: port.subnet_id.to_string(),
            is_primary: self.is_primary(port),
            pairs: port
                .address_pairs
                .iter()
                .filter_map(|pair| Cidr::lenient(&pair.ip_address))
                .collect(),
            groups: port.security_groups.iter().map(SecurityGroupId::to_string).collect(),
        }
    }
}

fn rule(rule: &SecurityGroupRule) -> path::Rule {
    let remote = match (&rule.remote_ip_prefix, &rule.remote_group_id) {
        // A range that cannot be read is one nobody knows the addresses of.
        (Some(text), _) => Cidr::lenient(text).map_or(Remote::AddressGroup, Remote::Range),
        (None, Some(group)) => Remote::Group(group.clone()),
        (None, None) if rule.remote_address_group_id.is_some() => Remote::AddressGroup,
        (None, None) => Remote::Anyone,
    };
    path::Rule {
        id: rule.id.to_string(),
        is_egress: rule.direction == "egress",
        is_ipv6: rule.ethertype == "IPv6",
        protocol: rule.protocol.clone(),
        ports: rule.multiport.clone(),
        remote,
        denies: rule.action == "deny",
        priority: rule.priority,
    }
}

fn not_found(wanted: &str, path: Path) -> Problem {
    let detail = format!(
        "In `{path}`: no server of the VPC has {wanted}. Check it, and the region and the project of the provider."
    );
    Problem::error("Server not found", detail).at(path)
}

fn v4(address: IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}
