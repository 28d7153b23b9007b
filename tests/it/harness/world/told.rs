//! What a story holds in its hands: an object, a refusal, a finding.

use huaweivpc::framework::{Problem, Severity, Stored, json as value_json};
use serde_json::Value as Json;

use super::super::core::{Failure, Instance};

/// A resource block of the configuration, and what the state holds of it.
#[derive(Debug, Clone)]
pub struct Object {
    pub(super) type_name: String,
    pub(super) config: Json,
    pub(super) instance: Option<Instance>,
}

/// What the provider said instead of doing what was asked.
#[derive(Debug)]
pub struct Refusal {
    pub problems: Vec<Problem>,
    /// What was asked for, with what is left of it in the state.
    pub object: Object,
}

/// The result of a data source.
#[derive(Debug)]
pub struct Finding {
    pub value: Json,
    pub warnings: Vec<Problem>,
}

impl Object {
    /// The value of an attribute in the state, as JSON.
    pub fn get(&self, attribute: &str) -> Json {
        let instance = self.instance.as_ref().expect("it is in the state");
        value_json::write(instance.stored.state.get(attribute))
    }

    /// The object as Terraform keeps it.
    pub fn stored(&self) -> &Stored {
        &self.instance.as_ref().expect("it is in the state").stored
    }

    /// The same as it stands in the file.
    pub fn state_json(&self) -> Json {
        value_json::write(&self.stored().state)
    }

    /// The id by which it could be imported.
    pub fn id(&self) -> String {
        self.get("id").as_str().expect("an id").to_owned()
    }

    /// It is in the state, half-made, and the next apply replaces it.
    pub fn is_tainted(&self) -> bool {
        self.instance.as_ref().is_some_and(|instance| instance.tainted)
    }

    pub fn is_in_state(&self) -> bool {
        self.instance.is_some()
    }

    pub(super) fn refused(self, failure: Failure) -> Refusal {
        match failure {
            Failure::Refused { problems, left } => {
                let instance = left.map(|instance| *instance);
                Refusal { problems, object: Self { instance, ..self } }
            }
            broken => panic!("{broken}"),
        }
    }
}

impl Refusal {
    /// One of the errors is at this place (`""` for the whole) and says this.
    pub fn expect_problem(self, path: &str, phrase: &str) -> Self {
        let fits = |problem: &&Problem| {
            let words = format!("{}\n{}", problem.summary, problem.detail);
            problem.severity == Severity::Error
                && problem.path.to_string() == path
                && words.contains(phrase)
        };
        let found = self.problems.iter().find(fits);
        assert!(found.is_some(), "nothing at `{path}` says {phrase:?}: {:#?}", self.problems);
        self
    }

    /// It is all that was said.
    pub fn expect_nothing_else(self) -> Self {
        assert_eq!(self.problems.len(), 1, "{:#?}", self.problems);
        self
    }
}

pub(super) fn new(type_name: &str, config: Json) -> Object {
    Object { type_name: prefixed(type_name), config, instance: None }
}

pub(super) fn prefixed(type_name: &str) -> String {
    format!("huaweivpc_{type_name}")
}
