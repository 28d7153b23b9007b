//! What Terraform does with a configuration before a provider sees it: values of the right type, every member
//! present, and its own complaints about what is missing or not for users to set.
//!
//! A test writes a configuration as JSON. An absent member is null, and `{"$unknown": true}` is a value that
//! will be known only during apply.

use std::collections::BTreeMap;

use huaweivpc::framework::{
    Attribute, Kind, Nesting, Path, Problem, Schema, Step, Type, Usage, Value, json,
};
use serde_json::{Map, Value as Json};

/// The configuration that a test wrote as `json`.
///
/// # Panics
/// If it does not fit the schema, which is a mistake in the test.
pub fn config(schema: &Schema, json: &Json) -> Value {
    value(&schema.value_type(), json)
}

/// `json` as a value of type `ty`.
///
/// # Panics
/// If it does not fit.
pub fn value(ty: &Type, json: &Json) -> Value {
    if json.get("$unknown").is_some() {
        return Value::UNKNOWN;
    }
    match (ty, json) {
        (Type::Object(members), Json::Object(given)) => {
            if let Some(name) = given.keys().find(|name| !members.contains_key(*name)) {
                panic!("there is no member `{name}`, only {:?}", members.keys());
            }
            let member = |name: &String| given.get(name).unwrap_or(&Json::Null);
            Value::Map(
                members.iter().map(|(name, ty)| (name.clone(), value(ty, member(name)))).collect(),
            )
        }
        (Type::Map(element), Json::Object(given)) => Value::Map(
            given.iter().map(|(key, item)| (key.clone(), value(element, item))).collect(),
        ),
        (Type::List(element), Json::Array(items)) => {
            Value::Seq(items.iter().map(|item| value(element, item)).collect())
        }
        (Type::Set(element), Json::Array(items)) => {
            Value::set(items.iter().map(|item| value(element, item)).collect())
        }
        (ty, json) => json::parse(json, ty).unwrap_or_else(|misfit| panic!("{json}: {misfit}")),
    }
}

/// `json` with the members of `patch` in place of its own; a null takes a member away.
pub fn patched(json: &Json, patch: &Json) -> Json {
    let members = |json: &Json| json.as_object().cloned().unwrap_or_default();
    let mut merged: Map<String, Json> = members(json);
    for (name, value) in members(patch) {
        if value.is_null() {
            merged.remove(&name)
        } else {
            merged.insert(name, value)
        };
    }
    Json::Object(merged)
}

/// The object with one of its members replaced.
pub fn with(object: &Value, member: &str, value: Value) -> Value {
    let mut members: BTreeMap<String, Value> = object.as_map().cloned().unwrap_or_default();
    members.insert(member.to_owned(), value);
    Value::Map(members)
}

/// What Terraform itself refuses: a required member that is missing, a computed one that is set.
pub fn refusals(schema: &Schema, config: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    refuse(schema.all_attributes(), config, &Path::default(), &mut problems);
    for block in schema.all_blocks() {
        let path = Path::from(block.name);
        refuse(block.attributes, config.get(block.name), &path, &mut problems);
    }
    problems
}

fn refuse<'a>(
    attributes: impl IntoIterator<Item = &'a Attribute>,
    object: &Value,
    path: &Path,
    problems: &mut Vec<Problem>,
) {
    if !matches!(object, Value::Map(_)) {
        return;
    }
    for attribute in attributes {
        let path = path.clone().attribute(attribute.name);
        let given = object.get(attribute.name);
        match attribute.usage {
            Usage::Required if given.is_null() => {
                let detail =
                    format!("The argument `{}` is required, but no definition was found.", path);
                problems.push(Problem::error("Missing required argument", detail).at(path.clone()));
            }
            Usage::Computed if !given.is_null() => {
                let detail =
                    format!("Can't configure a value for `{path}`: the provider decides it.");
                problems.push(
                    Problem::error("Value for unconfigurable attribute", detail).at(path.clone()),
                );
            }
            _ => {}
        }
        match (attribute.kind, given) {
            (Kind::Nested(Nesting::Single, members), object) => {
                refuse(members, object, &path, problems);
            }
            (Kind::Nested(Nesting::List, members), Value::Seq(items)) => {
                for (index, item) in items.iter().enumerate() {
                    refuse(members, item, &path.clone().index(index), problems);
                }
            }
            (Kind::Nested(Nesting::Map, members), Value::Map(items)) => {
                for (key, item) in items {
                    refuse(members, item, &path.clone().key(key), problems);
                }
            }
            _ => {}
        }
    }
}

/// The value at a place; `None` if there is no such place.
pub fn lookup<'a>(value: &'a Value, path: &Path) -> Option<&'a Value> {
    path.0.iter().try_fold(value, |value, step| match (step, value) {
        (Step::Attribute(name) | Step::Key(name), Value::Map(members)) => members.get(name),
        (Step::Index(index), Value::Seq(items)) => {
            usize::try_from(*index).ok().and_then(|index| items.get(index))
        }
        _ => None,
    })
}
