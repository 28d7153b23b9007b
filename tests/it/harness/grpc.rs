//! A provider behind its gRPC service, asked as Terraform asks: every question and answer is encoded and decoded, only
//! the socket is left out.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use huaweivpc::{
    framework::{
        ApplyRequest, ImportBy, Path, PlanRequest, Planned, Problem, Provider, Schema, Session,
        Severity, Step, Stored, Type, Value, json,
    },
    protocol::{
        codec,
        generated::tfplugin6::{
            AttributePath, ClientCapabilities, Diagnostic, DynamicValue, RawState,
            ResourceIdentityData, apply_resource_change, attribute_path::step::Selector,
            call_function, configure_provider, diagnostic::Severity as WireSeverity,
            import_resource_state, plan_resource_change, provider_client::ProviderClient,
            provider_server::ProviderServer, read_data_source, read_resource,
            upgrade_resource_state, validate_data_resource_config, validate_resource_config,
        },
        service::Service,
    },
};
use serde_json::Value as Json;
use tonic::{Response, Status};

use super::config::{value, with};
use super::plugin::{Answer, NOTHING, PlanAnswer, Plugin, ValueAnswer};

/// What Terraform 1.15 says that it can do.
const CAPABILITIES: ClientCapabilities = ClientCapabilities {
    deferral_allowed: false,
    write_only_attributes_allowed: true,
    store_planned_private: false,
    computed_blocks_allowed: false,
};

pub struct Grpc<C: Session> {
    client: ProviderClient<ProviderServer<Service<C>>>,
    /// The same provider once more, for its tables.
    tables: Provider<C>,
    /// What it was last configured with.
    block: Mutex<Option<Value>>,
    plans_blindly: AtomicBool,
    last_act: Box<dyn Fn() + Send + Sync>,
}

impl<C: Session> Grpc<C> {
    /// Serves the provider that `make` makes.
    pub fn new(make: impl Fn() -> Provider<C>) -> Self {
        let service = Service::new(make());
        let last_act = service.last_act();
        let client = ProviderClient::new(ProviderServer::new(service));
        let plans_blindly = AtomicBool::new(false);
        Self { client, tables: make(), block: Mutex::default(), plans_blindly, last_act }
    }

    /// Terraform needs the process no more.
    pub fn end(self) {
        (self.last_act)();
    }

    /// From now on nothing of the cloud is known while planning, as where the provider's own configuration is not.
    pub fn plan_blindly(&self) {
        self.plans_blindly.store(true, Ordering::Relaxed);
    }

    pub async fn configure(&self, block: &Value) -> Vec<Problem> {
        *self.block.lock().expect("nobody panicked with it") = Some(block.clone());
        self.configure_with(block).await
    }

    /// Configures for one run: nothing makes another one of this process.
    pub async fn configure_with(&self, block: &Value) -> Vec<Problem> {
        let request = configure_provider::Request {
            terraform_version: "1.15.5".to_owned(),
            config: Some(sent(block, &self.tables.schema.value_type())),
            client_capabilities: Some(CAPABILITIES),
        };
        problems(received(self.client.clone().configure_provider(request).await).diagnostics)
    }

    /// Calls a function with arguments as a test writes them. An error has its text and the argument at fault.
    pub async fn call_function(
        &self,
        name: &str,
        arguments: &[Json],
    ) -> Result<Json, (String, Option<i64>)> {
        let function = self.tables.function(name).unwrap_or_else(|| panic!("no function `{name}`"));
        let signature = function.signature();
        let typed = signature.parameters.iter().map(|parameter| parameter.kind.value_type());
        let arguments = arguments.iter().zip(typed);
        let request = call_function::Request {
            name: name.to_owned(),
            arguments: arguments.map(|(json, ty)| sent(&value(&ty, json), &ty)).collect(),
        };
        let answer = received(self.client.clone().call_function(request).await);
        match answer.error {
            Some(error) => Err((error.text, error.function_argument)),
            None => {
                let result = decoded(answer.result.as_ref(), &signature.returns.value_type());
                Ok(json::write(&result))
            }
        }
    }

