//! `huaweivpc_secgroup_rules`: a set of rules of one security group, of any protocol, under names of the user's choice.
//!
//! What becomes of sets of rules is in `rule_set`; what is imported without a name gets one from `naming`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

mod entry;
mod flaws;
mod naming;
mod set;
mod terms;

use self::{
    entry::Entry,
    flaws::in_rule,
    naming::named,
    terms::{Action, Protocol},
};
use super::{
    missing,
    rule_set::{self, Direction, Memory, Priority, RuleSet},
};
use crate::{
    cloud::{
        self, AddressGroupId, Cloud, Description, RuleId, SecurityGroupId, SecurityGroupRule,
        Writing,
    },
    framework::{
        Attribute, Change, Default, Draft, Foresight, Kind, Nesting, Problem, Resource, Result,
        Schema, Timeouts,
        schema::{attribute, boolean, number, string},
    },
    network::{Cidr, PortRanges},
    untrusted,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecgroupRules {
    security_group_id: SecurityGroupId,
    rules: BTreeMap<String, Entry>,
    adopt_existing: bool,
    rule_ids: Option<BTreeMap<String, RuleId>>,
    #[serde(default)]
    memory: Memory,
}

const ENTRY: &[Attribute] = &[
    string("direction", "`ingress` or `egress`. Absent means `ingress`.").optional().of::<Direction>(),
    string("protocol", "`icmp`, `udp`, `tcp`, `icmpv6`, `all`, or the number of another protocol.").of::<Protocol>(),
    string("ports", "For `tcp` and `udp`: ports and port ranges, such as `80,8000-8010`. Absent means all ports.")
        .optional()
        .of::<PortRanges>(),
    string("remote_ip_prefix", "Source of incoming packets, or destination of outgoing ones, in CIDR form without host bits.")
        .optional()
        .of::<Cidr>(),
    string("remote_group_id", "The same as a security group: all that have it. Such a rule is for IPv4, with `icmpv6` for IPv6.")
        .optional()
        .of::<SecurityGroupId>(),
    string("remote_address_group_id", "The same as an IP address group. Such a rule is for IPv4, with `icmpv6` for IPv6.")
        .optional()
        .of::<AddressGroupId>(),
    string("action", "`allow` or `deny`. Absent means `allow`.").optional().of::<Action>(),
    number("priority", "From 1, the highest, to 100. Absent means `1`.").optional().of::<Priority>(),
    string("description", "At most 255 characters, without `<` and `>`. Absent means an empty text.")
        .optional()
        .of::<Description>(),
];

impl Resource<Cloud> for SecgroupRules {
    const NAME: &'static str = "secgroup_rules";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "Keeps a set of rules of any protocol in a security group, written together.\n\nRules that this resource \
                did not make are never touched. The cloud cannot change a rule: an update makes the new rules first and \
                deletes the old ones after, and writes nothing for a rule that only gets another name.\n\nA plan says if \
                the group or a remote group does not exist, if the group holds such a rule already or denies it, and \
                which servers would be open to everyone (see the guide [What a plan \
                checks](../guides/plan-checks.md)).",
        key: &["security_group_id"],
        attributes: &[
            string("security_group_id", "Security group that gets the rules.")
                .replaces()
                .of::<SecurityGroupId>(),
            attribute(
                "rules",
                Kind::Nested(Nesting::Map, ENTRY),
                "The rules, each under a name of your choice. Exactly one of `remote_ip_prefix`, `remote_group_id` and `remote_address_group_id` is needed in each.",
            ),
            boolean(
                "adopt_existing",
                "Take over identical rules instead of failing on them. Defaults to `false`.",
            )
            .default(Default::Bool(false)),
            attribute(
                "rule_ids",
                Kind::Map(&Kind::String),
                "The ids of the rules in the cloud, by name.",
            )
            .computed()
            .follows(&["rules"]),
        ],
        blocks: &[],
        timeouts: Some(Timeouts::MINUTES_5),
    };

    fn check(config: Draft<'_>) -> Vec<Problem> {
        flaws::of(config)
    }

    fn recall(state: Draft<'_>, cloud: &Cloud) {
        rule_set::recall::<Self>(state, cloud);
    }

    async fn foresee(change: Change<'_>, cloud: &Cloud, foresight: &mut Foresight<'_>) {
        rule_set::foresee::<Self>(change, cloud, foresight).await;
        if change.makes_something()
            && let Some(set) = Self::planned(change.planned)
        {
            set.foresee_groups(cloud, foresight).await;
        }
    }

    fn moved(&self) -> &'static [&'static str] {
        if self.memory.is_empty() { &[] } else { &["rule_ids"] }
    }

    /// The rules with these ids, or all of a group but those that every group has.
    async fn import(id: &str, cloud: &Cloud) -> Result<Json> {
        let mut rules = Vec::new();
        for text in id.split(',') {
            let rule_id: RuleId =
                text.parse().ok().filter(|_| !text.is_empty()).ok_or_else(|| {
                    invalid_import(&format!("`{}` is no id.", untrusted::name(text)))
                })?;
            match cloud.security_group_rule(&rule_id).await? {
                Some(rule) => rules.push(rule),
                None if id == text => return Self::of_group(id, cloud).await,
                None => {
                    return Err(invalid_import(&format!("There is no rule `{rule_id}`.")).into());
                }
            }
        }
        if rules.windows(2).any(|pair| pair[0].security_group_id != pair[1].security_group_id) {
            return Err(invalid_import("The rules are not of one group.").into());
        }
        if let Some(rule) = rules.iter().find(|rule| Entry::of(rule).is_none()) {
            let reason =
                format!("Rule `{}` says something that this resource has no words for.", rule.id);
            return Err(invalid_import(&reason).into());
        }
        Self::of_rules(&rules)
    }

    async fn read(mut self, cloud: &Cloud) -> Result<Option<Self>> {
        let Some(rules) = rule_set::look(&self, cloud).await? else { return Ok(None) };
        let ids = self.ids();
        let mut ours: BTreeMap<String, &SecurityGroupRule> = ids
            .into_iter()
            .filter_map(|(name, id)| Some((name, rules.iter().find(|rule| rule.id == id)?)))
            .collect();
        let wanted = self.rules();
        rule_set::fill_gaps(&wanted, &mut ours, &mut self.memory, &rules, cloud);
        if ours.is_empty() && self.memory.is_empty() && !wanted.is_empty() {
            return Ok(None);
        }
        self.record(ours.iter().map(|(name, rule)| (name.clone(), rule.id.clone())).collect());
        let seen = |(name, rule): (String, &SecurityGroupRule)| {
            let entry = self.rules.get(&name)?.seen(rule);
            Some((name, entry))
        };
        self.rules = ours.into_iter().filter_map(seen).collect();
        Ok(Some(self))
    }

    async fn create(self, cloud: &Cloud<Writing>) -> Result<Self> {
        rule_set::create(self, cloud).await
    }

    async fn update(self, prior: Self, cloud: &Cloud<Writing>) -> Result<Self> {
        rule_set::update(self, prior, cloud).await
    }

    async fn delete(self, cloud: &Cloud<Writing>) -> Result<()> {
        rule_set::delete(self, cloud).await
    }
}

