//! Rules of security groups: how the cloud shows them, and what somebody else may do beside ours.

use serde_json::{Value as Json, json};

use super::{Deed, deed, group};
use crate::harness::outsider::Sight;

/// The rules of the group that name a range.
pub(super) fn ranged(sight: &Sight) -> Vec<Json> {
    let rules = sight.find("security_groups", "name", "sg-containers")["rules"].as_array();
    let ranged = rules.into_iter().flatten().filter(|rule| rule["remote"]["prefix"].is_string());
    ranged.cloned().collect()
}

/// Whatever an import of the group takes over: all of its rules but those that every group has.
pub(super) fn names_of_rules(sight: &Sight) -> Vec<String> {
    let text = |value: &Json| value.as_str().unwrap_or("all").to_owned();
    let name = |rule: &Json| {
        format!("ingress-{}-{}", text(&rule["protocol"]), text(&rule["remote"]["prefix"]))
    };
    let mut names: Vec<String> = ranged(sight).iter().map(name).collect();
    names.sort_unstable();
    names
}

pub(super) fn deeds_on_rules(sight: &Sight) -> Vec<Deed> {
    let new = json!({ "security_group_id": group(sight), "direction": "ingress",
                      "protocol": "tcp", "remote_ip_prefix": "172.30.0.0/16",
                      "priority": 3 });
    let add = json!({ "method": "POST", "path": "/v3/{project}/vpc/security-group-rules",
                      "body": { "security_group_rule": new } });
    vec![
        deed("adds", add).gains("tcp 172.30.0.0/16 3"),
        deed("deletes", without_rule(sight, "udp 172.31.1.0/24 1")).loses("udp 172.31.1.0/24 1"),
    ]
}

pub(super) fn thefts_of_rules(sight: &Sight) -> Vec<Deed> {
    let lines: Vec<String> = ranged(sight).iter().map(line_of_rule).collect();
    let ours = lines.iter().filter(|line| line.contains(" 10.0.0.0/16"));
    ours.map(|line| deed("deletes ours", without_rule(sight, line))).collect()
}

pub(super) fn line_of_rule(rule: &Json) -> String {
    let text = |value: &Json| value.as_str().unwrap_or("any").to_owned();
    let (protocol, range) = (text(&rule["protocol"]), text(&rule["remote"]["prefix"]));
    format!("{protocol} {range} {}", rule["priority"])
}

fn without_rule(sight: &Sight, line: &str) -> Json {
    let rules = ranged(sight);
    let rule = rules.iter().find(|rule| line_of_rule(rule) == line).expect("such a rule");
    let id = rule["id"].as_str().expect("an id");
    json!({ "method": "DELETE", "path": format!("/v3/{{project}}/vpc/security-group-rules/{id}") })
}
