//! Mistakes in the provider block. Each row has a provider of its own, and a data source that asks with it.

use serde_json::json;

use super::{
    body::Body,
    row::{Row, asker, provider},
};

/// What some of the rows read.
pub const FILES: [(&str, &str); 3] = [
    (
        "profiles.json",
        r#"{ "current": "work", "profiles": [{ "name": "work", "mode": "AKSK", "accessKeyId": "A", "secretAccessKey": "S" }] }"#,
    ),
    ("broken.json", "{ \"profiles\": ["),
    ("empty.pem", "-----no certificate at all-----\n"),
];

pub fn rows(url: &str) -> Vec<Row> {
    let good = || provider(url);
    let without_keys = || good().without("access_key").without("secret_key");
    [arguments(good), credentials(good, without_keys), calls(url, without_keys)]
        .into_iter()
        .flatten()
        .collect()
}

/// Refused before anything is sent.
fn arguments(good: impl Fn() -> Body) -> Vec<Row> {
    vec![
        asker("no_region", good().without("region")).says(
            "",
            "Missing region",
            &["No region is configured", "Set `region` or `HW_REGION_NAME`"],
        ),
        asker("bad_region", good().with("region", "cn north 4")).says(
            "region",
            "Invalid region",
            &["`cn north 4`", "such as `cn-north-4`"],
        ),
        asker("no_url", good().with("endpoints", json!({ "vpc": "http//vpc example" }))).says(
            "vpc",
            "Invalid URL",
            &["`http//vpc example`", "such as `https://vpc.example.com`"],
        ),
        asker(
            "url_with_query",
            good().with("endpoints", json!({ "ecs": "https://ecs.example.com/?a=b" })),
        )
        .says("ecs", "Invalid URL", &["without user, query and fragment"]),
        asker("bad_cloud", good().with("cloud", "https://example.com")).says(
            "cloud",
            "Invalid domain",
            &["`https://example.com`", "without `https://`"],
        ),
        asker("negative_retries", good().with("max_retries", -1)).says(
            "max_retries",
            "Invalid number",
            &["`max_retries` cannot be `-1`", "Write a whole number from 0 to 1000."],
        ),
        asker("half_a_retry", good().with("max_retries", 0.5)).says(
            "max_retries",
            "Invalid number",
            &["cannot be `0.5`", "Write a whole number from 0 to 1000."],
        ),
        asker("no_such_certificate_file", good().with("cacert_file", "missing.pem")).says(
            "cacert_file",
            "Unusable certificate file",
            &["`missing.pem`", "cannot be read", "Check `cacert_file`"],
        ),
        asker("no_certificates_in_file", good().with("cacert_file", "empty.pem")).says(
            "cacert_file",
            "Unusable certificate file",
            &["`empty.pem`", "-----BEGIN CERTIFICATE-----"],
        ),
        asker(
            "several_arguments",
            good().without("secret_key").with("max_retries", -3).with("region", "a/b"),
        )
        .says("", "Incomplete credentials", &["`access_key` is set"])
        .says("region", "Invalid region", &["cannot be `a/b`"])
        .says("max_retries", "Invalid number", &["cannot be `-3`"]),
    ]
}

