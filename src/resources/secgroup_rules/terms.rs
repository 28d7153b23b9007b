//! The words of a rule that only this resource has, each a type that cannot be wrong.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) enum Protocol {
    All,
    Icmp,
    Icmpv6,
    Tcp,
    Udp,
    /// One without a name here.
    Number(u8),
}

impl Protocol {
    pub(super) fn has_ports(self) -> bool {
        matches!(self, Protocol::Tcp | Protocol::Udp)
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = match text {
            "1" => Some("icmp"),
            "6" => Some("tcp"),
            "17" => Some("udp"),
            "58" => Some("icmpv6"),
            _ => None,
        };
        if let Some(name) = named {
            return Err(format!("`{text}` has a name. Write `{name}`."));
        }
        match text {
            "all" => Ok(Protocol::All),
            "icmp" => Ok(Protocol::Icmp),
            "icmpv6" => Ok(Protocol::Icmpv6),
            "tcp" => Ok(Protocol::Tcp),
            "udp" => Ok(Protocol::Udp),
            _ => {
                let number = text.parse().ok().filter(|number: &u8| number.to_string() == text);
                number.map(Protocol::Number).ok_or_else(|| {
                    format!(
                        "`{text}` is not a protocol. Write `icmp`, `udp`, `tcp`, `icmpv6`, `all`, or the number of \
                         another protocol from 0 to 255."
                    )
                })
            }
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Protocol::All => f.write_str("all"),
            Protocol::Icmp => f.write_str("icmp"),
            Protocol::Icmpv6 => f.write_str("icmpv6"),
            Protocol::Tcp => f.write_str("tcp"),
            Protocol::Udp => f.write_str("udp"),
            Protocol::Number(number) => write!(f, "{number}"),
        }
    }
}

impl TryFrom<String> for Protocol {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Protocol> for String {
    fn from(protocol: Protocol) -> Self {
        protocol.to_string()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Action {
    Allow,
    Deny,
}

impl FromStr for Action {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "allow" => Ok(Action::Allow),
            "deny" => Ok(Action::Deny),
            _ => Err(format!("`{text}` is not an action. Write `allow` or `deny`.")),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Allow => "allow",
            Action::Deny => "deny",
        })
    }
}