    pub fn provider_schema(&self) -> &'static Schema {
        self.tables.schema
    }

    fn resource_type(&self, type_name: &str) -> Type {
        self.resource_schema(type_name).value_type()
    }

    fn sent_identity(
        &self,
        type_name: &str,
        identity: Option<&Value>,
    ) -> Option<ResourceIdentityData> {
        let ty = self.resource_schema(type_name).identity_type();
        identity.map(|identity| ResourceIdentityData { identity_data: Some(sent(identity, &ty)) })
    }

    fn stored(
        &self,
        type_name: &str,
        state: Option<DynamicValue>,
        private: Vec<u8>,
        identity: Option<ResourceIdentityData>,
    ) -> Stored {
        let schema = self.resource_schema(type_name);
        let identity = identity.map(|identity| {
            assert!(!schema.key.is_empty(), "Terraform crashes on an identity of `{type_name}`");
            decoded(identity.identity_data.as_ref(), &schema.identity_type())
        });
        Stored { state: decoded(state.as_ref(), &schema.value_type()), private, identity }
    }
}

impl<C: Session> Plugin for Grpc<C> {
    fn resource_schema(&self, type_name: &str) -> &'static Schema {
        let resource = self.tables.resource(type_name);
        resource.unwrap_or_else(|| panic!("no resource `{type_name}`")).schema()
    }

    fn data_source_schema(&self, type_name: &str) -> &'static Schema {
        let data_source = self.tables.data_source(type_name);
        data_source.unwrap_or_else(|| panic!("no data source `{type_name}`")).schema()
    }

    /// Terraform plans and applies in processes of their own, so what one of them has read the next one has not.
    async fn begin_anew(&self) {
        let block = self.block.lock().expect("nobody panicked with it").clone();
        if let Some(block) = block {
            self.configure(&block).await;
        }
    }

    async fn validate(&self, type_name: &str, config: &Value) -> Vec<Problem> {
        let request = validate_resource_config::Request {
            type_name: type_name.to_owned(),
            config: Some(sent(config, &self.resource_type(type_name))),
            client_capabilities: Some(CAPABILITIES),
        };
        problems(received(self.client.clone().validate_resource_config(request).await).diagnostics)
    }

    async fn upgrade(&self, type_name: &str, version: i64, state: &Json) -> ValueAnswer {
        let raw_state = RawState { json: state.to_string().into_bytes(), ..RawState::default() };
        let request = upgrade_resource_state::Request {
            type_name: type_name.to_owned(),
            version,
            raw_state: Some(raw_state),
        };
        let answer = received(self.client.clone().upgrade_resource_state(request).await);
        ValueAnswer {
            problems: problems(answer.diagnostics),
            value: decoded(answer.upgraded_state.as_ref(), &self.resource_type(type_name)),
        }
    }

    async fn read(&self, type_name: &str, stored: &Stored) -> Answer {
        let request = read_resource::Request {
            type_name: type_name.to_owned(),
            current_state: Some(sent(&stored.state, &self.resource_type(type_name))),
            private: stored.private.clone(),
            provider_meta: None,
            client_capabilities: Some(CAPABILITIES),
            current_identity: self.sent_identity(type_name, stored.identity.as_ref()),
        };
        let answer = received(self.client.clone().read_resource(request).await);
        Answer {
            problems: problems(answer.diagnostics),
            stored: self.stored(type_name, answer.new_state, answer.private, answer.new_identity),
            deferred: answer.deferred.is_some(),
        }
    }

    async fn plan(&self, type_name: &str, request: &PlanRequest) -> PlanAnswer {
        let is_blind = self.plans_blindly.load(Ordering::Relaxed);
        let block = self.block.lock().expect("nobody panicked with it").clone();
        if let Some(block) = block.as_ref().filter(|_| is_blind) {
            self.configure_with(&with(block, "region", Value::UNKNOWN)).await;
        }
        let ty = self.resource_type(type_name);
        let request = plan_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: Some(sent(&request.prior, &ty)),
            proposed_new_state: Some(sent(&request.proposed, &ty)),
            config: Some(sent(&request.config, &ty)),
            prior_private: request.private.clone(),
            provider_meta: None,
            client_capabilities: Some(CAPABILITIES),
            prior_identity: self.sent_identity(type_name, request.prior_identity.as_ref()),
            planned_private: Vec::new(),
        };
        let answer = received(self.client.clone().plan_resource_change(request).await);
        if is_blind {
            self.begin_anew().await;
        }
        assert!(!answer.legacy_type_system, "the rules are not for legacy providers only");
        let private = answer.planned_private;
        let Stored { state, private, identity } =
            self.stored(type_name, answer.planned_state, private, answer.planned_identity);
        let replaces = answer.requires_replace.into_iter().map(path).collect();
        PlanAnswer {
            problems: problems(answer.diagnostics),
            planned: Planned { state, private, replaces, identity },
            deferred: answer.deferred.is_some(),
        }
    }

    async fn apply(
        &self,
        type_name: &str,
        request: &ApplyRequest,
        config: &Value,
        identity: Option<&Value>,
    ) -> Answer {
        let ty = self.resource_type(type_name);
        let request = apply_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: Some(sent(&request.prior, &ty)),
            planned_state: Some(sent(&request.planned, &ty)),
            config: Some(sent(config, &ty)),
            planned_private: request.private.clone(),
            provider_meta: None,
            planned_identity: self.sent_identity(type_name, identity),
        };
        let answer = received(self.client.clone().apply_resource_change(request).await);
        assert!(!answer.legacy_type_system, "the rules are not for legacy providers only");
        Answer {
            problems: problems(answer.diagnostics),
            stored: self.stored(type_name, answer.new_state, answer.private, answer.new_identity),
            deferred: false,
        }
    }

    async fn import(&self, type_name: &str, by: &ImportBy) -> Vec<Answer> {
        let (id, identity) = match by {
            ImportBy::Id(id) => (id.clone(), None),
            ImportBy::Identity(identity) => (String::new(), Some(identity)),
        };
        let request = import_resource_state::Request {
            type_name: type_name.to_owned(),
            id,
            client_capabilities: Some(CAPABILITIES),
            identity: self.sent_identity(type_name, identity),
        };
        let answer = received(self.client.clone().import_resource_state(request).await);
        let problems = problems(answer.diagnostics);
        let deferred = answer.deferred.is_some();
        if answer.imported_resources.is_empty() {
            return vec![Answer { problems, stored: NOTHING, deferred }];
        }
        let objects = answer.imported_resources.into_iter().map(|object| {
            assert_eq!(object.type_name, type_name);
            let stored = self.stored(type_name, object.state, object.private, object.identity);
            Answer { problems: problems.clone(), stored, deferred }
        });
        objects.collect()
    }

    async fn validate_data(&self, type_name: &str, config: &Value) -> Vec<Problem> {
        let request = validate_data_resource_config::Request {
            type_name: type_name.to_owned(),
            config: Some(sent(config, &self.data_source_schema(type_name).value_type())),
        };
        let answer = self.client.clone().validate_data_resource_config(request).await;
        problems(received(answer).diagnostics)
    }

    async fn read_data(&self, type_name: &str, config: &Value) -> ValueAnswer {
        self.begin_anew().await;
        let ty = self.data_source_schema(type_name).value_type();
        let request = read_data_source::Request {
            type_name: type_name.to_owned(),
            config: Some(sent(config, &ty)),
            provider_meta: None,
            client_capabilities: Some(CAPABILITIES),
        };
        let answer = received(self.client.clone().read_data_source(request).await);
        assert!(answer.deferred.is_none(), "deferred though nobody allowed it");
        let value = decoded(answer.state.as_ref(), &ty);
        ValueAnswer { problems: problems(answer.diagnostics), value }
    }
}

