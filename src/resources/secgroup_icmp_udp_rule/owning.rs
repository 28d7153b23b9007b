//! Whose the rules of a pair are in a run: what it claims, what it takes over from another resource of the run, and what
//! it leaves to one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    SecgroupIcmpUdpRule, found,
    making::{Maker, Ours, Unmade},
    terms::Protocol,
};
use crate::{
    cloud::{self, Cloud, NewRule, Object, Release, RuleId, SecurityGroupRule, Writing},
    framework::{Problem, Result},
    resources::missing,
};

/// A rule that is there.
pub(super) fn object(id: &RuleId) -> Object {
    Object::Rule { rule_id: id.clone() }
}

/// Two resources want the same rule.
pub(super) fn claimed(pair: &SecgroupIcmpUdpRule) -> Problem {
    let detail = format!(
        "Another resource of this configuration makes the same rule in security group `{}`, and the group holds it once. \
         Keep it in one of them, or write another `remote_ip_prefix`.",
        pair.security_group_id
    );
    Problem::error("Rule claimed twice", detail).at("remote_ip_prefix")
}

impl SecgroupIcmpUdpRule {
    /// What the rules of the pair say; the group holds one rule of each.
    pub(super) fn terms(&self) -> BTreeMap<Protocol, Object> {
        let terms = |protocol: &Protocol| {
            let (security_group_id, terms) =
                (self.security_group_id.clone(), self.rule(*protocol).terms());
            (*protocol, Object::RuleTerms { security_group_id, terms })
        };
        self.protocols.iter().map(terms).collect()
    }

    /// The rules of the group as they are before some are made or deleted.
    pub(super) async fn rules_to_change(
        &self,
        cloud: &Cloud<Writing>,
    ) -> Result<Arc<Vec<SecurityGroupRule>>> {
        let group = &self.security_group_id;
        let rules = found(cloud.security_group_rules(group).await)?;
        Ok(rules.ok_or_else(|| missing("Security group", group, "security_group_id"))?)
    }

    /// Makes rules, or takes over those that are `own` or given up by another resource of the run.
    pub(super) async fn make<'c>(
        &self,
        wanted: BTreeMap<Protocol, NewRule>,
        own: &BTreeSet<RuleId>,
        mut rules: Arc<Vec<SecurityGroupRule>>,
        cloud: &'c Cloud<Writing>,
    ) -> Result<(Maker<'c>, std::result::Result<(), Unmade>)> {
        let mut has_waited = false;
        loop {
            let released = rules.iter().filter(|rule| cloud.is_released_to_us(&object(&rule.id)));
            let released = released.map(|rule| rule.id.clone());
            let ours = match self.adopt_existing {
                true => Ours::Any,
                false => Ours::These(own.iter().cloned().chain(released).collect()),
            };
            let mut maker = Maker::new(cloud, &self.security_group_id, rules, ours);
            let outcome = maker.make(wanted.clone()).await;
            if let Err(Unmade::Standing(standing)) = &outcome
                && maker.has_changed_nothing()
                && !has_waited
            {
                let standing: Vec<Object> = standing.values().map(object).collect();
                cloud.await_release(&standing).await;
                if standing.iter().all(|rule| cloud.is_released_to_us(rule)) {
                    has_waited = true;
                    rules = self.rules_to_change(cloud).await?;
                    continue;
                }
            }
            let made = maker.made.values().map(object).collect();
            // Past the time limit nobody is to take them over, but they have to be recorded.
            if let Ok(claims) = cloud.claim(Vec::new(), made).await {
                claims.keep();
            }
            return Ok((maker, outcome));
        }
    }

    /// Lets go of rules of this pair. Returns those to delete: not what another resource of the run has taken over.
    pub(super) async fn let_go(
        &self,
        ids: &BTreeSet<RuleId>,
        kept_terms: &BTreeMap<Protocol, Object>,
        cloud: &Cloud<Writing>,
    ) -> cloud::Result<(Release, BTreeSet<RuleId>)> {
        let is_kept = |terms: &Object| kept_terms.values().any(|kept| kept == terms);
        let terms = self.terms();
        let given_up = terms.values().filter(|terms| !is_kept(terms)).cloned();
        let release = cloud.release(given_up.chain(ids.iter().map(object)).collect()).await?;
        let mut deleted = ids.clone();
        deleted.retain(|id| !release.handed_over.contains(&object(id)));
        for (protocol, id) in self.rule_ids.iter().flatten() {
            if terms.get(protocol).is_some_and(|terms| release.handed_over.contains(terms)) {
                deleted.remove(id);
            }
        }
        Ok((release, deleted))
    }
}
