//! Terraform's part against one process of the provider, down to what it records: an answer that came is in the state,
//! one that did not is not.

use std::{path::Path, process::Stdio, sync::Arc};

use huaweivpc::{
    framework::{Schema, Value},
    protocol::{
        codec,
        generated::tfplugin6::{
            Diagnostic, DynamicValue, ResourceIdentityData, apply_resource_change,
            configure_provider, diagnostic::Severity, plan_resource_change,
            provider_client::ProviderClient, read_resource,
        },
    },
};
use serde_json::Value as Json;
use tokio::{sync::Semaphore, task::JoinSet};
use tonic::transport::Channel;

use crate::{
    harness::{config::config, proposed::proposed_new, provider::unconfigured},
    plugin_client::{Process, Start, provider},
};

/// Terraform's default.
const AT_ONCE: usize = 10;

/// An object in Terraform's state, as it travels.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    state: DynamicValue,
    private: Vec<u8>,
    identity: Option<ResourceIdentityData>,
}

/// What became of one resource.
#[derive(Debug)]
pub enum Outcome {
    Done(Option<Stored>),
    Refused(Diagnostic),
    /// The process was gone before it answered. The state stays as it was.
    Died,
}

/// A configured provider.
pub struct Session {
    pub process: Process,
    terraform: Terraform,
}

#[derive(Clone)]
struct Terraform {
    client: ProviderClient<Channel>,
    type_name: &'static str,
    schema: &'static Schema,
    turns: Arc<Semaphore>,
}

impl Session {
    /// Starts a provider for objects of this type. Terraform's data directory is `data`.
    pub async fn start(type_name: &'static str, settings: &Json, data: &Path) -> Self {
        let mut start = Start::new().env("TF_DATA_DIR", &data.to_string_lossy());
        start.command.stderr(Stdio::null());
        let process = start.run();
        let client = provider(process.plain().await);
        let tables = unconfigured();
        let schema = tables.resource(type_name).expect("a resource of ours").schema();
        let request = configure_provider::Request {
            terraform_version: "1.15.5".to_owned(),
            config: Some(encoded(tables.schema, &config(tables.schema, settings))),
            client_capabilities: None,
        };
        let answer = client.clone().configure_provider(request).await.expect("an answer");
        assert_eq!(answer.into_inner().diagnostics, []);
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        Self { process, terraform: Terraform { client, type_name, schema, turns } }
    }

    /// Refreshes and applies every resource, as many at once as Terraform does. A null configuration destroys. The
    /// outcomes come in the order of the resources.
    pub fn apply(
        &self,
        resources: impl IntoIterator<Item = (Json, Option<Stored>)>,
    ) -> JoinSet<(usize, Outcome)> {
        let mut applies = JoinSet::new();
        for (index, (json, stored)) in resources.into_iter().enumerate() {
            let terraform = self.terraform.clone();
            applies.spawn(async move {
                let turns = Arc::clone(&terraform.turns);
                let _turn = turns.acquire().await.expect("it is never closed");
                let outcome = terraform.apply(&json, stored).await;
                (index, outcome.unwrap_or(Outcome::Died))
            });
        }
        applies
    }

    /// Every resource is refreshed to what is stored, and planned to stay so.
    pub async fn expect_empty_plan(&self, resources: impl IntoIterator<Item = (Json, Stored)>) {
        for (json, stored) in resources {
            let read = self.terraform.read(stored.clone()).await.expect("an answer");
            assert_eq!(read.as_ref(), Some(&stored), "a refresh finds nothing new: {json}");
            let plan = self.terraform.plan(&json, read.as_ref()).await.expect("an answer");
            assert_eq!(plan.planned_state.as_ref(), Some(&stored.state), "nothing to do: {json}");
        }
    }
}

