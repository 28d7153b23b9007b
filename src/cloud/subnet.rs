//! Subnets.
//!
//! API: GET `/v1/{project}/subnets?vpc_id=…`, GET `/v1/{project}/subnets/{id}`.

use serde::Deserialize;

use super::{
    call::{Api, Call},
    client::Cloud,
    decode::{or_default, range},
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
}
