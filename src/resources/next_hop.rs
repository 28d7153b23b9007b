//! The next hop of a container route: four ways to write it, one form in which the API holds it.

mod foreseen;
mod refusal;

use serde::{Deserialize, Serialize};

pub(super) use self::foreseen::Surroundings;
use super::the_one;
use crate::{
    cloud::{self, Cloud, Port, PortId, ServerId, VpcId},
    framework::{Draft, Problem, Result, all_of, quoted},
    network::{Address, Cidr},
};

pub(super) const NEXT_HOPS: [&str; 4] = ["ecs_id", "host_ip", "port_id", "virtual_ip"];

/// A next hop as users write it: exactly one of these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Via {
    ecs_id: Option<ServerId>,
    pub(super) host_ip: Option<Address>,
    port_id: Option<PortId>,
    virtual_ip: Option<Address>,
}

/// A next hop as the API holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NextHop {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) id: String,
}

/// What is wrong if it is not exactly one.
pub(super) fn flaw(config: Draft<'_>) -> Option<Problem> {
    let (hops, open) = config.certain(&NEXT_HOPS);
    if hops.len() > 1 {
        let detail = format!(
            "{} are set. Keep exactly one: a route has one next hop.",
            all_of(&quoted(&hops))
        );
        Some(Problem::error("More than one next hop", detail).at(hops[1]))
    } else if hops.is_empty() && !open {
        let detail = format!("Set exactly one of {}.", all_of(&quoted(&NEXT_HOPS)));
        Some(Problem::error("No next hop", detail))
    } else {
        None
    }
}

/// What can be said of a next hop without a cloud, once the destination is known. A server is only looked for by its
/// address, so that may be of either family.
pub(super) fn flaw_towards(destination: Cidr, entry: Draft<'_>) -> Option<Problem> {
    let address: Address = entry.parsed("virtual_ip")?;
    let family = |is_ipv6| if is_ipv6 { "an IPv6" } else { "an IPv4" };
    let is_ipv6 = Cidr::host(address.into()).is_ipv6();
    (is_ipv6 != destination.is_ipv6()).then(|| {
        let detail = format!(
            "{address} is {} address, and {destination} {} range. Write a virtual IP address of the same family.",
            family(is_ipv6),
            family(destination.is_ipv6())
        );
        Problem::error("Next hop of another family", detail).at("virtual_ip")
    })
}

/// What a route to the server with this address has to name, as this run has read it; `None` if no server has the
/// address, or several have.
pub(super) async fn known_owner(
    address: Address,
    vpc: &VpcId,
    cloud: &Cloud,
) -> cloud::Result<Option<NextHop>> {
    let nics = cloud.nics_known_with_address(address.into(), vpc).await?;
    Ok(match nics.as_slice() {
        [nic] => Some(NextHop::through(nic)),
        _ => None,
    })
}

/// What a route to the server with this address has to name, seen the interfaces with this and other addresses.
pub(super) fn owner_among(nics: &[Port], address: Address, vpc: &VpcId) -> Result<NextHop> {
    let has_it = |nic: &&Port| nic.fixed_ips.contains(&address.into());
    let nics = nics.iter().filter(has_it).cloned().collect();
    let what = format!("the private address {address} in VPC `{vpc}`");
    Ok(NextHop::through(&the_one(nics, "host_ip", &what)?))
}

impl Via {
    /// Shows a next hop in the attribute a user would write it in; a type that has none shows in none.
    pub(super) fn showing(hop: &NextHop) -> Self {
        let NextHop { kind, id } = hop;
        Self {
            ecs_id: (kind == "ecs").then(|| id.parse().ok()).flatten(),
            host_ip: None,
            port_id: (kind == "eni").then(|| id.parse().ok()).flatten(),
            virtual_ip: (kind == "vip").then(|| id.parse().ok()).flatten(),
        }
    }

    /// In the API's words, where that takes no look-up.
    pub(super) fn plain(&self) -> Option<NextHop> {
        let hop = |kind: &str, id: String| NextHop { kind: kind.to_owned(), id };
        let server = self.ecs_id.as_ref().map(|id| hop("ecs", id.to_string()));
        let port = || self.port_id.as_ref().map(|id| hop("eni", id.to_string()));
        let virtual_ip = || self.virtual_ip.map(|address| hop("vip", address.to_string()));
        server.or_else(port).or_else(virtual_ip)
    }

    /// In the API's words, as things are now.
    pub(super) async fn resolve(&self, vpc: &VpcId, cloud: &Cloud) -> Result<NextHop> {
        if let Some(address) = self.host_ip {
            let nics = cloud.nics_with_addresses(vec![address.into()], vpc).await?;
            return owner_among(&nics, address, vpc);
        }
        Ok(self.plain().ok_or_else(|| Problem::bug("a route without a next hop"))?)
    }
}

impl NextHop {
    /// The cloud sends what is routed to a server to its primary interface, so an extension interface is named itself.
    fn through(nic: &Port) -> Self {
        match nic.is_primary {
            Some(false) => NextHop { kind: "eni".to_owned(), id: nic.id.to_string() },
            Some(true) | None => NextHop { kind: "ecs".to_owned(), id: nic.device_id.clone() },
        }
    }
}
