//! The command that makes the containers' network.

use super::{Engine, HostSetup};

const DOCKER: &str = "com.docker.network";

/// The first Docker that drops what comes for a container from another host unless its network is in this mode. It is
/// also the first that takes the mode: 27 refuses it.
pub(super) const FIRST_THAT_DROPS: u32 = 28;

pub(super) fn network_create(setup: &HostSetup) -> String {
    let (own, network, bridge) = (setup.own, &setup.network, &setup.bridge);
    let mtu = longest_packet(setup);
    match setup.engine {
        Some(Engine::Podman) => {
            format!("podman network create --subnet {own} --opt mtu={mtu} {network}")
        }
        Some(Engine::Docker) | None => format!(
            "docker network create --subnet {own} -o {DOCKER}.bridge.name={bridge} -o {DOCKER}.driver.mtu={mtu}{} {network}",
            mode(setup)
        ),
    }
}

/// The option by which Docker lets packets of other hosts in; nothing where it does not know it.
fn mode(setup: &HostSetup) -> String {
    let option = format!("-o {DOCKER}.bridge.gateway_mode_ipv4=nat-unprotected");
    match &setup.release {
        Some(release) if release.major() < FIRST_THAT_DROPS => String::new(),
        Some(_) => format!(" {option}"),
        None => {
            let major = "docker version -f '{{.Server.Version}}' | cut -d. -f1";
            format!(" $([ \"$({major})\" -lt {FIRST_THAT_DROPS} ] || echo {option})")
        }
    }
}

/// A number, or how the shell finds it: that of the interface which leads to the other hosts.
fn longest_packet(setup: &HostSetup) -> String {
    let elsewhere = setup.peers.iter().find(|peer| peer.range() != setup.own.range());
    match (setup.mtu, elsewhere.or(setup.vpc.first())) {
        (Some(mtu), _) => mtu.to_string(),
        (None, Some(range)) => {
            let address = range.range().network();
            let interface =
                format!(r"ip -4 route get {address} | sed -n 's/.* dev \([^ ]*\).*/\1/p'");
            format!("$(cat /sys/class/net/$({interface})/mtu)")
        }
        (None, None) => "1500".to_owned(),
    }
}
