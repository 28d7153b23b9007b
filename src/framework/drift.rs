//! What a refresh found changed or gone, and how errors about it are told.
//!
//! Before it destroys anything, Terraform refreshes, and for that plans the configuration as if it were to be applied;
//! nothing tells this plan from any other. So an error about what the state names already, and only the cloud has lost, is
//! a warning: the plan goes on, and an apply fails where it has to. A mistake in what is new stays an error.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    private::{self, InstanceId, Private},
    problem::{Path, Problem, Result, Severity, Step},
    request::Stored,
    schema::Schema,
    value::Value,
};

/// The objects that a refresh of this process has found changed or gone, as they stood in the state.
#[derive(Default)]
pub(super) struct Drifted(Mutex<HashMap<InstanceId, Drift>>);

struct Drift {
    stored: Value,
    is_gone: bool,
}

impl Drifted {
    pub(super) fn add_changed(&self, stored: Stored) {
        if let Some(instance) = private::instance(&stored.private) {
            self.list().insert(instance, Drift { stored: stored.state, is_gone: false });
        }
    }

    /// Returns private data that name the instance, which may have had no name yet.
    pub(super) fn add_gone(&self, stored: Stored) -> Result<Vec<u8>> {
        let instance = private::instance(&stored.private).unwrap_or_else(InstanceId::fresh);
        self.list().insert(instance.clone(), Drift { stored: stored.state, is_gone: true });
        Private { instance: Some(instance), memory: None }.to_bytes()
    }

    /// Terraform sends the private data of an object that a refresh has not found with the question for a new one.
    pub(super) fn is_gone(&self, private: &[u8]) -> bool {
        private::instance(private)
            .is_some_and(|instance| self.list().get(&instance).is_some_and(|drift| drift.is_gone))
    }

    /// The object as it stood in the state before this process has refreshed it, where that was something else.
    pub(super) fn stored(&self, private: &[u8]) -> Option<Value> {
        let instance = private::instance(private)?;
        self.list().get(&instance).map(|drift| drift.stored.clone())
    }

    fn list(&self) -> MutexGuard<'_, HashMap<InstanceId, Drift>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The problem as a warning, where it is about what the state named before.
pub(super) fn told(problem: Problem, schema: &Schema, planned: &Value, stored: &Value) -> Problem {
    if problem.severity == Severity::Warning || !is_named(&problem.path, schema, planned, stored) {
        return problem;
    }
    let detail = format!(
        "{}\n\nThis was right when it was applied, and has changed outside of Terraform. A destroy goes on; an apply fails \
         here.",
        problem.detail
    );
    Problem { severity: Severity::Warning, detail, ..problem }
}

/// The stored object has the same at the place, and what decides which object it is and what it leads to.
fn is_named(place: &Path, schema: &Schema, planned: &Value, stored: &Value) -> bool {
    let (attribute, key) = match place.0.as_slice() {
        [] => return may_describe(planned, stored),
        [Step::Attribute(attribute), Step::Key(key), ..] => (attribute, Some(key)),
        [Step::Attribute(attribute), ..] => (attribute, None),
        _ => return false,
    };
    let decides = |name| schema.key.contains(&name);
    let same = |name: &str| may_describe(planned.get(name), stored.get(name));
    let is_same_object = schema
        .attributes
        .iter()
        .filter(|it| decides(it.name) || it.replaces || it.alias.is_some())
        .all(|it| same(it.name));
    let is_same_there = match key {
        Some(key) => {
            let [planned, stored] = [planned, stored].map(|object| object.get(attribute).get(key));
            !stored.is_null() && may_describe(planned, stored)
        }
        None => same(attribute),
    };
    is_same_object && is_same_there
}

/// What is left open, or is not known yet, may be anything.
fn may_describe(planned: &Value, stored: &Value) -> bool {
    match (planned, stored) {
        (Value::Null | Value::Unknown(_), _) => true,
        (Value::Map(planned), Value::Map(_)) => {
            planned.iter().all(|(name, value)| may_describe(value, stored.get(name)))
        }
        (Value::Seq(planned), Value::Seq(stored)) if planned.len() == stored.len() => {
            planned.iter().zip(stored).all(|(planned, stored)| may_describe(planned, stored))
        }
        (planned, stored) => planned == stored,
    }
}
