//! Whether the text of a configuration can be right, judged without any cloud.

use super::{
    problem::{Path, Problem},
    schema::{Attribute, Kind, Nesting, Parse, Schema},
    value::Value,
};

/// Every value that its attribute refuses, each on its path. Unknown values are judged when they are known.
pub(super) fn validate(schema: &Schema, config: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    members(schema.attributes, config, &Path::default(), &mut problems);
    for block in schema.all_blocks() {
        members(block.attributes, config.get(block.name), &Path::from(block.name), &mut problems);
    }
    problems
}

fn members(attributes: &[Attribute], object: &Value, path: &Path, problems: &mut Vec<Problem>) {
    for attribute in attributes {
        let path = path.clone().attribute(attribute.name);
        match (attribute.kind, object.get(attribute.name)) {
            (Kind::Nested(Nesting::Single, inner), value @ Value::Map(_)) => {
                members(inner, value, &path, problems)
            }
            (Kind::Nested(Nesting::List, inner), Value::Seq(items)) => {
                for (index, item) in items.iter().enumerate() {
                    members(inner, item, &path.clone().index(index), problems);
                }
            }
            (Kind::Nested(Nesting::Map, inner), Value::Map(items)) => {
                for (key, item) in items {
                    members(inner, item, &path.clone().key(key), problems);
                }
            }
            (kind, value) => {
                if let Some(parse) = attribute.parse {
                    texts(attribute, kind, parse, value, &path, problems);
                }
            }
        }
    }
}

fn texts(
    attribute: &Attribute,
    kind: Kind,
    parse: Parse,
    value: &Value,
    path: &Path,
    problems: &mut Vec<Problem>,
) {
    match (kind, value) {
        (_, Value::String(text)) => problems.extend(refusal(attribute, parse, text, path)),
        (_, Value::Number(number)) => {
            problems.extend(refusal(attribute, parse, &number.to_string(), path))
        }
        (Kind::List(_), Value::Seq(items)) => {
            for (index, item) in items.iter().enumerate() {
                texts(attribute, Kind::String, parse, item, &path.clone().index(index), problems);
            }
        }
        // An element of a set has no place of its own in a path.
        (Kind::Set(_), Value::Seq(items)) => {
            for item in items {
                texts(attribute, Kind::String, parse, item, path, problems);
            }
        }
        (Kind::Map(_), Value::Map(items)) => {
            for (key, item) in items {
                texts(attribute, Kind::String, parse, item, &path.clone().key(key), problems);
            }
        }
        _ => {}
    }
}

fn refusal(attribute: &Attribute, parse: Parse, text: &str, path: &Path) -> Option<Problem> {
    let mut detail = parse(text).err()?;
    if text.is_empty() {
        detail = detail.replacen("``", "An empty text", 1);
    }
    // The summary names an attribute of the body well enough; what is deeper would be looked for.
    if path.0.len() > 1 {
        detail = format!("In `{path}`: {detail}");
    }
    let summary = format!("Invalid value for `{}`", attribute.name);
    Some(Problem::error(summary, detail).at(path.clone()))
}
