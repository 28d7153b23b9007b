//! Who is to host which container range, examined before anything is touched.
//!
//! The rules are those of the vendor's guide (ranges outside the subnets, one range a server, no overlap, the next hop
//! is the server that hosts the range) and of its route tables (`routes.rs`, a quota). What each finding means to a
//! user, and why it is an error or a warning, is told in `docs/guides/findings.md`.
//!
//! Nothing is compared with everything: whatever is looked for is looked up by range, so the work grows as n log n.
//! Where much is wrong at once, a finding names the first few culprits and not all.

mod addresses;
mod hosts;
mod known;
mod proposal;
mod quota;
mod routes;
mod tables;

use super::{
    cidr::Cidr,
    finding::{Finding, Subject},
    range_map::RangeMap,
    route::{NextHopKind, Route},
};
use known::Known;

pub use addresses::capacity;

/// Everything the examination needs to know. What could not be read is empty, and then not judged.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// The VPC's primary and secondary ranges.
    pub vpc_ranges: Vec<Cidr>,
    /// Every subnet of the VPC, one entry a range.
    pub subnets: Vec<Subnet>,
    pub hosts: Vec<Host>,
    /// The user's ranges that must stay reachable elsewhere.
    pub reserved: Vec<Cidr>,
    pub docker_pools: Vec<Cidr>,
    /// Every table of the VPC.
    pub tables: Vec<Table>,
    /// The one that the user wants the routes in, whichever subnets it governs.
    pub named_table: Option<String>,
    /// How many routes a table may hold; `None` is unlimited.
    pub quota: Option<u64>,
    /// Every server there is, by id; `None` if that is not known.
    pub servers: Option<Vec<String>>,
}

#[derive(Debug, Clone)]
pub struct Subnet {
    pub id: String,
    pub name: String,
    pub range: Cidr,
}

#[derive(Debug, Clone)]
pub struct Host {
    /// The key in the configuration.
    pub name: String,
    /// What the user wrote to say which server is meant, for messages.
    pub wanted: String,
    pub location: Location,
    pub range: Cidr,
    /// The range as the user wrote it.
    pub written: String,
    /// How many containers the range has to hold; at least one.
    pub containers: u64,
}

/// Where a host was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    Found(Box<Found>),
    /// With what is there instead, in words, where something is.
    NotFound {
        instead: Option<String>,
    },
    Ambiguous {
        candidates: Vec<String>,
    },
    /// With the VPC it is in, where that is known.
    OtherVpc {
        vpc_id: Option<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub server_id: String,
    /// The interface that is meant.
    pub port_id: String,
    /// The other interfaces of the server, as far as they are known.
    pub other_port_ids: Vec<String>,
    pub subnet_id: String,
    /// `None` where the cloud does not say.
    pub is_primary: Option<bool>,
    pub checks_source: bool,
    /// Such as `ACTIVE`; `None` if it is not known.
    pub status: Option<String>,
    /// The table that the route belongs in.
    pub table_id: String,
    /// The table that packets of this host follow: the one of its subnet.
    pub own_table_id: String,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub id: String,
    /// What enters the VPC from outside follows this one.
    pub is_default: bool,
    pub routes: Vec<Route>,
}

impl Location {
    pub fn found(&self) -> Option<&Found> {
        match self {
            Location::Found(found) => Some(found),
            _ => None,
        }
    }
}

impl Found {
    /// The route sends packets to the interface that is meant: those for a server arrive at its primary one.
    pub fn is_led_to_by(&self, route: &Route) -> bool {
        match self.is_primary {
            Some(false) => route.next_hop.is(&NextHopKind::Eni, &self.port_id),
            Some(true) => route.next_hop.is(&NextHopKind::Ecs, &self.server_id),
            None => {
                route.next_hop.is(&NextHopKind::Ecs, &self.server_id)
                    || route.next_hop.is(&NextHopKind::Eni, &self.port_id)
            }
        }
    }

    /// The route sends packets to this server, be it to another interface than the one that is meant.
    pub fn is_served_by(&self, route: &Route) -> bool {
        let mut ports = self.other_port_ids.iter().chain([&self.port_id]);
        route.next_hop.is(&NextHopKind::Ecs, &self.server_id)
            || ports.any(|port| route.next_hop.is(&NextHopKind::Eni, port))
    }
}

/// All findings: errors first, then warnings, then what is about to be done anyway; in each the order of the hosts.
pub fn examine(layout: &Layout) -> Vec<Finding> {
    let known = Known::of(layout);
    let mut earlier = RangeMap::default();
    let mut of_hosts: Vec<Vec<Finding>> = Vec::with_capacity(layout.hosts.len());
    let mut sound: Vec<&Host> = Vec::with_capacity(layout.hosts.len());
    for host in &layout.hosts {
        let mut findings = hosts::of_host(host, &known);
        let ranges = addresses::of_range(host, &earlier, &known);
        // What the tables hold for a range that has to be another one is of no interest.
        let stands = !ranges.iter().any(Finding::is_error);
        findings.extend(ranges);
        if let Some(found) = host.location.found().filter(|_| stands) {
            let mut of_route = routes::of_route(host, found, &known);
            // Nor is what would become of the route, where another one has the range or a part of it.
            match of_route.iter().any(Finding::is_error) {
                true => of_route.retain(Finding::is_error),
                false => sound.push(host),
            }
            findings.extend(of_route);
        }
        of_hosts.push(findings);
        earlier.insert(host.range, host);
    }
    let mut of_pools = addresses::of_pools(&known);
    proposal::propose(layout, &mut of_hosts, of_pools.as_mut());
    let mut findings: Vec<Finding> = of_hosts.into_iter().flatten().collect();
    findings.extend(tables::of_tables(&sound, &known));
    findings.extend(of_pools);
    findings.extend(quota::of_quota(&known));
    findings.sort_by_key(|finding| (finding.code.severity(), finding.code.resolved_by().is_some()));
    findings
}

/// How many culprits a finding names.
const NAMED: usize = 3;

/// The first few in words: `a, b, c and others`.
fn few(things: impl IntoIterator<Item = String>) -> String {
    let mut things = things.into_iter();
    let named: Vec<String> = things.by_ref().take(NAMED).collect();
    let others = if things.next().is_some() { " and others" } else { "" };
    named.join(", ") + others
}

fn about_range(host: &Host) -> Subject {
    Subject::Range(host.name.clone())
}

fn about_host(host: &Host) -> Subject {
    Subject::Host(host.name.clone())
}
