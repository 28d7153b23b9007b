//! The provider itself, wired up for tests: the world around it is what a test says.

use std::{sync::Arc, time::SystemTime};

use huaweivpc::{
    cloud::Cloud,
    framework::{Configured, Provider},
    provider::{Environment, provider},
};
use serde_json::{Value as Json, json};

use super::{config::config, files::Memory, grpc::Grpc, plugin::Direct};

/// The provider with no files and no environment.
pub fn unconfigured() -> Provider<Cloud> {
    provider(nowhere())
}

/// A world that holds nothing, apart from the time.
pub fn nowhere() -> Environment {
    Environment { variable: Box::new(|_| None), files: Arc::new(Memory::default()), now }
}

/// Clients and the cloud have to agree on the time, so that signatures are good.
pub fn now() -> SystemTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests of signatures of one moment hand in their own"
    )]
    SystemTime::now()
}

/// The provider with the settings of `block`, as a test writes them in JSON.
pub fn configured(block: &Json) -> Direct<Cloud> {
    let provider = unconfigured();
    let block = config(provider.schema, block);
    match (provider.configure)(&block) {
        Ok(Configured::Ready(session)) => Direct { provider, session },
        Ok(Configured::Waiting(problem)) => panic!("not yet: {problem:?}"),
        Err(problems) => panic!("{problems:?}"),
    }
}

/// The provider with settings that lead nowhere, for what needs no cloud.
pub fn offline() -> Direct<Cloud> {
    configured(&json!({
        "region": "test-1",
        "project_id": "0123456789abcdef0123456789abcdef",
        "access_key": "access",
        "secret_key": "secret",
    }))
}

/// The provider on this machine behind its gRPC service, with the settings of `block`.
pub async fn served(machine: impl Fn() -> Environment, block: &Json) -> Grpc<Cloud> {
    let plugin = Grpc::new(|| provider(machine()));
    let block = config(plugin.provider_schema(), block);
    let problems = plugin.configure(&block).await;
    assert!(problems.is_empty(), "{problems:?}");
    plugin
}
