//! The RPCs about the provider block and data sources.

use std::sync::Arc;

use super::{
    super::{
        codec::{self, Origin},
        diagnostics,
        generated::tfplugin6::{
            Diagnostic, DynamicValue, configure_provider, read_data_source,
            validate_data_resource_config, validate_provider_config,
        },
    },
    Shared,
};
use crate::framework::{AnyDataSource, Problem, Problems, Result, Session, Type, Value};

pub(super) async fn validate<C: Session>(
    shared: Arc<Shared<C>>,
    request: validate_provider_config::Request,
) -> validate_provider_config::Response {
    let ty = shared.provider.schema.value_type();
    let problems = match received(request.config.as_ref(), &ty) {
        Ok(config) => shared.provider.validate(&config),
        Err(problem) => vec![problem],
    };
    diagnostics::encode(&problems, &ty).into()
}

pub(super) async fn configure<C: Session>(
    shared: Arc<Shared<C>>,
    request: configure_provider::Request,
) -> configure_provider::Response {
    tracing::debug!(terraform_version = request.terraform_version, "Configuring the provider");
    let ty = shared.provider.schema.value_type();
    let configured = received(request.config.as_ref(), &ty)
        .map_err(Problems::from)
        .and_then(|block| (shared.provider.configure)(&block));
    match configured {
        Ok(configured) => {
            shared.connect(Some(configured));
            configure_provider::Response::default()
        }
        Err(problems) => {
            shared.connect(None);
            diagnostics::encode(problems.list(), &ty).into()
        }
    }
}

pub(super) async fn validate_data_source<C: Session>(
    shared: Arc<Shared<C>>,
    request: validate_data_resource_config::Request,
) -> validate_data_resource_config::Response {
    let entry = match data_source(&shared, &request.type_name) {
        Ok(entry) => entry,
        Err(problem) => return vec![diagnostics::on_the_whole(&problem)].into(),
    };
    let ty = entry.schema().value_type();
    let problems = match received(request.config.as_ref(), &ty) {
        Ok(config) => entry.validate(&config),
        Err(problem) => vec![problem],
    };
    diagnostics::encode(&problems, &ty).into()
}

pub(super) async fn read_data_source<C: Session>(
    shared: Arc<Shared<C>>,
    request: read_data_source::Request,
) -> read_data_source::Response {
    let entry = match data_source(&shared, &request.type_name) {
        Ok(entry) => entry,
        Err(problem) => return vec![diagnostics::on_the_whole(&problem)].into(),
    };
    let ty = entry.schema().value_type();
    match answer_of(&shared, entry, request.config.as_ref(), &ty).await {
        Ok((state, diagnostics)) => {
            read_data_source::Response { state: Some(state), diagnostics, deferred: None }
        }
        Err(problems) => diagnostics::encode(problems.list(), &ty).into(),
    }
}

async fn answer_of<C: Session>(
    shared: &Shared<C>,
    entry: &dyn AnyDataSource<C>,
    config: Option<&DynamicValue>,
    ty: &Type,
) -> Result<(DynamicValue, Vec<Diagnostic>)> {
    let config = received(config, ty)?;
    let (session, stop) = shared.session()?;
    let answer = entry.read(config, &session, stop).await?;
    let state =
        codec::encode(&answer.value, ty).map_err(|error| Origin::Provider.problem_of(error))?;
    Ok((state, diagnostics::encode(&answer.warnings, ty)))
}

fn data_source<C: Session>(
    shared: &Shared<C>,
    type_name: &str,
) -> std::result::Result<&'static dyn AnyDataSource<C>, Problem> {
    shared.provider.data_source(type_name).ok_or_else(|| {
        let detail = format!("This provider has no data source `{type_name}`.");
        Problem::error("Unknown data source", detail)
    })
}

fn received(wire: Option<&DynamicValue>, ty: &Type) -> std::result::Result<Value, Problem> {
    codec::decode(wire, ty).map_err(|error| Origin::Terraform.problem_of(error))
}