impl SecgroupRules {
    async fn of_group(id: &str, cloud: &Cloud) -> Result<Json> {
        let none = || invalid_import(&format!("There is no rule and no security group `{id}`."));
        let group: SecurityGroupId = id.parse().map_err(|_| none())?;
        let rules = match cloud.cached().security_group_rules(&group).await {
            Err(error) if error.kind() == cloud::Kind::NotFound => return Err(none().into()),
            rules => rules?,
        };
        let ours = rules.iter().filter(|rule| !is_of_every_group(rule)).cloned();
        let ours: Vec<SecurityGroupRule> = ours.filter(|rule| Entry::of(rule).is_some()).collect();
        if ours.is_empty() {
            let reason = format!(
                "Security group `{id}` does not exist, or has no rules but those that every group has."
            );
            return Err(invalid_import(&reason).into());
        }
        Self::of_rules(&ours)
    }

    fn of_rules(rules: &[SecurityGroupRule]) -> Result<Json> {
        let named = named(rules);
        let ids = named.iter().map(|(name, rule)| (name, &rule.id)).collect::<BTreeMap<_, _>>();
        let entries = named.iter().filter_map(|(name, rule)| Some((name, Entry::of(rule)?)));
        Ok(serde_json::json!({
            "security_group_id": rules.first().map(|rule| &rule.security_group_id),
            "rules": entries.collect::<BTreeMap<_, _>>(),
            "rule_ids": ids,
        }))
    }

    /// The groups that rules are about have to be there.
    async fn foresee_groups(&self, cloud: &Cloud, foresight: &mut Foresight<'_>) {
        let mut told: BTreeMap<&SecurityGroupId, &str> = BTreeMap::new();
        for (name, entry) in &self.rules {
            let group = entry.remote_group_id.as_ref();
            told.extend(
                group
                    .filter(|group| **group != self.security_group_id)
                    .map(|it| (it, name.as_str())),
            );
        }
        for (group, name) in told {
            let seen = foresight.see("The remote group", cloud.security_group(group)).await;
            if let Some(None) = seen {
                let problem = missing("Security group", group, "remote_group_id");
                foresight.find([in_rule(name, "remote_group_id", problem)]);
            }
        }
    }
}

/// The cloud gives every group rules of the least priority for its members, and for what goes out.
fn is_of_every_group(rule: &SecurityGroupRule) -> bool {
    let is_of_itself = rule.remote_group_id.as_deref() == Some(rule.security_group_id.as_str());
    let is_for_everyone = rule_set::range_of(rule).is_some_and(|it| it.prefix_length() == 0);
    rule.protocol.is_none()
        && rule.multiport.is_none()
        && rule.priority == LEAST_PRIORITY
        && match rule.direction.as_str() {
            "ingress" => is_of_itself,
            _ => is_for_everyone,
        }
}

const LEAST_PRIORITY: i64 = 100;

fn invalid_import(reason: &str) -> Problem {
    let forms =
        "Write the rule ids joined by `,`, or the id of a security group for all of its rules.";
    Problem::error("Invalid import id", format!("{reason} {forms}"))
}
