//! Making rules of the pair. The cloud refuses a rule that it holds already, and what came of an answer that got lost
//! on the way is found out: a rule like the wanted one that was not there before is ours.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::terms::{Protocol, is_same_ports, range_of};
use crate::{
    cloud::{About, Cloud, Error, Kind, NewRule, RuleId, SecurityGroupId, SecurityGroupRule},
    framework::Result,
    resources::missing,
};

/// Makes rules in one group and keeps account of it.
pub(super) struct Maker<'c> {
    cloud: &'c Cloud,
    group: SecurityGroupId,
    /// The rules of the group before any was made.
    before: &'c [SecurityGroupRule],
    /// Rules that had to go so that their successors could be made.
    pub(super) deleted: BTreeSet<RuleId>,
    /// The rule of which nobody could be asked whether it was made.
    pub(super) lost: Option<Lost>,
}

/// A rule whose making got no answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Lost {
    protocol: Protocol,
    rule: NewRule,
    before: BTreeSet<RuleId>,
}

/// Which identical rules in the cloud may stand for the wanted one.
pub(super) enum Ours<'a> {
    Any,
    These(&'a BTreeSet<RuleId>),
}

/// What became of the wish for a rule.
enum Made {
    New(RuleId),
    /// The cloud holds an identical one.
    Stands(RuleId),
}

impl<'c> Maker<'c> {
    pub(super) fn new(
        cloud: &'c Cloud,
        group: &SecurityGroupId,
        before: &'c [SecurityGroupRule],
    ) -> Self {
        let group = group.clone();
        Self { cloud, group, before, deleted: BTreeSet::new(), lost: None }
    }

    /// Makes the rule, or takes an identical one of `ours`. `Err` in the result is the id of one that is not.
    pub(super) async fn make(
        &mut self,
        protocol: Protocol,
        rule: &NewRule,
        ours: Ours<'_>,
    ) -> Result<std::result::Result<RuleId, RuleId>> {
        if let Some(unrecorded) = self.unrecorded(protocol, rule) {
            return Ok(Ok(unrecorded.id.clone()));
        }
        let standing = match self.try_make(protocol, rule).await? {
            Made::New(id) => return Ok(Ok(id)),
            Made::Stands(id) if ours.hold(&id) => id,
            Made::Stands(id) => return Ok(Err(id)),
        };
        // To the cloud, rules that differ in their description only are the same; then the old one has to go first.
        let held = self.cloud.security_group_rule(&standing).await?;
        if held.is_some_and(|held| held.description == rule.description.as_str()) {
            return Ok(Ok(standing));
        }
        self.cloud.delete_security_group_rule(&standing).await?;
        self.deleted.insert(standing);
        Ok(match self.try_make(protocol, rule).await? {
            Made::New(id) => Ok(id),
            Made::Stands(id) => Err(id),
        })
    }

    /// The very rule, made by an earlier run that was killed before anybody could record it.
    pub(super) fn unrecorded(
        &self,
        protocol: Protocol,
        rule: &NewRule,
    ) -> Option<&'c SecurityGroupRule> {
        let standing = identical(self.before, protocol, rule)?;
        let is_meant = self.cloud.noted::<NewRule>(self.about(rule)).as_ref() == Some(rule);
        Some(standing).filter(|held| is_meant && held.description == rule.description.as_str())
    }

    async fn try_make(&mut self, protocol: Protocol, rule: &NewRule) -> Result<Made> {
        self.cloud.leave_note(self.about(rule), rule);
        let made = self.cloud.create_security_group_rule(&self.group, rule).await;
        let error = match made {
            Ok(rule) => return Ok(Made::New(rule.id)),
            Err(error) if error.leaves_doubt() => {
                return self.look_for(protocol, rule, error).await;
            }
            Err(error) => error,
        };
        self.cloud.settle_note(self.about(rule));
        let standing = match error.kind() {
            Kind::RuleExists { id: Some(id) } => id.parse().ok(),
            Kind::RuleExists { id: None } => {
                let rules = self.cloud.security_group_rules(&self.group).await?;
                identical(&rules, protocol, rule).map(|rule| rule.id.clone())
            }
            Kind::NotFound => {
                return Err(missing("Security group", &self.group, "security_group_id").into());
            }
            _ => None,
        };
        standing.map(Made::Stands).ok_or_else(|| error.into())
    }

    async fn look_for(&mut self, protocol: Protocol, rule: &NewRule, error: Error) -> Result<Made> {
        let before = self.before.iter().map(|rule| rule.id.clone()).collect();
        let lost = Lost { protocol, rule: rule.clone(), before };
        match self.cloud.security_group_rules(&self.group).await {
            Ok(rules) => lost.found_in(&rules).map(Made::New).ok_or_else(|| {
                self.cloud.settle_note(self.about(rule));
                error.into()
            }),
            Err(_) => {
                self.lost = Some(lost);
                Err(error.into())
            }
        }
    }

    fn about<'a>(&'a self, rule: &'a NewRule) -> About<'a> {
        About::SecurityGroupRule { security_group_id: &self.group, rule }
    }
}

impl Ours<'_> {
    fn hold(&self, id: &RuleId) -> bool {
        match self {
            Ours::Any => true,
            Ours::These(ids) => ids.contains(id),
        }
    }
}

impl Lost {
    /// The rule, if it was made after all.
    pub(super) fn found_in(&self, rules: &[SecurityGroupRule]) -> Option<RuleId> {
        let news = rules.iter().filter(|rule| !self.before.contains(&rule.id));
        identical(news, self.protocol, &self.rule).map(|rule| rule.id.clone())
    }
}

/// The rule that is the wanted one to the cloud, which does not look at descriptions.
pub(super) fn identical<'r>(
    rules: impl IntoIterator<Item = &'r SecurityGroupRule>,
    protocol: Protocol,
    wanted: &NewRule,
) -> Option<&'r SecurityGroupRule> {
    let range = wanted.remote_ip_prefix.as_deref().and_then(|prefix| prefix.parse().ok());
    rules.into_iter().find(|rule| {
        Protocol::of(rule) == Some(protocol)
            && range_of(rule) == range
            && is_same_ports(rule.multiport.as_deref(), wanted.multiport.as_deref())
            && (&rule.direction, &rule.action, rule.priority)
                == (&wanted.direction, &wanted.action, wanted.priority)
    })
}
