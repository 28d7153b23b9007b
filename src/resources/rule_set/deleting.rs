//! Deleting rules of a set. The cloud may go on showing a rule for a while, and refuse a new one like it.

use std::collections::BTreeSet;

use crate::cloud::{Cloud, Result, RuleId, SecurityGroupId, Writing};

/// Deletes the rules, then waits until none of them shows. Those left in `ids` may be there yet.
pub(super) async fn delete_rules(
    group: &SecurityGroupId,
    ids: &mut BTreeSet<RuleId>,
    cloud: &Cloud<Writing>,
) -> Result<()> {
    let mut deleted = BTreeSet::new();
    while let Some(id) = ids.first() {
        cloud.delete_security_group_rule(group, id).await?;
        deleted.extend(ids.pop_first());
    }
    if deleted.is_empty() {
        return Ok(());
    }
    let gone = cloud.await_rules_gone(group, &deleted).await;
    if gone.is_err() {
        *ids = deleted;
    }
    gone
}
