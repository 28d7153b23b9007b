//! One entry of the set: what users write under a name, and how a rule of the cloud shows.

use std::iter;

use serde::{Deserialize, Serialize};

use super::terms::{Action, Protocol};
use crate::{
    cloud::{AddressGroupId, Description, NewRule, SecurityGroupId, SecurityGroupRule},
    network::{Cidr, PortRanges},
    resources::rule_set::{Direction, Priority, identical, protocol_name, range_of},
};

/// What is absent is at its default, and stays absent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) direction: Option<Direction>,
    pub(super) protocol: Protocol,
    pub(super) ports: Option<PortRanges>,
    pub(super) remote_ip_prefix: Option<Cidr>,
    pub(super) remote_group_id: Option<SecurityGroupId>,
    pub(super) remote_address_group_id: Option<AddressGroupId>,
    pub(super) action: Option<Action>,
    pub(super) priority: Option<Priority>,
    pub(super) description: Option<Description>,
}

const DEFAULT_PRIORITY: i64 = 1;

impl Entry {
    /// The rule, as it should be.
    pub(super) fn rule(&self) -> NewRule {
        let is_ipv6 = match self.remote_ip_prefix {
            Some(prefix) => prefix.is_ipv6(),
            None => self.protocol == Protocol::Icmpv6,
        };
        let protocol = Some(self.protocol).filter(|protocol| *protocol != Protocol::All);
        NewRule {
            direction: self.direction.unwrap_or(Direction::Ingress).to_string(),
            ethertype: if is_ipv6 { "IPv6" } else { "IPv4" }.to_owned(),
            protocol: protocol.map(String::from),
            multiport: self.ports.as_ref().map(ToString::to_string),
            remote_ip_prefix: self.remote_ip_prefix.as_ref().map(ToString::to_string),
            action: self.action.unwrap_or(Action::Allow).to_string(),
            priority: self.priority.map_or(DEFAULT_PRIORITY, i64::from),
            description: self.description.clone().unwrap_or_default(),
            remote_group_id: self.remote_group_id.clone().map(String::from),
            remote_address_group_id: self.remote_address_group_id.clone().map(String::from),
        }
    }

    /// The entry for a rule that nobody has written one for; `None` if no entry says what it says.
    pub(super) fn of(rule: &SecurityGroupRule) -> Option<Self> {
        let protocol = match rule.protocol.as_deref() {
            None => Protocol::All,
            Some(protocol) => protocol_name(&protocol.to_ascii_lowercase()).parse().ok()?,
        };
        let id = |id: &Option<String>| id.clone().filter(|id| !id.is_empty());
        let (group, addresses) = (id(&rule.remote_group_id), id(&rule.remote_address_group_id));
        let entry = Self {
            direction: Some(rule.direction.parse().ok()?).filter(|it| *it != Direction::Ingress),
            protocol,
            ports: rule.multiport.as_deref().map(str::parse).transpose().ok()?,
            remote_ip_prefix: range_of(rule),
            remote_group_id: group.map(SecurityGroupId::try_from).transpose().ok()?,
            remote_address_group_id: addresses.map(AddressGroupId::try_from).transpose().ok()?,
            action: Some(rule.action.parse().ok()?).filter(|it| *it != Action::Allow),
            priority: Some(rule.priority)
                .filter(|it| *it != DEFAULT_PRIORITY)
                .map(Priority::try_from)
                .transpose()
                .ok()?,
            description: description(rule),
        };
        let says_the_same = identical(iter::once(rule), &entry.rule()).is_some();
        (says_the_same && (entry.ports.is_none() || protocol.has_ports())).then_some(entry)
    }

    /// The entry as its rule shows it; another spelling is not a difference.
    pub(super) fn seen(&self, rule: &SecurityGroupRule) -> Self {
        let wanted = self.rule();
        let mut seen = match identical(iter::once(rule), &wanted) {
            Some(_) => self.clone(),
            None => Self::of(rule).unwrap_or_else(|| self.clone()),
        };
        if rule.description != wanted.description.as_str() {
            seen.description = description(rule);
        }
        seen
    }
}

fn description(rule: &SecurityGroupRule) -> Option<Description> {
    let text: Description = rule.description.clone().try_into().ok()?;
    Some(text).filter(|text| !text.as_str().is_empty())
}
