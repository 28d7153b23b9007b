//! The provider binary. With `bin/emulator.rs`, the only place that reads the environment and the clock.

use std::{env, process::ExitCode, sync::Arc, time::SystemTime};

use huaweivpc::{
    disk::Disk,
    protocol::lifecycle::{self, World},
    provider::{Environment, provider},
};

#[expect(clippy::disallowed_methods, reason = "here the world is handed down from")]
fn main() -> ExitCode {
    let now = SystemTime::now;
    let environment = Environment { variable: Box::new(variable), files: Arc::new(Disk), now };
    lifecycle::run(
        provider(environment),
        World { arguments: env::args().skip(1).collect(), environment: &variable, clock: now },
    )
}

#[expect(clippy::disallowed_methods, reason = "here the world is handed down from")]
fn variable(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
