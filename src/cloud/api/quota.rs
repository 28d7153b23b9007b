//! How much of a kind the account may have.
//!
//! API: GET `/v1/{project}/quotas?type=…`.

use serde::Deserialize;

use crate::cloud::client::{
    Client,
    call::{Api, Call},
    error::{Result, Subject},
};

/// The kind of quota: routes in one table.
pub const ROUTES_PER_TABLE: &str = "routetableContainRoutes";

/// The kind of quota: security group rules in the project.
pub const SECURITY_GROUP_RULES: &str = "securityGroupRule";

#[derive(Deserialize)]
struct Quotas {
    resources: Vec<WireQuota>,
}

#[derive(Deserialize)]
struct WireQuota {
    #[serde(rename = "type")]
    kind: String,
    quota: i64,
    #[serde(default)]
    used: u64,
}

/// A limit, and how much of it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub limit: u64,
    /// Zero for limits per parent (routes per table): the cloud does not count those.
    pub used: u64,
}

impl Client {
    /// The limit of a kind such as [`ROUTES_PER_TABLE`] and what is used of it, or `None` where there is no limit.
    pub(crate) async fn quota(&self, kind: &str) -> Result<Option<Quota>> {
        let operation = format!("read the quota {kind}");
        let call = Call::get(Subject::Quota, operation, Api::VpcV1, "quotas").query("type", kind);
        let (Quotas { resources }, _) = self.read(&call, |answer| answer.object("quotas")).await?;
        let quota = resources.into_iter().find(|quota| quota.kind == kind);
        let limited =
            |WireQuota { quota, used, .. }| Some(Quota { limit: u64::try_from(quota).ok()?, used });
        Ok(quota.and_then(limited))
    }
}
