//! Names for rules that are imported, where the user has given none yet: what the rule says, so that it is the same name
//! each time.

use std::collections::BTreeMap;

use super::Entry;
use crate::cloud::SecurityGroupRule;

/// Each rule under a name of its own, such as `ingress-tcp-443-10.0.2.0/24`.
pub(super) fn named(rules: &[SecurityGroupRule]) -> BTreeMap<String, &SecurityGroupRule> {
    let short: Vec<String> = rules.iter().map(name).collect();
    let is_shared = |name: &String| short.iter().filter(|other| *other == name).count() > 1;
    let name = |(rule, short): (&SecurityGroupRule, &String)| match is_shared(short) {
        // The cloud holds no two rules that are alike in all of this.
        true => format!("{short}-{}-{}", rule.action, rule.priority),
        false => short.clone(),
    };
    let names: Vec<String> = rules.iter().zip(&short).map(name).collect();
    names.into_iter().zip(rules).collect()
}

fn name(rule: &SecurityGroupRule) -> String {
    let Some(entry) = Entry::of(rule) else { return rule.id.to_string() };
    let remote = match (&entry.remote_ip_prefix, &entry.remote_group_id) {
        (Some(range), _) => Some(range.to_string()),
        (None, Some(group)) => Some(group.to_string()),
        (None, None) => entry.remote_address_group_id.as_ref().map(ToString::to_string),
    };
    let ports = entry.ports.as_ref().map(ToString::to_string);
    let parts = [Some(rule.direction.clone()), Some(entry.protocol.to_string()), ports, remote];
    parts.into_iter().flatten().collect::<Vec<_>>().join("-")
}
