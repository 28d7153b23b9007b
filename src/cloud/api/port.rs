//! Ports: the NICs of servers, virtual IPs, gateways.
//!
//! API: GET `/v1/{project}/ports` with filters, GET and PUT `/v1/{project}/ports/{id}`.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::ids::{PortId, SecurityGroupId, ServerId, SubnetId};
use crate::cloud::client::{
    Client,
    call::{Api, Call},
    decode::{addresses, or_default, text},
    error::{Result, Subject},
};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WirePort")]
pub struct Port {
    pub id: PortId,
    pub name: String,
    pub subnet_id: SubnetId,
    /// What the port belongs to; `""` for nothing.
    pub device_id: String,
    /// `compute:<zone>` for a server's NIC, `neutron:VIP_PORT` for a virtual IP, …
    pub device_owner: String,
    pub fixed_ips: Vec<IpAddr>,
    pub mac_address: String,
    pub security_groups: Vec<SecurityGroupId>,
    pub address_pairs: Vec<AddressPair>,
    /// `None` where the cloud does not say.
    pub is_primary: Option<bool>,
    pub status: String,
}

/// An address the port may send from and receive for besides its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressPair {
    /// An address or a range, as the cloud spells it.
    pub ip_address: String,
    /// The port's own where absent.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
}

#[derive(Deserialize)]
struct WirePort {
    id: PortId,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    network_id: SubnetId,
    #[serde(default, deserialize_with = "or_default")]
    device_id: String,
    #[serde(default, deserialize_with = "or_default")]
    device_owner: String,
    #[serde(default, deserialize_with = "or_default")]
    fixed_ips: Vec<FixedIp>,
    #[serde(default, deserialize_with = "or_default")]
    mac_address: String,
    #[serde(default, deserialize_with = "or_default")]
    security_groups: Vec<SecurityGroupId>,
    #[serde(default, deserialize_with = "or_default")]
    allowed_address_pairs: Vec<AddressPair>,
    #[serde(default, rename = "binding:vif_details", deserialize_with = "or_default")]
    vif_details: VifDetails,
    #[serde(default, deserialize_with = "or_default")]
    status: String,
}

#[derive(Deserialize)]
struct FixedIp {
    #[serde(default, deserialize_with = "or_default")]
    ip_address: String,
}

#[derive(Default, Deserialize)]
struct VifDetails {
    primary_interface: Option<bool>,
}

impl Client {
    pub(crate) async fn port(&self, id: &PortId) -> Result<Option<Port>> {
        let operation = format!("read port {id}");
        let call = Call::get(Subject::Port, operation, Api::VpcV1, format!("ports/{id}"));
        self.find(&call, "port").await
    }

    pub(crate) async fn ports_of_server(&self, id: &ServerId) -> Result<Vec<Port>> {
        self.ports(format!("list the ports of server {id}"), "device_id", id).await
    }

    /// The list that holds no port but this one.
    pub(crate) async fn ports_with_id(&self, id: &PortId) -> Result<Vec<Port>> {
        self.ports(format!("look up port {id}"), "id", id).await
    }

    pub(crate) async fn ports_of_subnet(&self, subnet: &SubnetId) -> Result<Vec<Port>> {
        self.ports(format!("list the ports of subnet {subnet}"), "network_id", subnet).await
    }

    /// All ports of the project with this private address; several VPCs may use the same.
    pub(crate) async fn ports_with_address(&self, address: IpAddr) -> Result<Vec<Port>> {
        let filter = format!("ip_address={address}");
        self.ports(format!("list the ports with address {address}"), "fixed_ips", filter).await
    }

    /// All ports of the project, of the enterprise project only where one is configured.
    pub(crate) async fn all_ports(&self) -> Result<Vec<Port>> {
        let operation = "list the ports of the project";
        self.list_ports(Call::get(Subject::Port, operation, Api::VpcV1, "ports")).await
    }

    pub(crate) async fn ports_of_group(&self, group: &SecurityGroupId) -> Result<Vec<Port>> {
        self.list_ports(of_group(group)).await
    }

    /// The first page of the same, and whether there are more.
    pub(crate) async fn first_ports_of_group(
        &self,
        group: &SecurityGroupId,
    ) -> Result<(Vec<Port>, bool)> {
        self.list_first(self.in_enterprise_project(of_group(group)), "ports").await
    }

    async fn ports(
        &self,
        operation: String,
        filter: &'static str,
        value: impl fmt::Display,
    ) -> Result<Vec<Port>> {
        let call = Call::get(Subject::Port, operation, Api::VpcV1, "ports");
        self.list_ports(call.query(filter, value)).await
    }

    async fn list_ports(&self, call: Call) -> Result<Vec<Port>> {
        self.list(self.in_enterprise_project(call), "ports").await
    }

    fn in_enterprise_project(&self, call: Call) -> Call {
        match &self.config().enterprise_project_id {
            Some(id) => call.query("enterprise_project_id", id),
            None => call,
        }
    }

    /// Replaces the whole list of address pairs, and sends nothing else: a name left out stays, a null one goes.
    pub(crate) async fn set_address_pairs(
        &self,
        id: &PortId,
        pairs: &[AddressPair],
    ) -> Result<Port> {
        let operation = format!("set the allowed address pairs of port {id}");
        let body = json!({ "port": { "allowed_address_pairs": pairs } });
        let call = Call::put(Subject::Port, operation, Api::VpcV1, format!("ports/{id}"), body);
        self.send(&call).await?.object_with_id("port", id.as_str())
    }
}

/// How the `device_owner` of a server's network interface begins; virtual IPs, gateways and the like have others.
const SERVER_OWNED: &str = "compute:";

impl Port {
    /// The port is a network interface of a server.
    pub fn is_nic(&self) -> bool {
        self.device_owner.starts_with(SERVER_OWNED) && !self.device_id.is_empty()
    }
}

fn of_group(group: &SecurityGroupId) -> Call {
    let operation = format!("list the ports of security group {group}");
    Call::get(Subject::Port, operation, Api::VpcV1, "ports").query("security_groups", group)
}

impl From<WirePort> for Port {
    fn from(wire: WirePort) -> Self {
        let fixed_ips: Vec<_> = wire.fixed_ips.into_iter().map(|ip| ip.ip_address).collect();
        Self {
            id: wire.id,
            name: wire.name,
            subnet_id: wire.network_id,
            device_id: wire.device_id,
            device_owner: wire.device_owner,
            fixed_ips: addresses(&fixed_ips),
            mac_address: wire.mac_address,
            security_groups: wire.security_groups,
            address_pairs: wire.allowed_address_pairs,
            is_primary: wire.vif_details.primary_interface,
            status: wire.status,
        }
    }
}
