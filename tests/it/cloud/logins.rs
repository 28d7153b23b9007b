//! Who the client is to the cloud: keys, tokens, agencies, the server's own identity, and the project.

use std::time::Duration;

use huaweivpc::cloud::{AccessKey, Config, Credentials, Domain, Kind, Project};
use serde_json::json;

use super::{
    PROJECT, SECRET_KEY, TABLE, VPC, config, id,
    script::{Reply, Server, json, text},
};

const UNAUTHENTICATED: &str = r#"{"error_code":"APIGW.0307","error_msg":"renew the token"}"#;

pub fn table() -> Reply {
    json(200, json!({ "routetable": { "id": TABLE, "vpc_id": VPC } }))
}

pub fn unauthenticated() -> Reply {
    text(401, UNAUTHENTICATED)
}

pub const TOMORROW: &str = "2026-01-03T03:04:05.000000Z";

pub fn password() -> Credentials {
    Credentials::Password {
        user_name: "netops".to_owned(),
        password: "Pass-Word".into(),
        domain: Domain::Name("my-account".to_owned()),
    }
}

pub fn by_name() -> Project {
    Project::Name("cn-north-4".to_owned())
}

pub async fn read(
    server: &Server,
    change: impl FnOnce(&mut Config),
) -> Result<(), huaweivpc::cloud::Error> {
    let mut config = config(server);
    change(&mut config);
    let cloud = crate::cloud::connect(config);
    cloud.route_table(&id(TABLE)).await.map(drop)
}

#[tokio::test]
async fn a_key_and_a_project_need_no_call_before_the_first() {
    let server = Server::start([table()]).await;
    read(&server, |_| ()).await.unwrap();
    assert_eq!(server.lines(), [format!("GET /v1/P/routetables/{TABLE}")]);
    assert_eq!(server.seen()[0].header("x-security-token"), "");
}

#[tokio::test]
async fn a_temporary_key_shows_its_token() {
    let server = Server::start([table()]).await;
    read(&server, |config| {
        config.credentials = Credentials::AccessKey(AccessKey {
            access_key: "AK".to_owned(),
            secret_key: SECRET_KEY.into(),
            security_token: Some("ST-1".into()),
        });
    })
    .await
    .unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.header("x-security-token"), "ST-1");
    assert!(seen.header("authorization").contains("x-project-id;x-sdk-date;x-security-token"));
}

