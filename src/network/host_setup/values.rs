//! What may stand in the set-up of a host. Each is a type of its own, so that nothing enters the script that the shell, the
//! engine or the kernel would take for something else.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    network::{Cidr, InvalidCidr},
    untrusted,
};

/// Why a text cannot be a setting, with what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSetting {
    #[error(transparent)]
    Cidr(#[from] InvalidCidr),
    #[error(
        "`{0}` is a range of IPv6, and the route tables of a VPC take IPv4 to containers. Write a range such as `10.0.2.0/24`."
    )]
    Ipv6(Cidr),
    #[error(
        "`{0}` has no room for a gateway and a container, or is larger than any network. Write a prefix length from {SHORTEST_PREFIX} to {LONGEST_PREFIX}."
    )]
    Size(Cidr),
    #[error("`{0}` is every address there is, the Internet too. Write the range that is meant.")]
    Everything(Cidr),
    #[error(
        "`{0}` is not a name of a network. Write up to {LONGEST_NAME} letters, digits, `.`, `_` and `-`, a letter or a digit first."
    )]
    Network(String),
    #[error("`{0}` is a network that the engine keeps for itself. Write a name of your own.")]
    OwnNetwork(String),
    #[error(
        "`{0}` is not a name of a bridge. Write up to {LONGEST_INTERFACE} letters, digits, `_` and `-`, a letter or a digit first."
    )]
    Bridge(String),
    #[error(
        "`{0}` is an interface that is there already. Write a name of your own, such as `br-hwvpc`."
    )]
    OwnBridge(String),
    #[error(
        "`{0}` is not an MTU. Write a whole number of bytes from {SMALLEST_MTU} to {LARGEST_MTU}."
    )]
    Mtu(String),
    #[error("`{0}` is not a source address. Write `kept` or `host`.")]
    Source(String),
    #[error(
        "`{0}` is not an engine that is known here. Write `docker` or `podman`, or nothing: then the host decides."
    )]
    Engine(String),
    #[error(
        "`{0}` is not a version of an engine. Write it as the engine shows it, such as `28.5.2`."
    )]
    Release(String),
}

const SHORTEST_PREFIX: u8 = 8;
const LONGEST_PREFIX: u8 = 30;
const LONGEST_NAME: usize = 64;
/// In Linux: 16 bytes with the one that ends it.
const LONGEST_INTERFACE: usize = 15;
/// Of IPv4, and of an interface of Linux.
const SMALLEST_MTU: u32 = 68;
const LARGEST_MTU: u32 = 65_535;
const LONGEST_RELEASE: usize = 64;

