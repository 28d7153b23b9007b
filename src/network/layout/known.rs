//! The layout by what is looked up in it: ranges by range, tables and hosts by id.

use std::collections::{BTreeMap, BTreeSet};

use super::{Host, Layout, Subnet, Table};
use crate::network::{
    NextHopKind,
    cidr::Cidr,
    range_map::RangeMap,
    route::Route,
    routes::Routes,
    system::{Reserved, ranges_without_public_services, system_ranges},
};

pub(super) struct Known<'l> {
    pub(super) layout: &'l Layout,
    pub(super) subnets: RangeMap<&'l Subnet>,
    pub(super) vpc_ranges: RangeMap<()>,
    pub(super) system: RangeMap<Reserved>,
    pub(super) reserved: RangeMap<()>,
    pub(super) docker_pools: RangeMap<()>,
    pub(super) without_public_services: RangeMap<()>,
    pub(super) tables: BTreeMap<&'l str, Routes<&'l Route>>,
    pub(super) default_table: Option<&'l Table>,
    /// The routes to other networks, of all tables.
    pub(super) remote: RangeMap<(&'l Table, &'l Route)>,
    /// The default table leads to other networks, so their packets may come in.
    pub(super) is_entered: bool,
    /// Which host each server and each interface is; of several names the first.
    by_server: BTreeMap<&'l str, &'l Host>,
    by_port: BTreeMap<&'l str, &'l Host>,
    servers: Option<BTreeSet<&'l str>>,
    ranges: BTreeSet<Cidr>,
}

impl<'l> Known<'l> {
    pub(super) fn of(layout: &'l Layout) -> Self {
        let default_table = layout.tables.iter().find(|table| table.is_default);
        let remote = |table: &'l Table| {
            let routes = table.routes.iter().filter(|route| route.is_to_remote());
            routes.map(move |route| (route.destination, (table, route)))
        };
        // A later entry replaces an earlier one, and the first name is wanted.
        let found =
            || layout.hosts.iter().rev().filter_map(|host| Some((host.location.found()?, host)));
        Self {
            layout,
            subnets: layout.subnets.iter().map(|subnet| (subnet.range, subnet)).collect(),
            vpc_ranges: set(&layout.vpc_ranges),
            system: system_ranges().into_iter().map(|it| (it.range, it)).collect(),
            reserved: set(&layout.reserved),
            docker_pools: set(&layout.docker_pools),
            without_public_services: set(&ranges_without_public_services()),
            tables: layout
                .tables
                .iter()
                .map(|table| (table.id.as_str(), table.routes.iter().collect()))
                .collect(),
            default_table,
            remote: layout.tables.iter().flat_map(remote).collect(),
            is_entered: default_table
                .is_some_and(|table| table.routes.iter().any(Route::is_to_remote)),
            by_server: found().map(|(it, host)| (it.server_id.as_str(), host)).collect(),
            by_port: found()
                .flat_map(|(it, host)| {
                    let ports = it.other_port_ids.iter().chain([&it.port_id]);
                    ports.map(move |port| (port.as_str(), host))
                })
                .collect(),
            servers: layout
                .servers
                .as_ref()
                .map(|servers| servers.iter().map(String::as_str).collect()),
            ranges: layout.hosts.iter().map(|host| host.range).collect(),
        }
    }

    pub(super) fn table(&self, id: &str) -> Option<&Routes<&'l Route>> {
        self.tables.get(id)
    }

    /// The first host that is this server.
    pub(super) fn host_of_server(&self, server: &str) -> Option<&'l Host> {
        self.by_server.get(server).copied()
    }

    /// The host of the plan that a route leads to.
    pub(super) fn host_behind(&self, route: &Route) -> Option<&'l Host> {
        let hosts = match route.next_hop.kind {
            NextHopKind::Ecs => &self.by_server,
            NextHopKind::Eni => &self.by_port,
            _ => return None,
        };
        hosts.get(route.next_hop.id.as_str()).copied()
    }

    /// The plan gives exactly this range to some host.
    pub(super) fn is_planned(&self, range: Cidr) -> bool {
        self.ranges.contains(&range)
    }

    /// The route leads to a server of which it is known that it is gone.
    pub(super) fn leads_nowhere(&self, route: &Route) -> bool {
        let is_gone = |servers: &BTreeSet<&str>| !servers.contains(route.next_hop.id.as_str());
        route.next_hop.kind == NextHopKind::Ecs && self.servers.as_ref().is_some_and(is_gone)
    }
}

fn set(ranges: &[Cidr]) -> RangeMap<()> {
    ranges.iter().map(|range| (*range, ())).collect()
}
