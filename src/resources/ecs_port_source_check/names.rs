//! Whether the several names of an interface are names of the same one.

use crate::{
    cloud::{Port, ServerId},
    framework::{Problem, all_of},
    network::Address,
    resources::server_of,
};

/// The interfaces of the server, where one of them is.
pub(super) fn of_server(nics: Vec<Port>, server: Option<&ServerId>) -> Vec<Port> {
    let is_its = |nic: &&Port| server.is_some() && server_of(nic).as_ref() == server;
    let its: Vec<Port> = nics.iter().filter(is_its).cloned().collect();
    if its.is_empty() { nics } else { its }
}

/// The name that is another interface's.
pub(super) fn disagreement(
    port: &Port,
    server: Option<&ServerId>,
    address: Option<Address>,
) -> Option<Problem> {
    let owner = server_of(port);
    let (attribute, value) = match (server, address) {
        (Some(server), _) if owner.as_ref() != Some(server) => ("ecs_id", server.to_string()),
        (_, Some(address)) if !port.fixed_ips.contains(&address.into()) => {
            ("host_ip", address.to_string())
        }
        _ => return None,
    };
    let owner = owner.map(|server| format!("server `{server}`"));
    let owner = owner.unwrap_or_else(|| "no server".to_owned());
    let addresses: Vec<String> = port.fixed_ips.iter().map(|ip| format!("`{ip}`")).collect();
    let detail = format!(
        "The other names are those of port `{}`, which belongs to {owner} and has the address {}; `{attribute}` is \
         `{value}`. Keep the name that you mean.",
        port.id,
        all_of(&addresses)
    );
    Some(Problem::error("Names of two network interfaces", detail).at(attribute))
}