/// No RPC may fail as such: then Terraform records nothing of what was done.
fn received<T>(answer: Result<Response<T>, Status>) -> T {
    answer.unwrap_or_else(|status| panic!("a gRPC error: {status}")).into_inner()
}

fn sent(value: &Value, ty: &Type) -> DynamicValue {
    codec::encode(value, ty).unwrap_or_else(|mismatch| panic!("{mismatch} at {}", mismatch.path()))
}

fn decoded(wire: Option<&DynamicValue>, ty: &Type) -> Value {
    codec::decode(wire, ty).unwrap_or_else(|mismatch| panic!("{mismatch} at {}", mismatch.path()))
}

fn problems(diagnostics: Vec<Diagnostic>) -> Vec<Problem> {
    diagnostics
        .into_iter()
        .map(|diagnostic| {
            assert!(!diagnostic.summary.is_empty(), "a diagnostic without a summary");
            let severity = match diagnostic.severity() {
                WireSeverity::Error => Severity::Error,
                WireSeverity::Warning => Severity::Warning,
                WireSeverity::Invalid => panic!("a diagnostic that stops nothing"),
            };
            let Diagnostic { summary, detail, attribute, .. } = diagnostic;
            let path = attribute.map(path).unwrap_or_default();
            Problem { severity, path, summary, detail, stops_plans: false }
        })
        .collect()
}

fn path(wire: AttributePath) -> Path {
    let steps = wire.steps.into_iter().map(|step| match step.selector {
        Some(Selector::AttributeName(name)) => Step::Attribute(name),
        Some(Selector::ElementKeyString(key)) => Step::Key(key),
        Some(Selector::ElementKeyInt(index)) => Step::Index(index),
        None => panic!("a step that leads nowhere"),
    });
    Path(steps.collect())
}