impl Terraform {
    async fn apply(&self, json: &Json, stored: Option<Stored>) -> Result<Outcome, tonic::Status> {
        let stored = match stored {
            Some(stored) => self.read(stored).await?,
            None => None,
        };
        if json.is_null() && stored.is_none() {
            return Ok(Outcome::Done(None));
        }
        let plan = self.plan(json, stored.as_ref()).await?;
        // A line that was cut while planning is only warned of.
        if let Some(error) = plan.diagnostics.iter().find(|told| told.severity() == Severity::Error)
        {
            return Ok(Outcome::Refused(error.clone()));
        }
        if stored.as_ref().map(|stored| &stored.state) == plan.planned_state.as_ref() {
            return Ok(Outcome::Done(stored));
        }
        let request = apply_resource_change::Request {
            type_name: self.type_name.to_owned(),
            prior_state: Some(self.prior(stored.as_ref())),
            planned_state: plan.planned_state,
            config: Some(encoded(self.schema, &self.config(json))),
            planned_private: plan.planned_private,
            provider_meta: None,
            planned_identity: plan.planned_identity,
        };
        let answer = self.client.clone().apply_resource_change(request).await?.into_inner();
        let made = self.stored(answer.new_state, answer.private, answer.new_identity);
        match answer.diagnostics.into_iter().find(|told| told.severity() == Severity::Error) {
            None => Ok(Outcome::Done(made)),
            Some(error) => {
                assert_eq!(made, stored, "refused, so nothing has changed: {error:?}");
                Ok(Outcome::Refused(error))
            }
        }
    }

    async fn read(&self, stored: Stored) -> Result<Option<Stored>, tonic::Status> {
        let request = read_resource::Request {
            type_name: self.type_name.to_owned(),
            current_state: Some(stored.state),
            private: stored.private,
            provider_meta: None,
            client_capabilities: None,
            current_identity: stored.identity,
        };
        let answer = self.client.clone().read_resource(request).await?.into_inner();
        assert_eq!(answer.diagnostics, []);
        Ok(self.stored(answer.new_state, answer.private, answer.new_identity))
    }

    async fn plan(
        &self,
        json: &Json,
        stored: Option<&Stored>,
    ) -> Result<plan_resource_change::Response, tonic::Status> {
        let config = self.config(json);
        let prior = stored.map_or(Value::Null, |stored| self.decoded(&stored.state));
        let proposed = match json {
            Json::Null => Value::Null,
            _ => proposed_new(self.schema, &prior, &config),
        };
        let request = plan_resource_change::Request {
            type_name: self.type_name.to_owned(),
            prior_state: Some(self.prior(stored)),
            proposed_new_state: Some(encoded(self.schema, &proposed)),
            config: Some(encoded(self.schema, &config)),
            prior_private: stored.map(|stored| stored.private.clone()).unwrap_or_default(),
            provider_meta: None,
            client_capabilities: None,
            prior_identity: stored.and_then(|stored| stored.identity.clone()),
            planned_private: Vec::new(),
        };
        Ok(self.client.clone().plan_resource_change(request).await?.into_inner())
    }

    fn config(&self, json: &Json) -> Value {
        if json.is_null() { Value::Null } else { config(self.schema, json) }
    }

    fn prior(&self, stored: Option<&Stored>) -> DynamicValue {
        match stored {
            Some(stored) => stored.state.clone(),
            None => encoded(self.schema, &Value::Null),
        }
    }

    /// `None` where the answer says that there is no object.
    fn stored(
        &self,
        state: Option<DynamicValue>,
        private: Vec<u8>,
        identity: Option<ResourceIdentityData>,
    ) -> Option<Stored> {
        let state = state.filter(|state| !self.decoded(state).is_null())?;
        Some(Stored { state, private, identity })
    }

    fn decoded(&self, wire: &DynamicValue) -> Value {
        codec::decode(Some(wire), &self.schema.value_type())
            .unwrap_or_else(|mismatch| panic!("{mismatch}"))
    }
}

fn encoded(schema: &Schema, value: &Value) -> DynamicValue {
    codec::encode(value, &schema.value_type()).unwrap_or_else(|mismatch| panic!("{mismatch}"))
}
