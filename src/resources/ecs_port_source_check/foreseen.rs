//! What speaks against switching the check of an interface: that there is none, that it is no server's, or that the
//! server speaks for other addresses which the check would stop.

use std::sync::Arc;

use super::NAMES;
use crate::{
    cloud::{self, Cloud, Port, PortId, ServerId, VpcId},
    framework::{Change, ChangeKind, Draft, Foresight, Given, Problem},
    network::Address,
    resources::{absent, missing, not_yet, the_one},
};

/// How the `device_owner` of a virtual IP address is.
const VIRTUAL_IP: &str = "neutron:VIP_PORT";

/// How the `device_owner` of a gateway's port, a name server's and the like begins.
const NETWORK_OWNED: &str = "network:";

pub(super) async fn foresee(change: Change<'_>, cloud: &Cloud, foresight: &mut Foresight<'_>) {
    if !change.makes_something() {
        return;
    }
    let look = async {
        let ports = around(change.config, cloud).await?;
        let named = named(change, &ports, cloud).await?;
        cloud::Result::Ok(named.map(|found| (found, ports)))
    };
    let Some(Some((found, ports))) = foresight.see("The network interface", look).await else {
        return;
    };
    match found {
        Ok(port) => {
            foresight.find(flaw_of_owner(&port));
            let switched_on = change.planned.given("enabled") == Given::Known(&true.into());
            foresight.find(harm(&port, &ports).filter(|_| switched_on));
        }
        Err(problem) => foresight.find([problem]),
    }
}

/// The ports among which the interface is: of the subnets that hold its address, where the VPC is given, else of the
/// whole project.
async fn around(config: Draft<'_>, cloud: &Cloud) -> cloud::Result<Arc<Vec<Port>>> {
    let (vpc, address) = (config.parsed::<VpcId>("vpc_id"), config.parsed::<Address>("host_ip"));
    let Some((vpc, address)) = vpc.zip(address) else { return cloud.all_ports().await };
    let subnets = cloud.subnets(&vpc).await?;
    match subnets.iter().find(|subnet| subnet.holds(address.into())) {
        Some(subnet) => cloud.ports_of_subnet(&subnet.id).await,
        None => Ok(Arc::default()),
    }
}

/// The interface that is meant, or what is wrong with its name; `None` as long as it is not known.
async fn named(
    change: Change<'_>,
    ports: &[Port],
    cloud: &Cloud,
) -> cloud::Result<Option<Result<Port, Problem>>> {
    let Change { kind, prior, config, .. } = change;
    let by_config = kind == ChangeKind::Create;
    if by_config && NAMES.iter().any(|name| config.given(name) == Given::Unknown) {
        return Ok(None);
    }
    let said = if by_config { config } else { prior };
    if let Some(id) = said.parsed::<PortId>("port_id") {
        let port = match ports.iter().find(|port| port.id == id) {
            Some(port) => Some(port.clone()),
            None => cloud.port_now(&id).await?,
        };
        return Ok(Some(port.ok_or_else(|| missing("Port", &id, "port_id"))));
    }
    if let Some(server) = said.parsed::<ServerId>("ecs_id") {
        return primary(&server, ports, cloud).await.map(Some);
    }
    let Some(address) = said.parsed::<Address>("host_ip") else { return Ok(None) };
    let at = ports.iter().filter(|it| it.is_nic() && it.fixed_ips.contains(&address.into()));
    let mut nics: Vec<Port> = at.cloned().collect();
    let mut what = format!("the private address {address}");
    match config.given("vpc_id") {
        Given::Absent => {}
        Given::Unknown => return Ok(None),
        Given::Known(_) => {
            let Some(vpc) = config.parsed::<VpcId>("vpc_id") else { return Ok(None) };
            let subnets = cloud.subnets(&vpc).await?;
            nics.retain(|nic| subnets.iter().any(|subnet| subnet.id == nic.subnet_id));
            what.push_str(&format!(" in VPC `{vpc}`"));
        }
    }
    let is_nobodys = nics.is_empty();
    let found = the_one(nics, "host_ip", &what);
    Ok(Some(if is_nobodys { found.map_err(not_yet) } else { found }))
}

/// From the list of ports where that marks it, else as it is now.
async fn primary(
    server: &ServerId,
    ports: &[Port],
    cloud: &Cloud,
) -> cloud::Result<Result<Port, Problem>> {
    let is_meant = |port: &&Port| {
        port.is_nic() && port.device_id == server.as_str() && port.is_primary == Some(true)
    };
    let port = match ports.iter().find(is_meant) {
        Some(port) => Some(port.clone()),
        None => cloud.primary_nic(server).await?,
    };
    let fact = || format!("Server `{server}` does not exist or has no network interface");
    Ok(port.ok_or_else(|| absent("Server", &fact(), "ecs_id")))
}

/// A port without an owner may get a server later in the same run.
fn flaw_of_owner(port: &Port) -> Option<Problem> {
    let owner = match port.device_owner.as_str() {
        VIRTUAL_IP => "a virtual IP address",
        other if other.starts_with(NETWORK_OWNED) => "the network itself, such as a gateway",
        _ => return None,
    };
    let detail = format!(
        "Port `{}` belongs to {owner}. Write the `port_id` of a server's network interface.",
        port.id
    );
    Some(Problem::error("Not a server's network interface", detail).at("port_id"))
}

/// Virtual IP addresses that the server answers for, and whose packets the check may stop. The console switches the
/// check off itself when it binds one.
fn harm(port: &Port, ports: &[Port]) -> Option<Problem> {
    let is_bound = |other: &&Port| {
        let leads_here = |pair: &cloud::AddressPair| {
            pair.ip_address.parse().is_ok_and(|address| port.fixed_ips.contains(&address))
        };
        other.device_owner == VIRTUAL_IP && other.address_pairs.iter().any(leads_here)
    };
    let bound = ports.iter().filter(is_bound).flat_map(|port| &port.fixed_ips);
    let mut addresses: Vec<String> = bound.map(ToString::to_string).collect();
    let pairs = port.address_pairs.iter().filter(|pair| !pair.is_source_check_off());
    addresses.extend(pairs.map(|pair| pair.ip_address.clone()));
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
