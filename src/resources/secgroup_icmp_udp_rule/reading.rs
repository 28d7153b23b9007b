//! What rules of the cloud mean for the pair that the state holds.

use std::collections::BTreeMap;

use super::{SecgroupIcmpUdpRule, terms::Protocol, unlike};
use crate::{
    cloud::SecurityGroupRule,
    framework::{Problem, Result},
    resources::rule_set::{is_same_ports, range_of},
};

impl SecgroupIcmpUdpRule {
    /// The group's rules that an import by key names.
    pub(super) fn matching<'r>(
        &self,
        rules: &'r [SecurityGroupRule],
    ) -> Result<BTreeMap<String, &'r SecurityGroupRule>> {
        let mut matching: BTreeMap<String, &SecurityGroupRule> = BTreeMap::new();
        for rule in rules
            .iter()
            .filter(|rule| rule.action == "allow" && rule.direction == self.direction.to_string())
        {
            let is_meant = range_of(rule) == Some(self.remote_ip_prefix);
            let Some(protocol) = Protocol::of(rule).filter(|_| is_meant) else {
                continue;
            };
            if matching.insert(protocol.name().to_owned(), rule).is_some() {
                let detail = format!(
                    "Several {protocol} rules of the group have this prefix. Import by rule ids instead: `<icmp rule>,<udp rule>`."
                );
                return Err(Problem::error("Ambiguous import id", detail).into());
            }
        }
        let mut terms = matching.values().map(|rule| (rule.priority, &rule.description));
        if terms.next().is_some_and(|first| terms.any(|other| other != first)) {
            return Err(unlike().into());
        }
        Ok(matching)
    }

    /// Shows what the cloud holds where it is not what the state says; another spelling is not a difference.
    pub(super) fn take_over_differences(&mut self, rule: &SecurityGroupRule) {
        self.remote_ip_prefix = range_of(rule).unwrap_or(self.remote_ip_prefix);
        self.priority = rule.priority.try_into().unwrap_or(self.priority);
        self.description = rule.description.clone().try_into().unwrap_or_default();
        if Protocol::of(rule) == Some(Protocol::Udp) {
            let known = self.udp_ports.as_ref().map(ToString::to_string);
            if !is_same_ports(rule.multiport.as_deref(), known.as_deref()) {
                self.udp_ports = rule.multiport.as_deref().and_then(|ports| ports.parse().ok());
            }
        }
    }
}
