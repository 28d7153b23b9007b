//! The next hop of a container route: four ways to write it, one form in which the API holds it.

mod foreseen;
mod refusal;

use serde::{Deserialize, Serialize};

pub(super) use self::foreseen::Surroundings;
use super::the_one;
use crate::{
    cloud::{self, Cloud, Port, PortId, ServerId, VpcId},
    framework::{Draft, Path, Problem, Result, all_of, quoted},
    network::{Address, Cidr, NextHop, NextHopKind},
};

pub(super) const NEXT_HOPS: [&str; 4] = ["ecs_id", "host_ip", "port_id", "virtual_ip"];

/// What users read about the aliases.
pub(super) const ECS_ID: &str = "Next hop: the server with this id. At least one of `ecs_id`, `host_ip`, `port_id` and `virtual_ip` is needed. The others show the same next hop where they can; those that are written have to agree.";
pub(super) const HOST_IP: &str = "Next hop: the server that owns this private IP address in the VPC. Where it is written, or after an import, it shows an address that leads to what the route leads to now, and is null once that server is gone.";
pub(super) const PORT_ID: &str = "Next hop: the extension network interface with this port id.";
pub(super) const VIRTUAL_IP: &str = "Next hop: this virtual IP address.";

/// The aliases that are null beside one that is written. An address may lead to a server or to an extension interface.
pub(super) const BESIDE_ECS_ID: [&str; 3] = ["host_ip", "port_id", "virtual_ip"];
pub(super) const BESIDE_HOST_IP: [&str; 1] = ["virtual_ip"];
pub(super) const BESIDE_PORT_ID: [&str; 3] = ["ecs_id", "host_ip", "virtual_ip"];
pub(super) const BESIDE_VIRTUAL_IP: [&str; 3] = ["ecs_id", "host_ip", "port_id"];

/// A next hop as users write and see it. These are aliases of each other: at least one is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Via {
    ecs_id: Option<ServerId>,
    pub(super) host_ip: Option<Address>,
    port_id: Option<PortId>,
    virtual_ip: Option<Address>,
}

/// What is wrong if none is written, or some that cannot be the same: the API tells a server, an extension interface and
/// a virtual IP address apart, and an address may be a name of the former two.
pub(super) fn flaw(config: Draft<'_>) -> Option<Problem> {
    let (hops, open) = config.certain(&NEXT_HOPS);
    let agree =
        hops.len() < 2 || matches!(hops[..], ["ecs_id", "host_ip"] | ["host_ip", "port_id"]);
    if !agree {
        let detail = format!(
            "{} are set, which never name the same next hop. Keep one: a route has one next hop.",
            all_of(&quoted(&hops))
        );
        Some(Problem::error("More than one next hop", detail).at(hops[1]))
    } else if hops.is_empty() && !open {
        Some(no_next_hop())
    } else {
        None
    }
}

fn no_next_hop() -> Problem {
    let detail = format!("Set one of {}.", all_of(&quoted(&NEXT_HOPS)));
    Problem::error("No next hop", detail)
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
    let nics = cloud.cached().nics_known_with_address(address.into(), vpc).await?;
    Ok(match nics.as_slice() {
        [nic] => Some(through(nic)),
        _ => None,
    })
}

/// What a route to the server with this address has to name, seen the interfaces with this and other addresses.
pub(super) fn owner_among(nics: &[Port], address: Address, vpc: &VpcId) -> Result<NextHop> {
    let has_it = |nic: &&Port| nic.fixed_ips.contains(&address.into());
    let nics = nics.iter().filter(has_it).cloned().collect();
    let what = format!("the private address {address} in VPC `{vpc}`");
    Ok(through(&the_one(nics, "host_ip", &what)?))
}

/// The address that names the next hop, where it is the one in the state.
pub(super) fn unmoved_address(prior: Draft<'_>, config: Draft<'_>) -> Option<Address> {
    config.parsed("host_ip").filter(|address| prior.parsed("host_ip") == Some(*address))
}

/// Of these, the ones whose address is another one's now than that of the next hop. What cannot be looked up, or is
/// nobody's, stays as it is.
pub(super) async fn outdated(
    named: Vec<(Path, Address, NextHop)>,
    vpc: &VpcId,
    cloud: &Cloud,
) -> Vec<Path> {
    if named.is_empty() {
        return Vec::new();
    }
    let addresses = named.iter().map(|(_, address, _)| (*address).into()).collect();
    let Ok(nics) = cloud.nics_with_addresses(addresses, vpc).await else { return Vec::new() };
    let has_moved = |(_, address, held): &(Path, Address, NextHop)| {
        owner_among(&nics, *address, vpc).is_ok_and(|owner| owner != *held)
    };
    named.into_iter().filter(has_moved).map(|(path, ..)| path).collect()
}

