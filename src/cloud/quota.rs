//! How much of a kind the account may have.
//!
//! API: GET `/v1/{project}/quotas?type=…`.

use serde::Deserialize;

use super::{
    call::{Api, Call},
    client::Cloud,
    error::{Result, Subject},
};

#[derive(Deserialize)]
struct Quotas {
    resources: Vec<Quota>,
}

#[derive(Deserialize)]
struct Quota {
    #[serde(rename = "type")]
    kind: String,
    quota: i64,
}

impl Cloud {
    /// The limit of a kind such as `routetableContainRoutes`, or `None` where there is none.
    ///
    /// For limits per parent (routes per table) the cloud does not count what is used: count it yourself.
    pub async fn quota(&self, kind: &str) -> Result<Option<i64>> {
        let operation = format!("read the quota {kind}");
        let call = Call::get(Subject::Quota, operation, Api::VpcV1, "quotas").query("type", kind);
        let Quotas { resources } = self.send(&call).await?.object("quotas")?;
        let quota = resources.into_iter().find(|quota| quota.kind == kind);
        Ok(quota.map(|quota| quota.quota).filter(|limit| *limit >= 0))
    }
}
