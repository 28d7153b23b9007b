//! The resource as a set of rules, and the words it has for what is wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, SecgroupRules, flaws::in_rule};
use crate::{
    cloud::{Cloud, Error, Kind, RuleId, SecurityGroupId},
    framework::{Draft, Given, Problem, Resource, Value},
    resources::{
        conflict::exists_already,
        first_of, missing,
        rule_set::{Memory, RuleIds, RuleSet, Rules},
    },
};

impl RuleSet for SecgroupRules {
    fn group(&self) -> &SecurityGroupId {
        &self.security_group_id
    }

    fn rules(&self) -> Rules {
        self.rules.iter().map(|(name, entry)| (name.clone(), entry.rule())).collect()
    }

    fn ids(&self) -> RuleIds {
        self.rule_ids.clone().unwrap_or_default()
    }

    fn record(&mut self, ids: RuleIds) {
        self.rule_ids = Some(ids);
    }

    fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.rules.retain(|name, _| is_there(name));
    }

    fn adopts(&self) -> bool {
        self.adopt_existing
    }

    fn memory(&mut self) -> &mut Memory {
        &mut self.memory
    }

    fn planned(planned: Draft<'_>) -> Option<Self> {
        let Given::Known(Value::Map(rules)) = planned.given("rules") else { return None };
        let known = rules.iter().filter(|(_, rule)| rule.is_wholly_known());
        let entries: BTreeMap<String, Entry> = known
            .filter_map(|(name, rule)| Some((name.clone(), Draft::new(rule).object(&[])?)))
            .collect();
        Some(Self {
            security_group_id: planned.parsed("security_group_id")?,
            rules: entries,
            adopt_existing: planned.may_be_true("adopt_existing"),
            rule_ids: None,
            memory: Memory::default(),
        })
    }

    fn claimed(&self, names: &BTreeSet<String>) -> Problem {
        let detail = format!(
            "Another resource of this configuration makes the same rule in security group `{}`, and the group holds it once. \
             Keep it in one of them.",
            self.security_group_id
        );
        self.about(names, "", Problem::error("Rule claimed twice", detail))
    }

    fn conflict(&self, standing: &RuleIds) -> Problem {
        let rules: Vec<String> =
            standing.iter().map(|(name, id)| format!("`{name}` (rule `{id}`)")).collect();
        let what = format!("{} in security group `{}`", first_of(&rules), self.security_group_id);
        let ids: Vec<&str> = standing.values().map(RuleId::as_str).collect();
        let problem =
            exists_already(<Self as Resource<Cloud>>::NAME, &what, &ids.join(","), "rules");
        self.about(&standing.keys().cloned().collect(), "", problem)
    }

    fn refused(&self, name: &str, error: Error) -> Problem {
        let entry = self.rules.get(name);
        let attribute = match error.kind() {
            Kind::NotFound if entry.is_some_and(|it| it.remote_group_id.is_some()) => {
                "remote_group_id"
            }
            Kind::NotFound if entry.is_some_and(|it| it.remote_address_group_id.is_some()) => {
                "remote_address_group_id"
            }
            Kind::NotFound => return missing("Security group", self.group(), "security_group_id"),
            _ => "",
        };
        in_rule(name, attribute, error.into())
    }

    fn about(
        &self,
        names: &BTreeSet<String>,
        attribute: &'static str,
        problem: Problem,
    ) -> Problem {
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        match (names.first(), quoted.len()) {
            (Some(name), 1) => in_rule(name, attribute, problem),
            _ => {
                let detail = format!("{}\n\nThis is about {}.", problem.detail, first_of(&quoted));
                Problem { detail, ..problem }.at("rules")
            }
        }
    }

    fn opened(&self, names: &BTreeSet<String>, servers: &str) -> Problem {
        let detail = format!(
            "Everyone on the Internet can reach the servers with a public address in security group `{}`: {servers}. Write \
             the ranges that need it, unless it is meant so.",
            self.security_group_id
        );
        let problem = Problem::warning("Servers opened to the Internet", detail);
        self.about(names, "remote_ip_prefix", problem)
    }
}
