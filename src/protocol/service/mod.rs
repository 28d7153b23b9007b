//! The provider's RPCs: decode, call the framework, encode.
//!
//! Two rules hold for every RPC. It never answers with a gRPC error, because Terraform would then record nothing:
//! whatever goes wrong becomes a diagnostic beside the state as far as it got. And its work runs in a task of its own, so
//! that a client that hangs up does not cut it off, and a panic ends this one request and nothing else.

mod call;
mod function;
mod kind;
mod provider;
mod resource;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, async_trait};

use self::call::{Answer, Call};
use super::{
    generated::tfplugin6::{self as wire, get_provider_schema, provider_server},
    schema,
};
use crate::framework::{Configured, Problem, Provider, Run, Session};

/// Serves one provider.
pub struct Service<C: 'static> {
    shared: Arc<Shared<C>>,
}

/// What all requests share.
struct Shared<C: 'static> {
    provider: Provider<C>,
    connection: Mutex<Connection<C>>,
    schema: OnceLock<get_provider_schema::Response>,
}

/// How requests reach the cloud.
struct Connection<C> {
    /// `None` until configured.
    configured: Option<Configured<C>>,
    /// Cancelled by StopProvider. What runs then comes to an end soon and records what exists.
    stop: CancellationToken,
    run: Arc<Run>,
}

impl<C> Connection<C> {
    fn new(configured: Option<Configured<C>>) -> Self {
        Self { configured, stop: CancellationToken::new(), run: Arc::default() }
    }
}

impl<C> Service<C> {
    pub fn new(provider: Provider<C>) -> Self {
        Self {
            shared: Arc::new(Shared {
                connection: Mutex::new(Connection::new(None)),
                provider,
                schema: OnceLock::new(),
            }),
        }
    }

    fn shared(&self) -> Arc<Shared<C>> {
        Arc::clone(&self.shared)
    }
}

impl<C: Session> Service<C> {
    /// What is to be done when Terraform needs this process no more.
    pub fn last_act(&self) -> Box<dyn Fn() + Send + Sync> {
        let shared = self.shared();
        Box::new(move || shared.finish())
    }
}

impl<C: Session> Shared<C> {
    /// The session, and the token that stops what is done with it.
    fn session(&self) -> Result<(C, CancellationToken), Problem> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        match &connection.configured {
            Some(Configured::Ready(session)) => Ok((session.clone(), connection.stop.clone())),
            Some(Configured::Waiting(problem)) => Err(problem.clone()),
            None => Err(Problem::error(
                "Provider not configured",
                "Terraform asked for something that needs the cloud before it configured the provider.",
            )),
        }
    }

    /// Some of the provider's configuration is not known yet.
    fn is_waiting(&self) -> bool {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(connection.configured, Some(Configured::Waiting(_)))
    }

    /// Replaces whatever was configured before, and with it the token: this may be another run.
    fn connect(&self, configured: Option<Configured<C>>) {
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) =
            Connection::new(configured);
    }

    fn run(&self) -> Arc<Run> {
        Arc::clone(&self.connection.lock().unwrap_or_else(PoisonError::into_inner).run)
    }

    /// Terraform needs this process no more.
    fn finish(&self) {
        let (run, Ok((session, _))) = (self.run(), self.session()) else { return };
        if run.is_writing() {
            session.has_applied();
        } else if run.has_planned() {
            session.has_planned();
        }
    }

    fn stop(&self) {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).stop.cancel();
    }

    fn schema(&self) -> &get_provider_schema::Response {
        self.schema.get_or_init(|| schema::provider(&self.provider))
    }
}

#[async_trait]
impl<C: Session> provider_server::Provider for Service<C> {
    async fn get_metadata(
        &self,
        _: Request<wire::get_metadata::Request>,
    ) -> Answer<wire::get_metadata::Response> {
        let shared = self.shared();
        let call = Call::new("GetMetadata");
        self.run(call, async move { schema::metadata(&shared.provider) }).await
    }

    async fn get_provider_schema(
        &self,
        _: Request<get_provider_schema::Request>,
    ) -> Answer<get_provider_schema::Response> {
        let shared = self.shared();
        self.run(Call::new("GetProviderSchema"), async move { shared.schema().clone() }).await
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<wire::get_resource_identity_schemas::Request>,
    ) -> Answer<wire::get_resource_identity_schemas::Response> {
        let shared = self.shared();
        let call = Call::new("GetResourceIdentitySchemas");
        self.run(call, async move { schema::identities(&shared.provider) }).await
    }

    async fn validate_provider_config(
        &self,
        request: Request<wire::validate_provider_config::Request>,
    ) -> Answer<wire::validate_provider_config::Response> {
        let call = Call::new("ValidateProviderConfig");
        self.run(call, provider::validate(self.shared(), request.into_inner())).await
    }

