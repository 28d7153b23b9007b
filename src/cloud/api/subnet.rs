//! Subnets.
//!
//! API: GET `/v1/{project}/subnets`, with `vpc_id=…` or without, GET `/v1/{project}/subnets/{id}`.

use std::net::IpAddr;

use serde::Deserialize;

use super::ids::{SubnetId, VpcId};
use crate::{
    cloud::client::{
        Client,
        call::{Api, Call},
        decode::{or_default, range, text, texts},
        error::{Result, Subject},
    },
    network::Cidr,
};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Subnet {
    pub id: SubnetId,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    pub vpc_id: VpcId,
    #[serde(default, deserialize_with = "range")]
    pub cidr: Option<Cidr>,
    #[serde(default, deserialize_with = "range")]
    pub cidr_v6: Option<Cidr>,
    #[serde(default, deserialize_with = "or_default")]
    pub gateway_ip: String,
    #[serde(default, deserialize_with = "text")]
    pub gateway_ip_v6: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    #[serde(default, deserialize_with = "or_default")]
    pub availability_zone: String,
    #[serde(default, deserialize_with = "or_default")]
    pub dhcp_enable: bool,
    #[serde(default, rename = "dnsList", deserialize_with = "texts")]
    pub dns_list: Vec<String>,
    /// What ports call the subnet's IPv4 half by.
    #[serde(default, rename = "neutron_subnet_id", deserialize_with = "text")]
    pub ipv4_subnet_id: Option<String>,
    #[serde(default, rename = "neutron_subnet_id_v6", deserialize_with = "text")]
    pub ipv6_subnet_id: Option<String>,
}

impl Client {
    pub(crate) async fn subnet(&self, id: &SubnetId) -> Result<Option<Subnet>> {
        let operation = format!("read subnet {id}");
        let call = Call::get(Subject::Subnet, operation, Api::VpcV1, format!("subnets/{id}"));
        self.find(&call, "subnet").await
    }

    pub(crate) async fn subnets(&self, vpc: &VpcId) -> Result<Vec<Subnet>> {
        let operation = format!("list the subnets of VPC {vpc}");
        let call = Call::get(Subject::Vpc, operation, Api::VpcV1, "subnets").query("vpc_id", vpc);
        self.list(call, "subnets").await
    }

    /// The subnets of every VPC.
    pub(crate) async fn all_subnets(&self) -> Result<Vec<Subnet>> {
        let call = Call::get(Subject::Subnet, "list the subnets", Api::VpcV1, "subnets");
        self.list(call, "subnets").await
    }
}

impl Subnet {
    pub fn holds(&self, address: IpAddr) -> bool {
        self.cidr.into_iter().chain(self.cidr_v6).any(|range| range.contains_address(address))
    }

    /// Some clouds do not show the range of IPv6.
    pub fn may_hold(&self, address: IpAddr) -> bool {
        self.holds(address) || (address.is_ipv6() && self.cidr_v6.is_none())
    }
}