fn credentials(good: impl Fn() -> Body, without_keys: impl Fn() -> Body) -> Vec<Row> {
    vec![
        asker("no_secret_key", good().without("secret_key")).says(
            "",
            "Incomplete credentials",
            &["`access_key` is set", "Set `secret_key` or `HW_SECRET_KEY`"],
        ),
        asker("no_access_key", good().without("access_key")).says(
            "",
            "Incomplete credentials",
            &["`secret_key` is set", "Set `access_key` or `HW_ACCESS_KEY`"],
        ),
        asker("no_account", without_keys().with("user_name", "netops").with("password", "p")).says(
            "",
            "Incomplete credentials",
            &["the account of the user", "`domain_name`", "`domain_id`"],
        ),
        asker(
            "nameless_agency",
            good().with_block("assume_role", &[("domain_name", "container-lab")]),
        )
        .says(
            "assume_role",
            "Missing agency",
            &["`assume_role` names no agency", "Set `assume_role.agency_name`"],
        ),
        asker("no_such_shared_file", without_keys().with("shared_config_file", "missing.json"))
            .says(
                "shared_config_file",
                "Unreadable shared configuration file",
                &["`missing.json` cannot be read", "Set `shared_config_file`"],
            ),
        asker("broken_shared_file", without_keys().with("shared_config_file", "broken.json")).says(
            "shared_config_file",
            "Unusable shared configuration file",
            &["`broken.json` is not the JSON that `hcloud configure` writes"],
        ),
        asker(
            "no_such_profile",
            without_keys().with("shared_config_file", "profiles.json").with("profile", "home"),
        )
        .says(
            "profile",
            "Unknown profile",
            &[
                "`profiles.json` has no profile `home`. It has `work`.",
                "Check `profile` or `HW_PROFILE`.",
            ],
        ),
    ]
}

/// Refused by the cloud, or not even that.
fn calls(url: &str, without_keys: impl Fn() -> Body) -> Vec<Row> {
    let endpoints = |url: &str| json!({ "iam": url, "vpc": url, "ecs": url });
    vec![
        asker("closed_port", provider(url).with("endpoints", endpoints("http://127.0.0.1:1")))
            .says(
                "",
                "Cloud not reachable",
                &["Could not read VPC", "127.0.0.1:1", "Check `region`, `cloud`, `endpoints`"],
            ),
        asker(
            "https_where_there_is_none",
            provider(url).with("endpoints", endpoints(&url.replace("http://", "https://"))),
        )
        .says(
            "",
            "Provider not fully configured",
            &["does not speak TLS", "write `http://` before the host", "Check `endpoints`"],
        ),
        wrong_secret_key(url),
        asker("wrong_access_key", provider(url).with("access_key", "NOBODY")).says(
            "",
            "Credentials refused",
            &["HTTP status: 401", "Check `access_key`, `secret_key`"],
        ),
        asker("wrong_token", without_keys().with("token", "hush-token")).says(
            "",
            "Credentials refused",
            &["HTTP status: 401", "(or `token`"],
        ),
        asker(
            "wrong_password",
            without_keys()
                .with("user_name", "netops")
                .with("password", "hush-password")
                .with("domain_name", "container-lab"),
        )
        .says(
            "",
            "Credentials refused",
            &["Could not get a token for user netops", "HTTP status: 401"],
        ),
        // A name below `.invalid` leads nowhere, whatever name server is asked.
        asker(
            "unknown_region",
            provider(url)
                .without("endpoints")
                .with("region", "atlantis-1")
                .with("cloud", "cloud.invalid"),
        )
        .says(
            "",
            "Cloud not reachable",
            &["vpc.atlantis-1.cloud.invalid", "Check `region`, `cloud`, `endpoints`"],
        ),
        asker("unknown_project_id", provider(url).with("project_id", "f".repeat(32))).says(
            "",
            "Project of somebody else",
            &["HTTP status: 400", "Code: VPC.0007", "Check `project_id`"],
        ),
        asker(
            "unknown_project_name",
            provider(url).without("project_id").with("project_name", "cn-north-9"),
        )
        .says(
            "",
            "Provider not fully configured",
            &["has no project `cn-north-9`", "`project_name` is misspelt", "set `project_id`"],
        ),
    ]
}

pub fn wrong_secret_key(url: &str) -> Row {
    // As often as may be: it must not be sent again all the same.
    let provider = provider(url).with("secret_key", "hush-key").without("max_retries");
    asker("wrong_secret_key", provider).says(
        "",
        "Credentials refused",
        &[
            "HTTP status: 401",
            "Request id: ",
            "Check `access_key`, `secret_key`",
            "the cloud locks a key",
        ],
    )
}
