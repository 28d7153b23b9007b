//! One address range in the only spelling we accept: the network address and the prefix length.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// An IPv4 or IPv6 range without host bits, such as `10.0.2.0/24`.
///
/// Because other spellings of the same range are refused, two ranges are the same if and only if their texts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cidr(IpNet);

/// Why a text is no range, with what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCidr {
    #[error(
        "`{0}` is not a range in CIDR form. Write an address and a prefix length, such as `10.0.2.0/24`."
    )]
    NotCidr(String),
    #[error("`{0}` is a single address. Write `{1}` for this address alone, or the whole range.")]
    Address(String, Cidr),
    #[error("`{0}` is not the canonical form of this range. Write `{1}`.")]
    NotCanonical(String, Cidr),
}

impl Cidr {
    /// The smallest range that holds `address` at this prefix length.
    ///
    /// Returns `None` if the prefix length is too large for the address family.
    pub fn around(address: IpAddr, prefix_length: u8) -> Option<Self> {
        IpNet::new(address, prefix_length).ok().map(|net| Self(net.trunc()))
    }

    /// The range of this one address.
    pub fn host(address: IpAddr) -> Self {
        Self(IpNet::from(address))
    }

    /// The range meant by a text in any spelling: a bare address, host bits set, IPv6 written out.
    ///
    /// For texts that come from a cloud, not from a user.
    pub fn lenient(text: &str) -> Option<Self> {
        if let Ok(net) = text.parse::<IpNet>() {
            return Some(Self(net.trunc()));
        }
        text.parse::<IpAddr>().ok().map(Self::host)
    }

    pub fn network(self) -> IpAddr {
        self.0.network()
    }

    /// The last address: the broadcast address in IPv4.
    pub fn last(self) -> IpAddr {
        self.0.broadcast()
    }

    pub fn prefix_length(self) -> u8 {
        self.0.prefix_len()
    }

    /// Every address there is, of one family.
    pub fn is_default(self) -> bool {
        self.prefix_length() == 0
    }

    pub fn is_ipv6(self) -> bool {
        matches!(self.0, IpNet::V6(_))
    }

    /// Every address of `inner` is in this range. False across address families.
    pub fn contains(self, inner: Cidr) -> bool {
        self.0.contains(&inner.0)
    }

    pub fn contains_address(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    /// Some address is in both ranges. Two ranges overlap only if one contains the other.
    pub fn overlaps(self, other: Cidr) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The address at this offset from the first; `None` outside the range.
    pub fn address(self, offset: u32) -> Option<IpAddr> {
        let number = number_of(self.network()).checked_add(offset.into())?;
        address_of(number, self.is_ipv6()).filter(|address| self.contains_address(*address))
    }

    /// How many addresses the range holds; `u128::MAX` for the whole of IPv6, which holds one more.
    pub fn size(self) -> u128 {
        let host_bits = u32::from(self.0.max_prefix_len() - self.0.prefix_len());
        1_u128.checked_shl(host_bits).unwrap_or(u128::MAX)
    }
}

impl FromStr for Cidr {
    type Err = InvalidCidr;

    fn from_str(text: &str) -> Result<Self, InvalidCidr> {
        let net = match text.parse::<IpNet>() {
            Ok(net) => net,
            Err(_) => {
                return Err(match text.parse::<IpAddr>() {
                    Ok(address) => InvalidCidr::Address(text.to_owned(), Self::host(address)),
                    Err(_) => InvalidCidr::NotCidr(text.to_owned()),
                });
            }
        };
        let canonical = Self(net.trunc());
        if canonical.to_string() == text {
            Ok(canonical)
        } else {
            Err(InvalidCidr::NotCanonical(text.to_owned(), canonical))
        }
    }
}

impl TryFrom<String> for Cidr {
    type Error = InvalidCidr;

    fn try_from(text: String) -> Result<Self, InvalidCidr> {
        text.parse()
    }
}

impl From<Cidr> for String {
    fn from(cidr: Cidr) -> Self {
        cidr.to_string()
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The address as a number, for reckoning within its family.
pub(super) fn number_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// The address with this number; `None` behind the last one of IPv4.
pub(super) fn address_of(number: u128, is_ipv6: bool) -> Option<IpAddr> {
    if is_ipv6 {
        return Some(IpAddr::V6(number.into()));
    }
    Some(IpAddr::V4(u32::try_from(number).ok()?.into()))
}

/// The positions of every two ranges that overlap, the smaller position first, ordered; of more than `most` such pairs
/// some, so that the work stays near the length of the list.
pub fn overlapping_pairs(ranges: &[Cidr], most: usize) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..ranges.len()).collect();
    // A range sorts before everything it contains, so the ranges that contain a given one are a stack.
    order.sort_by_key(|&position| (ranges[position], position));
    let mut enclosing: Vec<usize> = Vec::new();
    let mut pairs = Vec::new();
    for position in order {
        while enclosing.last().is_some_and(|&outer| !ranges[outer].contains(ranges[position])) {
            enclosing.pop();
        }
        let room = most - pairs.len();
        let with_outer = |&outer: &usize| (outer.min(position), outer.max(position));
        pairs.extend(enclosing.iter().take(room).map(with_outer));
        if pairs.len() == most {
            break;
        }
        enclosing.push(position);
    }
    pairs.sort_unstable();
    pairs
}
