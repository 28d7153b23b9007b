//! What will change: from the stored object, the configuration and Terraform's merge of both to the planned object.
//!
//! Planning is pure and deterministic. Terraform plans twice per run, the second time with more values known, and
//! both plans have to agree.

use std::collections::BTreeMap;

use super::{
    problem::Path,
    record,
    schema::{Attribute, Schema, Usage},
    value::Value,
};

/// What Terraform asks: null `prior` is a creation, null `proposed` a destruction.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    pub prior: Value,
    /// The configuration, completed with prior values where an attribute is computed.
    pub proposed: Value,
    pub config: Value,
    pub private: Vec<u8>,
    pub prior_identity: Option<Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub state: Value,
    pub private: Vec<u8>,
    /// The attributes whose change makes a new object; sorted.
    pub replaces: Vec<Path>,
    pub identity: Option<Value>,
}

/// Plans by the rules that hold for every resource. `moved` names computed attributes that have to be found out
/// anew although the configuration is the same, because what they depend on has moved outside of it.
///
/// `proposed` becomes the planned object. It is that of the request, and is not looked for there.
pub(super) fn plan(
    schema: &Schema,
    proposed: Value,
    request: &PlanRequest,
    moved: &[&str],
) -> Planned {
    let PlanRequest { prior, config, .. } = request;
    let (private, prior_identity) = (request.private.clone(), request.prior_identity.clone());
    let Value::Map(mut planned) = proposed else {
        return Planned {
            state: Value::Null,
            private,
            replaces: Vec::new(),
            identity: prior_identity,
        };
    };
    for attribute in
        schema.attributes.iter().filter(|attribute| config.get(attribute.name).is_null())
    {
        // The proposal carries the prior value here, which is not what an absent attribute means.
        if let Some(default) = attribute.default {
            planned.insert(attribute.name.to_owned(), default.value());
        }
    }
    let create = prior.is_null();
    let replaces = if create { Vec::new() } else { replacements(schema, prior, &planned) };
    for attribute in schema.attributes.iter().filter(|attribute| is_ours(attribute, config)) {
        let anew = create
            || !replaces.is_empty()
            || moved.contains(&attribute.name)
            || attribute.follows.iter().any(|name| differs(name, prior, &planned));
        if anew {
            planned.insert(attribute.name.to_owned(), Value::UNKNOWN);
        }
    }
    let state = record::with_id(schema, planned);
    if create {
        // In the second plan of a replacement, the private data is that of the object to be deleted, which gets it
        // from this answer. The identity is its own.
        return Planned { state, private, replaces, identity: None };
    }
    let identity = record::identity(schema, &state).or(prior_identity);
    Planned { state, private, replaces, identity }
}

/// The provider decides the value: computed, nothing configured, no default.
fn is_ours(attribute: &Attribute, config: &Value) -> bool {
    let open = match attribute.usage {
        Usage::Computed => true,
        Usage::OptionalComputed => config.get(attribute.name).is_null(),
        Usage::Required | Usage::Optional => false,
    };
    open && attribute.default.is_none()
}

fn replacements(schema: &Schema, prior: &Value, planned: &BTreeMap<String, Value>) -> Vec<Path> {
    let mut names: Vec<&str> = schema
        .attributes
        .iter()
        .filter(|attribute| attribute.replaces && differs(attribute.name, prior, planned))
        .map(|attribute| attribute.name)
        .collect();
    names.sort_unstable();
    names.into_iter().map(Path::from).collect()
}

fn differs(name: &str, prior: &Value, planned: &BTreeMap<String, Value>) -> bool {
    planned.get(name).unwrap_or(&Value::Null) != prior.get(name)
}
