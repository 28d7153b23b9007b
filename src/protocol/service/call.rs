//! How one request is worked on: in a task and a log span of its own.

use std::{any::Any, future::Future};

use tokio::time::Instant;
use tonic::{Response, Status};
use tracing::{Instrument, Span, error_span};
use uuid::Uuid;

use super::super::{
    diagnostics,
    generated::tfplugin6::{self as wire, Diagnostic},
};
use crate::framework::Problem;

pub(super) type Answer<R> = Result<Response<R>, Status>;

/// Which RPC, and about what.
pub(super) struct Call {
    rpc: &'static str,
    resource_type: Option<String>,
    data_source_type: Option<String>,
}

impl Call {
    pub(super) fn new(rpc: &'static str) -> Self {
        Self { rpc, resource_type: None, data_source_type: None }
    }

    pub(super) fn resource(rpc: &'static str, type_name: &str) -> Self {
        Self { resource_type: Some(type_name.to_owned()), ..Self::new(rpc) }
    }

    pub(super) fn data_source(rpc: &'static str, type_name: &str) -> Self {
        Self { data_source_type: Some(type_name.to_owned()), ..Self::new(rpc) }
    }

    fn span(&self, provider_address: &str) -> Span {
        error_span!(
            "rpc",
            tf_req_id = %Uuid::new_v4(),
            tf_rpc = self.rpc,
            tf_proto_version = "6",
            tf_provider_addr = provider_address,
            tf_resource_type = self.resource_type.as_deref(),
            tf_data_source_type = self.data_source_type.as_deref(),
        )
    }
}

/// Does the work to its end, whatever becomes of the client that asked, and answers a panic with a diagnostic.
pub(super) async fn run<R: Reply>(
    call: Call,
    provider_address: &str,
    work: impl Future<Output = R> + Send + 'static,
) -> R {
    let work = async {
        tracing::trace!("Received request");
        let start = Instant::now();
        let reply = work.await;
        let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::trace!(tf_req_duration_ms = milliseconds, "Served request");
        reply
    };
    match tokio::spawn(work.instrument(call.span(provider_address))).await {
        Ok(reply) => reply,
        Err(ended) => {
            let why = match ended.try_into_panic() {
                Ok(panic) => format!("{} panicked: {}.", call.rpc, message(panic.as_ref())),
                Err(_) => format!("{} was cut off.", call.rpc),
            };
            R::failed(&Problem::bug(why))
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

/// An answer that can tell of a failure.
pub(super) trait Reply: Send + 'static {
    fn failed(problem: &Problem) -> Self;
}

/// Answers that tell of problems in `diagnostics`.
macro_rules! with_diagnostics {
    ($($rpc:ident),*) => {$(
        impl From<Vec<Diagnostic>> for wire::$rpc::Response {
            #[allow(clippy::needless_update, reason = "some answers have no other field")]
            fn from(diagnostics: Vec<Diagnostic>) -> Self {
                Self { diagnostics, ..Default::default() }
            }
        }

        impl Reply for wire::$rpc::Response {
            fn failed(problem: &Problem) -> Self {
                vec![diagnostics::on_the_whole(problem)].into()
            }
        }
    )*};
}

with_diagnostics!(
    get_metadata,
    get_provider_schema,
    get_resource_identity_schemas,
    validate_provider_config,
    configure_provider,
    validate_resource_config,
    upgrade_resource_state,
    upgrade_resource_identity,
    read_resource,
    plan_resource_change,
    apply_resource_change,
    import_resource_state,
    generate_resource_config,
    validate_data_resource_config,
    read_data_source,
    get_functions
);

impl Reply for wire::stop_provider::Response {
    fn failed(problem: &Problem) -> Self {
        Self { error: problem.detail.clone() }
    }
}

impl Reply for wire::call_function::Response {
    fn failed(problem: &Problem) -> Self {
        let text = problem.detail.clone();
        Self { result: None, error: Some(wire::FunctionError { text, function_argument: None }) }
    }
}