    async fn configure_provider(
        &self,
        request: Request<wire::configure_provider::Request>,
    ) -> Answer<wire::configure_provider::Response> {
        let call = Call::new("ConfigureProvider");
        self.run(call, provider::configure(self.shared(), request.into_inner())).await
    }

    async fn stop_provider(
        &self,
        _: Request<wire::stop_provider::Request>,
    ) -> Answer<wire::stop_provider::Response> {
        let shared = self.shared();
        self.run(Call::new("StopProvider"), async move {
            shared.stop();
            wire::stop_provider::Response::default()
        })
        .await
    }

    async fn validate_resource_config(
        &self,
        request: Request<wire::validate_resource_config::Request>,
    ) -> Answer<wire::validate_resource_config::Response> {
        let request = request.into_inner();
        let call = Call::resource("ValidateResourceConfig", &request.type_name);
        self.run(call, resource::validate(self.shared(), request)).await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<wire::upgrade_resource_state::Request>,
    ) -> Answer<wire::upgrade_resource_state::Response> {
        let request = request.into_inner();
        let call = Call::resource("UpgradeResourceState", &request.type_name);
        self.run(call, resource::upgrade(self.shared(), request)).await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<wire::upgrade_resource_identity::Request>,
    ) -> Answer<wire::upgrade_resource_identity::Response> {
        let request = request.into_inner();
        let call = Call::resource("UpgradeResourceIdentity", &request.type_name);
        self.run(call, resource::upgrade_identity(self.shared(), request)).await
    }

    async fn read_resource(
        &self,
        request: Request<wire::read_resource::Request>,
    ) -> Answer<wire::read_resource::Response> {
        let request = request.into_inner();
        let call = Call::resource("ReadResource", &request.type_name);
        self.run(call, resource::read(self.shared(), request)).await
    }

    async fn plan_resource_change(
        &self,
        request: Request<wire::plan_resource_change::Request>,
    ) -> Answer<wire::plan_resource_change::Response> {
        let request = request.into_inner();
        let call = Call::resource("PlanResourceChange", &request.type_name);
        self.run(call, resource::plan(self.shared(), request)).await
    }

    async fn apply_resource_change(
        &self,
        request: Request<wire::apply_resource_change::Request>,
    ) -> Answer<wire::apply_resource_change::Response> {
        let request = request.into_inner();
        let call = Call::resource("ApplyResourceChange", &request.type_name);
        self.run(call, resource::apply(self.shared(), request)).await
    }

    async fn import_resource_state(
        &self,
        request: Request<wire::import_resource_state::Request>,
    ) -> Answer<wire::import_resource_state::Response> {
        let request = request.into_inner();
        let call = Call::resource("ImportResourceState", &request.type_name);
        self.run(call, resource::import(self.shared(), request)).await
    }

    async fn generate_resource_config(
        &self,
        request: Request<wire::generate_resource_config::Request>,
    ) -> Answer<wire::generate_resource_config::Response> {
        let request = request.into_inner();
        let call = Call::resource("GenerateResourceConfig", &request.type_name);
        self.run(call, resource::generate(self.shared(), request)).await
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<wire::validate_data_resource_config::Request>,
    ) -> Answer<wire::validate_data_resource_config::Response> {
        let request = request.into_inner();
        let call = Call::data_source("ValidateDataResourceConfig", &request.type_name);
        self.run(call, provider::validate_data_source(self.shared(), request)).await
    }

    async fn read_data_source(
        &self,
        request: Request<wire::read_data_source::Request>,
    ) -> Answer<wire::read_data_source::Response> {
        let request = request.into_inner();
        let call = Call::data_source("ReadDataSource", &request.type_name);
        self.run(call, provider::read_data_source(self.shared(), request)).await
    }

    async fn get_functions(
        &self,
        _: Request<wire::get_functions::Request>,
    ) -> Answer<wire::get_functions::Response> {
        let shared = self.shared();
        self.run(Call::new("GetFunctions"), async move {
            let functions = schema::functions(&shared.provider);
            wire::get_functions::Response { functions, diagnostics: Vec::new() }
        })
        .await
    }

    async fn call_function(
        &self,
        request: Request<wire::call_function::Request>,
    ) -> Answer<wire::call_function::Response> {
        let request = request.into_inner();
        self.run(Call::new("CallFunction"), function::call(self.shared(), request)).await
    }
}

impl<C: Session> Service<C> {
    async fn run<R: call::Reply>(
        &self,
        call: Call,
        work: impl Future<Output = R> + Send + 'static,
    ) -> Answer<R> {
        Ok(Response::new(call::run(call, self.shared.provider.address, work).await))
    }
}
