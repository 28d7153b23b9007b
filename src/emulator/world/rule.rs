//! Security group rules. A rule is never updated: it is created, and deleted.

use serde::{Deserialize, Serialize};

use super::Moment;
use crate::network::Cidr;

/// The priority of the rules that a new group has.
pub const DEFAULT_PRIORITY: u8 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Ingress,
    Egress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ethertype {
    IPv4,
    IPv6,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Allow,
    Deny,
}

/// What of a protocol is meant. The two versions of the API write it differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ports {
    All,
    /// Ports and port ranges, in the order they were written.
    Ranges(Vec<(u16, u16)>),
    /// Only v1 can write these.
    IcmpType {
        kind: u8,
        code: Option<u8>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remote {
    Anyone,
    Prefix(Cidr),
    Group(String),
    AddressGroup(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub id: String,
    pub direction: Direction,
    pub ethertype: Ethertype,
    pub protocol: Option<String>,
    pub ports: Ports,
    pub remote: Remote,
    pub action: Action,
    pub priority: u8,
    pub enabled: bool,
    pub description: String,
    pub created_at: Moment,
    pub updated_at: Moment,
}

/// A rule as somebody asked for it. The wire has read the ports and filled in the priority: the versions spell the one
/// and default the other differently.
#[derive(Debug, Clone)]
pub struct AskedRule {
    pub direction: Option<String>,
    pub ethertype: Option<String>,
    pub protocol: Option<String>,
    pub ports: Ports,
    pub remote_ip_prefix: Option<String>,
    pub remote_group_id: Option<String>,
    pub remote_address_group_id: Option<String>,
    pub action: Option<String>,
    pub priority: i64,
    pub enabled: Option<bool>,
    pub description: Option<String>,
}

impl Ports {
    /// Reads `"80"`, `"1-30"` or `"22,3389,8080-8090"`.
    pub fn parse(text: &str) -> Option<Self> {
        let ranges = text.split(',').map(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let (low, high): (u16, u16) = (low.parse().ok()?, high.parse().ok()?);
            (low >= 1 && low <= high).then_some((low, high))
        });
        ranges.collect::<Option<Vec<_>>>().map(Self::Ranges)
    }
}

impl Rule {
    /// Whether the cloud takes two rules for the same one. The description makes no difference.
    pub(super) fn is_same(&self, other: &Rule) -> bool {
        self.direction == other.direction
            && self.ethertype == other.ethertype
            && number(self.protocol.as_deref()) == number(other.protocol.as_deref())
            && self.ports == other.ports
            && effective(&self.remote) == effective(&other.remote)
            && self.action == other.action
            && self.priority == other.priority
    }
}

/// The number of a protocol written by name or by number.
pub(super) fn number(protocol: Option<&str>) -> Option<u8> {
    match protocol? {
        "icmp" => Some(1),
        "tcp" => Some(6),
        "udp" => Some(17),
        "icmpv6" => Some(58),
        digits => digits.parse().ok(),
    }
}

/// Everyone, whether left out or written as `0.0.0.0/0`, is the same remote.
fn effective(remote: &Remote) -> &Remote {
    match remote {
        Remote::Prefix(prefix) if prefix.prefix_length() == 0 => &Remote::Anyone,
        other => other,
    }
}
