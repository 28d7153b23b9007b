//! VPCs.
//!
//! API: GET `/v3/{project}/vpc/vpcs` and `…/{id}`, which show secondary ranges; the same under `/v1/{project}/`, which do
//! not, where v3 is not published.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ids::VpcId;
use crate::{
    cloud::client::{
        Client,
        call::Call,
        decode::{or_default, range, some_ranges, tags},
        error::{Result, Subject},
    },
    network::Cidr,
};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Vpc {
    pub id: VpcId,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "range")]
    pub cidr: Option<Cidr>,
    /// `None` where the cloud does not show them.
    #[serde(default, rename = "extend_cidrs", deserialize_with = "some_ranges")]
    pub secondary_cidrs: Option<Vec<Cidr>>,
    /// `ACTIVE` or `PENDING`; `OK` or `CREATING` in v1.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    #[serde(default, deserialize_with = "or_default")]
    pub enterprise_project_id: String,
    #[serde(default, deserialize_with = "tags")]
    pub tags: BTreeMap<String, String>,
}

impl Client {
    pub(crate) async fn vpc(&self, id: &VpcId) -> Result<Option<Vpc>> {
        self.newest(|api| async move {
            let operation = format!("read VPC {id}");
            let call =
                Call::get(Subject::Vpc, operation, api, format!("vpcs/{id}")).regional("vpcs/{id}");
            self.find(&call, "vpc").await
        })
        .await
    }

    /// The VPCs of an enterprise project, or of all that the user may see.
    pub(crate) async fn vpcs(&self, enterprise_project: Option<&str>) -> Result<Vec<Vpc>> {
        self.newest(|api| {
            let call = Call::get(Subject::Vpc, "list the VPCs", api, "vpcs");
            let call = call.optional_query("enterprise_project_id", enterprise_project);
            async move { self.list(call, "vpcs").await }
        })
        .await
    }
}