impl Via {
    /// Shows a next hop in the attribute a user would write it in; a type that has none shows in none.
    pub(super) fn showing(hop: &NextHop) -> Self {
        let NextHop { kind, id } = hop;
        Self {
            ecs_id: (*kind == NextHopKind::Ecs).then(|| id.parse().ok()).flatten(),
            host_ip: None,
            port_id: (*kind == NextHopKind::Eni).then(|| id.parse().ok()).flatten(),
            virtual_ip: (*kind == NextHopKind::Vip).then(|| id.parse().ok()).flatten(),
        }
    }

    /// The same with an address of it: the one given, as long as it leads there.
    pub(super) async fn showing_host(
        hop: &NextHop,
        address: Option<Address>,
        vpc: &VpcId,
        cloud: &Cloud,
    ) -> cloud::Result<Self> {
        let shown = Self::showing(hop);
        if !matches!(hop.kind, NextHopKind::Ecs | NextHopKind::Eni) {
            return Ok(shown);
        }
        if let Some(address) = address
            && known_owner(address, vpc, cloud).await?.as_ref() == Some(hop)
        {
            return Ok(Self { host_ip: Some(address), ..shown });
        }
        let nic = match (&shown.ecs_id, &shown.port_id) {
            (Some(server), _) => cloud.cached().nic_seen(server).await?,
            (None, Some(port)) => cloud.cached().port_seen(port).await?,
            (None, None) => None,
        };
        let nic = nic.filter(|nic| nic.is_nic() && through(nic) == *hop);
        let first = nic.and_then(|nic| nic.fixed_ips.first().copied());
        Ok(Self { host_ip: first.map(Address::from), ..shown })
    }

    /// What is planned, with what it turned out to be.
    pub(super) fn completed(&self, hop: &NextHop) -> Self {
        Self { host_ip: self.host_ip, ..Self::showing(hop) }
    }

    /// In the API's words, where that takes no look-up.
    pub(super) fn plain(&self) -> Option<NextHop> {
        let Self { ecs_id, port_id, virtual_ip, .. } = self;
        let server = ecs_id.as_ref().map(|id| NextHop::new(NextHopKind::Ecs, id.as_str()));
        let port = || port_id.as_ref().map(|id| NextHop::new(NextHopKind::Eni, id.as_str()));
        let virtual_ip =
            || virtual_ip.map(|address| NextHop::new(NextHopKind::Vip, address.to_string()));
        server.or_else(port).or_else(virtual_ip)
    }

    /// In the API's words, as things are now.
    pub(super) async fn resolve<A>(&self, vpc: &VpcId, cloud: &Cloud<A>) -> Result<NextHop> {
        let Some(address) = self.host_ip else { return self.named() };
        let nics = cloud.nics_with_addresses(vec![address.into()], vpc).await?;
        self.agreeing_with(owner_among(&nics, address, vpc)?)
    }

    /// The next hop without an address.
    pub(super) fn named(&self) -> Result<NextHop> {
        Ok(self.plain().ok_or_else(no_next_hop)?)
    }

    /// The owner of the address, unless something else is written beside it.
    pub(super) fn agreeing_with(&self, owner: NextHop) -> Result<NextHop> {
        match self.disagreement(&owner) {
            None => Ok(owner),
            Some(problem) => Err(problem.into()),
        }
    }

    /// The address is that of another next hop than the one that is written beside it.
    pub(super) fn disagreement(&self, owner: &NextHop) -> Option<Problem> {
        let written = self.plain().filter(|written| written != owner)?;
        let address = self.host_ip?;
        let detail = format!(
            "{address} is an address of {} `{}`, and the route is to lead to {} `{}` as well. Correct `host_ip`, or keep \
             one of the two.",
            owner.kind.as_str(),
            owner.id,
            written.kind.as_str(),
            written.id
        );
        Some(Problem::error("Next hops disagree", detail).at("host_ip"))
    }
}

/// The cloud sends what is routed to a server to its primary interface, so an extension interface is named itself.
fn through(nic: &Port) -> NextHop {
    match nic.is_primary {
        Some(false) => NextHop::new(NextHopKind::Eni, nic.id.as_str()),
        Some(true) | None => NextHop::new(NextHopKind::Ecs, nic.device_id.as_str()),
    }
}
