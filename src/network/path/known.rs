//! The topology by what is looked up in it, made once for any number of flows.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::{IpAddr, Ipv4Addr},
};

use super::{
    Explanation, Flow, Host, Port, Table, Topology,
    facts::{self, Facts, Server},
    filter::{Filter, Filters},
    outcome::{Stop, Verdict},
    prefixes::Prefixes,
    unknown::{self, Assumed},
};
use crate::network::{NextHopKind, cidr::Cidr, route::Route};

/// Every flow between the servers of a topology can be explained.
pub struct Paths<'t> {
    pub(super) topology: &'t Topology,
    pub(super) interfaces: Vec<Interface<'t>>,
    pub(super) filters: Vec<Filters<'t>>,
    by_address: HashMap<Ipv4Addr, u32>,
    subnets: Prefixes<u32>,
    /// The positions of the routes that win, table by table.
    tables: Vec<Prefixes<u32>>,
    targets: Vec<Vec<Target>>,
    /// The ranges of containers.
    containers: Prefixes<()>,
}

/// The first and the last address of a range.
type Span = (Ipv4Addr, Ipv4Addr);

/// No address is behind the last one and before the first one.
const NOTHING: Span = (Ipv4Addr::BROADCAST, Ipv4Addr::UNSPECIFIED);

/// Where a route leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Interface(u32),
    /// To a server or an interface that is not there.
    Gone,
    /// Out of the VPC, to whoever holds a virtual IP, or to what is not shown: nothing more is known.
    Outside,
}

pub(super) struct Interface<'t> {
    pub(super) address: Ipv4Addr,
    addresses: Vec<Ipv4Addr>,
    /// What it may send from beside these; `None` where its check is off.
    pairs: Option<Vec<Span>>,
    pub(super) table: Option<u32>,
    pub(super) filters: u32,
    groups: Vec<u32>,
    range: Option<Span>,
    /// The first address of the range, which the bridge has.
    pub(super) gateway: Option<Ipv4Addr>,
    facts: &'t Facts,
}

/// What an interface's check says of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Off,
    Own,
    Pair(u32),
    Refused,
}

impl Interface<'_> {
    pub(super) fn has(&self, address: Ipv4Addr) -> bool {
        self.address == address || self.addresses.contains(&address)
    }

    /// The address is one for its containers.
    pub(super) fn hosts(&self, address: Ipv4Addr) -> bool {
        self.range.is_some_and(|(first, last)| (first..=last).contains(&address))
    }

    pub(super) fn check(&self, address: Ipv4Addr) -> Check {
        let Some(pairs) = &self.pairs else { return Check::Off };
        if self.has(address) {
            return Check::Own;
        }
        let holds = |(first, last): &Span| (first..=last).contains(&&address);
        let position = pairs.iter().position(holds).and_then(|it| u32::try_from(it).ok());
        position.map_or(Check::Refused, Check::Pair)
    }
}

