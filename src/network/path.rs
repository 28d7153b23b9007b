//! The way of a packet from one container to another, hop by hop: does it arrive, does the answer come back, and what
//! will `ping` and `traceroute` show?
//!
//! What a server does was measured with real engines, and the order in which things decide with it (`walk.rs`,
//! `facts.rs`); what the VPC does between two servers is the vendor's documents. One flow is a function of values to
//! values: a packet is walked from stage to stage, and so are its answer and every "time exceeded" on the way back. A
//! fact that nobody knows is tried every way, and only where that makes a difference the answer is that it depends.
//!
//! IPv4 only: nothing else was measured.

use std::net::{IpAddr, Ipv4Addr};

use super::{cidr::Cidr, route::Route};

mod facts;
mod filter;
mod known;
mod outcome;
mod prefixes;
mod unknown;
mod walk;
mod words;

pub use facts::{Engine, Facts, GatewayMode, Network, Policy, Published, Version};
pub use known::Paths;
pub use outcome::{Answered, By, Explanation, Hop, Reason, Stage, Step, Stop, Verdict, Way};
pub use unknown::{Fact, What};
pub use words::Told;

/// Everything that decides about packets between the servers of a VPC.
#[derive(Debug, Clone, Default)]
pub struct Topology {
    /// Every subnet of the VPC.
    pub subnets: Vec<Subnet>,
    pub tables: Vec<Table>,
    /// The network interfaces of servers in these subnets.
    pub ports: Vec<Port>,
    /// A next hop that is not among them is gone.
    pub lists_all_ports: bool,
    /// The groups of these interfaces.
    pub groups: Vec<Group>,
    /// The servers of which more is known than their interface.
    pub hosts: Vec<Host>,
    /// Whether the source/destination check looks at destinations too; `None` if that is not known.
    pub checks_destinations: Option<bool>,
}

#[derive(Debug, Clone)]
pub struct Subnet {
    pub id: String,
    pub range: Cidr,
    /// The table that steers it.
    pub table_id: String,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub id: String,
    pub routes: Vec<Route>,
}

/// The network interface of a server.
#[derive(Debug, Clone)]
pub struct Port {
    pub id: String,
    pub server_id: String,
    pub addresses: Vec<IpAddr>,
    pub subnet_id: String,
    /// What is for the server as such arrives here.
    pub is_primary: bool,
    /// What it may send from beside its own addresses.
    pub pairs: Vec<Cidr>,
    pub groups: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Group {
    pub id: String,
    /// `None` if they may not be read.
    pub rules: Option<Vec<Rule>>,
}

#[derive(Debug, Clone)]
pub struct Rule {
    pub id: String,
    pub is_egress: bool,
    pub is_ipv6: bool,
    /// `icmp`, `tcp`, `udp` or a number; any where absent.
    pub protocol: Option<String>,
    /// `22,8000-8010`, and `type/code` for ICMP; all where absent.
    pub ports: Option<String>,
    pub remote: Remote,
    pub denies: bool,
    /// 1 to 100, 1 first.
    pub priority: i64,
}

/// Whom a rule is about.
#[derive(Debug, Clone)]
pub enum Remote {
    Anyone,
    Range(Cidr),
    /// The interfaces that are in this group, by their own addresses.
    Group(String),
    /// A list of ranges that is not known here.
    AddressGroup,
}

/// A server that has containers.
#[derive(Debug, Clone)]
pub struct Host {
    /// The interface that packets for its containers arrive at.
    pub port_id: String,
    /// The range of its containers.
    pub range: Option<Cidr>,
    pub facts: Facts,
}

/// Who calls whom, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// The position of the caller's interface in `Topology::ports`.
    pub from: usize,
    /// The calling container; `None` for the server itself.
    pub container: Option<Ipv4Addr>,
    pub to: Ipv4Addr,
    pub protocol: Protocol,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `ping`, and a traceroute with echo requests.
    Icmp,
    /// A traceroute with UDP, whose probes go to these ports, one after the other.
    Udp { first: u16, last: u16 },
    /// A connection to this port, on which somebody listens.
    Tcp(u16),
}

impl Protocol {
    /// The ports of a traceroute as it comes: one a probe, three probes a hop, three hops.
    pub const TRACEROUTE: Protocol = Protocol::Udp { first: 33_434, last: 33_442 };

    /// Its number in an IP header.
    fn number(self) -> u8 {
        match self {
            Protocol::Icmp => 1,
            Protocol::Tcp(_) => 6,
            Protocol::Udp { .. } => 17,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Protocol::Icmp => "icmp",
            Protocol::Udp { .. } => "udp",
            Protocol::Tcp(_) => "tcp",
        }
    }
}
