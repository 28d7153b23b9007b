//! Security groups themselves; their rules are in `security_group.rs`.
//!
//! API: GET `/v3/{project}/vpc/security-groups` and `…/{id}`, and the same under `/v1/{project}/` where v3 is not
//! published.

use serde::Deserialize;

use super::ids::SecurityGroupId;
use crate::cloud::client::{
    Client,
    call::Call,
    decode::or_default,
    error::{Result, Subject},
};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SecurityGroup {
    pub id: SecurityGroupId,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    #[serde(default, deserialize_with = "or_default")]
    pub enterprise_project_id: String,
}

const GROUPS: &str = "security-groups";

impl Client {
    pub(crate) async fn security_group(
        &self,
        id: &SecurityGroupId,
    ) -> Result<Option<SecurityGroup>> {
        self.newest(|api| async move {
            let operation = format!("read security group {id}");
            let call = Call::get(Subject::SecurityGroup, operation, api, format!("{GROUPS}/{id}"));
            self.find(&call, "security_group").await
        })
        .await
    }

    /// The groups of an enterprise project, or of all that the user may see.
    pub(crate) async fn security_groups(
        &self,
        enterprise_project: Option<&str>,
    ) -> Result<Vec<SecurityGroup>> {
        self.newest(|api| {
            let call = Call::get(Subject::SecurityGroup, "list the security groups", api, GROUPS);
            let call = call.optional_query("enterprise_project_id", enterprise_project);
            async move { self.list(call, "security_groups").await }
        })
        .await
    }
}
