//! Terraform's merge of the stored object and the configuration, which it proposes to the provider as a plan.
//!
//! Where the configuration is silent about a computed attribute the stored value stays; everywhere else the
//! configuration decides. Elements of lists are matched by position, those of maps by key.

use std::collections::BTreeMap;

use huaweivpc::framework::{Attribute, Kind, Nesting, Schema, Usage, Value};

/// The proposed new object. `prior` is null for a creation; `config` is an object.
pub fn proposed_new(schema: &Schema, prior: &Value, config: &Value) -> Value {
    let mut members = attributes(schema.all_attributes(), prior, config);
    for block in schema.all_blocks() {
        let configured = config.get(block.name);
        let proposed = match configured {
            Value::Map(_) => {
                Value::Map(attributes(block.attributes, prior.get(block.name), configured))
            }
            // A block is there only if it is configured, and unknown if it is not known whether it is.
            _ => configured.clone(),
        };
        members.insert(block.name.to_owned(), proposed);
    }
    Value::Map(members)
}

fn attributes<'a>(
    attributes: impl IntoIterator<Item = &'a Attribute>,
    prior: &Value,
    config: &Value,
) -> BTreeMap<String, Value> {
    attributes
        .into_iter()
        .map(|attribute| {
            let value = proposal(attribute, prior.get(attribute.name), config.get(attribute.name));
            (attribute.name.to_owned(), value)
        })
        .collect()
}

/// The provider decides it, always or where the user does not.
pub fn is_computed(attribute: &Attribute) -> bool {
    matches!(attribute.usage, Usage::Computed | Usage::OptionalComputed)
}

fn proposal(attribute: &Attribute, prior: &Value, config: &Value) -> Value {
    if is_computed(attribute) && config.is_null() {
        let removed =
            attribute.usage == Usage::OptionalComputed && was_configured(attribute, prior);
        return if removed { Value::Null } else { prior.clone() };
    }
    let Kind::Nested(nesting, members) = attribute.kind else { return config.clone() };
    let element = |prior: Option<&Value>, config: &Value| match (prior, config) {
        (Some(prior @ Value::Map(_)), Value::Map(_)) => {
            Value::Map(attributes(members, prior, config))
        }
        _ => config.clone(),
    };
    match (nesting, config) {
        (Nesting::Single, Value::Map(_)) => Value::Map(attributes(members, prior, config)),
        (Nesting::List, Value::Seq(items)) => {
            let before = |index: usize| match prior {
                Value::Seq(items) => items.get(index),
                _ => None,
            };
            Value::Seq(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| element(before(index), item))
                    .collect(),
            )
        }
        (Nesting::Map, Value::Map(items)) => {
            let before = |key: &str| prior.as_map().and_then(|members| members.get(key));
            Value::Map(
                items.iter().map(|(key, item)| (key.clone(), element(before(key), item))).collect(),
            )
        }
        _ => config.clone(),
    }
}

/// Some member that only a user can set is set: the whole came from a configuration, not from the provider.
fn was_configured(attribute: &Attribute, prior: &Value) -> bool {
    let Kind::Nested(nesting, members) = attribute.kind else { return false };
    let set_by_user = |object: &Value| {
        members.iter().any(|member| {
            let value = object.get(member.name);
            !value.is_null() && (!is_computed(member) || was_configured(member, value))
        })
    };
    match (nesting, prior) {
        (Nesting::Single, object) => set_by_user(object),
        (Nesting::List, Value::Seq(items)) => items.iter().any(set_by_user),
        (Nesting::Map, Value::Map(items)) => items.values().any(set_by_user),
        _ => false,
    }
}
