//! Ports: the NICs of servers, virtual IPs, gateways.
//!
//! API: GET `/v1/{project}/ports` with filters, GET and PUT `/v1/{project}/ports/{id}`.

use std::{fmt, net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    call::{Api, Call},
    client::Cloud,
    decode::{addresses, or_default, text},
    error::{Result, Subject},
    ids::{PortId, SecurityGroupId, ServerId, SubnetId},
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

impl Cloud {
    /// The port as this run has read it, found in the list of its subnet's ports where `subnet` is known.
    pub async fn port(&self, id: &PortId, subnet: Option<&SubnetId>) -> Result<Option<Port>> {
        if let Some(subnet) = subnet {
            let ports = self.ports_of_subnet(subnet).await?;
            if let Some(port) = ports.iter().find(|port| port.id == *id) {
                return Ok(Some(port.clone()));
            }
        }
        // In no list it is gone, moved or hidden; only asking for it tells.
        self.port_now(id).await
    }

    /// The port as it is now.
    pub async fn port_now(&self, id: &PortId) -> Result<Option<Port>> {
        let operation = format!("read port {id}");
        let call = Call::get(Subject::Port, operation, Api::VpcV1, format!("ports/{id}"));
        self.find(&call, "port").await
    }

    /// The port as it is now. Several of one subnet that are wanted at the same time are read as its list of ports.
    pub(super) async fn port_anew(
        &self,
        id: &PortId,
        subnet: Option<&SubnetId>,
    ) -> Result<Option<Port>> {
        let Some(subnet) = subnet else { return self.port_now(id).await };
        let callers = self.callers();
        callers.look();
        let read = |ids: Vec<PortId>| async move {
            let found = match &ids[..] {
                [only] => self.port_now(only).await.map(Vec::from_iter),
                _ => self.ports_of_subnet_now(subnet).await,
            };
            callers.have_looked(ids.len());
            found.map(Arc::new)
        };
        let line = &self.now().ports;
        let read = line.get(subnet, id.clone(), callers.before_looking(), read);
        let ports = self.during(&format!("read port {id}"), read).await??;
        match ports.iter().find(|port| port.id == *id) {
            Some(port) => Ok(Some(port.clone())),
            // In no list it is gone, moved or hidden; only asking for it tells.
            None => self.port_now(id).await,
        }
    }

    pub async fn ports_of_server(&self, id: &ServerId) -> Result<Vec<Port>> {
        self.ports(format!("list the ports of server {id}"), "device_id", id).await
    }

    /// The list that holds no port but this one.
    pub(super) async fn ports_with_id(&self, id: &PortId) -> Result<Vec<Port>> {
        self.ports(format!("look up port {id}"), "id", id).await
    }

    /// As this run has read them.
    pub async fn ports_of_subnet(&self, subnet: &SubnetId) -> Result<Arc<Vec<Port>>> {
        let read = async { Ok(Arc::new(self.ports_of_subnet_now(subnet).await?)) };
        self.known().port_lists.get(subnet, read).await
    }

    /// As they are now.
    pub async fn ports_of_subnet_now(&self, subnet: &SubnetId) -> Result<Vec<Port>> {
        self.ports(format!("list the ports of subnet {subnet}"), "network_id", subnet).await
    }

    /// All ports of the project with this private address; several VPCs may use the same.
    pub async fn ports_with_address(&self, address: IpAddr) -> Result<Vec<Port>> {
        let filter = format!("ip_address={address}");
        self.ports(format!("list the ports with address {address}"), "fixed_ips", filter).await
    }

    /// Whether lists of ports show those of one enterprise project only.
    pub fn sees_part_of_the_ports(&self) -> bool {
        self.config().enterprise_project_id.is_some()
    }

    pub(super) async fn list_all_ports(&self) -> Result<Vec<Port>> {
        let operation = "list the ports of the project";
        self.list_ports(Call::get(Subject::Port, operation, Api::VpcV1, "ports")).await
    }

    pub(super) async fn list_ports_of_group(&self, group: &SecurityGroupId) -> Result<Vec<Port>> {
        self.list_ports(of_group(group)).await
    }

    /// Whether some server's interface has the group, or may have it: lists may show a part only.
    pub async fn may_be_worn(&self, group: &SecurityGroupId) -> Result<bool> {
        let call = self.in_enterprise_project(of_group(group));
        let (ports, are_more): (Vec<Port>, bool) = self.list_first(call, "ports").await?;
        let has_it = |port: &Port| port.is_nic() && port.security_groups.contains(group);
        Ok(are_more || self.sees_part_of_the_ports() || ports.iter().any(has_it))
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
    pub async fn set_address_pairs(&self, id: &PortId, pairs: &[AddressPair]) -> Result<Port> {
        let operation = format!("set the allowed address pairs of port {id}");
        let body = json!({ "port": { "allowed_address_pairs": pairs } });
        let call = Call::put(Subject::Port, operation, Api::VpcV1, format!("ports/{id}"), body);
        let port: Port = self.send(&call).await?.object_with_id("port", id.as_str())?;
        self.known().port_lists.forget(&port.subnet_id);
        self.known().all_ports.forget(&());
        Ok(port)
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
