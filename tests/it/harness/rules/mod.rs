//! The rules that Terraform holds a provider's answers to, by the numbers that this project gives them.
//!
//! Plans (`P`): P1 null where the configuration is null and only there, at every level of objects. P2 a value
//! equals the configured one, or P3 the stored one where both exist. P5 computed attributes are free, P6 so are
//! those that may be computed and are not configured. P7 what is neither configured nor computed is null. P8 what
//! is configured is P2 or P3. P9 a configured nested attribute is not unknown as a whole and has the configured
//! elements. P11 a block that may or may not exist stays undecided. P12 blocks are not unknown. P13 the value is
//! of the schema's type. P14 nothing is deferred. P15 a destruction plans null, and an identity is known.
//! (P4 and P10 concern write-only attributes and collections of blocks, which [`Schema`] cannot declare.)
//!
//! Applies (`A`): A1 what was planned is what came to be. A2 what was unknown may become anything of its type.
//! A3 nothing is unknown. A4 collections keep their elements; a set may shrink. A5 blocks come and go as planned.
//! A7 null after a destruction and only then. A8 the identity is known and of its type.
//! (A6 concerns write-only attributes; A9 and A10, what is recorded, are what `Core` does.)

use std::fmt;

use huaweivpc::framework::{Path, Schema, Stored, Type, Value};

pub use apply::{agreement, check_applied};
pub use plan::{check_plan, check_planned_state};

mod apply;
mod plan;

/// A broken rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    pub rule: &'static str,
    pub path: Path,
    pub detail: String,
}

impl Violation {
    pub fn new(rule: &'static str, path: Path, detail: impl Into<String>) -> Self {
        Self { rule, path, detail: detail.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at `{}`: {}", self.rule, self.path, self.detail)
    }
}

/// Holds an object that is to be recorded to what holds for all of them: its type (A2), nothing unknown (A3),
/// and its identity.
pub fn check_stored(
    schema: &Schema,
    identity_rule: &'static str,
    stored: &Stored,
) -> Vec<Violation> {
    let mut found = Vec::new();
    misfits("A2", &schema.value_type(), &stored.state, &Path::default(), &mut found);
    unknowns(&stored.state, &Path::default(), &mut found);
    match &stored.identity {
        Some(identity) => found.extend(check_identity(schema, identity_rule, identity)),
        None if schema.key.is_empty() => {}
        None => found.push(Violation::new(identity_rule, Path::default(), "no identity")),
    }
    found
}

fn check_identity(schema: &Schema, rule: &'static str, identity: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    let root = Path::default();
    if schema.key.is_empty() {
        found.push(Violation::new(rule, root, "an identity of a type that declares none"));
    } else {
        misfits(rule, &schema.identity_type(), identity, &root, &mut found);
        if identity.is_null() || !identity.is_wholly_known() {
            found.push(Violation::new(rule, root, "an identity has to be known"));
        }
    }
    found
}

/// An update changes a part of the key that does not make a new object, and the identity with it.
pub fn moves_identity(schema: &Schema, before: &Value, after: &Value) -> bool {
    let in_place = |name: &&&str| schema.attribute(name).is_some_and(|part| !part.replaces);
    schema.key.iter().filter(in_place).any(|name| before.get(name) != after.get(name))
}

/// An identity stays what it was.
pub fn same_identity(before: Option<&Value>, after: Option<&Value>) -> Vec<Violation> {
    if before.is_none() || before == after {
        return Vec::new();
    }
    let detail = format!("was {before:?}, but now {after:?}");
    vec![Violation::new("identity", Path::default(), detail)]
}

/// Every place where a value is not of its type: a member too many or too few, another kind of value.
pub fn misfits(
    rule: &'static str,
    ty: &Type,
    value: &Value,
    path: &Path,
    found: &mut Vec<Violation>,
) {
    let mut broken = |detail: String| found.push(Violation::new(rule, path.clone(), detail));
    match (ty, value) {
        (_, Value::Null | Value::Unknown(_))
        | (Type::String, Value::String(_))
        | (Type::Number, Value::Number(_))
        | (Type::Bool, Value::Bool(_)) => {}
        (Type::Dynamic, Value::Dynamic(ty, inner)) => misfits(rule, ty, inner, path, found),
        (Type::Set(_), Value::Seq(items))
            if Value::set(items.clone()) != Value::Seq(items.clone()) =>
        {
            broken("a set out of order or with duplicates".to_owned());
        }
        (Type::List(element) | Type::Set(element), Value::Seq(items)) => {
            for (index, item) in items.iter().enumerate() {
                misfits(rule, element, item, &path.clone().index(index), found);
            }
        }
        (Type::Tuple(elements), Value::Seq(items)) if elements.len() == items.len() => {
            for (index, (ty, item)) in elements.iter().zip(items).enumerate() {
                misfits(rule, ty, item, &path.clone().index(index), found);
            }
        }
        (Type::Map(element), Value::Map(items)) => {
            for (key, item) in items {
                misfits(rule, element, item, &path.clone().key(key), found);
            }
        }
        (Type::Object(types), Value::Map(members)) => {
            for name in types.keys().filter(|name| !members.contains_key(*name)) {
                broken(format!("`{name}` is missing"));
            }
            for (name, member) in members {
                match types.get(name) {
                    Some(ty) => misfits(rule, ty, member, &path.clone().attribute(name), found),
                    None => found.push(Violation::new(
                        rule,
                        path.clone().attribute(name),
                        "no such attribute",
                    )),
                }
            }
        }
        (ty, value) => broken(format!("{value:?} is not of type {}", ty.to_json())),
    }
}

fn unknowns(value: &Value, path: &Path, found: &mut Vec<Violation>) {
    match value {
        Value::Unknown(_) => found.push(Violation::new("A3", path.clone(), "still unknown")),
        Value::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                unknowns(item, &path.clone().index(index), found);
            }
        }
        Value::Map(members) => {
            for (name, member) in members {
                unknowns(member, &path.clone().attribute(name), found);
            }
        }
        Value::Dynamic(_, inner) => unknowns(inner, path, found),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
