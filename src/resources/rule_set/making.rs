//! Making the rules of a set, in calls for many where the cloud has them. The cloud refuses a rule that it holds already,
//! and what came of an answer that got lost on the way is found out: a rule like the wanted one that was not there before
//! is ours.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    RuleIds, Rules,
    alike::{identical, is_unrecorded},
};
use crate::{
    cloud::{
        About, Cloud, Error, Kind, NewRule, RuleId, SecurityGroupId, SecurityGroupRule, Writing,
    },
    framework::Problems,
    resources::missing,
};

/// The most rules that one call makes.
const MOST_AT_ONCE: usize = 200;

/// Makes rules in one group and keeps account of it.
pub(super) struct Maker<'c> {
    cloud: &'c Cloud<Writing>,
    group: SecurityGroupId,
    /// The rules of the group before any was made.
    before: Arc<Vec<SecurityGroupRule>>,
    ours: Ours,
    /// The cloud may still be making what was asked for in a call without an answer.
    in_doubt: bool,
    pub(super) made: RuleIds,
    /// Rules that had to go so that their successors could be made.
    pub(super) deleted: BTreeSet<RuleId>,
    /// The rules of which nobody could be asked whether they were made.
    pub(super) lost: Vec<Lost>,
}

/// A rule whose making got no answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Lost {
    rule: NewRule,
    before: BTreeSet<RuleId>,
}

/// Which identical rules in the cloud may stand for the wanted ones.
pub(super) enum Ours {
    Any,
    These(BTreeSet<RuleId>),
}

/// Why not all of the rules were made.
pub(super) enum Unmade {
    /// The cloud holds identical ones, which are not ours.
    Standing(RuleIds),
    /// The cloud does not make this rule.
    Refused {
        name: String,
        error: Box<Error>,
    },
    Failed(Problems),
}

/// What became of the wish for a rule.
enum Made {
    New(RuleId),
    /// The cloud holds an identical one.
    Stands(RuleId),
}

type Result<T> = std::result::Result<T, Unmade>;

impl<'c> Maker<'c> {
    pub(super) fn new(
        cloud: &'c Cloud<Writing>,
        group: &SecurityGroupId,
        rules: Arc<Vec<SecurityGroupRule>>,
        ours: Ours,
    ) -> Self {
        Self {
            cloud,
            group: group.clone(),
            before: rules,
            ours,
            in_doubt: false,
            made: BTreeMap::new(),
            deleted: BTreeSet::new(),
            lost: Vec::new(),
        }
    }

    /// Makes the rules, or takes identical ones that are ours. Whatever comes, the account holds what was made.
    pub(super) async fn make(&mut self, wanted: &Rules) -> Result<()> {
        let standing: RuleIds = wanted
            .iter()
            .filter_map(|(name, rule)| {
                Some((name.clone(), identical(&*self.before, rule)?.id.clone()))
            })
            .collect();
        // Looked for before anything is made, so that a conflict leaves nothing half-made.
        let mut theirs = standing.clone();
        theirs.retain(|name, id| {
            !self.ours.hold(id) && !wanted.get(name).is_some_and(|it| self.is_unrecorded(it, id))
        });
        if !theirs.is_empty() {
            return Err(Unmade::Standing(theirs));
        }
        let new: Vec<_> = wanted.iter().filter(|(name, _)| !standing.contains_key(*name)).collect();
        for new in new.chunks(MOST_AT_ONCE).filter(|new| new.len() > 1) {
            let new = new.iter().map(|(name, rule)| ((*name).clone(), (*rule).clone()));
            self.make_together(&new.collect()).await?;
        }
        for (name, rule) in wanted {
            match standing.get(name) {
                _ if self.made.contains_key(name) => {}
                Some(id) => self.take_over(name, rule, id.clone()).await?,
                None => self.make_alone(name, rule).await?,
            }
        }
        Ok(())
    }

    pub(super) fn has_changed_nothing(&self) -> bool {
        self.made.is_empty() && self.deleted.is_empty() && self.lost.is_empty()
    }

    /// Makes as many of the rules as one call does. The others are to be made alone, where each gets its own answer.
    async fn make_together(&mut self, new: &Rules) -> Result<()> {
        let rules: Vec<NewRule> = new.values().cloned().collect();
        rules.iter().for_each(|rule| self.cloud.journal().leave(self.about(rule), rule));
        let error = match self.cloud.create_security_group_rules(&self.group, &rules).await {
            Ok(answer) => {
                self.recognise(new, &answer, None);
                return Ok(());
            }
            Err(error) if error.kind() == Kind::NotPublished => return Ok(()),
            Err(error) if error.leaves_doubt() || is_about_one(&error.kind(), &rules) => error,
            Err(error) => {
                rules.iter().for_each(|rule| self.cloud.journal().settle(self.about(rule)));
                return Err(self.failed(error));
            }
        };
        self.in_doubt = error.leaves_doubt();
        let standing = match error.kind() {
            Kind::RuleExists { id: None } => {
                rules.iter().for_each(|rule| self.cloud.journal().settle(self.about(rule)));
                return Ok(());
            }
            Kind::RuleExists { id } => id,
            _ => None,
        };
        // The cloud does not promise that it makes all or none.
        match self.cloud.security_group_rules(&self.group).await {
            Ok(rules) => self.recognise(new, &rules, standing.as_deref()),
            Err(_) => {
                self.lost = new.values().map(|rule| self.lost(rule)).collect();
                return Err(self.failed(error));
            }
        }
        if !self.in_doubt {
            let undone = new.iter().filter(|(name, _)| !self.made.contains_key(*name));
            undone.for_each(|(_, rule)| self.cloud.journal().settle(self.about(rule)));
        }
        Ok(())
    }

