//! The RPC that writes configurations for objects which are being imported.

use std::sync::Arc;

use super::{
    super::{
        super::{
            diagnostics,
            generated::tfplugin6::{DynamicValue, generate_resource_config},
        },
        Shared,
    },
    Kind,
};
use crate::framework::{Problem, Session};

pub(in super::super) async fn generate<C: Session>(
    shared: Arc<Shared<C>>,
    request: generate_resource_config::Request,
) -> generate_resource_config::Response {
    let generated = |kind: &Kind<C>| -> Result<DynamicValue, Problem> {
        let state = kind.received(request.state.as_ref())?;
        kind.sent(&kind.entry.config(&state))
    };
    match Kind::find(&shared, &request.type_name).and_then(|kind| generated(&kind)) {
        Ok(config) => {
            generate_resource_config::Response { config: Some(config), ..Default::default() }
        }
        Err(problem) => vec![diagnostics::on_the_whole(&problem)].into(),
    }
}
