//! Ranges that are spoken for before anybody plans anything.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::cidr::Cidr;

/// A range, and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    pub range: Cidr,
    pub purpose: &'static str,
}

/// Ranges that no container range may touch: the system routes of every VPC route table (100.64.0.0/10,
/// 198.19.128.0/20, 127.0.0.0/8), and what an IP stack keeps for itself.
pub fn system_ranges() -> Vec<Reserved> {
    let v4 = [
        ([0, 0, 0, 0], 8, "\"this network\""),
        ([100, 64, 0, 0], 10, "the cloud's own services, its DNS servers among them"),
        ([127, 0, 0, 0], 8, "loopback"),
        ([169, 254, 0, 0], 16, "link-local addresses, the metadata service among them"),
        ([198, 19, 128, 0], 20, "the cloud's own services"),
        ([224, 0, 0, 0], 4, "multicast"),
        ([240, 0, 0, 0], 4, "reserved addresses and broadcast"),
    ];
    let v6 = [
        ([0, 0, 0, 0, 0, 0, 0, 0], 127, "the unspecified and the loopback address"),
        ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "link-local addresses"),
        ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "multicast"),
    ];
    let v4 = v4
        .into_iter()
        .map(|(address, length, purpose)| (Ipv4Addr::from(address).into(), length, purpose));
    let v6 = v6
        .into_iter()
        .map(|(address, length, purpose)| (Ipv6Addr::from(address).into(), length, purpose));
    v4.chain(v6)
        .filter_map(|(address, length, purpose)| {
            Some(Reserved { range: Cidr::around(address, length)?, purpose })
        })
        .collect()
}

/// Where addresses may be used freely (RFC 1918, RFC 4193).
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/// Ranges for measurements and examples (RFC 2544, RFC 5737, RFC 3849).
const EXAMPLES: [&str; 5] =
    ["198.18.0.0/15", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"];

pub fn private_ranges() -> impl Iterator<Item = Cidr> {
    PRIVATE.iter().filter_map(|text| Cidr::lenient(text))
}

/// Ranges in which no public service can be.
pub fn ranges_without_public_services() -> Vec<Cidr> {
    private_ranges().chain(EXAMPLES.iter().filter_map(|text| Cidr::lenient(text))).collect()
}

/// The system range that holds the whole of this one. A broader range, such as the default route, only holds some.
pub fn system_range_around(range: Cidr) -> Option<Reserved> {
    system_ranges().into_iter().find(|reserved| reserved.range.contains(range))
}

/// The network of Docker's default bridge, `docker0`, which is there on every server with Docker unless it is configured
/// otherwise.
pub fn docker_bridge() -> Option<Cidr> {
    Cidr::around(Ipv4Addr::new(172, 17, 0, 0).into(), 16)
}

/// The ranges Docker takes for networks that are created without `--subnet`.
pub fn docker_pools() -> Vec<Cidr> {
    let slash_16 = (17..=31).map(|second| (Ipv4Addr::new(172, second, 0, 0), 16));
    slash_16
        .chain([(Ipv4Addr::new(192, 168, 0, 0), 16)])
        .filter_map(|(address, length)| Cidr::around(address.into(), length))
        .collect()
}
