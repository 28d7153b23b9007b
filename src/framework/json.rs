//! Values as JSON: the form of stored state, and the bridge between a [`Value`] and a Rust struct.
//!
//! JSON has no unknown value and no types of its own, so reading is driven by a [`Type`]. Numbers keep all their
//! digits.

use std::collections::BTreeMap;

use serde_json::{Map, Number as JsonNumber, Value as Json};

use super::{
    problem::Path,
    value::{Number, Type, Value},
};

/// Why a JSON text does not fit a type, and where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{reason} (at `{path}`)")]
pub struct Misfit {
    pub path: Path,
    pub reason: String,
}

/// Reads `json` as a value of type `ty`.
///
/// As Terraform does with old states, a number or bool is accepted where a string is wanted and the other way
/// round, members that the type does not know are dropped, and missing ones are null.
pub fn parse(json: &Json, ty: &Type) -> Result<Value, Misfit> {
    parse_at(json, ty, &Path::default())
}

fn parse_at(json: &Json, ty: &Type, path: &Path) -> Result<Value, Misfit> {
    let misfit = |wanted: &str| Misfit { path: path.clone(), reason: format!("{wanted} expected") };
    Ok(match (ty, json) {
        (_, Json::Null) => Value::Null,
        (Type::String, Json::String(text)) => Value::String(text.clone()),
        (Type::String, Json::Number(number)) => Value::String(number.to_string()),
        (Type::String, Json::Bool(value)) => Value::String(value.to_string()),
        (Type::Bool, Json::Bool(value)) => Value::Bool(*value),
        (Type::Bool, Json::String(text)) if text == "true" => Value::Bool(true),
        (Type::Bool, Json::String(text)) if text == "false" => Value::Bool(false),
        (Type::Number, Json::Number(number)) => {
            number_from(number.as_str()).ok_or_else(|| misfit("a number"))?
        }
        (Type::Number, Json::String(text)) => {
            number_from(text).ok_or_else(|| misfit("a number"))?
        }
        (Type::List(element), Json::Array(items)) => Value::Seq(elements(items, element, path)?),
        (Type::Set(element), Json::Array(items)) => Value::set(elements(items, element, path)?),
        (Type::Tuple(types), Json::Array(items)) if types.len() == items.len() => Value::Seq(
            items
                .iter()
                .zip(types)
                .enumerate()
                .map(|(index, (item, ty))| parse_at(item, ty, &path.clone().index(index)))
                .collect::<Result<_, _>>()?,
        ),
        (Type::Map(element), Json::Object(members)) => Value::Map(
            members
                .iter()
                .map(|(key, item)| {
                    Ok((key.clone(), parse_at(item, element, &path.clone().key(key))?))
                })
                .collect::<Result<_, Misfit>>()?,
        ),
        (Type::Object(types), Json::Object(members)) => Value::Map(
            types
                .iter()
                .map(|(name, ty)| {
                    let member = members.get(name).unwrap_or(&Json::Null);
                    Ok((name.clone(), parse_at(member, ty, &path.clone().attribute(name))?))
                })
                .collect::<Result<_, Misfit>>()?,
        ),
        (Type::Dynamic, Json::Object(members)) => {
            let ty = members
                .get("type")
                .and_then(Type::from_json)
                .ok_or_else(|| misfit("a value with its type"))?;
            let inner = parse_at(members.get("value").unwrap_or(&Json::Null), &ty, path)?;
            Value::Dynamic(ty, Box::new(inner))
        }
        (wanted, _) => return Err(misfit(&format!("a value of type {}", wanted.to_json()))),
    })
}

fn elements(items: &[Json], element: &Type, path: &Path) -> Result<Vec<Value>, Misfit> {
    items
        .iter()
        .enumerate()
        .map(|(index, item)| parse_at(item, element, &path.clone().index(index)))
        .collect()
}

fn number_from(text: &str) -> Option<Value> {
    text.parse::<Number>().ok().map(Value::Number)
}

/// Writes a value. Unknown values and infinities have no form in JSON and become null.
pub fn write(value: &Value) -> Json {
    match value {
        Value::Null | Value::Unknown(_) => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => write_number(number),
        Value::String(text) => Json::String(text.clone()),
        Value::Seq(items) => Json::Array(items.iter().map(write).collect()),
        Value::Map(members) => {
            Json::Object(members.iter().map(|(key, item)| (key.clone(), write(item))).collect())
        }
        Value::Dynamic(ty, inner) => Json::Object(Map::from_iter([
            ("value".to_owned(), write(inner)),
            ("type".to_owned(), ty.to_json()),
        ])),
    }
}

/// A fraction that an `f64` holds exactly is written as short as an `f64` is; all else digit by digit.
fn write_number(number: &Number) -> Json {
    let text = match number.to_exact_f64().filter(|_| !number.is_integer()) {
        Some(float) => float.to_string(),
        None => number.to_string(),
    };
    text.parse::<JsonNumber>().map_or(Json::Null, Json::Number)
}

impl Type {
    /// The type constraint as the protocol writes it: `"string"`, `["list","number"]`, …
    pub fn to_json(&self) -> Json {
        let pair =
            |word: &str, inner: Json| Json::Array(vec![Json::String(word.to_owned()), inner]);
        match self {
            Type::String => Json::String("string".to_owned()),
            Type::Number => Json::String("number".to_owned()),
            Type::Bool => Json::String("bool".to_owned()),
            Type::Dynamic => Json::String("dynamic".to_owned()),
            Type::List(element) => pair("list", element.to_json()),
            Type::Set(element) => pair("set", element.to_json()),
            Type::Map(element) => pair("map", element.to_json()),
            Type::Tuple(elements) => {
                pair("tuple", Json::Array(elements.iter().map(Type::to_json).collect()))
            }
            Type::Object(members) => pair(
                "object",
                Json::Object(
                    members.iter().map(|(name, ty)| (name.clone(), ty.to_json())).collect(),
                ),
            ),
        }
    }

    /// The reverse of [`Type::to_json`]. The optional third part of an object type is ignored.
    pub fn from_json(json: &Json) -> Option<Type> {
        match json {
            Json::String(word) => match word.as_str() {
                "string" => Some(Type::String),
                "number" => Some(Type::Number),
                "bool" => Some(Type::Bool),
                "dynamic" => Some(Type::Dynamic),
                _ => None,
            },
            Json::Array(parts) => {
                let inner = parts.get(1)?;
                let element = || Type::from_json(inner).map(Box::new);
                match parts.first()?.as_str()? {
                    "list" => element().map(Type::List),
                    "set" => element().map(Type::Set),
                    "map" => element().map(Type::Map),
                    "tuple" => inner
                        .as_array()?
                        .iter()
                        .map(Type::from_json)
                        .collect::<Option<_>>()
                        .map(Type::Tuple),
                    "object" => inner
                        .as_object()?
                        .iter()
                        .map(|(name, ty)| Some((name.clone(), Type::from_json(ty)?)))
                        .collect::<Option<BTreeMap<_, _>>>()
                        .map(Type::Object),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}
