//! Security groups themselves; their rules are in `security_group.rs`.
//!
//! API: GET `/v3/{project}/vpc/security-groups` and `…/{id}`, and the same under `/v1/{project}/` where v3 is not
//! published.

use std::sync::Arc;

use serde::Deserialize;

use super::{
    call::Call,
    client::Cloud,
    decode::or_default,
    error::{Result, Subject},
    ids::SecurityGroupId,
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

impl Cloud {
    pub async fn security_group(&self, id: &SecurityGroupId) -> Result<Option<SecurityGroup>> {
        self.newest(|api| async move {
            let operation = format!("read security group {id}");
            let call = Call::get(Subject::SecurityGroup, operation, api, format!("{GROUPS}/{id}"));
            self.find(&call, "security_group").await
        })
        .await
    }

    /// The groups of an enterprise project, or of the provider's, as they are now.
    pub async fn security_groups(
        &self,
        enterprise_project: Option<&str>,
    ) -> Result<Arc<Vec<SecurityGroup>>> {
        let scope = self.enterprise_project(enterprise_project);
        let operation = "list the security groups";
        let read = self.newest(|api| {
            let call = Call::get(Subject::SecurityGroup, operation, api, GROUPS);
            let call = call.optional_query("enterprise_project_id", scope.as_deref());
            async move { self.list(call, "security_groups").await.map(Arc::new) }
        });
        self.read_anew(operation, &self.now().group_lists, &scope, read).await
    }
}
