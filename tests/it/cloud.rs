//! The client against a server that answers by script: what it sends, what it makes of the answers, and when it
//! stops trying.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod bounds;
mod errors;
mod lent_keys;
mod lists;
mod log;
mod logins;
mod objects;
mod repetition;
pub mod script;
mod secrets;
mod sharing;
mod throttle;
mod transport;
mod untrusted;
mod writes;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use huaweivpc::cloud::{
    AccessKey, Cloud, Config, Credentials, Endpoints, NoNotes, Owner, Project, Timeouts, Writing,
};
use script::Server;

const PROJECT: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
const SECRET_KEY: &str = "SkExample0123456789abcdefghijABCDEFGHIJ01";

pub const VPC: &str = "0d4f1c6e-5a2b-4d7e-9c10-6f2b7a8e1c01";
const SUBNET: &str = "1b7e0c42-93fd-4a5e-8b1d-2c4f6a8d0e02";
pub const TABLE: &str = "3d901e64-15bf-4c70-8d3f-4e6b8cafa004";
pub const SERVER: &str = "4ea12f75-26c0-4d81-9e40-5f7c9dbab105";
const PORT: &str = "5fb23086-37d1-4e92-8f51-6a8daecbc206";
const GROUP: &str = "60c34197-48e2-4fa3-9062-7b9ebfdcd307";
const RULE: &str = "71d452a8-59f3-40b4-8173-8cafc0ede408";

/// 2026-01-02T03:04:05Z, for ever.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_323_045)
}

fn permanent_key() -> Credentials {
    Credentials::AccessKey(AccessKey {
        access_key: "AKEXAMPLE0123456789A".to_owned(),
        secret_key: SECRET_KEY.into(),
        security_token: None,
    })
}

/// All services at one place, a key and a project, and no pause between repetitions.
pub fn config(server: &Server) -> Config {
    let url = server.url();
    Config {
        region: "cn-north-4".to_owned(),
        endpoints: Endpoints { iam: url.clone(), vpc: url.clone(), ecs: url.clone() },
        project: Project::Id(PROJECT.to_owned()),
        credentials: permanent_key(),
        assume_role: None,
        enterprise_project_id: None,
        insecure: false,
        ca_certificates: None,
        max_retries: 3,
        pause: Duration::ZERO,
        linger: Duration::ZERO,
        timeouts: Timeouts::default(),
        user_agent: "test".to_owned(),
        metadata: url,
        clock: now,
    }
}

pub fn cloud(server: &Server) -> Cloud {
    connect(config(server))
}

pub fn connect(config: Config) -> Cloud {
    Cloud::new(config, Arc::new(NoNotes)).unwrap()
}

/// The same, to change something.
pub fn change(cloud: &Cloud) -> Cloud<Writing> {
    cloud.for_change_of(Owner::default())
}

pub fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}
