//! Between a [`Value`] and the struct that a handler works with.
//!
//! A struct holds the attributes of its schema and nothing else, with two exceptions made for all resources
//! here (a data source has neither): `id` and `timeouts` are the framework's, and a field `memory`, where a resource has one, is what it
//! remembers beside its state. Terraform stores that as the private data of the resource; users do not see it.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json};

use super::{
    json,
    private::{InstanceId, Private},
    problem::{Problem, Result},
    request::Stored,
    schema::Schema,
    value::Value,
};

pub(super) const ID: &str = "id";
const TIMEOUTS: &str = "timeouts";
const MEMORY: &str = "memory";

/// The struct of a stored, planned or configured object. What is unknown or null is `None` in it.
pub fn to_struct<T: DeserializeOwned>(object: &Value, private: &[u8]) -> Result<T> {
    Ok(deserialized(object, private).map_err(Problem::bug)?)
}

/// The same, or why there is none.
pub(super) fn deserialized<T: DeserializeOwned>(
    object: &Value,
    private: &[u8],
) -> std::result::Result<T, String> {
    let Json::Object(mut members) = json::write(object) else {
        return Err("an object was expected".to_owned());
    };
    members.remove(ID);
    members.remove(TIMEOUTS);
    let private = Private::parse(private);
    if let Some(memory) =
        private.map_err(|error| format!("what is remembered beside it: {error}"))?.memory
    {
        members.insert(MEMORY.to_owned(), memory);
    }
    serde_json::from_value(Json::Object(members)).map_err(|error| error.to_string())
}

/// The struct of a query. Of a data source, `id` is an attribute like any other.
pub(super) fn to_query<T: DeserializeOwned>(object: &Value) -> Result<T> {
    Ok(serde_json::from_value(Json::Object(members_of(object)?)).map_err(Problem::bug)?)
}

fn members_of(object: &Value) -> Result<Map<String, Json>> {
    match json::write(object) {
        Json::Object(members) => Ok(members),
        _ => Err(Problem::bug("an object was expected").into()),
    }
}

/// The value of a struct by its schema, without `id` and `timeouts`.
pub(super) fn to_value<T: Serialize>(object: &T, schema: &Schema) -> Result<Value> {
    let members = serde_json::to_value(object).map_err(Problem::bug)?;
    Ok(json::parse(&members, &schema.value_type()).map_err(Problem::bug)?)
}

/// The form in which a struct is stored. `timeouts` are the user's and stay as they were.
pub(super) fn to_stored(
    object: Json,
    schema: &Schema,
    timeouts: &Value,
    instance: Option<InstanceId>,
) -> Result<Stored> {
    let Json::Object(mut members) = object else {
        return Err(Problem::bug("a resource has to serialize as an object").into());
    };
    let private = Private { instance, memory: members.remove(MEMORY) }.to_bytes()?;
    let Value::Map(mut attributes) =
        json::parse(&Json::Object(members), &schema.value_type()).map_err(Problem::bug)?
    else {
        return Err(Problem::bug("an object does not parse as one").into());
    };
    if schema.timeouts.is_some() {
        attributes.insert(TIMEOUTS.to_owned(), timeouts.clone());
    }
    let state = with_id(schema, attributes);
    Ok(Stored { identity: identity(schema, &state), state, private })
}

/// The object with the `id` that follows from its key.
pub(super) fn with_id(schema: &Schema, mut attributes: BTreeMap<String, Value>) -> Value {
    if !schema.key.is_empty() {
        let id = id(schema, &attributes);
        attributes.insert(ID.to_owned(), id);
    }
    Value::Map(attributes)
}

/// A stored object with the defaults of attributes that its writer did not know yet.
pub(super) fn completed(schema: &Schema, json: &Json, mut object: Value) -> Value {
    if let Value::Map(attributes) = &mut object {
        for attribute in schema.attributes.iter().filter(|it| json.get(it.name).is_none()) {
            if let Some(default) = attribute.default {
                attributes.insert(attribute.name.to_owned(), default.value());
            }
        }
    }
    object
}

/// The object with each absent attribute at its default.
pub(super) fn with_defaults(schema: &Schema, object: Value) -> Value {
    let Value::Map(mut attributes) = object else { return object };
    for attribute in schema.attributes {
        let absent = attributes.get(attribute.name).is_none_or(Value::is_null);
        if let Some(default) = attribute.default.filter(|_| absent) {
            attributes.insert(attribute.name.to_owned(), default.value());
        }
    }
    Value::Map(attributes)
}

/// The id: the parts of the key joined by `/`. Unknown as long as a part is.
fn id(schema: &Schema, members: &BTreeMap<String, Value>) -> Value {
    let part = |name: &&str| members.get(*name).and_then(Value::as_str);
    let parts: Option<Vec<&str>> = schema.key.iter().map(part).collect();
    parts.map_or(Value::UNKNOWN, |parts| Value::String(parts.join("/")))
}

/// The id that an identity stands for; `None` if a part is missing.
pub(super) fn id_from_identity(schema: &Schema, identity: &Value) -> Option<String> {
    id(schema, identity.as_map()?).as_str().map(str::to_owned)
}

/// The parts of the key that an id stands for. The last part may itself contain `/`.
pub fn key_from_id(schema: &Schema, id: &str) -> Result<Map<String, Json>> {
    let parts: Vec<&str> = id.splitn(schema.key.len(), '/').collect();
    let form = || schema.key.iter().map(|name| format!("<{name}>")).collect::<Vec<_>>().join("/");
    if parts.len() != schema.key.len() || parts.iter().any(|part| part.is_empty()) {
        let detail = format!("`{id}` does not name an object of this type. Write `{}`.", form());
        return Err(Problem::error("Invalid import id", detail).into());
    }
    let mut key = Map::new();
    for (name, part) in schema.key.iter().zip(parts) {
        let attribute = schema.attribute(name);
        if let Some(Err(reason)) =
            attribute.and_then(|attribute| attribute.parse).map(|parse| parse(part))
        {
            let detail = format!(
                "In `{id}`, the part `{name}` is wrong. {reason}\nThe id has the form `{}`.",
                form()
            );
            return Err(Problem::error("Invalid import id", detail).into());
        }
        key.insert((*name).to_owned(), Json::String(part.to_owned()));
    }
    Ok(key)
}

/// The identity, if every part of it is known.
pub(super) fn identity(schema: &Schema, object: &Value) -> Option<Value> {
    let known = |name: &&str| object.get(name).as_str().is_some();
    (!schema.key.is_empty() && schema.key.iter().all(known)).then(|| {
        Value::Map(
            schema.key.iter().map(|name| ((*name).to_owned(), object.get(name).clone())).collect(),
        )
    })
}
