//! The rules that one resource keeps in one security group, each under a name: how they are made, changed, deleted and
//! remembered, whose they are in a run, and what speaks against them before they are made.
//!
//! API: POST, GET and DELETE `/v3/{project_id}/vpc/security-group-rules`, v1 where v3 is not offered; several new rules in
//! one call where the cloud has it. The cloud cannot change a rule, so an update makes the new rules first and deletes
//! the old ones after: at no moment is less open than before and after.

mod alike;
mod deleting;
mod foreseen;
mod making;
mod memory;
mod owning;
mod terms;

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::Arc,
};

use serde::{Serialize, de::DeserializeOwned};

pub(super) use self::{
    alike::{identical, is_same_ports, protocol_name, range_of},
    foreseen::{foresee, recall},
    memory::Memory,
    terms::{Direction, Priority},
};
use self::{
    deleting::delete_rules,
    making::{Maker, Unmade},
    memory::beside,
    owning::{let_go, make, names_of, rules_to_change, terms},
};
use crate::{
    cloud::{
        self, About, Cloud, NewRule, Object, RuleId, SecurityGroupId, SecurityGroupRule, Writing,
    },
    framework::{Draft, Problem, Problems, Result},
};

/// Rules as they should be, by name.
pub(super) type Rules = BTreeMap<String, NewRule>;
/// The ids of rules that are there, by name.
pub(super) type RuleIds = BTreeMap<String, RuleId>;

/// A resource that keeps rules in a group, and the words it has for what is wrong with them.
pub(super) trait RuleSet: Serialize + DeserializeOwned + Send + Sync {
    fn group(&self) -> &SecurityGroupId;
    fn rules(&self) -> Rules;
    fn ids(&self) -> RuleIds;
    fn record(&mut self, ids: RuleIds);
    /// Forgets the rules that are not there.
    fn retain(&mut self, is_there: impl Fn(&str) -> bool);
    fn adopts(&self) -> bool;
    fn memory(&mut self) -> &mut Memory;

