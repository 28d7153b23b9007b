//! What the cloud means when it refuses a route.
//!
//! It has one code for everything that can be wrong with a route, and its messages are not documented. So what the route
//! names is looked up then, and only then: a route that is right costs no further call.

use super::Via;
use crate::{
    cloud::{self, Cloud, Error, Kind, Port, PortId, Server, ServerId, VpcId},
    framework::Problem,
    network::Address,
    resources::{check, words::explained},
    untrusted,
};

/// What is wrong with a next hop: the attribute, a summary, and what to do.
pub(super) struct Flaw {
    attribute: &'static str,
    summary: &'static str,
    remedy: String,
}

impl Via {
    /// The refusal at the attribute that it is about, as far as that can be found out.
    pub(in crate::resources) async fn refused<A>(
        &self,
        error: Error,
        vpc: &VpcId,
        cloud: &Cloud<A>,
    ) -> Problem {
        match error.kind() {
            Kind::Refused => {
                // Failing to find out more must not hide the refusal.
                let flaw = self.flaw_of_next_hop(vpc, cloud).await.ok().flatten();
                let Flaw { attribute, summary, remedy } = flaw.unwrap_or_else(flaw_of_destination);
                explained(&error, summary, &remedy).at(attribute)
            }
            Kind::QuotaExceeded => {
                let remedy = "The table has no room for another `destination`, or the VPC has none in all its tables \
                              together. Remove routes that are no longer needed, use fewer and larger ranges, or ask for \
                              a higher quota of routes per table in the console under My Quotas.";
                explained(&error, "Quota exceeded", remedy).at("destination")
            }
            _ => error.into(),
        }
    }

    /// `host_ip` has led to a server already.
    pub(super) async fn flaw_of_next_hop<A>(
        &self,
        vpc: &VpcId,
        cloud: &Cloud<A>,
    ) -> cloud::Result<Option<Flaw>> {
        if let Some(id) = &self.ecs_id {
            return Ok(flaw_of_server(id, cloud.server(id).await?, vpc));
        }
        if let Some(id) = &self.port_id {
            let Some(port) = cloud.port(id).await? else { return Ok(Some(missing_port(id))) };
            let subnet = cloud.subnet(&port.subnet_id).await?;
            return Ok(flaw_of_port(&port, subnet.map(|subnet| subnet.vpc_id).as_ref(), vpc));
        }
        if let Some(address) = self.virtual_ip {
            let ports = cloud.ports_with_address(address.into()).await?;
            let nics = cloud.nics_with_address(address.into(), Some(vpc)).await?;
            return Ok(flaw_of_virtual_ip(address, &ports, &nics, vpc));
        }
        Ok(None)
    }
}

impl From<Flaw> for Problem {
    fn from(Flaw { attribute, summary, remedy }: Flaw) -> Self {
        Problem::error(summary, remedy).at(attribute)
    }
}

fn flaw_of_destination() -> Flaw {
    Flaw {
        attribute: "destination",
        summary: "Refused by the cloud",
        remedy: "Correct what the message names: `destination`, or the next hop. The same call would fail again."
            .to_owned(),
    }
}

fn flaw_of_server(id: &ServerId, server: Option<Server>, vpc: &VpcId) -> Option<Flaw> {
    let attribute = "ecs_id";
    let Some(server) = server else {
        let remedy = format!("Server `{id}` does not exist. {}", check(attribute));
        return Some(Flaw { attribute, summary: "Server not found", remedy });
    };
    let home = server.vpc_id.filter(|home| home != vpc)?;
    let remedy = format!(
        "Server `{id}` is in VPC `{home}`, the route table in VPC `{vpc}`. Write the `ecs_id` of a server of the same VPC."
    );
    Some(Flaw { attribute, summary: "Server of another VPC", remedy })
}

fn missing_port(id: &PortId) -> Flaw {
    let attribute = "port_id";
    let remedy = format!("Port `{id}` does not exist. {}", check(attribute));
    Flaw { attribute, summary: "Port not found", remedy }
}

pub(super) fn flaw_of_port(port: &Port, home: Option<&VpcId>, vpc: &VpcId) -> Option<Flaw> {
    let (id, attribute) = (&port.id, "port_id");
    if let Some(home) = home.filter(|home| *home != vpc) {
        let remedy = format!(
            "Port `{id}` is in VPC `{home}`, the route table in VPC `{vpc}`. Write the `port_id` of a port of the same VPC."
        );
        return Some(Flaw { attribute, summary: "Port of another VPC", remedy });
    }
    let summary = "Port cannot be a next hop";
    if !port.is_nic() {
        let remedy = format!(
            "Port `{id}` is no network interface of a server. Write the `port_id` of an extension network interface, or \
             `virtual_ip` for a virtual IP address."
        );
        return Some(Flaw { attribute, summary, remedy });
    }
    let remedy = || {
        format!(
            "Port `{id}` is the primary network interface of server `{server}`. Write `ecs_id = \"{server}\"` instead of \
             `port_id`, which is for extension network interfaces.",
            server = untrusted::name(&port.device_id)
        )
    };
    (port.is_primary == Some(true)).then(|| Flaw { attribute, summary, remedy: remedy() })
}

pub(super) fn flaw_of_virtual_ip(
    address: Address,
    ports: &[Port],
    nics: &[Port],
    vpc: &VpcId,
) -> Option<Flaw> {
    let remedy = if !nics.is_empty() {
        format!(
            "{address} belongs to a server and is no virtual IP address. Write `host_ip` instead of `virtual_ip`."
        )
    } else if ports.iter().all(Port::is_nic) {
        format!(
            "No virtual IP address of VPC `{vpc}` is {address}. Check `virtual_ip`, or make the virtual IP address first."
        )
    } else {
        return None;
    };
    Some(Flaw { attribute: "virtual_ip", summary: "Virtual IP address not found", remedy })
}
