//! VPCs.
//!
//! API: GET `/v3/{project}/vpc/vpcs/{id}`, which shows secondary ranges; GET `/v1/{project}/vpcs/{id}`, which does
//! not, where v3 is not published.

use serde::Deserialize;

use super::{
    call::Call,
    client::Cloud,
    decode::{or_default, range, ranges},
    error::{Result, Subject},
    ids::VpcId,
};
use crate::network::Cidr;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Vpc {
    pub id: VpcId,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "range")]
    pub cidr: Option<Cidr>,
    #[serde(default, rename = "extend_cidrs", deserialize_with = "ranges")]
    pub secondary_cidrs: Vec<Cidr>,
}

impl Cloud {
    pub async fn vpc(&self, id: &VpcId) -> Result<Option<Vpc>> {
        self.newest(|api| async move {
            let operation = format!("read VPC {id}");
            let call =
                Call::get(Subject::Vpc, operation, api, format!("vpcs/{id}")).regional("vpcs/{id}");
            self.find(&call, "vpc").await
        })
        .await
    }
}
