//! From what differs to what is broken.

use huaweivpc::framework::{Path, Problem, Schema, Stored, Value};
use serde_json::Value as Json;

use super::{
    super::{
        config::lookup,
        rules::{Violation, check_stored},
    },
    Failure,
};

pub(super) fn root() -> Path {
    Path::default()
}

pub(super) fn broken(found: Vec<Violation>) -> Result<(), Failure> {
    if found.is_empty() { Ok(()) } else { Err(Failure::Broken(found)) }
}

pub(super) fn relabelled(rule: &'static str, found: Vec<Violation>) -> Vec<Violation> {
    found
        .into_iter()
        .map(|violation| Violation {
            rule,
            detail: format!("{}: {}", violation.rule, violation.detail),
            ..violation
        })
        .collect()
}

/// What comes with an error is recorded too, so it has to be of its type and known.
pub(super) fn check_half_made(schema: &Schema, stored: &Stored) -> Vec<Violation> {
    let mut found = check_stored(schema, "A8", stored);
    found.retain(|violation| violation.rule != "A8" || stored.identity.is_some());
    found
}

/// A problem points at a place of the configuration.
pub(super) fn check_paths(config: &Value, problems: &[Problem]) -> Vec<Violation> {
    problems
        .iter()
        .filter(|problem| lookup(config, &problem.path).is_none())
        .map(|problem| Violation::new("problem", problem.path.clone(), "there is no such place"))
        .collect()
}

/// The object without the name of the instance in its private data: each import makes another.
pub(super) fn unnamed(stored: &Stored) -> Stored {
    let mut stored = stored.clone();
    if let Ok(Json::Object(mut members)) = serde_json::from_slice(&stored.private) {
        members.remove("instance");
        stored.private = Json::Object(members).to_string().into_bytes();
    }
    stored
}

pub(super) fn differences(rule: &'static str, before: &Stored, after: &Stored) -> Vec<Violation> {
    let mut found = differing(rule, &before.state, &after.state);
    if before.private != after.private {
        found.push(Violation::new(rule, root(), "the private data is another"));
    }
    if before.identity != after.identity {
        found.push(Violation::new(rule, root(), "the identity is another"));
    }
    found
}

/// The attributes in which two objects differ.
pub(super) fn differing(rule: &'static str, before: &Value, after: &Value) -> Vec<Violation> {
    if before == after {
        return Vec::new();
    }
    let members = |value: &Value| value.as_map().cloned().unwrap_or_default();
    let mut names: Vec<String> =
        members(before).into_keys().chain(members(after).into_keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut found: Vec<Violation> = names
        .iter()
        .filter(|name| before.get(name) != after.get(name))
        .map(|name| {
            let detail = format!("was {:?}, but now {:?}", before.get(name), after.get(name));
            Violation::new(rule, Path::from(name.as_str()), detail)
        })
        .collect();
    if found.is_empty() {
        found.push(Violation::new(rule, root(), format!("was {before:?}, but now {after:?}")));
    }
    found
}
