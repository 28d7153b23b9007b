//! Stand-in until the settings are complete.

use std::{io, time::Duration, time::SystemTime};

use crate::{
    cloud::{AccessKey, Config, Credentials, Endpoints, Project, Timeouts},
    framework::{
        Kind, Problem, Schema,
        schema::{attribute, string},
    },
};

pub const SCHEMA: Schema = Schema {
    version: 0,
    about: "Container networks.",
    key: &[],
    attributes: &[
        string("region", "Region.").optional(),
        string("access_key", "Key.").optional(),
        string("secret_key", "Key.").optional().sensitive(),
        string("project_id", "Project.").optional(),
        attribute("endpoints", Kind::Map(&Kind::String), "Endpoints.").optional(),
    ],
    blocks: &[],
    timeouts: None,
};

#[derive(serde::Deserialize)]
pub struct Arguments {
    region: Option<String>,
    access_key: Option<String>,
    secret_key: Option<String>,
    project_id: Option<String>,
    endpoints: Option<std::collections::BTreeMap<String, String>>,
}

pub fn resolve(
    arguments: &Arguments,
    environment: &dyn Fn(&str) -> Option<String>,
    _files: &dyn Fn(&str) -> io::Result<Vec<u8>>,
    clock: fn() -> SystemTime,
) -> Result<Config, Vec<Problem>> {
    let get = |a: &Option<String>, e: &str| {
        a.clone().or_else(|| environment(e)).ok_or_else(|| vec![Problem::error("Missing", e)])
    };
    let endpoint = |name: &str| -> Result<url::Url, Vec<Problem>> {
        let text = arguments
            .endpoints
            .as_ref()
            .and_then(|map| map.get(name))
            .cloned()
            .unwrap_or_else(|| format!("https://{name}.invalid"));
        text.trim_end_matches('/').parse().map_err(|_| vec![Problem::error("Bad endpoint", text)])
    };
    Ok(Config {
        region: get(&arguments.region, "HW_REGION_NAME")?,
        endpoints: Endpoints {
            iam: endpoint("iam")?,
            vpc: endpoint("vpc")?,
            ecs: endpoint("ecs")?,
        },
        project: Project::Id(get(&arguments.project_id, "HW_PROJECT_ID")?),
        credentials: Credentials::AccessKey(AccessKey {
            access_key: get(&arguments.access_key, "HW_ACCESS_KEY")?,
            secret_key: get(&arguments.secret_key, "HW_SECRET_KEY")?.into(),
            security_token: None,
        }),
        assume_role: None,
        enterprise_project_id: None,
        insecure: false,
        ca_certificates: None,
        max_retries: Config::MAX_RETRIES,
        pause: Duration::ZERO,
        timeouts: Timeouts::default(),
        user_agent: "huaweivpc".into(),
        metadata: Config::METADATA.parse().map_err(|_| vec![])?,
        clock,
    })
}
