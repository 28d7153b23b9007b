//! Making rules of the pair, in one call where the cloud has it. The cloud refuses a rule that it holds already, and what
//! came of an answer that got lost on the way is found out: a rule like the wanted one that was not there before is ours.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::terms::{Protocol, is_same_ports, range_of};
use crate::{
    cloud::{
        About, Cloud, Error, Kind, NewRule, RuleId, SecurityGroupId, SecurityGroupRule, Writing,
    },
    framework::Problems,
    resources::missing,
};

/// Makes rules in one group and keeps account of it.
pub(super) struct Maker<'c> {
    cloud: &'c Cloud<Writing>,
    group: SecurityGroupId,
    /// The rules of the group before any was made.
    before: Arc<Vec<SecurityGroupRule>>,
    ours: Ours,
    /// The cloud may still be making what was asked for in a call without an answer.
    in_doubt: bool,
    pub(super) made: BTreeMap<Protocol, RuleId>,
    /// Rules that had to go so that their successors could be made.
    pub(super) deleted: BTreeSet<RuleId>,
    /// The rules of which nobody could be asked whether they were made.
    pub(super) lost: Vec<Lost>,
}

/// A rule whose making got no answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Lost {
    protocol: Protocol,
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
    Standing(BTreeMap<Protocol, RuleId>),
    Failed(Problems),
}

/// What became of the wish for a rule.
enum Made {
    New(RuleId),
    /// The cloud holds an identical one.
    Stands(RuleId),
}

type Result<T> = std::result::Result<T, Unmade>;
type Rules = BTreeMap<Protocol, NewRule>;

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
    pub(super) async fn make(&mut self, wanted: Rules) -> Result<()> {
        let standing: BTreeMap<Protocol, RuleId> = wanted
            .iter()
            .filter_map(|(protocol, rule)| {
                Some((*protocol, identical(&*self.before, *protocol, rule)?.id.clone()))
            })
            .collect();
        // Looked for before anything is made, so that a conflict leaves nothing half-made.
        let mut theirs = standing.clone();
        theirs.retain(|protocol, id| {
            !self.ours.hold(id)
                && !wanted.get(protocol).is_some_and(|it| self.is_unrecorded(it, id))
        });
        if !theirs.is_empty() {
            return Err(Unmade::Standing(theirs));
        }
        let mut new = wanted.clone();
        new.retain(|protocol, _| !standing.contains_key(protocol));
        if new.len() > 1 {
            self.make_together(&new).await?;
        }
        for (protocol, rule) in wanted {
            match standing.get(&protocol) {
                _ if self.made.contains_key(&protocol) => {}
                Some(id) => self.take_over(protocol, &rule, id.clone()).await?,
                None => self.make_alone(protocol, &rule).await?,
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
            Err(error) if error.leaves_doubt() || is_about_one(&error.kind()) => error,
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
                self.lost = new.iter().map(|(protocol, rule)| self.lost(*protocol, rule)).collect();
                return Err(self.failed(error));
            }
        }
        if !self.in_doubt {
            let undone = new.iter().filter(|(protocol, _)| !self.made.contains_key(protocol));
            undone.for_each(|(_, rule)| self.cloud.journal().settle(self.about(rule)));
        }
        Ok(())
    }

    /// Takes into the account what `rules` show to have been made, up to the one that the cloud refused because
    /// `standing` was there.
    fn recognise(&mut self, wanted: &Rules, rules: &[SecurityGroupRule], standing: Option<&str>) {
        for (protocol, rule) in wanted {
            let found = self.lost(*protocol, rule).found_in(rules);
            if found.as_ref().is_some_and(|id| Some(id.as_str()) == standing) {
                return;
            }
            self.made.extend(found.map(|id| (*protocol, id)));
        }
    }

    async fn make_alone(&mut self, protocol: Protocol, rule: &NewRule) -> Result<()> {
        match self.try_make(protocol, rule).await? {
            Made::New(id) => drop(self.made.insert(protocol, id)),
            Made::Stands(id) if self.ours.hold(&id) || (self.in_doubt && !self.was_there(&id)) => {
                self.take_over(protocol, rule, id).await?;
            }
            Made::Stands(id) => return Err(Unmade::standing(protocol, id)),
        }
        Ok(())
    }

    /// Takes a rule of ours for the wanted one. To the cloud, rules that differ in their description only are the
    /// same; then the old one has to go first.
    async fn take_over(&mut self, protocol: Protocol, rule: &NewRule, id: RuleId) -> Result<()> {
        let held = match self.before.iter().find(|held| held.id == id).cloned() {
            None => self.cloud.security_group_rule(&id).await?,
            held => held,
        };
        if held.is_some_and(|held| held.description == rule.description.as_str()) {
            self.made.insert(protocol, id);
            return Ok(());
        }
        self.cloud.delete_security_group_rule(&self.group, &id).await?;
        self.deleted.insert(id.clone());
        let mut made = self.try_make(protocol, rule).await?;
        if matches!(&made, Made::Stands(standing) if *standing == id) {
            self.cloud.await_rules_gone(&self.group, &self.deleted).await?;
            made = self.try_make(protocol, rule).await?;
        }
        match made {
            Made::New(new) => drop(self.made.insert(protocol, new)),
            Made::Stands(id) => return Err(Unmade::standing(protocol, id)),
        }
        Ok(())
    }

    async fn try_make(&mut self, protocol: Protocol, rule: &NewRule) -> Result<Made> {
        self.cloud.journal().leave(self.about(rule), rule);
        let made = self.cloud.create_security_group_rule(&self.group, rule).await;
        let error = match made {
            Ok(rule) => return Ok(Made::New(rule.id)),
            Err(error) if error.leaves_doubt() => {
                return self.look_for(protocol, rule, error).await;
            }
            Err(error) => error,
        };
        self.cloud.journal().settle(self.about(rule));
        let standing = match error.kind() {
            Kind::RuleExists { id: Some(id) } => id.parse().ok(),
            Kind::RuleExists { id: None } => {
                let rules = self.cloud.security_group_rules(&self.group).await?;
                identical(&*rules, protocol, rule).map(|rule| rule.id.clone())
            }
            _ => None,
        };
        standing.map(Made::Stands).ok_or_else(|| self.failed(error))
    }

    async fn look_for(&mut self, protocol: Protocol, rule: &NewRule, error: Error) -> Result<Made> {
        let lost = self.lost(protocol, rule);
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

    fn lost(&self, protocol: Protocol, rule: &NewRule) -> Lost {
        let before = self.before.iter().map(|rule| rule.id.clone()).collect();
        Lost { protocol, rule: rule.clone(), before }
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
    fn standing(protocol: Protocol, id: RuleId) -> Self {
        Self::Standing(BTreeMap::from([(protocol, id)]))
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

/// The rule there is the very one that an earlier run made, which was killed before anybody could record it.
pub(super) fn is_unrecorded<A>(
    group: &SecurityGroupId,
    wanted: &NewRule,
    standing: &SecurityGroupRule,
    cloud: &Cloud<A>,
) -> bool {
    let about = About::SecurityGroupRule { security_group_id: group, rule: wanted };
    standing.description == wanted.description.as_str()
        && cloud.journal().find::<NewRule>(about).as_ref() == Some(wanted)
}

/// The refusal of several rules may be that of one of them, or of the call for several.
fn is_about_one(refusal: &Kind) -> bool {
    matches!(
        refusal,
        Kind::RuleExists { .. }
            | Kind::QuotaExceeded
            | Kind::TooManyEntries
            | Kind::Conflict
            | Kind::Denied
            | Kind::Refused
    )
}
