//! Rules A1 to A8: what may come out of an apply, given what was planned.

use huaweivpc::framework::{Path, Schema, Stored, Type, Value};

use super::{Violation, check_stored};

/// Holds the answer to a successful apply to the rules A1 to A8.
pub fn check_applied(schema: &Schema, planned: &Value, applied: &Stored) -> Vec<Violation> {
    let root = Path::default;
    match (planned, &applied.state) {
        (Value::Null, Value::Null) => return Vec::new(),
        (Value::Null, _) => return vec![Violation::new("A7", root(), "destroyed, yet returned")],
        (_, Value::Null) => return vec![Violation::new("A7", root(), "applied, but nothing came")],
        _ => {}
    }
    let mut found = check_stored(schema, "A8", applied);
    if found.is_empty() {
        found = agreement(schema, planned, &applied.state);
    }
    found
}

/// What keeps `actual` from being a completion of `planned`: rules A1, A3, A4, A5.
pub fn agreement(schema: &Schema, planned: &Value, actual: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    let Type::Object(members) = schema.value_type() else { return found };
    for (name, ty) in &members {
        let path = Path::from(name.as_str());
        let (planned, actual) = (planned.get(name), actual.get(name));
        let block = schema.all_blocks().any(|block| block.name == name);
        if block && !planned.is_unknown() && planned.is_null() != actual.is_null() {
            found.push(Violation::new("A5", path, "a block came or went"));
        } else {
            agree(ty, planned, actual, &path, &mut found);
        }
    }
    found
}

fn agree(ty: &Type, planned: &Value, actual: &Value, path: &Path, found: &mut Vec<Violation>) {
    let mut broken = |rule, detail: String| found.push(Violation::new(rule, path.clone(), detail));
    match (ty, planned, actual) {
        (_, Value::Unknown(_), _) | (_, Value::Null, Value::Null) => {}
        (_, _, Value::Unknown(_)) => broken("A3", format!("was {planned:?}, but now unknown")),
        (_, Value::Null, _) | (_, _, Value::Null) => {
            broken("A1", format!("was {planned:?}, but now {actual:?}"));
        }
        (Type::List(_) | Type::Tuple(_), Value::Seq(planned), Value::Seq(actual)) => {
            if planned.len() != actual.len() {
                broken("A4", format!("{} elements became {}", planned.len(), actual.len()));
            }
            for (index, (planned, actual)) in planned.iter().zip(actual).enumerate() {
                agree(element_type(ty, index), planned, actual, &path.clone().index(index), found);
            }
        }
        (Type::Set(element), Value::Seq(planned), Value::Seq(actual)) => {
            let alike = |planned: &Value, actual: &Value| {
                let mut found = Vec::new();
                agree(element, planned, actual, path, &mut found);
                found.is_empty()
            };
            for lost in planned.iter().filter(|one| !actual.iter().any(|other| alike(one, other))) {
                broken("A4", format!("{lost:?} has vanished from the set"));
            }
            for new in actual.iter().filter(|one| !planned.iter().any(|other| alike(other, one))) {
                broken("A4", format!("{new:?} has appeared in the set"));
            }
            if actual.len() > planned.len() {
                broken("A4", format!("{} elements became {}", planned.len(), actual.len()));
            }
        }
        (Type::Map(element), Value::Map(planned), Value::Map(actual)) => {
            for (key, planned) in planned {
                match actual.get(key) {
                    Some(actual) => agree(element, planned, actual, &path.clone().key(key), found),
                    None => found.push(Violation::new("A4", path.clone().key(key), "has vanished")),
                }
            }
            for key in actual.keys().filter(|key| !planned.contains_key(*key)) {
                found.push(Violation::new("A4", path.clone().key(key), "has appeared"));
            }
        }
        (Type::Object(members), planned, actual) => {
            for (name, ty) in members {
                let path = path.clone().attribute(name);
                agree(ty, planned.get(name), actual.get(name), &path, found);
            }
        }
        (_, planned, actual) if planned == actual => {}
        (_, planned, actual) => broken("A1", format!("was {planned:?}, but now {actual:?}")),
    }
}

fn element_type(ty: &Type, index: usize) -> &Type {
    match ty {
        Type::List(element) => element,
        Type::Tuple(elements) => elements.get(index).unwrap_or(&Type::Dynamic),
        other => other,
    }
}