/// Types that are texts to their user: `FromStr` judges, and serde goes through it.
macro_rules! texts {
    ($($name:ident)*) => {$(
        impl TryFrom<String> for $name {
            type Error = InvalidSetting;

            fn try_from(text: String) -> Result<Self, InvalidSetting> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

texts! { HostRange TrafficRange NetworkName BridgeName Release }

/// The range of the containers of one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostRange(Cidr);

/// A range that packets come from or go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrafficRange(Cidr);

impl HostRange {
    pub fn range(self) -> Cidr {
        self.0
    }
}

impl TrafficRange {
    pub fn range(self) -> Cidr {
        self.0
    }
}

fn ipv4(text: &str) -> Result<Cidr, InvalidSetting> {
    let range: Cidr = text.parse()?;
    if range.is_ipv6() { Err(InvalidSetting::Ipv6(range)) } else { Ok(range) }
}

impl FromStr for HostRange {
    type Err = InvalidSetting;

    fn from_str(text: &str) -> Result<Self, InvalidSetting> {
        let range = ipv4(text)?;
        let fits = (SHORTEST_PREFIX..=LONGEST_PREFIX).contains(&range.prefix_length());
        if fits { Ok(Self(range)) } else { Err(InvalidSetting::Size(range)) }
    }
}

impl FromStr for TrafficRange {
    type Err = InvalidSetting;

    fn from_str(text: &str) -> Result<Self, InvalidSetting> {
        let range = ipv4(text)?;
        if range.is_default() { Err(InvalidSetting::Everything(range)) } else { Ok(Self(range)) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NetworkName(String);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BridgeName(String);

/// A letter or a digit, then such and these others, and not too many.
fn is_name(text: &str, others: &str, longest: usize) -> bool {
    let fits = |character: char| character.is_ascii_alphanumeric() || others.contains(character);
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(fits)
        && text.len() <= longest
}

impl FromStr for NetworkName {
    type Err = InvalidSetting;

    fn from_str(text: &str) -> Result<Self, InvalidSetting> {
        if !is_name(text, "._-", LONGEST_NAME) {
            return Err(InvalidSetting::Network(untrusted::name(text)));
        }
        let is_kept = ["bridge", "host", "none", "default", "podman"].contains(&text);
        if is_kept {
            Err(InvalidSetting::OwnNetwork(text.to_owned()))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl FromStr for BridgeName {
    type Err = InvalidSetting;

    fn from_str(text: &str) -> Result<Self, InvalidSetting> {
        if !is_name(text, "_-", LONGEST_INTERFACE) {
            return Err(InvalidSetting::Bridge(untrusted::name(text)));
        }
        let is_taken = ["lo", "eth0", "docker0", "podman0", "all", "default"].contains(&text);
        if is_taken {
            Err(InvalidSetting::OwnBridge(text.to_owned()))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

/// The longest packet, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mtu(u32);

impl FromStr for Mtu {
    type Err = InvalidSetting;

    fn from_str(text: &str) -> Result<Self, InvalidSetting> {
        match text.parse() {
            Ok(bytes @ SMALLEST_MTU..=LARGEST_MTU) => Ok(Self(bytes)),
            _ => Err(InvalidSetting::Mtu(untrusted::name(text))),
        }
    }
}

impl fmt::Display for Mtu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whose address a packet of a container has at containers of other hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The container's.
    Kept,
    /// That of the host, as engines do it.
    Host,
}

impl FromStr for Source {
    type Err = InvalidSetting;

    fn from_str(text: &str) -> Result<Self, InvalidSetting> {
        match text {
            "kept" => Ok(Self::Kept),
            "host" => Ok(Self::Host),
            _ => Err(InvalidSetting::Source(untrusted::name(text))),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kept => "kept",
            Self::Host => "host",
        })
    }
}

/// Who runs the containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    Docker,
    Podman,
}

impl Engine {
    /// The oldest that this was tried with.
    pub fn oldest(self) -> (u32, u32) {
        match self {
            Self::Docker => (20, 10),
            Self::Podman => (4, 0),
        }
    }
}

impl FromStr for Engine {
    type Err = InvalidSetting;

    fn from_str(text: &str) -> Result<Self, InvalidSetting> {
        match text {
            "docker" => Ok(Self::Docker),
            "podman" => Ok(Self::Podman),
            _ => Err(InvalidSetting::Engine(untrusted::name(text))),
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        })
    }
}

/// A version of an engine as it shows it: `28.5.2`, `20.10.24+dfsg1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Release(String, (u32, u32));

impl Release {
    pub fn major(&self) -> u32 {
        self.1.0
    }

    pub fn is_before(&self, other: (u32, u32)) -> bool {
        self.1 < other
    }
}

impl FromStr for Release {
    type Err = InvalidSetting;

    fn from_str(text: &str) -> Result<Self, InvalidSetting> {
        let number = |digits: &str| digits.parse::<u32>().ok().filter(|_| !digits.starts_with('+'));
        let numbers = text.split_once('.').and_then(|(major, rest)| {
            let end = rest.find(|character: char| !character.is_ascii_digit());
            number(major).zip(number(&rest[..end.unwrap_or(rest.len())]))
        });
        match numbers.filter(|_| is_name(text, ".+~-", LONGEST_RELEASE)) {
            Some(numbers) => Ok(Self(text.to_owned(), numbers)),
            None => Err(InvalidSetting::Release(untrusted::name(text))),
        }
    }
}
