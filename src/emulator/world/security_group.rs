//! Security groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Api, Moment, Outcome, Refusal, World, id, is_description, is_name,
    quota::is_full,
    rule::{Action, DEFAULT_PRIORITY, Direction, Ethertype, Ports, Remote, Rule},
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityGroup {
    pub id: String,
    pub name: String,
    pub description: String,
    /// Only old callers name one. Groups belong to the project, not to a VPC.
    pub vpc_id: String,
    pub enterprise_project_id: String,
    pub tags: BTreeMap<String, String>,
    pub rules: Vec<Rule>,
    pub created_at: Moment,
    pub updated_at: Moment,
}

#[derive(Debug, Clone, Default)]
pub struct NewSecurityGroup {
    pub name: String,
    pub description: String,
    pub vpc_id: String,
    pub enterprise_project_id: String,
    pub tags: BTreeMap<String, String>,
}

impl World {
    pub fn security_group(&self, group_id: &str) -> Option<&SecurityGroup> {
        self.security_groups.iter().find(|group| group.id == group_id)
    }

    pub fn group(&self, group_id: &str, api: Api) -> Outcome<&SecurityGroup> {
        self.security_group(group_id).ok_or_else(|| missing_group(group_id, api))
    }

    /// Creates the group with its four own rules: everything from itself, everything to anywhere.
    pub fn create_security_group(
        &mut self,
        id: String,
        new: NewSecurityGroup,
        api: Api,
        now: Moment,
    ) -> Outcome<&SecurityGroup> {
        if new.name.is_empty() || !is_name(&new.name) || !is_description(&new.description) {
            let message = "Param is invalid. name or description is not allowed.";
            return Err(Refusal::of(api, (400, "VPC.0601"), (400, "VPC.9901"), message));
        }
        if is_full(self.security_groups.len(), self.quotas.security_group) {
            let message = "Quota exceeded for resources: ['security_group'].";
            return Err(Refusal::of(api, (409, "VPC.0604"), (409, "VPC.9905"), message));
        }
        let rules = first_rules(&id, now);
        self.security_groups.push(SecurityGroup {
            id,
            name: new.name,
            description: new.description,
            vpc_id: new.vpc_id,
            enterprise_project_id: new.enterprise_project_id,
            tags: new.tags,
            rules,
            created_at: now,
            updated_at: now,
        });
        Ok(&self.security_groups[self.security_groups.len() - 1])
    }

    pub fn update_security_group(
        &mut self,
        group_id: &str,
        name: Option<String>,
        description: Option<String>,
        now: Moment,
    ) -> Outcome<&SecurityGroup> {
        let name_fits = name.as_deref().is_none_or(|name| !name.is_empty() && is_name(name));
        if !name_fits || !description.as_deref().is_none_or(is_description) {
            let message = "Param is invalid. name or description is not allowed.";
            return Err(Refusal::v3(400, "VPC.9901", message));
        }
        if let Some(group) = self.security_groups.iter_mut().find(|group| group.id == group_id) {
            group.name = name.unwrap_or_else(|| group.name.clone());
            group.description = description.unwrap_or_else(|| group.description.clone());
            group.updated_at = now;
        }
        self.group(group_id, Api::V3)
    }

    /// Deletes the group, unless a port uses it or a rule of another group names it.
    pub fn delete_security_group(&mut self, group_id: &str, api: Api) -> Outcome<()> {
        self.group(group_id, api)?;
        let on_port =
            self.ports.iter().any(|port| port.security_groups.iter().any(|id| id == group_id));
        let in_rule = self
            .security_groups
            .iter()
            .filter(|group| group.id != group_id)
            .flat_map(|group| &group.rules)
            .any(|rule| rule.remote == Remote::Group(group_id.to_owned()));
        if on_port || in_rule {
            let message = format!("Security Group {group_id} in use.");
            return Err(Refusal::of(api, (409, "VPC.0602"), (409, "VPC.9902"), message));
        }
        self.security_groups.retain(|group| group.id != group_id);
        Ok(())
    }
}

pub fn missing_group(group_id: &str, api: Api) -> Refusal {
    let message = format!("Security_group {group_id} could not be found.");
    Refusal::of(api, (404, "VPC.0603"), (404, "VPC.9904"), message)
}

fn first_rules(group_id: &str, now: Moment) -> Vec<Rule> {
    let rule = |direction, ethertype, remote| Rule {
        id: id::uuid("rule", &format!("{group_id}/{direction:?}/{ethertype:?}")),
        direction,
        ethertype,
        protocol: None,
        ports: Ports::All,
        remote,
        action: Action::Allow,
        priority: DEFAULT_PRIORITY,
        enabled: true,
        description: String::new(),
        created_at: now,
        updated_at: now,
    };
    let itself = || Remote::Group(group_id.to_owned());
    vec![
        rule(Direction::Ingress, Ethertype::IPv4, itself()),
        rule(Direction::Ingress, Ethertype::IPv6, itself()),
        rule(Direction::Egress, Ethertype::IPv4, Remote::Anyone),
        rule(Direction::Egress, Ethertype::IPv6, Remote::Anyone),
    ]
}
