//! What is wrong with the rules as they are written, whatever the cloud holds.

use std::collections::BTreeMap;

use super::{Entry, terms::Protocol};
use crate::{
    framework::{Draft, Given, Path, Problem, Value, all_of, one_of, quoted},
    network::Cidr,
};

const REMOTES: &[&str] = &["remote_ip_prefix", "remote_group_id", "remote_address_group_id"];

pub(super) fn of(config: Draft<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    let Given::Known(Value::Map(rules)) = config.given("rules") else { return problems };
    for (name, rule) in rules.iter().filter(|(_, rule)| !rule.is_unknown()) {
        let draft = Draft::new(rule);
        let flaws = [flaw_of_remotes(draft), flaw_of_ports(draft), flaw_of_family(draft)];
        let mut flaws: Vec<(&str, Problem)> = flaws.into_iter().flatten().collect();
        let entry = draft.object::<Entry>(&[]).filter(|_| rule.is_wholly_known());
        if let Some(entry) = entry.filter(|_| flaws.is_empty())
            && let Some(first) = known.insert(entry.rule().terms(), name)
        {
            let detail = format!(
                "`{first}` says the same, and the group holds a rule once; a description does not tell two rules apart. \
                 Drop one of them."
            );
            flaws.push(("", Problem::error("Same rule twice", detail)));
        }
        problems.extend(flaws.into_iter().map(|(attribute, flaw)| in_rule(name, attribute, flaw)));
    }
    problems
}

/// A problem with a rule or, if `attribute` is not empty, with that of it.
pub(super) fn in_rule(name: &str, attribute: &str, problem: Problem) -> Problem {
    let rule = Path::from("rules").key(name);
    let path = if attribute.is_empty() { rule } else { rule.attribute(attribute) };
    Problem { detail: format!("In `{path}`: {}", problem.detail), path, ..problem }
}

fn flaw_of_remotes(rule: Draft<'_>) -> Option<(&'static str, Problem)> {
    let (present, may_be_more) = rule.certain(REMOTES);
    match present.as_slice() {
        [] if !may_be_more => {
            let detail = format!("Write {}.", one_of(&quoted(REMOTES)));
            Some(("", Problem::error("Missing source or destination", detail)))
        }
        [_, second, ..] => {
            let detail =
                format!("{} exclude each other. Write one of them.", all_of(&quoted(&present)));
            Some((*second, Problem::error("More than one source or destination", detail)))
        }
        _ => None,
    }
}

fn flaw_of_ports(rule: Draft<'_>) -> Option<(&'static str, Problem)> {
    let protocol = rule.parsed::<Protocol>("protocol")?;
    let is_given = matches!(rule.given("ports"), Given::Known(_));
    (is_given && !protocol.has_ports()).then(|| {
        let detail =
            format!("`{protocol}` has no ports here. Leave `ports` out, or write `tcp` or `udp`.");
        ("ports", Problem::error("Ports without a protocol that has them", detail))
    })
}

fn flaw_of_family(rule: Draft<'_>) -> Option<(&'static str, Problem)> {
    let protocol = rule.parsed::<Protocol>("protocol")?;
    let prefix = rule.parsed::<Cidr>("remote_ip_prefix")?;
    let right = match (protocol, prefix.is_ipv6()) {
        (Protocol::Icmp, true) => Protocol::Icmpv6,
        (Protocol::Icmpv6, false) => Protocol::Icmp,
        _ => return None,
    };
    let detail = format!("`{protocol}` does not go with `{prefix}`. Write `{right}`.");
    Some(("protocol", Problem::error("Protocol of the other IP version", detail)))
}
