//! Making and deleting the rules of security groups. Whatever comes of it, what the run has read of the group before may be
//! out of date.

use std::collections::BTreeSet;

use super::{Cloud, Writing};
use crate::cloud::{
    api::{
        ids::{RuleId, SecurityGroupId},
        security_group_rule::{NewRule, SecurityGroupRule},
    },
    client::error::{Kind, Result},
};

impl Cloud<Writing> {
    /// # Errors
    /// `NotPublished` where the region has no v3 and v1 has no words for this rule.
    pub async fn create_security_group_rule(
        &self,
        group: &SecurityGroupId,
        rule: &NewRule,
    ) -> Result<SecurityGroupRule> {
        let outcome = self.client.create_security_group_rule(group, rule).await;
        self.cache().rule_lists.forget(group);
        outcome
    }

    /// All of them in one call. Whether the cloud makes some of them before it refuses one is not documented.
    ///
    /// # Errors
    /// `NotPublished` where the region does not have the call.
    pub async fn create_security_group_rules(
        &self,
        group: &SecurityGroupId,
        rules: &[NewRule],
    ) -> Result<Vec<SecurityGroupRule>> {
        let outcome = self.client.create_security_group_rules(group, rules).await;
        self.cache().rule_lists.forget(group);
        outcome
    }

    /// Succeeds where the rule is already gone. The group may show it for a while.
    pub async fn delete_security_group_rule(
        &self,
        group: &SecurityGroupId,
        id: &RuleId,
    ) -> Result<()> {
        let outcome = self.client.delete_security_group_rule(id).await;
        self.cache().rule_lists.forget(group);
        outcome
    }

    /// Waits until the group does not show these rules any more, however long the operation may take.
    pub async fn await_rules_gone(
        &self,
        group: &SecurityGroupId,
        ids: &BTreeSet<RuleId>,
    ) -> Result<()> {
        let operation = format!("wait until the deleted rules of security group {group} are gone");
        let mut looks = 0;
        loop {
            let shown = match self.security_group_rules(group).await {
                Err(error) if error.kind() == Kind::NotFound => return Ok(()),
                shown => shown?,
            };
            if !shown.iter().any(|rule| ids.contains(&rule.id)) {
                return Ok(());
            }
            self.client.pause(&operation, looks).await?;
            looks += 1;
        }
    }
}
