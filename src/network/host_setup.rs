//! What a server needs so that the containers of other servers reach its own by the route table of the VPC: a script with
//! its values, and what is made around it. Nothing here depends on the engine that will be found on the server; the script
//! decides there.

mod command;
mod values;

pub use values::{
    BridgeName, Engine, HostRange, InvalidSetting, Mtu, NetworkName, Release, Source, TrafficRange,
};

use super::{Cidr, aggregate::aggregate};

/// How the set-up of one server is to be.
#[derive(Debug, Clone)]
pub struct HostSetup {
    /// The range of its containers.
    pub own: HostRange,
    /// The ranges of containers elsewhere; the own one may be among them or inside of one.
    pub peers: Vec<TrafficRange>,
    /// The ranges of the VPC, from which the servers themselves send.
    pub vpc: Vec<TrafficRange>,
    pub network: NetworkName,
    pub bridge: BridgeName,
    /// `None`: that of the server's network interface.
    pub mtu: Option<Mtu>,
    pub source: Source,
    /// `None`: the one that is found on the server.
    pub engine: Option<Engine>,
    /// Used where the engine itself cannot be asked.
    pub release: Option<Release>,
}

/// The systemd unit that brings everything back before the engine starts.
pub const UNIT: &str = include_str!("host_setup/huaweivpc-host.service");

/// What the script does, behind its values. `@UNIT@` stands for the unit.
const BODY: &str = include_str!("host_setup/host.sh");

/// How many bytes the cloud takes as the user data of a server, before it is encoded.
pub const MOST_USER_DATA: usize = 32 * 1024;

impl HostSetup {
    /// The program for `/etc/huaweivpc/host`.
    pub fn script(&self) -> String {
        let (own, peers, vpc) = (self.own.range(), self.peers(), texts(&self.vpc));
        let mtu = self.mtu.map(|mtu| mtu.to_string()).unwrap_or_default();
        let engine = self.engine.map(|engine| engine.to_string()).unwrap_or_default();
        let release = self.release.as_ref().map(|release| release.to_string()).unwrap_or_default();
        let values = [
            ("OWN", own.to_string(), "the range of the containers here"),
            ("PEERS", peers, "the ranges of containers on other hosts"),
            ("VPC", vpc, "the ranges of the VPC, in which the hosts are"),
            ("NET", self.network.to_string(), "the network of the containers"),
            ("BRIDGE", self.bridge.to_string(), "its bridge"),
            ("MTU", mtu, "the longest packet; empty: that of the network interface"),
            ("SOURCE", self.source.to_string(), "whose address others see: kept, or host"),
            ("ENGINE", engine, "docker or podman; empty: what is found"),
            ("VERSION", release, "of the engine, where it cannot be asked"),
        ];
        let lines: String = values
            .iter()
            .map(|(name, value, about)| format!("# {about}\n{name}={}\n", quoted(value)))
            .collect();
        format!("{HEAD}{lines}\n{}", BODY.replace("@UNIT@", UNIT))
    }

    /// A configuration for cloud-init that puts the script in its place and runs it.
    pub fn user_data(&self) -> String {
        let script: String = self
            .script()
            .lines()
            .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") })
            .collect();
        format!(
            "#cloud-config\nwrite_files:\n- path: /etc/huaweivpc/host\n  permissions: '0755'\n  content: |\n{script}\
             runcmd:\n- [sh, /etc/huaweivpc/host, apply]\n"
        )
    }

    /// The line by which the network is made by hand, as the script makes it.
    pub fn network_create(&self) -> String {
        command::network_create(self)
    }

    /// In as few ranges as possible, so that a hundred hosts side by side are one rule. The own range alone is no peer.
    fn peers(&self) -> String {
        let own = self.own.range();
        let others: Vec<TrafficRange> =
            self.peers.iter().copied().filter(|peer| peer.range() != own).collect();
        texts(&others)
    }
}

const HEAD: &str = "#!/bin/sh
# Lets this host forward packets between its containers and those of other hosts of the VPC.
# Made by the data source huaweivpc_container_host_setup: change the configuration, not this file.
#
#   apply  sets everything up, so that it outlives a reboot, and makes the network; again does no harm
#   check  says what is not as it has to be, and by which command it is repaired
#   boot   does what has to be done before the engine starts; the unit calls it
#   undo   takes all of it away again
";

fn texts(ranges: &[TrafficRange]) -> String {
    let ranges: Vec<Cidr> = ranges.iter().map(|range| range.range()).collect();
    let texts: Vec<String> = aggregate(&ranges).iter().map(Cidr::to_string).collect();
    texts.join(" ")
}

/// As a word of the shell in which nothing means anything. The types of the values allow nothing that would; this is
/// for whoever adds one.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A range of `peers`, by its position, that would send packets for containers of this very host away.
pub fn misplaced_peer(own: Cidr, peers: &[Cidr]) -> Option<usize> {
    peers.iter().position(|peer| own.contains(*peer) && own != *peer)
}
