//! The provider binary: the only place that reads the environment and the clock for it.

use std::{env, process::ExitCode, time::SystemTime};

use huaweivpc::{
    framework::{Configured, Provider, Schema, Session},
    protocol::lifecycle::{self, World},
};

#[derive(Clone)]
struct Nothing;

impl Session for Nothing {
    fn bounded(
        &self,
        _: Option<std::time::Duration>,
        _: tokio_util::sync::CancellationToken,
    ) -> Self {
        Self
    }
}

static SCHEMA: Schema =
    Schema { version: 0, about: "Stub.", key: &[], attributes: &[], blocks: &[], timeouts: None };

#[expect(clippy::disallowed_methods, reason = "the edge")]
fn main() -> ExitCode {
    let environment =
        |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let provider = Provider {
        name: "huaweivpc",
        address: "registry.terraform.io/huaweivpc/huaweivpc",
        version: env!("CARGO_PKG_VERSION"),
        schema: &SCHEMA,
        resources: &[],
        data_sources: &[],
        functions: &[],
        configure: Box::new(|_| Ok(Configured::Ready(Nothing))),
    };
    lifecycle::run(
        provider,
        World {
            arguments: env::args().skip(1).collect(),
            environment: &environment,
            clock: SystemTime::now,
        },
    )
}
