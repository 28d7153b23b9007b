//! The protocols that the pair opens.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::cloud::SecurityGroupRule;

/// What a rule opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Protocol {
    /// ICMP, or ICMPv6 with an IPv6 prefix.
    Icmp,
    Udp,
}

impl Protocol {
    /// The name of its rule in the pair.
    pub(super) fn name(self) -> &'static str {
        match self {
            Protocol::Icmp => "icmp",
            Protocol::Udp => "udp",
        }
    }

    /// What a rule of the cloud opens, as far as this resource makes such rules: all of ICMP, or UDP.
    pub(super) fn of(rule: &SecurityGroupRule) -> Option<Self> {
        match rule.protocol.as_deref()? {
            "icmp" | "icmpv6" | "1" | "58" if rule.multiport.is_none() => Some(Protocol::Icmp),
            "udp" | "17" => Some(Protocol::Udp),
            _ => None,
        }
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
