//! Whose the rules of a set are in a run: what it claims, what it takes over from another resource of the run, and what
//! it leaves to one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    RuleIds, RuleSet, Rules, found,
    making::{Maker, Ours, Unmade},
};
use crate::{
    cloud::{self, Cloud, Object, Release, RuleId, SecurityGroupId, SecurityGroupRule, Writing},
    framework::Result,
    resources::missing,
};

/// A rule that is there.
pub(super) fn object(id: &RuleId) -> Object {
    Object::Rule { rule_id: id.clone() }
}

/// What the rules of the set say; the group holds one rule of each.
pub(super) fn terms(set: &impl RuleSet) -> BTreeMap<String, Object> {
    let group = set.group();
    let terms = |(name, rule): (String, cloud::NewRule)| {
        (name, Object::RuleTerms { security_group_id: group.clone(), terms: rule.terms() })
    };
    set.rules().into_iter().map(terms).collect()
}

/// The names of the rules that say one of `objects`.
pub(super) fn names_of(terms: &BTreeMap<String, Object>, objects: &[Object]) -> BTreeSet<String> {
    let named = terms.iter().filter(|(_, terms)| objects.contains(terms));
    named.map(|(name, _)| name.clone()).collect()
}

/// The rules of the group as they are before some are made or deleted.
pub(super) async fn rules_to_change(
    group: &SecurityGroupId,
    cloud: &Cloud<Writing>,
) -> Result<Arc<Vec<SecurityGroupRule>>> {
    let rules = found(cloud.security_group_rules(group).await)?;
    Ok(rules.ok_or_else(|| missing("Security group", group, "security_group_id"))?)
}

/// Makes rules, or takes over those that are `own` or given up by another resource of the run.
pub(super) async fn make<'c>(
    set: &impl RuleSet,
    wanted: &Rules,
    own: &BTreeSet<RuleId>,
    mut rules: Arc<Vec<SecurityGroupRule>>,
    cloud: &'c Cloud<Writing>,
) -> Result<(Maker<'c>, std::result::Result<(), Unmade>)> {
    let mut has_waited = false;
    loop {
        let released = rules.iter().filter(|rule| cloud.is_released_to_us(&object(&rule.id)));
        let released = released.map(|rule| rule.id.clone());
        let ours = match set.adopts() {
            true => Ours::Any,
            false => Ours::These(own.iter().cloned().chain(released).collect()),
        };
        let mut maker = Maker::new(cloud, set.group(), rules, ours);
        let outcome = maker.make(wanted).await;
        if let Err(Unmade::Standing(standing)) = &outcome
            && maker.has_changed_nothing()
            && !has_waited
        {
            let standing: Vec<Object> = standing.values().map(object).collect();
            cloud.await_release(&standing).await;
            if standing.iter().all(|rule| cloud.is_released_to_us(rule)) {
                has_waited = true;
                rules = rules_to_change(set.group(), cloud).await?;
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

/// Lets go of rules of this set. Returns those to delete: not what another resource of the run has taken over.
pub(super) async fn let_go(
    set: &impl RuleSet,
    ids: &BTreeSet<RuleId>,
    kept_terms: &BTreeSet<Object>,
    cloud: &Cloud<Writing>,
) -> cloud::Result<(Release, BTreeSet<RuleId>)> {
    let terms = terms(set);
    let given_up = terms.values().filter(|terms| !kept_terms.contains(terms)).cloned();
    let release = cloud.release(given_up.chain(ids.iter().map(object)).collect()).await?;
    let mut deleted = ids.clone();
    deleted.retain(|id| !release.handed_over.contains(&object(id)));
    let ids: RuleIds = set.ids();
    for (name, id) in &ids {
        if terms.get(name).is_some_and(|terms| release.handed_over.contains(terms)) {
            deleted.remove(id);
        }
    }
    Ok((release, deleted))
}
