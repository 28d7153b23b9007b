//! What is wrong with a stored object that its resource cannot have written.

use serde::de::DeserializeOwned;

use super::{
    problem::{Path, Problem, Problems, Result},
    record,
    schema::{Schema, Usage},
    validate,
    value::Value,
};
use crate::untrusted;

const REMEDY: &str = "The state was damaged, or edited by hand. Restore it from a backup, or take the object out of it with \
                      `terraform state rm` and import it anew.";

/// The struct of a stored object, with what is remembered beside it.
///
/// # Errors
/// Every value that no read or apply leaves behind, each on its path.
pub(super) fn restored<T: DeserializeOwned>(
    schema: &Schema,
    object: &Value,
    private: &[u8],
) -> Result<T> {
    if let Some(problems) = Problems::from_list(gaps(schema, object)) {
        return Err(problems);
    }
    record::deserialized(object, private).map_err(|reason| {
        let flaws = validate::validate(schema, object).into_iter();
        let told = flaws.map(|flaw| unreadable(flaw.path.clone(), &flaw.detail)).collect();
        let on_the_whole = || unreadable(Path::default(), &format!("{reason}.")).into();
        Problems::from_list(told).unwrap_or_else(on_the_whole)
    })
}

/// What is null although every object has it.
fn gaps(schema: &Schema, object: &Value) -> Vec<Problem> {
    let is_needed = |attribute: &&super::Attribute| {
        attribute.usage == Usage::Required
            || attribute.default.is_some()
            || schema.key.contains(&attribute.name)
    };
    let needed = schema.attributes.iter().filter(is_needed);
    let gaps = needed.filter(|attribute| object.get(attribute.name).is_null());
    gaps.map(|gap| unreadable(gap.name.into(), &format!("`{}` is null.", gap.name))).collect()
}

/// A stored object that cannot be read.
pub(super) fn unreadable(path: Path, reason: &str) -> Problem {
    let place = if path.is_root() { String::new() } else { format!(" at `{path}`") };
    let reason = untrusted::sentence(reason);
    let detail = format!("The stored object does not fit its schema{place}. {reason}\n{REMEDY}");
    Problem::error("Unreadable state", detail).at(path)
}
