//! What a host of the set is: which network interface its name stands for.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    cloud::{self, Cloud, Port, ServerId, Subnet, SubnetId, VpcId},
    framework::Problem,
    network::Address,
    resources::server_of,
};

/// A name of a network interface.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) enum Host {
    /// The interface with this private address.
    Address(Address),
    /// The primary interface of this server.
    Server(ServerId),
}

impl Host {
    /// Whether the interface is still the one that the host's name stands for.
    pub(super) fn is_on(&self, port: &Port) -> bool {
        match self {
            Self::Address(address) => port.fixed_ips.contains(&(*address).into()),
            Self::Server(server) => server_of(port).as_ref() == Some(server),
        }
    }
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // No id of a server has one of these.
        if text.contains(['.', ':']) {
            text.parse()
                .map(Self::Address)
                .map_err(|error: crate::network::InvalidAddress| error.to_string())
        } else if text.is_empty() {
            Err("`` is no host. Write a private IP address or a server id.".to_owned())
        } else {
            text.parse().map(Self::Server).map_err(|error: cloud::InvalidId| error.to_string())
        }
    }
}

impl TryFrom<String> for Host {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.to_string()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Server(server) => server.fmt(f),
        }
    }
}

/// The subnets of the VPC in which the hosts may be. A server may be in any.
pub(super) fn places<'h>(
    hosts: impl Iterator<Item = &'h Host> + Clone,
    subnets: &[Subnet],
) -> Vec<SubnetId> {
    let may_hold = |subnet: &&Subnet| {
        hosts.clone().any(|host| match host {
            Host::Address(address) => subnet.may_hold((*address).into()),
            Host::Server(_) => true,
        })
    };
    subnets.iter().filter(may_hold).map(|subnet| subnet.id.clone()).collect()
}

/// The interface of each host among the ports of these places, or what is wrong with the name.
pub(super) async fn find<'h, A>(
    hosts: impl Iterator<Item = &'h Host>,
    ports: &[Port],
    vpc: &VpcId,
    cloud: &Cloud<A>,
) -> cloud::Result<BTreeMap<Host, Result<Port, Problem>>> {
    let mut by_address = BTreeMap::new();
    let mut by_server: BTreeMap<ServerId, Vec<&Port>> = BTreeMap::new();
    for nic in ports.iter().filter(|port| port.is_nic()) {
        by_address.extend(nic.fixed_ips.iter().map(|address| (Address::from(*address), nic)));
        if let Some(server) = server_of(nic) {
            by_server.entry(server).or_default().push(nic);
        }
    }
    let mut found = BTreeMap::new();
    for host in hosts {
        let nic = match host {
            Host::Address(address) => by_address.get(address).map(|nic| (*nic).clone()),
            Host::Server(server) => match by_server.get(server).map(Vec::as_slice) {
                None => None,
                Some([only]) => Some((*only).clone()),
                Some(several) => {
                    match several.iter().find(|nic| nic.is_primary == Some(true)) {
                        Some(primary) => Some((*primary).clone()),
                        // Older regions do not mark it.
                        None => cloud.primary_nic(server).await?,
                    }
                }
            },
        };
        found.insert(host.clone(), nic.ok_or_else(|| absent(vpc)));
    }
    Ok(found)
}

fn absent(vpc: &VpcId) -> Problem {
    let detail = format!(
        "No server in VPC `{vpc}` has such a private address or id. Write the private address or the id of an existing \
         server in `hosts`, or make the server first."
    );
    Problem::error("Server not found", detail).at("hosts")
}
