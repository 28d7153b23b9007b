//! A route of a route table as a value.

use std::{convert::Infallible, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::cidr::Cidr;
use crate::untrusted;

/// One route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub destination: Cidr,
    pub next_hop: NextHop,
    pub description: String,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextHop {
    #[serde(rename = "type")]
    pub kind: NextHopKind,
    /// The id of a server, of a port, a virtual IP address …, as the kind says; of no meaning for `local`.
    pub id: String,
}

/// The `type` of a route. The cloud adds to them, so one that is not known here is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum NextHopKind {
    /// A server, by its id: its primary interface.
    Ecs,
    /// An extension network interface.
    Eni,
    /// A virtual IP address.
    Vip,
    Nat,
    Peering,
    Vpn,
    DirectConnect,
    CloudConnect,
    EnterpriseRouter,
    /// A VPC endpoint.
    Egw,
    /// The table's own: subnets and system ranges.
    Local,
    Other(String),
}

use NextHopKind::{
    CloudConnect, DirectConnect, Ecs, Egw, Eni, EnterpriseRouter, Local, Nat, Other, Peering, Vip,
    Vpn,
};

impl NextHopKind {
    /// As the API spells it.
    pub fn as_str(&self) -> &str {
        match self {
            Ecs => "ecs",
            Eni => "eni",
            Vip => "vip",
            Nat => "nat",
            Peering => "peering",
            Vpn => "vpn",
            DirectConnect => "dc",
            CloudConnect => "cc",
            EnterpriseRouter => "er",
            Egw => "egw",
            Local => "local",
            Other(text) => text,
        }
    }

    /// Containers can be behind it: a route to containers is one of these.
    pub fn is_host(&self) -> bool {
        matches!(self, Ecs | Eni | Vip)
    }

    /// Another network is behind it.
    pub fn is_remote(&self) -> bool {
        matches!(self, Peering | Vpn | DirectConnect | CloudConnect | EnterpriseRouter | Egw)
    }

    /// Users make such routes. The cloud makes all others itself (`local`, `egw`, `subeni`), or a gateway does by what it
    /// learns (`vpn`, `dc`, `cc`); one that is not known here is taken for one of those.
    pub fn is_made_by_users(&self) -> bool {
        matches!(self, Ecs | Eni | Vip | Nat | Peering | EnterpriseRouter)
    }
}

impl From<String> for NextHopKind {
    fn from(text: String) -> Self {
        match text.as_str() {
            "ecs" => Ecs,
            "eni" => Eni,
            "vip" => Vip,
            "nat" => Nat,
            "peering" => Peering,
            "vpn" => Vpn,
            "dc" => DirectConnect,
            "cc" => CloudConnect,
            "er" => EnterpriseRouter,
            "egw" => Egw,
            "local" => Local,
            _ => Other(text),
        }
    }
}

impl From<NextHopKind> for String {
    fn from(kind: NextHopKind) -> Self {
        match kind {
            Other(text) => text,
            known => known.as_str().to_owned(),
        }
    }
}

impl FromStr for NextHopKind {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.to_owned().into())
    }
}

impl NextHop {
    pub fn new(kind: NextHopKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }

    /// It is the one of this kind with this id.
    pub fn is(&self, kind: &NextHopKind, id: &str) -> bool {
        self.kind == *kind && self.id == id
    }
}

impl Route {
    /// Reserved by the table: subnets and system ranges. Nobody's to make, to change or to remove.
    pub fn is_local(&self) -> bool {
        self.next_hop.kind == Local
    }

    /// It leads to a network outside the VPC whose addresses the destination tells. A default route tells none.
    pub fn is_to_remote(&self) -> bool {
        self.next_hop.kind.is_remote() && !self.destination.is_default()
    }

    /// The same next hop and description; the destination is taken to be the same.
    pub fn is_like(&self, other: &Self) -> bool {
        (&self.next_hop, &self.description) == (&other.next_hop, &other.description)
    }
}

impl fmt::Display for Route {
    /// Where it leads, in words: ``server 4ea1… (`node-1`)``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.next_hop.kind {
            Ecs => "server",
            Eni => "network interface",
            Vip => "virtual IP",
            Nat => "NAT gateway",
            Peering => "peering connection",
            Vpn => "VPN gateway",
            DirectConnect => "Direct Connect gateway",
            CloudConnect => "Cloud Connect",
            EnterpriseRouter => "enterprise router",
            Egw => "VPC endpoint",
            Local => "local",
            Other(other) => &untrusted::name(other),
        };
        write!(f, "{kind} {}", untrusted::name(&self.next_hop.id))?;
        match self.description.as_str() {
            "" => Ok(()),
            description => write!(f, " (`{}`)", untrusted::name(description)),
        }
    }
}
