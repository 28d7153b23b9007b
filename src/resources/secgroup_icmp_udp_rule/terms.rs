//! The words of a security group rule that users type, each a type that cannot be wrong.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    cloud::SecurityGroupRule,
    network::{Cidr, PortRanges},
};

/// What a rule opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Protocol {
    /// ICMP, or ICMPv6 with an IPv6 prefix.
    Icmp,
    Udp,
}

impl Protocol {
    /// What a rule of the cloud opens, as far as this resource makes such rules: all of ICMP, or UDP.
    pub(super) fn of(rule: &SecurityGroupRule) -> Option<Self> {
        match rule.protocol.as_deref()? {
            "icmp" | "icmpv6" | "1" | "58" if rule.multiport.is_none() => Some(Protocol::Icmp),
            "udp" | "17" => Some(Protocol::Udp),
            _ => None,
        }
    }
}

/// The range a rule is about; everything where it names none. `None` if it is about a group or a list of addresses.
pub(super) fn range_of(rule: &SecurityGroupRule) -> Option<Cidr> {
    match (&rule.remote_ip_prefix, &rule.remote_group_id, &rule.remote_address_group_id) {
        (Some(prefix), ..) => Cidr::lenient(prefix),
        (None, None, None) if rule.ethertype == "IPv6" => Cidr::lenient("::/0"),
        (None, None, None) => Cidr::lenient("0.0.0.0/0"),
        _ => None,
    }
}

/// The same ports in whatever spelling; `None` is all of them.
pub(super) fn is_same_ports(one: Option<&str>, other: Option<&str>) -> bool {
    let ranges = |ports: Option<&str>| ports.and_then(|ports| ports.parse::<PortRanges>().ok());
    match (ranges(one), ranges(other)) {
        (Some(one), Some(other)) => one.is_equivalent(&other),
        _ => one == other,
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "icmp" => Ok(Protocol::Icmp),
            "udp" => Ok(Protocol::Udp),
            _ => Err(format!(
                "`{text}` is not a protocol this resource opens. Write `icmp`, `udp` or both; for others use a security \
                 group rule of its own."
            )),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::Icmp => "ICMP",
            Protocol::Udp => "UDP",
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    Ingress,
    Egress,
}

impl FromStr for Direction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ingress" => Ok(Direction::Ingress),
            "egress" => Ok(Direction::Egress),
            _ => Err(format!("`{text}` is not a direction. Write `ingress` or `egress`.")),
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        })
    }
}

/// From 1, the highest, to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub(super) struct Priority(u8);

fn out_of_range(text: impl fmt::Display) -> String {
    format!("`{text}` is not a priority. Write a whole number from 1, the highest, to 100.")
}

impl TryFrom<i64> for Priority {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        match u8::try_from(number) {
            Ok(number @ 1..=100) => Ok(Self(number)),
            _ => Err(out_of_range(number)),
        }
    }
}

impl From<Priority> for i64 {
    fn from(priority: Priority) -> Self {
        priority.0.into()
    }
}

impl FromStr for Priority {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<i64>().map_err(|_| out_of_range(text))?.try_into()
    }
}
