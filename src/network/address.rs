//! One IP address in the only spelling we accept.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

/// An IPv4 or IPv6 address in canonical form, such as `192.168.0.2` or `fd00::2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(IpAddr);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    #[error(
        "`{0}` is not an IP address. Write one such as `192.168.0.2`, without a prefix length."
    )]
    NotAddress(String),
    #[error("`{0}` is not the canonical form of this address. Write `{1}`.")]
    NotCanonical(String, IpAddr),
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let address: IpAddr =
            text.parse().map_err(|_| InvalidAddress::NotAddress(text.to_owned()))?;
        if address.to_string() == text {
            Ok(Self(address))
        } else {
            Err(InvalidAddress::NotCanonical(text.to_owned(), address))
        }
    }
}

impl TryFrom<String> for Address {
    type Error = InvalidAddress;

    fn try_from(text: String) -> Result<Self, InvalidAddress> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        Self(address)
    }
}

impl From<Address> for IpAddr {
    fn from(address: Address) -> Self {
        address.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
