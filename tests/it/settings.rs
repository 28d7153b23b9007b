//! The provider block, the environment and the shared configuration file: which of them counts, and what is said
//! about what cannot be.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod problems;
mod shared_file;
mod table;

use std::{
    collections::BTreeMap,
    io,
    time::{Duration, SystemTime},
};

use huaweivpc::{
    cloud::{AccessKey, AssumeRole, Config, Credentials, Domain, Project},
    framework::{Kind, Problem, Usage},
    provider::settings::{SCHEMA, resolve},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// A world to resolve settings in.
#[derive(Clone, Default)]
struct World {
    arguments: serde_json::Map<String, Value>,
    variables: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
}

impl World {
    /// What every provider needs: a region and a key.
    fn usual() -> Self {
        Self::default().region().key()
    }

    fn region(self) -> Self {
        self.argument("region", json!("cn-north-4"))
    }

    fn key(self) -> Self {
        self.argument("access_key", json!("AK-arg")).argument("secret_key", json!("SK-arg"))
    }

    fn argument(mut self, name: &str, value: Value) -> Self {
        self.arguments.insert(name.to_owned(), value);
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.arguments.remove(name);
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn file(mut self, path: &str, content: &str) -> Self {
        self.files.insert(path.to_owned(), content.to_owned());
        self
    }

    fn resolve(&self) -> Result<Config, Vec<Problem>> {
        let arguments = serde_json::from_value(Value::Object(self.arguments.clone())).unwrap();
        let environment = |name: &str| self.variables.get(name).cloned();
        let files = |path: &str| match self.files.get(path) {
            Some(content) => Ok(content.clone().into_bytes()),
            None => Err(io::Error::new(io::ErrorKind::NotFound, "no such file")),
        };
        resolve(&arguments, &environment, &files, || SystemTime::UNIX_EPOCH)
    }

    #[track_caller]
    fn config(&self) -> Config {
        self.resolve().unwrap()
    }

    /// Where the problems are and what they say.
    #[track_caller]
    fn problems(&self) -> Vec<(String, String)> {
        let problems = self.resolve().unwrap_err();
        problems
            .into_iter()
            .map(|problem| {
                (problem.path.to_string(), format!("{}: {}", problem.summary, problem.detail))
            })
            .collect()
    }
}

/// Credentials in a form that can be compared.
fn shown(config: &Config) -> String {
    match &config.credentials {
        Credentials::AccessKey(AccessKey { access_key, secret_key, security_token }) => format!(
            "{access_key}:{}:{}",
            secret_key.expose_secret(),
            security_token.as_ref().map_or("", |token| token.expose_secret())
        ),
        Credentials::Token(token) => format!("token {}", token.expose_secret()),
        Credentials::Password { user_name, password, domain } => {
            format!("{user_name}:{}@{domain:?}", password.expose_secret())
        }
        Credentials::Metadata => "metadata".to_owned(),
    }
}

fn agency(config: &Config) -> String {
    let role = config.assume_role.as_ref();
    role.map_or_else(String::new, |AssumeRole { agency_name, domain, duration }| {
        format!("{agency_name} {domain:?} {}", duration.as_secs())
    })
}

#[test]
fn the_schema_declares_what_can_be_written() {
    let secret = ["secret_key", "security_token", "token", "password"];
    for attribute in SCHEMA.attributes {
        assert_eq!(attribute.usage, Usage::Optional, "{}", attribute.name);
        assert_eq!(attribute.sensitive, secret.contains(&attribute.name), "{}", attribute.name);
    }
    let endpoints = SCHEMA.attribute("endpoints").unwrap();
    assert!(matches!(endpoints.kind, Kind::Map(Kind::String)));
    assert_eq!(SCHEMA.blocks.len(), 1);
    // Each declared argument is one that is read.
    for attribute in SCHEMA.attributes {
        let known = format!("{:?}", huaweivpc::provider::settings::Arguments::default());
        assert!(known.contains(&format!("{}: None", attribute.name)), "{}", attribute.name);
    }
}

#[test]
fn a_region_and_a_key_are_enough() {
    let config = World::usual().config();
    assert_eq!(shown(&config), "AK-arg:SK-arg:");
    assert_eq!(config.project, Project::Name("cn-north-4".to_owned()));
    assert_eq!(config.endpoints.iam.as_str(), "https://iam.cn-north-4.myhuaweicloud.com/");
    assert_eq!(config.endpoints.vpc.as_str(), "https://vpc.cn-north-4.myhuaweicloud.com/");
    assert_eq!(config.endpoints.ecs.as_str(), "https://ecs.cn-north-4.myhuaweicloud.com/");
    assert_eq!((config.max_retries, config.insecure), (5, false));
    assert_eq!(config.timeouts.metadata, Duration::from_secs(3));
    assert_eq!(config.metadata.as_str(), "http://169.254.169.254/");
    assert!(config.assume_role.is_none() && config.ca_certificates.is_none());
    assert_eq!(config.enterprise_project_id, None);
    assert!(config.user_agent.starts_with("terraform-provider-huaweivpc/"));
}

#[test]
fn without_any_credentials_the_server_is_asked() {
    assert_eq!(shown(&World::default().region().config()), "metadata");
}

#[test]
fn europe_is_a_cloud_of_its_own() {
    for (region, host) in [
        ("eu-west-101", "vpc.eu-west-101.myhuaweicloud.eu"),
        ("eu-west-0", "vpc.eu-west-0.myhuaweicloud.com"),
    ] {
        let config = World::usual().argument("region", json!(region)).config();
        assert_eq!(config.endpoints.vpc.host_str(), Some(host));
    }
}

#[test]
fn endpoints_are_written_with_or_without_scheme_and_slash() {
    for (written, url) in [
        ("vpc.example.com", "https://vpc.example.com/"),
        ("vpc.example.com/", "https://vpc.example.com/"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("https://gate.example.com/huawei/", "https://gate.example.com/huawei"),
    ] {
        let config = World::usual().argument("endpoints", json!({ "vpc": written })).config();
        assert_eq!(config.endpoints.vpc.as_str(), url);
        assert_eq!(config.endpoints.ecs.as_str(), "https://ecs.cn-north-4.myhuaweicloud.com/");
    }
}

#[test]
fn the_endpoint_of_iam_goes_before_the_auth_url_and_neither_needs_a_version() {
    for written in
        ["https://iam.example.com", "https://iam.example.com/v3", "iam.example.com/v3.0/"]
    {
        let world = World::usual().argument("auth_url", json!("https://other.example.com/v3"));
        let config = world.argument("endpoints", json!({ "iam": written })).config();
        assert_eq!(config.endpoints.iam.as_str(), "https://iam.example.com/");
    }
}

#[test]
fn a_token_goes_before_keys_and_keys_before_a_password() {
    let all = World::default()
        .region()
        .variable("HW_AUTH_TOKEN", "T")
        .variable("HW_ACCESS_KEY", "AK")
        .variable("HW_SECRET_KEY", "SK")
        .variable("HW_USER_NAME", "user")
        .variable("HW_USER_PASSWORD", "pass")
        .variable("HW_DOMAIN_ID", "d");
    assert_eq!(shown(&all.config()), "token T");
    let keys = all.variable("HW_AUTH_TOKEN", "");
    assert_eq!(shown(&keys.config()), "AK:SK:");
    let password = keys.variable("HW_ACCESS_KEY", "").variable("HW_SECRET_KEY", "");
    assert_eq!(shown(&password.config()), r#"user:pass@Id("d")"#);
}

#[test]
fn arguments_go_before_whatever_the_environment_has() {
    let world = World::usual().variable("HW_AUTH_TOKEN", "T");
    assert_eq!(shown(&world.config()), "AK-arg:SK-arg:");
    // Half of a key in the configuration is completed by the environment.
    let world = world.without("secret_key").variable("HW_SECRET_KEY", "SK-env");
    assert_eq!(shown(&world.config()), "AK-arg:SK-env:");
}

#[test]
fn an_id_goes_before_a_name() {
    let world = World::usual().argument("project_name", json!("n")).variable("HW_PROJECT_ID", "i");
    assert_eq!(world.config().project, Project::Id("i".to_owned()));
    let world = World::usual().argument(
        "assume_role",
        json!({
            "agency_name": "a", "domain_name": "n", "domain_id": "i", "duration": null,
        }),
    );
    assert_eq!(world.config().assume_role.unwrap().domain, Domain::Id("i".to_owned()));
}

#[test]
fn flags_are_spelt_as_go_spells_them() {
    for (text, expected) in
        [("1", true), ("t", true), ("TRUE", true), ("0", false), ("False", false), ("", false)]
    {
        assert_eq!(
            World::usual().variable("HW_INSECURE", text).config().insecure,
            expected,
            "{text}"
        );
    }
}

#[test]
fn certificates_come_from_a_file() {
    let pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let world = World::usual()
        .file("/etc/ca.pem", pem)
        .file("/home/me/ca.pem", pem)
        .variable("HOME", "/home/me");
    for path in ["/etc/ca.pem", "~/ca.pem"] {
        let by_argument = world.clone().argument("cacert_file", json!(path));
        let by_variable = world.clone().variable("OS_CACERT", path);
        assert!(by_argument.config().ca_certificates.is_some());
        assert!(by_variable.config().ca_certificates.is_some());
    }
}
