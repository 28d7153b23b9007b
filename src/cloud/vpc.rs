//! VPCs.
//!
//! API: GET `/v3/{project}/vpc/vpcs/{id}`, which shows secondary ranges; GET `/v1/{project}/vpcs/{id}`, which does
//! not, where v3 is not published.

use serde::Deserialize;

use super::{
    call::{Api, Call},
    client::Cloud,
    decode::{or_default, range, ranges},
    error::{Kind, Result, Subject},
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
        let call =
            |api| Call::get(Subject::Vpc, format!("read VPC {id}"), api, format!("vpcs/{id}"));
        match self.find(&call(Api::VpcV3), "vpc").await {
            Err(error) if error.kind() == Kind::NotPublished => {
                self.find(&call(Api::VpcV1), "vpc").await
            }
            result => result,
        }
    }
}
