//! A route of a route table as a value.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::cidr::Cidr;
use crate::untrusted;

/// One route, its destination in canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub destination: Cidr,
    /// `ecs`, `eni`, `vip`, `local`, … The cloud adds to them.
    pub next_hop_type: String,
    /// Server, port, address …, as the type says; of no meaning for `local`.
    pub next_hop: String,
    pub description: String,
}

/// The types of next hops that containers can be behind.
const HOSTS: [&str; 3] = ["ecs", "eni", "vip"];

/// The types of next hops that another network is behind.
const REMOTES: [&str; 6] = ["peering", "vpn", "dc", "cc", "er", "egw"];

impl Route {
    /// Reserved by the table: subnets and system ranges. Nobody's to make, to change or to remove.
    pub fn is_local(&self) -> bool {
        self.next_hop_type == "local"
    }

    /// It leads to a server, by its id, an interface or a virtual IP: a route to containers is one of these.
    pub fn is_to_host(&self) -> bool {
        HOSTS.contains(&self.next_hop_type.as_str())
    }

    /// It leads to a network outside the VPC whose addresses the destination tells. A default route tells none.
    pub fn is_to_remote(&self) -> bool {
        REMOTES.contains(&self.next_hop_type.as_str()) && !self.destination.is_default()
    }

    pub fn leads_to(&self, next_hop_type: &str, next_hop: &str) -> bool {
        self.next_hop_type == next_hop_type && self.next_hop == next_hop
    }
}

impl fmt::Display for Route {
    /// Where it leads, in words: ``server 4ea1… (`node-1`)``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.next_hop_type.as_str() {
            "ecs" => "server",
            "eni" => "network interface",
            "vip" => "virtual IP",
            "nat" => "NAT gateway",
            "peering" => "peering connection",
            "vpn" => "VPN gateway",
            "dc" => "Direct Connect gateway",
            "cc" => "Cloud Connect",
            "er" => "enterprise router",
            "egw" => "VPC endpoint",
            other => &untrusted::name(other),
        };
        write!(f, "{kind} {}", untrusted::name(&self.next_hop))?;
        match self.description.as_str() {
            "" => Ok(()),
            description => write!(f, " (`{}`)", untrusted::name(description)),
        }
    }
}
