//! Stored objects of older schema versions, in the shape of the current one.
//!
//! What an object of an older version means only its resource knows ([`super::Resource::upgrade`]). Which versions there
//! can be, that unknown attributes are dropped and missing ones are at their defaults, is the same for all of them.

use serde_json::{Map, Value as Json};

use super::{
    damage::unreadable,
    json,
    problem::{Problem, Result},
    record,
    schema::Schema,
    value::Value,
};

/// The attributes of a stored object, as they stand in the state.
pub type Attributes = Map<String, Json>;

/// The stored object as a value of the current schema.
///
/// # Errors
/// A version that this provider does not know, or an attribute that does not fit the schema.
pub(super) fn upgraded(
    schema: &Schema,
    version: i64,
    state: Json,
    upgrade: fn(i64, Attributes) -> Option<Attributes>,
) -> Result<Value> {
    if version > schema.version {
        return Err(newer(schema, version).into());
    }
    let state = match state {
        Json::Object(attributes) => {
            let upgraded = upgrade(version, attributes);
            Json::Object(upgraded.ok_or_else(|| unknown(schema, version))?)
        }
        damaged => damaged,
    };
    let parsed = json::parse(&state, &schema.value_type())
        .map_err(|misfit| unreadable(misfit.path, &format!("{}.", misfit.reason)))?;
    Ok(record::completed(schema, &state, parsed))
}

fn newer(schema: &Schema, version: i64) -> Problem {
    let detail = format!(
        "The object was stored with schema version {version} of its resource; this version of the provider knows {} and \
         older. Use at least the version of the provider that stored it.",
        schema.version
    );
    Problem::error("State of a newer provider", detail)
}

fn unknown(schema: &Schema, version: i64) -> Problem {
    let detail = format!(
        "The object was stored with schema version {version} of its resource, from which there is no upgrade to version {}. \
         Use the version of the provider that stored it, or take the object out of the state with `terraform state rm` \
         and import it anew.",
        schema.version
    );
    Problem::error("Unknown schema version", detail)
}
