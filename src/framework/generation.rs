//! The configuration that a user would have written for an object which is there already.

use super::{
    record,
    schema::{Attribute, Kind, Schema, Usage},
    value::Value,
};

/// Leaves out what the provider decides, what goes without saying, and what `redundant` names.
pub(super) fn config(schema: &Schema, state: &Value, redundant: &[&str]) -> Value {
    let Value::Map(mut members) = written(schema.attributes, state.clone()) else {
        return Value::Null;
    };
    for name in redundant.iter().copied().chain([record::ID]) {
        members.insert(name.to_owned(), Value::Null);
    }
    Value::Map(members)
}

/// The object as far as a user writes it.
fn written(attributes: &[Attribute], object: Value) -> Value {
    let Value::Map(mut members) = object else { return object };
    for attribute in attributes {
        let Some(value) = members.get_mut(attribute.name) else { continue };
        let is_default = attribute.default.is_some_and(|default| default.value() == *value);
        if attribute.usage == Usage::Computed || is_default {
            *value = Value::Null;
        }
        if let Kind::Nested(_, inner) = attribute.kind {
            match value {
                Value::Seq(items) => {
                    items.iter_mut().for_each(|item| *item = written(inner, item.clone()));
                }
                Value::Map(items) => {
                    items.values_mut().for_each(|item| *item = written(inner, item.clone()));
                }
                _ => {}
            }
        }
    }
    Value::Map(members)
}
