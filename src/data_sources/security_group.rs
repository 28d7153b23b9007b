//! `huaweivpc_security_group`: looks up one security group by its id or its name, with its rules.
//!
//! API: GET of the group, or of the list of groups, which look-ups at the same time share; GET of its rules.

use serde::{Deserialize, Serialize};

use super::sought::{Sought, unsought};
use crate::{
    cloud::{self, Cloud, RuleId, SecurityGroupId, SecurityGroupRule},
    framework::{
        Attribute, DataSource, Draft, Kind, Nesting, Noted, Problem, Result, Schema,
        schema::{attribute, number, string},
    },
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecurityGroup {
    id: Option<SecurityGroupId>,
    name: Option<String>,
    enterprise_project_id: Option<String>,
    description: Option<String>,
    rules: Option<Vec<Rule>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Rule {
    id: RuleId,
    direction: String,
    ethertype: String,
    protocol: Option<String>,
    ports: Option<String>,
    remote_ip_prefix: Option<String>,
    remote_group_id: Option<String>,
    remote_address_group_id: Option<String>,
    action: String,
    priority: i64,
    description: String,
}

impl DataSource<Cloud> for SecurityGroup {
    const NAME: &'static str = "security_group";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "Looks up a security group with its rules.\n\nExactly one group has to match.",
        key: &[],
        attributes: &[
            string("id", "The group, by its id. At least one of `id` and `name` is needed.")
                .optional_computed()
                .of::<SecurityGroupId>(),
            string("name", "The group, by its exact name.").optional_computed(),
            string(
                "enterprise_project_id",
                "The enterprise project to look in. Defaults to that of the provider block, or else to all that are open to you.",
            )
            .optional_computed(),
            string("description", "What the group is said to be for.").computed(),
            attribute(
                "rules",
                Kind::Nested(Nesting::List, RULE),
                "The rules, those of the highest priority first, then by id.",
            )
            .computed(),
        ],
        blocks: &[],
        timeouts: None,
    };

    fn check(config: Draft<'_>) -> Vec<Problem> {
        unsought(config, "security group", &["id", "name"])
    }

    async fn read(self, cloud: &Cloud) -> Result<Noted<Self>> {
        let (name, project) = (self.name.as_ref(), self.enterprise_project_id.as_ref());
        let sought = Sought::in_project(
            "security group",
            "security groups",
            self.id.as_ref(),
            name,
            project,
        );
        let found = match &self.id {
            Some(id) => cloud.security_group(id).await?.into_iter().collect(),
            None => cloud.security_groups(self.enterprise_project_id.as_deref()).await?.to_vec(),
        };
        let found = found.into_iter().filter(|group| self.means(group)).collect();
        let group = sought.one_of(found, |group| &group.id)?;
        let mut rules = cloud.cached().security_group_rules(&group.id).await?.to_vec();
        rules.sort_by(|a, b| (a.priority, &a.id).cmp(&(b.priority, &b.id)));
        let value = Self {
            id: Some(group.id),
            name: Some(group.name),
            enterprise_project_id: Some(group.enterprise_project_id),
            description: Some(group.description),
            rules: Some(rules.into_iter().map(Rule::from).collect()),
        };
        Ok(Noted { value, warnings: Vec::new() })
    }
}

const RULE: &[Attribute] = &[
    string("id", "The rule.").computed(),
    string("direction", "`ingress` or `egress`.").computed(),
    string("ethertype", "`IPv4` or `IPv6`.").computed(),
    string("protocol", "`icmp`, `icmpv6`, `tcp`, `udp` or a number; null for any.").computed(),
    string(
        "ports",
        "Such as `22,8000-8010`; null for all. In a cloud without VPC API v3, `type/code` for ICMP.",
    )
    .computed(),
    string("remote_ip_prefix", "The range on the other side; null where it is a group, or anyone.")
        .computed(),
    string("remote_group_id", "The security group on the other side; null where there is none.")
        .computed(),
    string(
        "remote_address_group_id",
        "The address group on the other side; null where there is none.",
    )
    .computed(),
    string("action", "`allow` or `deny`.").computed(),
    number("priority", "From 1, which goes first, to 100.").computed(),
    string("description", "What the rule is said to be for.").computed(),
];

impl SecurityGroup {
    fn means(&self, group: &cloud::SecurityGroup) -> bool {
        let project = self.enterprise_project_id.as_ref();
        self.name.as_ref().is_none_or(|name| group.name == *name)
            && project.is_none_or(|project| group.enterprise_project_id == *project)
    }
}

impl From<SecurityGroupRule> for Rule {
    fn from(rule: SecurityGroupRule) -> Self {
        Self {
            id: rule.id,
            direction: rule.direction,
            ethertype: rule.ethertype,
            protocol: rule.protocol,
            ports: rule.multiport,
            remote_ip_prefix: rule.remote_ip_prefix,
            remote_group_id: rule.remote_group_id,
            remote_address_group_id: rule.remote_address_group_id,
            action: rule.action,
            priority: rule.priority,
            description: rule.description,
        }
    }
}
