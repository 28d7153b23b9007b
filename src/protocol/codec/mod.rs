//! Values as they travel: a `DynamicValue` holds one in msgpack, or in JSON, or nothing for null.
//!
//! The bytes do not say of which type they are; reading and writing are driven by the schema's [`Type`]. The rules are
//! those of Terraform's own library (cty), whose vectors are in `tests/fixtures/cty-vectors.json`.

mod read;
mod write;

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

use super::generated::tfplugin6::DynamicValue;
use crate::framework::{Path, Problem, Step, Type, Value, json};

pub use read::read;
pub use write::write;

/// Why bytes are no value of the type, or a value has no form as that type. Holds no values, which may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Mismatch {
    pub reason: String,
    /// From the innermost step outwards.
    steps: Vec<Step>,
}

impl Mismatch {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), steps: Vec::new() }
    }

    fn expected(wanted: &str) -> Self {
        Self::new(format!("{wanted} was expected"))
    }

    fn within(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub fn path(&self) -> Path {
        Path(self.steps.iter().rev().cloned().collect())
    }
}

/// What Terraform sent as a value of type `ty`. An absent or empty message is null.
pub fn decode(wire: Option<&DynamicValue>, ty: &Type) -> Result<Value, Mismatch> {
    match wire {
        Some(wire) if !wire.msgpack.is_empty() => read(&wire.msgpack, ty),
        Some(wire) if !wire.json.is_empty() => read_json(&wire.json, ty),
        _ => Ok(Value::Null),
    }
}

pub fn encode(value: &Value, ty: &Type) -> Result<DynamicValue, Mismatch> {
    Ok(DynamicValue { msgpack: write(value, ty)?, json: Vec::new() })
}

fn read_json(bytes: &[u8], ty: &Type) -> Result<Value, Mismatch> {
    let json = serde_json::from_slice(bytes).map_err(|_| Mismatch::expected("JSON"))?;
    json::parse(&json, ty).map_err(|misfit| Mismatch {
        reason: misfit.reason,
        steps: misfit.path.0.into_iter().rev().collect(),
    })
}

/// What `problem_of` calls the value whose form is wrong.
#[derive(Debug, Clone, Copy)]
pub enum Origin {
    Terraform,
    Provider,
}

impl Origin {
    pub fn problem_of(self, mismatch: Mismatch) -> Problem {
        let path = mismatch.path();
        let place = if path.is_root() { String::new() } else { format!(" at `{path}`") };
        let problem = match self {
            Origin::Terraform => Problem::error(
                "Malformed value",
                format!("Terraform sent a value that does not fit the schema{place}: {mismatch}."),
            ),
            Origin::Provider => {
                Problem::bug(format!("A value does not fit its schema{place}: {mismatch}."))
            }
        };
        problem.at(path)
    }
}

/// Unicode normalization form C, in which Terraform compares texts.
fn composed(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}
