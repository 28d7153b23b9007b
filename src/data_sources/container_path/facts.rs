//! What the user knows about a server.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::schema::{Backend, EngineName, ForwardPolicy, Mode, WrittenVersion};
use crate::network::{
    Cidr,
    path::{Engine, Facts, GatewayMode, Policy, Published},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ServerFacts {
    engine: Option<EngineName>,
    engine_version: Option<WrittenVersion>,
    firewall_backend: Option<Backend>,
    gateway_mode: Option<Mode>,
    masquerade: Option<bool>,
    forwarding: Option<bool>,
    forward_policy: Option<ForwardPolicy>,
    admitted_cidrs: Option<Vec<Cidr>>,
    direct_routing: Option<bool>,
    published_ports: Option<Vec<u16>>,
}

/// Of a server that the user says nothing about.
pub(super) const NOTHING: Facts = Facts::UNKNOWN;

impl ServerFacts {
    /// `container` is the one at the end of the path.
    pub(super) fn known(&self, container: Option<Ipv4Addr>) -> Facts {
        let published = |ports: &Vec<u16>| {
            let port = |container_port: &u16| {
                Some(Published {
                    server_port: None,
                    container: container?,
                    container_port: *container_port,
                })
            };
            ports.iter().filter_map(port).collect()
        };
        Facts {
            engine: match self.engine {
                Some(EngineName::Podman) => Engine::Podman,
                Some(EngineName::Docker) | None => Engine::Docker,
            },
            version: self.engine_version.as_ref().map(|it| it.version),
            is_nftables: self.firewall_backend == Some(Backend::Nftables),
            gateway_mode: self.gateway_mode.map(|mode| match mode {
                Mode::Nat => GatewayMode::Nat,
                Mode::NatUnprotected => GatewayMode::NatUnprotected,
                Mode::Routed => GatewayMode::Routed,
            }),
            masquerades: self.masquerade,
            // A source that is kept towards containers may be rewritten towards servers.
            masquerades_to_servers: self.masquerade.filter(|it| *it),
            forwards: self.forwarding,
            forward_policy: self.forward_policy.map(|policy| match policy {
                ForwardPolicy::Accept => Policy::Accept,
                ForwardPolicy::Drop => Policy::Drop,
            }),
            admits: self.admitted_cidrs.clone().unwrap_or_default(),
            allows_direct: self.direct_routing == Some(true),
            published: self.published_ports.as_ref().map(published),
            ..Facts::UNKNOWN
        }
    }
}
