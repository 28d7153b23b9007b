//! A provider as Terraform sees it: questions and answers, whatever they travel by.

use huaweivpc::framework::{
    ApplyRequest, ImportBy, PlanRequest, Planned, Problem, Provider, Schema, Session, Severity,
    Stored, Value,
};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

/// The answer to a read, apply or import: what to record, and what to tell the user.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub problems: Vec<Problem>,
    /// Null where there is no object.
    pub stored: Stored,
    pub deferred: bool,
}

/// The answer to a plan request.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanAnswer {
    pub problems: Vec<Problem>,
    pub planned: Planned,
    pub deferred: bool,
}

/// The answer to a question for a value.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueAnswer {
    pub problems: Vec<Problem>,
    pub value: Value,
}

/// A configured provider. The identity in an apply is the planned one. Type names carry the provider's prefix, as in configurations.
pub trait Plugin {
    fn resource_schema(&self, type_name: &str) -> &'static Schema;
    fn data_source_schema(&self, type_name: &str) -> &'static Schema;

    /// Another run of Terraform, or another phase of one: processes of their own, which remember nothing.
    async fn begin_anew(&self) {}

    async fn validate(&self, type_name: &str, config: &Value) -> Vec<Problem>;
    async fn upgrade(&self, type_name: &str, version: i64, state: &Json) -> ValueAnswer;
    async fn read(&self, type_name: &str, stored: &Stored) -> Answer;
    async fn plan(&self, type_name: &str, request: &PlanRequest) -> PlanAnswer;
    async fn apply(
        &self,
        type_name: &str,
        request: &ApplyRequest,
        config: &Value,
        identity: Option<&Value>,
    ) -> Answer;
    /// One answer per imported object.
    async fn import(&self, type_name: &str, by: &ImportBy) -> Vec<Answer>;

    async fn validate_data(&self, type_name: &str, config: &Value) -> Vec<Problem>;
    async fn read_data(&self, type_name: &str, config: &Value) -> ValueAnswer;
}

pub fn is_error(problem: &Problem) -> bool {
    problem.severity == Severity::Error
}

/// Nothing, as a stored object.
pub const NOTHING: Stored = Stored { state: Value::Null, private: Vec::new(), identity: None };

/// A provider in the same process, called without any protocol in between.
pub struct Direct<C: 'static> {
    pub provider: Provider<C>,
    pub session: C,
}

impl<C: Session> Direct<C> {
    fn resource(&self, type_name: &str) -> &'static dyn huaweivpc::framework::AnyResource<C> {
        self.provider.resource(type_name).unwrap_or_else(|| panic!("no resource `{type_name}`"))
    }

    fn data_source(&self, type_name: &str) -> &'static dyn huaweivpc::framework::AnyDataSource<C> {
        self.provider
            .data_source(type_name)
            .unwrap_or_else(|| panic!("no data source `{type_name}`"))
    }
}

impl<C: Session> Plugin for Direct<C> {
    fn resource_schema(&self, type_name: &str) -> &'static Schema {
        self.resource(type_name).schema()
    }

    fn data_source_schema(&self, type_name: &str) -> &'static Schema {
        self.data_source(type_name).schema()
    }

    async fn validate(&self, type_name: &str, config: &Value) -> Vec<Problem> {
        self.resource(type_name).validate(config)
    }

    async fn upgrade(&self, type_name: &str, version: i64, state: &Json) -> ValueAnswer {
        match self.resource(type_name).upgrade(version, state.clone()) {
            Ok(value) => ValueAnswer { problems: Vec::new(), value },
            Err(problems) => ValueAnswer { problems: problems.list().to_vec(), value: Value::Null },
        }
    }

    async fn read(&self, type_name: &str, stored: &Stored) -> Answer {
        let stop = CancellationToken::new();
        match self.resource(type_name).read(stored.clone(), &self.session, stop).await {
            Ok(found) => answer(Vec::new(), found.unwrap_or(NOTHING)),
            Err(problems) => answer(problems.list().to_vec(), stored.clone()),
        }
    }

    async fn plan(&self, type_name: &str, request: &PlanRequest) -> PlanAnswer {
        match self.resource(type_name).plan(&mut request.clone(), &[]) {
            Ok(planned) => PlanAnswer { problems: Vec::new(), planned, deferred: false },
            Err(problems) => PlanAnswer {
                problems: problems.list().to_vec(),
                planned: Planned {
                    state: Value::Null,
                    private: Vec::new(),
                    replaces: Vec::new(),
                    identity: None,
                },
                deferred: false,
            },
        }
    }

    async fn apply(
        &self,
        type_name: &str,
        request: &ApplyRequest,
        _: &Value,
        _: Option<&Value>,
    ) -> Answer {
        let stop = CancellationToken::new();
        match self.resource(type_name).apply(request.clone(), &self.session, stop).await {
            Ok(made) => answer(Vec::new(), made.unwrap_or(NOTHING)),
            Err(problems) => {
                let (problems, kept) = problems.into_parts();
                answer(problems, kept.unwrap_or(NOTHING))
            }
        }
    }

    async fn import(&self, type_name: &str, by: &ImportBy) -> Vec<Answer> {
        let stop = CancellationToken::new();
        match self.resource(type_name).import(by.clone(), &self.session, stop).await {
            Ok(found) => vec![answer(Vec::new(), found)],
            Err(problems) => vec![answer(problems.list().to_vec(), NOTHING)],
        }
    }

    async fn validate_data(&self, type_name: &str, config: &Value) -> Vec<Problem> {
        self.data_source(type_name).validate(config)
    }

    async fn read_data(&self, type_name: &str, config: &Value) -> ValueAnswer {
        let stop = CancellationToken::new();
        match self.data_source(type_name).read(config.clone(), &self.session, stop).await {
            Ok(noted) => ValueAnswer { problems: noted.warnings, value: noted.value },
            Err(problems) => ValueAnswer { problems: problems.list().to_vec(), value: Value::Null },
        }
    }
}

fn answer(problems: Vec<Problem>, stored: Stored) -> Answer {
    Answer { problems, stored, deferred: false }
}