    /// Takes into the account what `rules` show to have been made, up to the one that the cloud refused because
    /// `standing` was there.
    fn recognise(&mut self, wanted: &Rules, rules: &[SecurityGroupRule], standing: Option<&str>) {
        let news: Vec<_> = rules.iter().filter(|rule| !self.was_there(&rule.id)).collect();
        for (name, rule) in wanted {
            let found = identical(news.iter().copied(), rule).map(|rule| rule.id.clone());
            if found.as_ref().is_some_and(|id| Some(id.as_str()) == standing) {
                return;
            }
            self.made.extend(found.map(|id| (name.clone(), id)));
        }
    }

    async fn make_alone(&mut self, name: &str, rule: &NewRule) -> Result<()> {
        match self.try_make(name, rule).await? {
            Made::New(id) => drop(self.made.insert(name.to_owned(), id)),
            Made::Stands(id) if self.ours.hold(&id) || (self.in_doubt && !self.was_there(&id)) => {
                self.take_over(name, rule, id).await?;
            }
            Made::Stands(id) => return Err(Unmade::standing(name, id)),
        }
        Ok(())
    }

    /// Takes a rule of ours for the wanted one. To the cloud, rules that differ in their description only are the
    /// same; then the old one has to go first.
    async fn take_over(&mut self, name: &str, rule: &NewRule, id: RuleId) -> Result<()> {
        let held = match self.before.iter().find(|held| held.id == id).cloned() {
            None => self.cloud.security_group_rule(&id).await?,
            held => held,
        };
        if held.is_some_and(|held| held.description == rule.description.as_str()) {
            self.made.insert(name.to_owned(), id);
            return Ok(());
        }
        self.cloud.delete_security_group_rule(&self.group, &id).await?;
        self.deleted.insert(id.clone());
        let mut made = self.try_make(name, rule).await?;
        if matches!(&made, Made::Stands(standing) if *standing == id) {
            self.cloud.await_rules_gone(&self.group, &self.deleted).await?;
            made = self.try_make(name, rule).await?;
        }
        match made {
            Made::New(new) => drop(self.made.insert(name.to_owned(), new)),
            Made::Stands(id) => return Err(Unmade::standing(name, id)),
        }
        Ok(())
    }

    async fn try_make(&mut self, name: &str, rule: &NewRule) -> Result<Made> {
        self.cloud.journal().leave(self.about(rule), rule);
        let made = self.cloud.create_security_group_rule(&self.group, rule).await;
        let error = match made {
            Ok(rule) => return Ok(Made::New(rule.id)),
            Err(error) if error.leaves_doubt() => {
                return self.look_for(rule, error).await;
            }
            Err(error) => error,
        };
        self.cloud.journal().settle(self.about(rule));
        let standing = match error.kind() {
            Kind::RuleExists { id: Some(id) } => id.parse().ok(),
            Kind::RuleExists { id: None } => {
                let rules = self.cloud.security_group_rules(&self.group).await?;
                identical(&*rules, rule).map(|rule| rule.id.clone())
            }
            _ => None,
        };
        let refused = || Unmade::Refused { name: name.to_owned(), error: Box::new(error) };
        standing.map(Made::Stands).ok_or_else(refused)
    }

    async fn look_for(&mut self, rule: &NewRule, error: Error) -> Result<Made> {
        let lost = self.lost(rule);
        match self.cloud.security_group_rules(&self.group).await {
            Ok(rules) => lost.found_in(&rules).map(Made::New).ok_or_else(|| {
                self.cloud.journal().settle(self.about(rule));
                error.into()
            }),
            Err(_) => {
                self.lost.push(lost);
                Err(error.into())
            }
        }
    }

    fn lost(&self, rule: &NewRule) -> Lost {
        let before = self.before.iter().map(|rule| rule.id.clone()).collect();
        Lost { rule: rule.clone(), before }
    }

    fn is_unrecorded(&self, wanted: &NewRule, standing: &RuleId) -> bool {
        let held = self.before.iter().find(|held| held.id == *standing);
        held.is_some_and(|held| is_unrecorded(&self.group, wanted, held, self.cloud))
    }

    fn about<'a>(&'a self, rule: &'a NewRule) -> About<'a> {
        About::SecurityGroupRule { security_group_id: &self.group, rule }
    }

    fn was_there(&self, id: &RuleId) -> bool {
        self.before.iter().any(|rule| rule.id == *id)
    }

    fn failed(&self, error: Error) -> Unmade {
        match error.kind() {
            Kind::NotFound => {
                let problem = missing("Security group", &self.group, "security_group_id");
                Unmade::Failed(problem.into())
            }
            _ => error.into(),
        }
    }
}

impl Unmade {
    fn standing(name: &str, id: RuleId) -> Self {
        Self::Standing(BTreeMap::from([(name.to_owned(), id)]))
    }
}

impl From<Error> for Unmade {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Ours {
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
        identical(news, &self.rule).map(|rule| rule.id.clone())
    }
}

/// The refusal of several rules may be that of one of them, or of the call for several.
fn is_about_one(refusal: &Kind, rules: &[NewRule]) -> bool {
    let is_about_group =
        |rule: &NewRule| rule.remote_group_id.is_some() || rule.remote_address_group_id.is_some();
    match refusal {
        Kind::RuleExists { .. }
        | Kind::QuotaExceeded
        | Kind::TooManyEntries
        | Kind::Conflict
        | Kind::Denied
        | Kind::Refused => true,
        Kind::NotFound => rules.iter().any(is_about_group),
        _ => false,
    }
}
