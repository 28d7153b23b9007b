//! Subnets.
//!
//! API: GET `/v1/{project}/subnets`, with `vpc_id=…` or without, GET `/v1/{project}/subnets/{id}`.

use std::sync::Arc;

use serde::Deserialize;

use super::{
    call::{Api, Call},
    client::Cloud,
    decode::{or_default, range, text, texts},
    error::{Result, Subject},
    ids::{SubnetId, VpcId},
};
use crate::network::Cidr;

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

impl Cloud {
    /// As this run has read them.
    pub async fn subnets(&self, vpc: &VpcId) -> Result<Vec<Subnet>> {
        let read = || async {
            let operation = format!("list the subnets of VPC {vpc}");
            let call =
                Call::get(Subject::Vpc, operation, Api::VpcV1, "subnets").query("vpc_id", vpc);
            let subnets: Vec<_> = self.list(call, "subnets").await?;
            Ok(Some(subnets).filter(|subnets| !subnets.is_empty()))
        };
        Ok(self.known().subnet_lists.find(vpc, read).await?.unwrap_or_default())
    }

    pub async fn subnet(&self, id: &SubnetId) -> Result<Option<Subnet>> {
        let operation = format!("read subnet {id}");
        let call = Call::get(Subject::Subnet, operation, Api::VpcV1, format!("subnets/{id}"));
        self.find(&call, "subnet").await
    }

    /// The subnets of every VPC, as they are now.
    pub async fn all_subnets(&self) -> Result<Arc<Vec<Subnet>>> {
        let operation = "list the subnets";
        let call = Call::get(Subject::Subnet, operation, Api::VpcV1, "subnets");
        let read = async { self.list(call, "subnets").await.map(Arc::new) };
        self.read_anew(operation, &self.now().all_subnets, &(), read).await
    }
}