impl<'t> Paths<'t> {
    pub fn of(topology: &'t Topology) -> Self {
        let ports = &topology.ports;
        let hosts: HashMap<&str, &Host> =
            topology.hosts.iter().map(|host| (host.port_id.as_str(), host)).collect();
        let tables = positions(topology.tables.iter().map(|table| table.id.as_str()));
        let groups = positions(topology.groups.iter().map(|group| group.id.as_str()));
        let subnets: HashMap<&str, &str> =
            topology.subnets.iter().map(|it| (it.id.as_str(), it.table_id.as_str())).collect();
        let mut filters = Vec::new();
        let mut by_groups: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut count = 0;
        let mut filters_of = |own: &Vec<u32>| {
            *by_groups.entry(own.clone()).or_insert_with(|| {
                let all: Vec<_> =
                    own.iter().filter_map(|it| topology.groups.get(*it as usize)).collect();
                let mut filter = |is_egress| Filter::new(&all, is_egress, &groups, &mut count);
                filters.push(Filters { egress: filter(true), ingress: filter(false) });
                position(filters.len() - 1)
            })
        };
        let interface = |port: &'t Port| {
            let own: Vec<u32> =
                port.groups.iter().filter_map(|id| groups.get(id.as_str()).copied()).collect();
            let filters = filters_of(&own);
            let table = subnets.get(port.subnet_id.as_str()).and_then(|id| tables.get(id));
            Interface::of(port, hosts.get(port.id.as_str()).copied(), table.copied(), filters, own)
        };
        let interfaces: Vec<Interface<'t>> = ports.iter().map(interface).collect();
        let by_address = interfaces.iter().enumerate().flat_map(|(number, it)| {
            it.addresses.iter().map(move |address| (*address, position(number)))
        });
        let by_address = by_address.collect();
        let leading = Leading::of(ports);
        let missing = if topology.lists_all_ports { Target::Gone } else { Target::Outside };
        let target = |route: &Route| leading.target(route, missing);
        let targets = |table: &Table| table.routes.iter().map(target).collect();
        let numbered = |table: &Table| {
            let routes = table.routes.iter().enumerate();
            routes.map(|(number, route)| (route.destination, position(number))).collect()
        };
        let numbered_subnets = topology.subnets.iter().enumerate();
        Self {
            interfaces,
            filters,
            by_address,
            subnets: numbered_subnets.map(|(number, it)| (it.range, position(number))).collect(),
            targets: topology.tables.iter().map(targets).collect(),
            tables: topology.tables.iter().map(numbered).collect(),
            containers: topology.hosts.iter().filter_map(|it| Some((it.range?, ()))).collect(),
            topology,
        }
    }

    /// What becomes of the flow, step by step.
    pub fn explain(&self, flow: &Flow) -> Explanation {
        unknown::explain(self, flow)
    }

    /// The verdict and why not, without the way: for very many flows.
    pub fn verdict(&self, flow: &Flow) -> (Verdict, Option<Stop>) {
        unknown::verdict(self, flow)
    }

    pub(super) fn interface_with(&self, address: Ipv4Addr) -> Option<u32> {
        self.by_address.get(&address).copied()
    }

    /// The groups of the interface that has this address itself.
    pub(super) fn groups_of(&self, address: Ipv4Addr) -> &[u32] {
        let interface = self.interface_with(address);
        interface.map_or(&[], |number| &self.interfaces[number as usize].groups)
    }

    pub(super) fn is_in_subnet(&self, address: Ipv4Addr) -> bool {
        self.subnets.best(address).is_some()
    }

    pub(super) fn is_containers(&self, address: Ipv4Addr) -> bool {
        self.containers.best(address).is_some()
    }

    /// The route of this table that wins for the address.
    pub(super) fn route(&self, table: u32, address: Ipv4Addr) -> Option<(u32, Target)> {
        let route = self.tables.get(table as usize)?.best(address)?;
        Some((route, *self.targets[table as usize].get(route as usize)?))
    }

    pub(super) fn server<'a>(&'a self, port: u32, assumed: &'a Assumed) -> Server<'a> {
        Server { facts: self.interfaces[port as usize].facts, port, assumed }
    }
}

impl<'t> Interface<'t> {
    fn of(
        port: &'t Port,
        host: Option<&'t Host>,
        table: Option<u32>,
        filters: u32,
        groups: Vec<u32>,
    ) -> Self {
        let addresses: Vec<Ipv4Addr> = port.addresses.iter().filter_map(|it| v4(*it)).collect();
        let range = host.and_then(|host| host.range);
        let is_off = port.pairs.iter().any(|pair| pair.is_default() && !pair.is_ipv6());
        Self {
            address: addresses.first().copied().unwrap_or(Ipv4Addr::UNSPECIFIED),
            addresses,
            // Those of IPv6 keep their places and hold nothing.
            pairs: (!is_off)
                .then(|| port.pairs.iter().map(|it| span(*it).unwrap_or(NOTHING)).collect()),
            table,
            filters,
            groups,
            gateway: range.and_then(|range| v4(range.address(1)?)),
            range: range.and_then(span),
            facts: host.map_or(&facts::UNKNOWN, |host| &host.facts),
        }
    }
}

/// Which next hop is which interface.
struct Leading<'t> {
    servers: BTreeMap<&'t str, u32>,
    ports: BTreeMap<&'t str, u32>,
}

impl<'t> Leading<'t> {
    fn of(ports: &'t [Port]) -> Self {
        let numbered = || ports.iter().enumerate().map(|(number, port)| (position(number), port));
        let primary: BTreeSet<&str> =
            ports.iter().filter(|it| it.is_primary).map(|it| it.server_id.as_str()).collect();
        // Where nobody marks the primary one, it is the first; a later entry replaces an earlier one.
        let arrives = |port: &Port| port.is_primary || !primary.contains(port.server_id.as_str());
        let servers = numbered().filter(|(_, port)| arrives(port));
        let servers: Vec<_> = servers.map(|(it, port)| (port.server_id.as_str(), it)).collect();
        Self {
            servers: servers.into_iter().rev().collect(),
            ports: numbered().map(|(it, port)| (port.id.as_str(), it)).collect(),
        }
    }

    fn target(&self, route: &Route, missing: Target) -> Target {
        let known = match route.next_hop.kind {
            NextHopKind::Ecs => &self.servers,
            NextHopKind::Eni => &self.ports,
            _ => return Target::Outside,
        };
        known.get(route.next_hop.id.as_str()).map_or(missing, |it| Target::Interface(*it))
    }
}

fn positions<'t>(ids: impl Iterator<Item = &'t str>) -> HashMap<&'t str, u32> {
    ids.enumerate().map(|(number, id)| (id, position(number))).collect()
}

/// There are never four billion of anything here.
fn position(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn span(range: Cidr) -> Option<Span> {
    Some((v4(range.network())?, v4(range.last())?))
}

fn v4(address: IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}
