//! Terraform's side of the service: requests in JSON, over a connection in memory.

use huaweivpc::{
    framework::{Type, Value, json},
    protocol::{
        codec,
        generated::tfplugin6::{
            self as wire, Diagnostic, DynamicValue, ResourceIdentityData,
            attribute_path::step::Selector, provider_client::ProviderClient,
        },
        lifecycle,
    },
};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use super::room::{Room, provider};
use crate::plugin_client;

pub struct Terraform {
    pub rpc: ProviderClient<Channel>,
    pub room: Room,
    pub other: Room,
}

/// The answer to an apply or read.
#[derive(Debug, PartialEq)]
pub struct Object {
    pub state: Json,
    pub private: String,
    pub identity: Option<Json>,
    pub problems: Vec<String>,
}

impl Terraform {
    /// Before the provider is configured.
    pub async fn start() -> Self {
        let (room, other) = (Room::new(), Room::new());
        let (client, server) = tokio::io::duplex(1 << 20);
        let services =
            lifecycle::services(provider(room.clone(), other.clone()), CancellationToken::new())
                .await;
        let connections = tokio_stream::once(Ok::<_, std::io::Error>(server));
        tokio::spawn(services.serve_with_incoming(connections));
        let channel = plugin_client::channel(client).await.unwrap();
        Self { rpc: plugin_client::provider(channel), room, other }
    }

    pub async fn configured() -> Self {
        let terraform = Self::start().await;
        assert_eq!(terraform.configure(json!({})).await, [""; 0]);
        terraform
    }

    pub async fn configure(&self, block: Json) -> Vec<String> {
        self.configure_with(value(&block, &block_type())).await
    }

    pub async fn configure_with(&self, block: Value) -> Vec<String> {
        let config = Some(codec::encode(&block, &block_type()).unwrap());
        let request = wire::configure_provider::Request { config, ..Default::default() };
        let answer = self.rpc.clone().configure_provider(request).await.unwrap().into_inner();
        problems(&answer.diagnostics)
    }

    /// Plans the change of a note from `prior` to `config`.
    pub async fn plan(&self, prior: &Json, config: &Json) -> wire::plan_resource_change::Response {
        let mut proposed = config.clone();
        if !prior.is_null() && !config.is_null() {
            proposed["length"] = prior["length"].clone();
        }
        let prior_identity =
            (!prior.is_null()).then(|| identity(&json!({ "name": prior["name"] })));
        let request = wire::plan_resource_change::Request {
            type_name: "room_note".to_owned(),
            prior_state: Some(note(prior)),
            proposed_new_state: Some(note(&proposed)),
            config: Some(note(config)),
            prior_private: private(prior),
            prior_identity,
            ..Default::default()
        };
        self.rpc.clone().plan_resource_change(request).await.unwrap().into_inner()
    }

    /// Plans the change of a note and applies the plan.
    pub async fn apply(&self, prior: &Json, config: &Json) -> Object {
        let plan = self.plan(prior, config).await;
        let is_warning =
            |it: &wire::Diagnostic| it.severity() == wire::diagnostic::Severity::Warning;
        assert!(plan.diagnostics.iter().all(is_warning), "{:?}", plan.diagnostics);
        let request = wire::apply_resource_change::Request {
            type_name: "room_note".to_owned(),
            prior_state: Some(note(prior)),
            planned_state: plan.planned_state,
            config: Some(note(config)),
            planned_private: plan.planned_private,
            planned_identity: plan.planned_identity,
            ..Default::default()
        };
        let answer = self.rpc.clone().apply_resource_change(request).await.unwrap().into_inner();
        Object {
            state: state(answer.new_state),
            private: memory(&answer.private),
            identity: answer.new_identity.map(identity_json),
            problems: problems(&answer.diagnostics),
        }
    }

    pub async fn create(&self, name: &str, text: &str) -> Object {
        self.apply(&Json::Null, &json!({ "name": name, "text": text })).await
    }

    pub async fn read(&self, current: &Json) -> Object {
        let request = wire::read_resource::Request {
            type_name: "room_note".to_owned(),
            current_state: Some(note(current)),
            private: private(current),
            ..Default::default()
        };
        let answer = self.rpc.clone().read_resource(request).await.unwrap().into_inner();
        Object {
            state: state(answer.new_state),
            private: memory(&answer.private),
            identity: answer.new_identity.map(identity_json),
            problems: problems(&answer.diagnostics),
        }
    }
}

/// A note as the room keeps it.
pub fn stored(name: &str, text: &str) -> Json {
    json!({ "id": name, "name": name, "text": text, "length": text.len() })
}

/// What is remembered about a note.
/// What private data holds beside the name of the instance.
fn memory(private: &[u8]) -> String {
    let private: Json = serde_json::from_slice(private).unwrap_or_default();
    if private["memory"].is_null() { String::new() } else { private["memory"].to_string() }
}

fn private(note: &Json) -> Vec<u8> {
    match note["name"].as_str() {
        Some(name) => json!({ "memory": format!("memory of {name}") }).to_string().into_bytes(),
        None => Vec::new(),
    }
}

pub fn note_type() -> Type {
    object(&["id", "name", "text"], &["length"])
}

pub fn block_type() -> Type {
    object(&["door"], &[])
}

pub fn object(strings: &[&str], numbers: &[&str]) -> Type {
    let strings = strings.iter().map(|name| ((*name).to_owned(), Type::String));
    let numbers = numbers.iter().map(|name| ((*name).to_owned(), Type::Number));
    Type::Object(strings.chain(numbers).collect())
}

pub fn value(json: &Json, ty: &Type) -> Value {
    json::parse(json, ty).unwrap()
}

pub fn note(json: &Json) -> DynamicValue {
    codec::encode(&value(json, &note_type()), &note_type()).unwrap()
}

pub fn state(wire: Option<DynamicValue>) -> Json {
    json::write(&codec::decode(wire.as_ref(), &note_type()).unwrap())
}

pub fn identity(json: &Json) -> ResourceIdentityData {
    let ty = object(&["name"], &[]);
    ResourceIdentityData { identity_data: Some(codec::encode(&value(json, &ty), &ty).unwrap()) }
}

pub fn identity_json(identity: ResourceIdentityData) -> Json {
    let ty = object(&["name"], &[]);
    json::write(&codec::decode(identity.identity_data.as_ref(), &ty).unwrap())
}

/// Each as `<path>: <summary>`, or only its summary where it is about the whole.
pub fn problems(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .map(|diagnostic| {
            assert!(matches!(diagnostic.severity, 1 | 2));
            let steps = diagnostic.attribute.iter().flat_map(|path| &path.steps);
            let path: String = steps
                .map(|step| match step.selector.as_ref().unwrap() {
                    Selector::AttributeName(name) => format!(".{name}"),
                    Selector::ElementKeyString(key) => format!("[{key:?}]"),
                    Selector::ElementKeyInt(index) => format!("[{index}]"),
                })
                .collect();
            match path.strip_prefix('.') {
                Some(path) => format!("{path}: {}", diagnostic.summary),
                None => diagnostic.summary.clone(),
            }
        })
        .collect()
}
