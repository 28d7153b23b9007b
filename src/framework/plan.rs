//! What will change: from the stored object, the configuration and Terraform's merge of both to the planned object.
//!
//! Planning is pure and deterministic. Terraform plans twice per run, the second time with more values known, and
//! both plans have to agree.

use std::collections::BTreeMap;

use super::{
    problem::Path,
    record,
    schema::{Attribute, Kind, Nesting, Schema, Usage},
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
/// anew although the configuration is the same, because what they depend on has moved outside of it; `outdated` are the
/// objects, the whole one or some within it, whose aliases stand for something else than the stored object says.
///
/// `proposed` becomes the planned object. It is that of the request, and is not looked for there.
pub(super) fn plan(
    schema: &Schema,
    proposed: Value,
    request: &PlanRequest,
    moved: &[&str],
    outdated: &[Path],
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
    let circumstances =
        Circumstances { anew: create || !replaces.is_empty(), open: !config.is_wholly_known() };
    plan_aliases_everywhere(schema, prior, config, &mut planned, circumstances, outdated);
    let ours = |attribute: &&Attribute| attribute.alias.is_none() && is_ours(attribute, config);
    for attribute in schema.attributes.iter().filter(ours) {
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

/// What holds for the aliases of all objects of one plan.
#[derive(Clone, Copy)]
struct Circumstances {
    /// A new object is made.
    anew: bool,
    /// Something of the configuration is known only during apply. Until then, an alias may come to stand for something
    /// else, although its own text stays the same.
    open: bool,
}

/// The aliases of the object itself and those of the members of its maps.
fn plan_aliases_everywhere(
    schema: &Schema,
    prior: &Value,
    config: &Value,
    planned: &mut BTreeMap<String, Value>,
    circumstances: Circumstances,
    outdated: &[Path],
) {
    let is_outdated = outdated.contains(&Path::default());
    plan_aliases(schema.attributes, prior, config, planned, circumstances, is_outdated);
    for attribute in schema.attributes {
        let Kind::Nested(Nesting::Map, inner) = attribute.kind else { continue };
        let Some(Value::Map(members)) = planned.get_mut(attribute.name) else { continue };
        let [prior, config] = [prior, config].map(|object| object.get(attribute.name));
        for (key, member) in members {
            let Value::Map(planned) = member else { continue };
            let is_outdated = outdated.contains(&Path::from(attribute.name).key(key));
            let [prior, config] = [prior, config].map(|members| members.get(key));
            plan_aliases(inner, prior, config, planned, circumstances, is_outdated);
        }
    }
}

/// An alias that the user did not write keeps its value while those that are written do, and while they stand for the
/// same. Else it is found out during apply, unless one that is written says that it is null. Where none is written,
/// because `ignore_changes` left none, all stay.
fn plan_aliases(
    attributes: &[Attribute],
    prior: &Value,
    config: &Value,
    planned: &mut BTreeMap<String, Value>,
    Circumstances { anew, open }: Circumstances,
    is_outdated: bool,
) {
    let aliases = || attributes.iter().filter(|attribute| attribute.alias.is_some());
    let is_written = |alias: &&Attribute| !config.get(alias.name).is_null();
    let unmoved =
        |alias: &Attribute| !anew && !open && !is_outdated && !differs(alias.name, prior, planned);
    let stays = !prior.is_null() && aliases().filter(is_written).all(unmoved);
    let is_excluded = |name: &str| {
        let known = aliases().filter(|alias| config.get(alias.name).as_str().is_some());
        known.filter_map(|alias| alias.alias).any(|excluded| excluded.contains(&name))
    };
    // Certain in the first plan of a run, and so in the second one.
    let is_moved = anew
        || is_outdated
        || aliases().filter(is_written).any(|alias| {
            config.get(alias.name).is_wholly_known() && differs(alias.name, prior, planned)
        });
    let moved: Vec<&str> = aliases()
        .filter(|alias| is_moved || prior.get(alias.name).is_null())
        .map(|it| it.name)
        .collect();
    for alias in aliases().filter(|alias| !is_written(alias)) {
        let value = if stays {
            prior.get(alias.name).clone()
        } else if is_excluded(alias.name) && moved.contains(&alias.name) {
            Value::Null
        } else {
            Value::UNKNOWN
        };
        planned.insert(alias.name.to_owned(), value);
    }
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