    /// The planned set without the rules that are not wholly known yet.
    fn planned(planned: Draft<'_>) -> Option<Self>;
    /// Another resource of the run has these rules.
    fn claimed(&self, names: &BTreeSet<String>) -> Problem;
    /// Somebody else's rules stand which are identical to these.
    fn conflict(&self, standing: &RuleIds) -> Problem;
    /// Why the cloud did not make this rule.
    fn refused(&self, name: &str, error: cloud::Error) -> Problem;
    /// What is wrong with `attribute` of these rules, said where it is written.
    fn about(&self, names: &BTreeSet<String>, attribute: &'static str, problem: Problem)
    -> Problem;
    /// These rules open `servers` to everyone.
    fn opened(&self, names: &BTreeSet<String>, servers: &str) -> Problem;
}

/// The rules of the group, with those of the set that were made just now.
pub(super) async fn look(
    set: &impl RuleSet,
    cloud: &Cloud,
) -> Result<Option<Arc<Vec<SecurityGroupRule>>>> {
    let (ids, rules) = (set.ids(), set.rules());
    let made = ids.iter().filter_map(|(name, id)| Some((id, rules.get(name)?.clone())));
    let made: Vec<_> = made.collect();
    found(cloud.cached().security_group_rules_showing(set.group(), &made).await)
}

/// What is remembered beside the rules of the set fills the gaps in it. Terraform forgets what is remembered of a set that
/// was half made.
pub(super) fn fill_gaps<'r>(
    wanted: &Rules,
    ours: &mut BTreeMap<String, &'r SecurityGroupRule>,
    memory: &mut Memory,
    rules: &'r [SecurityGroupRule],
    cloud: &Cloud,
) {
    memory.look_through(rules);
    let gaps: Vec<_> = wanted.iter().filter(|(name, _)| !ours.contains_key(*name)).collect();
    for (name, wanted) in gaps {
        let surplus = rules.iter().filter(|rule| memory.surplus.contains(&rule.id));
        if let Some(rule) = identical(surplus, wanted) {
            memory.surplus.remove(&rule.id);
            ours.insert(name.clone(), rule);
        }
    }
    // What is remembered may be forgotten before the next plan: of a set that was half made, Terraform does.
    cloud.intend_rules(|rules| rules.held.extend(memory.surplus.iter().cloned()));
}

pub(super) async fn create<R: RuleSet>(mut set: R, cloud: &Cloud<Writing>) -> Result<R> {
    let terms = terms(&set);
    let claims = cloud.claim(terms.values().cloned().collect(), Vec::new()).await?;
    if !claims.refused.is_empty() {
        return Err(set.claimed(&names_of(&terms, &claims.refused)).into());
    }
    let rules = rules_to_change(set.group(), cloud).await?;
    let (maker, outcome) = make(&set, &set.rules(), &BTreeSet::new(), rules, cloud).await?;
    let Maker { made, lost, .. } = maker;
    let problems = outcome.map_err(|unmade| told(&set, unmade)).err();
    let is_nothing_there = made.is_empty() && lost.is_empty();
    match problems {
        None => {
            claims.keep();
            set.record(made);
            Ok(set)
        }
        Some(problems) if is_nothing_there => Err(problems),
        Some(problems) => {
            claims.keep();
            set.retain(|name| made.contains_key(name));
            set.record(made);
            set.memory().lost = lost;
            Err(problems.keeping(&set))
        }
    }
}

pub(super) async fn update<R: RuleSet>(
    mut set: R,
    mut prior: R,
    cloud: &Cloud<Writing>,
) -> Result<R> {
    settle_notes(&prior, cloud);
    let before: BTreeSet<Object> = terms(&prior).into_values().collect();
    let names = terms(&set);
    let after: BTreeSet<Object> = names.values().cloned().collect();
    let (kept, new) = after.iter().cloned().partition(|it| before.contains(it));
    let claims = cloud.claim(new, kept).await?;
    if !claims.refused.is_empty() {
        return Err(set.claimed(&names_of(&names, &claims.refused)).into());
    }
    let rules = rules_to_change(set.group(), cloud).await?;
    set.memory().look_through(&rules);
    let mut surplus = mem::take(&mut set.memory().surplus);
    let mut old = prior.ids();
    let mut new = unchanged(&set, &prior);
    let own = surplus.iter().chain(old.values()).cloned().collect();
    let mut wanted = set.rules();
    wanted.retain(|name, _| !new.contains_key(name));
    let (maker, outcome) = make(&set, &wanted, &own, rules, cloud).await?;
    old.retain(|_, id| !maker.deleted.contains(id));
    surplus.retain(|id| !maker.deleted.contains(id));
    new.extend(maker.made);
    if let Err(unmade) = outcome {
        // What stands of the old rules is the state; the next apply finds the new ones again.
        *prior.memory() = Memory { surplus: beside(&old, surplus, new), lost: maker.lost };
        prior.record(old);
        return Err(told(&set, unmade).keeping(&prior));
    }
    claims.keep();
    surplus = beside(&new, surplus, old);
    set.record(new);
    let given_up: Vec<Object> = before.difference(&after).cloned().collect();
    cloud.await_successors(&given_up).await;
    let let_go = match let_go(&prior, &surplus, &after, cloud).await {
        Ok((release, mut doomed)) => {
            let deleted = delete_rules(set.group(), &mut doomed, cloud).await;
            surplus = doomed;
            deleted.map(|()| release.done())
        }
        Err(error) => Err(error),
    };
    if let Err(error) = let_go {
        set.memory().surplus = surplus;
        return Err(Problems::from(error).keeping(&set));
    }
    Ok(set)
}

pub(super) async fn delete(mut set: impl RuleSet, cloud: &Cloud<Writing>) -> Result<()> {
    if !set.memory().lost.is_empty()
        && let Some(rules) = found(cloud.security_group_rules(set.group()).await)?
    {
        set.memory().look_through(&rules);
    }
    let mut ids = mem::take(&mut set.memory().surplus);
    ids.extend(set.ids().into_values());
    let (release, mut doomed) = let_go(&set, &ids, &BTreeSet::new(), cloud).await?;
    delete_rules(set.group(), &mut doomed, cloud).await?;
    release.done();
    settle_notes(&set, cloud);
    Ok(())
}

/// The rules that stay as they are, under whatever name they had.
fn unchanged(set: &impl RuleSet, prior: &impl RuleSet) -> RuleIds {
    let (before, ids) = (prior.rules(), prior.ids());
    let had = |rule: &NewRule| {
        let (name, _) =
            before.iter().find(|(name, had)| *had == rule && ids.contains_key(*name))?;
        ids.get(name).cloned()
    };
    set.rules().into_iter().filter_map(|(name, rule)| Some((name, had(&rule)?))).collect()
}

/// Terraform has recorded the set, or there is none any more.
fn settle_notes<A>(set: &impl RuleSet, cloud: &Cloud<A>) {
    let security_group_id = set.group();
    for rule in set.rules().values() {
        cloud.journal().settle(About::SecurityGroupRule { security_group_id, rule });
    }
}

fn told(set: &impl RuleSet, unmade: Unmade) -> Problems {
    match unmade {
        Unmade::Standing(standing) => set.conflict(&standing).into(),
        Unmade::Refused { name, error } => set.refused(&name, *error).into(),
        Unmade::Failed(problems) => problems,
    }
}

/// The rules of a group; `None` if the group does not exist.
fn found<T>(rules: cloud::Result<T>) -> Result<Option<T>> {
    match rules {
        Ok(rules) => Ok(Some(rules)),
        Err(error) if error.kind() == cloud::Kind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
