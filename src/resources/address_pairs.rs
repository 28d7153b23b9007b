//! The address pairs of a port beside the one that stands for its source check: they are shown and kept, and some speak for
//! addresses that the check would stop.

use serde::{Deserialize, Serialize};

use crate::{
    cloud::{About, AddressPair, Cloud, Object, Port},
    framework::{Attribute, Problem, schema::string},
    untrusted,
};

/// How the `device_owner` of a virtual IP address is.
pub(super) const VIRTUAL_IP: &str = "neutron:VIP_PORT";

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Pair {
    ip_address: String,
    mac_address: Option<String>,
}

pub(super) const PAIR: &[Attribute] = &[
    string("ip_address", "Address or range that the port may send from.").computed(),
    string("mac_address", "MAC address that goes with it.").computed(),
];

pub(super) fn foreign_pairs(pairs: &[AddressPair]) -> Vec<Pair> {
    let mut foreign: Vec<Pair> = pairs
        .iter()
        .filter(|pair| !pair.is_source_check_off())
        .map(|pair| Pair {
            ip_address: pair.ip_address.clone(),
            mac_address: pair.mac_address.clone(),
        })
        .collect();
    foreign.sort();
    foreign
}

/// Somebody has switched the check off before a resource of this state did, and may switch it on again.
pub(super) fn off_already<A>(port: &Port, cloud: &Cloud<A>) -> Option<Problem> {
    let is_ours = || {
        let object = Object::SourceCheck { port_id: port.id.clone() };
        let noted = cloud.journal().find::<bool>(About::SourceCheck { port_id: &port.id });
        noted.is_some() || cloud.may_be_in_state(&object)
    };
    if port.is_source_check_on() || is_ours() {
        return None;
    }
    let detail = "The source check is off already, so creating the resource changes nothing there, and destroying it \
                  leaves the check off. Unless you have switched it off by hand, somebody else owns it: another \
                  configuration with a resource like this one, `source_dest_check = false` of a \
                  `huaweicloud_compute_instance`, the binding of a virtual IP address in the console, or a CCE cluster. If \
                  that owner switches it on, the packets of containers stop; the next plan here shows it.";
    Some(Problem::warning("Source check is off already", detail).at("enabled"))
}

/// Virtual IP addresses that the server answers for, and whose packets the check may stop. The console switches the
/// check off itself when it binds one.
pub(super) fn harm(port: &Port, ports: &[Port]) -> Option<Problem> {
    let is_bound = |other: &&Port| {
        let leads_here = |pair: &AddressPair| {
            pair.ip_address.parse().is_ok_and(|address| port.fixed_ips.contains(&address))
        };
        other.device_owner == VIRTUAL_IP && other.address_pairs.iter().any(leads_here)
    };
    let bound = ports.iter().filter(is_bound).flat_map(|port| &port.fixed_ips);
    let mut addresses: Vec<String> = bound.map(ToString::to_string).collect();
    let pairs = port.address_pairs.iter().filter(|pair| !pair.is_source_check_off());
    addresses.extend(pairs.map(|pair| untrusted::name(&pair.ip_address)));
    addresses.sort_unstable();
    addresses.dedup();
    if port.is_source_check_on() || addresses.is_empty() {
        return None;
    }
    let detail = format!(
        "Port `{}` also answers for {}, and its check is off. With the check on, packets that the server sends from there \
         may be dropped. Leave `enabled` at `false`, unless it is meant so.",
        port.id,
        addresses.join(", ")
    );
    Some(Problem::warning("Virtual IP address may stop working", detail).at("enabled"))
}
