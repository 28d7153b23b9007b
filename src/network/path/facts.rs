//! What a server does with packets for and from its containers, as measured on Docker 20.10 to 29.
//!
//! Docker's own network namespaces aside there are four generations: up to 26 gateway modes are ignored; 27 knows
//! `routed`; 28.0 drops what comes from outside in FORWARD and, for published ports, before routing; from 28.2 on
//! everything from outside is dropped before routing, so that not even a "time exceeded" is sent.

use std::{net::Ipv4Addr, str::FromStr};

use super::{
    Protocol,
    unknown::{Assumed, Fact, Unknown, What},
};
use crate::network::cidr::Cidr;

/// What is known about a server. `None` is not known, and is then tried every way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub engine: Engine,
    pub version: Option<Version>,
    /// The engine writes nftables tables of its own instead of iptables rules.
    pub is_nftables: bool,
    /// The engine writes rules at all.
    pub writes_rules: bool,
    /// As the engine applies it to the containers' network.
    pub gateway_mode: Option<GatewayMode>,
    /// What containers send to containers of other servers carries the server's address.
    pub masquerades: Option<bool>,
    /// The same for what they send to other servers themselves.
    pub masquerades_to_servers: Option<bool>,
    /// `net.ipv4.ip_forward` is 1.
    pub forwards: Option<bool>,
    /// The policy of the chain FORWARD.
    pub forward_policy: Option<Policy>,
    /// Sources that a rule of the user lets through to the containers: in `DOCKER-USER`, or by the mark that the engine
    /// accepts where it writes nftables.
    pub admits: Vec<Cidr>,
    /// The engine does not drop what comes directly for a container (`allow-direct-routing`, `trusted_host_interfaces`).
    pub allows_direct: bool,
    pub published: Option<Vec<Published>>,
    pub network: Network,
}

impl Facts {
    /// Nothing is known but that there are containers, and no rules of the user.
    pub const UNKNOWN: Self = Self {
        engine: Engine::Docker,
        version: None,
        is_nftables: false,
        writes_rules: true,
        gateway_mode: None,
        masquerades: None,
        masquerades_to_servers: None,
        forwards: None,
        forward_policy: None,
        admits: Vec::new(),
        allows_direct: false,
        published: None,
        network: Network::Up,
    };
}

/// The facts of a server of which nothing is known.
pub(super) static UNKNOWN: Facts = Facts::UNKNOWN;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Docker,
    Podman,
}

/// Major and minor version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayMode {
    NatUnprotected,
    Routed,
    Nat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    Accept,
    Drop,
}

/// A port of the server that stands for one of a container, in TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// `None` where it is not known, as opposed to the container's.
    pub server_port: Option<u16>,
    pub container: Ipv4Addr,
    pub container_port: u16,
}

/// The containers' network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    Up,
    /// It is there, and the container is not.
    ContainerDown,
    /// It is not there; `guarded` where a route keeps packets for it from going back to the VPC.
    Gone {
        guarded: bool,
    },
}

/// Versions that do the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Generation {
    UpTo26,
    V27,
    V28Before2,
    From28_2,
}

const GENERATIONS: &[Generation] =
    &[Generation::UpTo26, Generation::V27, Generation::V28Before2, Generation::From28_2];
const MODES: &[GatewayMode] = &[GatewayMode::NatUnprotected, GatewayMode::Routed, GatewayMode::Nat];
const POLICIES: &[Policy] = &[Policy::Accept, Policy::Drop];
const YES_NO: &[bool] = &[true, false];

impl FromStr for Version {
    type Err = String;

    /// `28.5.2`, `28.5` or `28`.
    fn from_str(text: &str) -> Result<Self, String> {
        let refusal = || {
            format!(
                "`{text}` is not a version. Write what `docker version` tells, such as `28.5.2`."
            )
        };
        let mut numbers = text.split('.').map(str::parse::<u16>);
        let major = numbers.next().and_then(Result::ok).ok_or_else(refusal)?;
        let minor = numbers.next().unwrap_or(Ok(0)).map_err(|_| refusal())?;
        Ok(Self(major, minor))
    }
}

impl Version {
    fn generation(self) -> Generation {
        match self {
            Version(..=26, _) => Generation::UpTo26,
            Version(27, _) => Generation::V27,
            Version(28, 0..=1) => Generation::V28Before2,
            Version(..) => Generation::From28_2,
        }
    }
}

/// A packet as a server's rules look at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) protocol: Protocol,
    pub(super) source: Ipv4Addr,
    pub(super) destination: Ipv4Addr,
    /// The first of its connection, as opposed to an answer or an error about it.
    pub(super) is_new: bool,
}

/// A server and what is assumed about it.
#[derive(Clone, Copy)]
pub(super) struct Server<'f> {
    pub(super) facts: &'f Facts,
    /// Of its interface.
    pub(super) port: u32,
    pub(super) assumed: &'f Assumed,
}

type Answer<T> = Result<T, Unknown>;