#[tokio::test]
async fn a_token_is_used_as_it_is() {
    let server = Server::start([table(), unauthenticated()]).await;
    let mut config = config(&server);
    config.credentials = Credentials::Token("MII-1".into());
    let cloud = crate::cloud::connect(config);
    cloud.route_table(&id(TABLE)).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!((seen.header("x-auth-token"), seen.header("authorization")), ("MII-1", ""));
    // Nobody can renew it.
    let error = cloud.route_table(&id(TABLE)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert_eq!(server.lines().len(), 2);
}

pub fn token(expires_at: &str, name: &str) -> Reply {
    let body = json!({ "token": { "expires_at": expires_at, "project": { "id": PROJECT, "name": "cn-north-4" } } });
    json(201, body).with("X-Subject-Token", name)
}

#[tokio::test]
async fn a_password_gets_a_token_once() {
    let server = Server::start([token(TOMORROW, "MII-1"), table(), table()]).await;
    let mut config = config(&server);
    config.credentials = password();
    config.project = by_name();
    let cloud = crate::cloud::connect(config);
    cloud.route_table(&id(TABLE)).await.unwrap();
    cloud.route_table(&id(TABLE)).await.unwrap();

    let seen = server.seen();
    // The token names its project: nothing is looked up.
    let read = format!("GET /v1/P/routetables/{TABLE}");
    assert_eq!(server.lines(), ["POST /v3/auth/tokens?nocatalog=true", &read, &read]);
    assert_eq!(
        seen[0].json(),
        json!({ "auth": {
            "identity": { "methods": ["password"], "password": { "user": {
                "name": "netops", "password": "Pass-Word", "domain": { "name": "my-account" } } } },
            "scope": { "project": { "name": "cn-north-4" } },
        } })
    );
    assert_eq!((seen[0].header("authorization"), seen[0].header("x-auth-token")), ("", ""));
    assert_eq!(seen[2].header("x-auth-token"), "MII-1");
}

#[tokio::test]
async fn a_token_that_is_about_to_expire_is_renewed_before() {
    // It is five seconds past 03:04 for ever.
    let server = Server::start([
        token("2026-01-02T03:04:05.000000Z", "MII-1"),
        table(),
        token(TOMORROW, "MII-2"),
        table(),
    ])
    .await;
    let mut config = config(&server);
    config.credentials = password();
    let cloud = crate::cloud::connect(config);
    cloud.route_table(&id(TABLE)).await.unwrap();
    cloud.route_table(&id(TABLE)).await.unwrap();
    assert_eq!(server.seen()[3].header("x-auth-token"), "MII-2");
}

#[tokio::test]
async fn a_token_is_renewed_at_half_time_or_ten_minutes_before_its_end() {
    use std::{
        sync::atomic::{AtomicU64, Ordering},
        time::SystemTime,
    };
    static SECONDS: AtomicU64 = AtomicU64::new(0);
    fn later() -> SystemTime {
        super::now() + Duration::from_secs(SECONDS.load(Ordering::Relaxed))
    }
    // It is 03:04:05 at first.
    for (expires_at, minutes) in
        [("2026-01-02T03:14:05.000000Z", 5), ("2026-01-02T13:04:05.000000Z", 590)]
    {
        let server = Server::start([
            token(expires_at, "MII-1"),
            table(),
            table(),
            token(TOMORROW, "MII-2"),
            table(),
        ])
        .await;
        let config = Config { credentials: password(), clock: later, ..config(&server) };
        let cloud = crate::cloud::connect(config);
        for seconds in [0, minutes * 60 - 1, minutes * 60] {
            SECONDS.store(seconds, Ordering::Relaxed);
            cloud.route_table(&id(TABLE)).await.unwrap();
        }
        let tokens: Vec<_> =
            server.seen().iter().map(|seen| seen.header("x-auth-token").to_owned()).collect();
        assert_eq!(tokens, ["", "MII-1", "MII-1", "", "MII-2"]);
        SECONDS.store(0, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    let server = Server::start([
        token(TOMORROW, "MII-1"),
        unauthenticated(),
        token(TOMORROW, "MII-2"),
        table(),
    ])
    .await;
    read(&server, |config| config.credentials = password()).await.unwrap();
    assert_eq!(server.seen()[3].header("x-auth-token"), "MII-2");

    let server = Server::start([
        token(TOMORROW, "MII-1"),
        unauthenticated(),
        token(TOMORROW, "MII-2"),
        unauthenticated(),
        table(),
    ])
    .await;
    let error = read(&server, |config| config.credentials = password()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert_eq!(server.lines().len(), 4);
}

#[tokio::test]
async fn a_wrong_password_is_not_tried_again() {
    let refusal = json!({ "error": { "code": 401, "message": "wrong password Pass-Word", "title": "Unauthorized" } });
    let server = Server::start([json(401, refusal), table()]).await;
    let error = read(&server, |config| config.credentials = password()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert_eq!(error.operation(), "get a token for user netops");
    assert_eq!(error.message(), "wrong password (concealed)");
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn a_wrong_signature_is_never_tried_again() {
    let server = Server::start([unauthenticated(), table()]).await;
    let error = read(&server, |_| ()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn a_project_is_looked_up_by_its_exact_name_and_once() {
    let projects = json!({ "projects": [
        { "id": "other", "name": "cn-north-4_dev" },
        { "id": PROJECT, "name": "cn-north-4" },
    ], "links": { "next": null } });
    let server = Server::start([json(200, projects), table(), table()]).await;
    let cloud = crate::cloud::connect(Config { project: by_name(), ..config(&server) });
    cloud.route_table(&id(TABLE)).await.unwrap();
    cloud.route_table(&id(TABLE)).await.unwrap();
    let read = format!("GET /v1/P/routetables/{TABLE}");
    assert_eq!(server.lines(), ["GET /v3/projects?name=cn-north-4", &read, &read]);
    assert!(!server.seen()[0].headers.contains_key("x-project-id"));
}

#[tokio::test]
async fn no_project_and_several_are_both_errors() {
    let project = json!({ "id": "p", "name": "cn-north-4" });
    for (projects, word) in
        [(json!([]), "no project"), (json!([project, project]), "several projects")]
    {
        let server = Server::start([json(200, json!({ "projects": projects }))]).await;
        let error = read(&server, |config| config.project = by_name()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unconfigured("project_id"));
        assert!(error.message().contains(word), "{error}");
    }
}