impl Server<'_> {
    fn ask<T: Copy>(&self, what: What, known: Option<T>, values: &[T]) -> Answer<T> {
        self.assumed.value(Fact { what, at: self.port }, known, values)
    }

    pub(super) fn forwards(&self) -> Answer<bool> {
        self.ask(What::Forwarding, self.facts.forwards, YES_NO)
    }

    fn generation(&self) -> Answer<Generation> {
        let known = self.facts.version.map(Version::generation);
        self.ask(What::EngineVersion, known, GENERATIONS)
    }

    /// The mode that counts: up to 26 it is ignored, and 27 refuses `nat-unprotected`.
    fn mode(&self) -> Answer<GatewayMode> {
        match self.generation()? {
            Generation::UpTo26 => Ok(GatewayMode::Nat),
            _ => self.ask(What::GatewayMode, self.facts.gateway_mode, MODES),
        }
    }

    /// The engine's rules are those of Docker.
    fn has_dockers_rules(&self) -> bool {
        self.facts.engine == Engine::Docker && self.facts.writes_rules
    }

    /// What leaves its containers for this address gets the server's own.
    pub(super) fn masquerades(&self, to_container: bool) -> Answer<bool> {
        let facts = self.facts;
        let known = if to_container { facts.masquerades } else { facts.masquerades_to_servers };
        if known.is_none() && !facts.writes_rules {
            return Ok(false);
        }
        // Nobody has to be asked twice about a network whose mode is known.
        let is_routed =
            || facts.gateway_mode == Some(GatewayMode::Routed) && facts.version.is_some();
        if known.is_none() && is_routed() && self.mode()? == GatewayMode::Routed {
            return Ok(false);
        }
        self.ask(What::Masquerade, known, YES_NO)
    }

    /// The engine drops it before it is routed: only what comes from outside gets here.
    pub(super) fn drops_direct(&self, look: Look) -> Answer<bool> {
        if !self.has_dockers_rules()
            || self.facts.allows_direct
            || self.facts.network != Network::Up
            || self.generation()? < Generation::V28Before2
            || self.mode()? != GatewayMode::Nat
        {
            return Ok(false);
        }
        match self.generation()? {
            Generation::From28_2 => Ok(true),
            _ if !look.is_new => Ok(false),
            _ => self.publishes(look),
        }
    }

    /// The container's port is published, as far as this protocol can be.
    fn publishes(&self, look: Look) -> Answer<bool> {
        let Protocol::Tcp(port) = look.protocol else { return Ok(false) };
        if self.facts.network != Network::Up {
            return Ok(false);
        }
        let is_it = |it: &Published| (it.container, it.container_port) == (look.destination, port);
        let known = self.facts.published.as_ref().map(|all| all.iter().any(is_it));
        self.ask(What::PublishedPorts, known, YES_NO)
    }

    /// Where a connection to this port of the server itself goes.
    pub(super) fn destination_nat(&self, look: Look) -> Answer<Option<Published>> {
        let Protocol::Tcp(port) = look.protocol else { return Ok(None) };
        let all = self.facts.published.iter().flatten();
        let found = all.copied().find(|it| it.server_port == Some(port));
        let goes = self.facts.writes_rules && self.facts.network == Network::Up;
        match found.filter(|_| goes) {
            Some(found) if !self.has_dockers_rules() || self.mode()? != GatewayMode::Routed => {
                Ok(Some(found))
            }
            _ => Ok(None),
        }
    }

    /// FORWARD lets through what comes from the VPC for the containers.
    pub(super) fn lets_in(&self, look: Look) -> Answer<bool> {
        if !self.facts.writes_rules {
            return Ok(self.policy()? == Policy::Accept);
        }
        if self.facts.engine == Engine::Podman {
            return Ok(!look.is_new || self.policy()? == Policy::Accept);
        }
        if self.facts.is_nftables && self.facts.forward_policy == Some(Policy::Drop) {
            // A chain of its own, which nothing of the engine's makes up for.
            return Ok(false);
        }
        if !look.is_new || self.admits(look.source) {
            return Ok(true);
        }
        if self.generation()? < Generation::V28Before2 {
            // Ports that are published matter only where the policy does not let through everything.
            return Ok(self.policy()? == Policy::Accept || self.publishes(look)?);
        }
        match self.mode()? {
            GatewayMode::NatUnprotected => Ok(true),
            GatewayMode::Routed if look.protocol == Protocol::Icmp => Ok(true),
            GatewayMode::Routed | GatewayMode::Nat => self.publishes(look),
        }
    }

    /// FORWARD lets through what its own containers send out: every engine sees to that.
    pub(super) fn lets_out(&self) -> Answer<bool> {
        let is_shut = self.facts.forward_policy == Some(Policy::Drop)
            && (!self.facts.writes_rules || (self.facts.is_nftables && self.has_dockers_rules()));
        Ok(!is_shut)
    }

    /// FORWARD lets through what comes from the VPC and goes back there; what was for its own containers, whose network
    /// is gone, meets the user's rules on its way.
    pub(super) fn lets_pass(&self, look: Look, was_for_container: bool) -> Answer<bool> {
        let is_admitted = was_for_container
            && self.has_dockers_rules()
            && !self.facts.is_nftables
            && self.admits(look.source);
        Ok(is_admitted || self.policy()? == Policy::Accept)
    }

    fn policy(&self) -> Answer<Policy> {
        self.ask(What::ForwardPolicy, self.facts.forward_policy, POLICIES)
    }

    fn admits(&self, source: Ipv4Addr) -> bool {
        self.facts.admits.iter().any(|range| range.contains_address(source.into()))
    }
}
