//! Who the client is to the cloud: keys, tokens, agencies, the server's own identity, and the project.

use std::time::Duration;

use huaweivpc::cloud::{AccessKey, AssumeRole, Cloud, Config, Credentials, Domain, Kind, Project};
use serde_json::{Value, json};

use super::{
    PROJECT, SECRET_KEY, TABLE, VPC, config, id,
    script::{Reply, Server, json, text},
};

const UNAUTHENTICATED: &str = r#"{"error_code":"APIGW.0307","error_msg":"renew the token"}"#;

pub fn table() -> Reply {
    json(200, json!({ "routetable": { "id": TABLE, "vpc_id": VPC } }))
}

fn unauthenticated() -> Reply {
    text(401, UNAUTHENTICATED)
}

fn keys(name: &str, expires_at: &str) -> Value {
    json!({ "credential": {
        "access": format!("AK-{name}"), "secret": format!("SK-{name}"), "securitytoken": format!("ST-{name}"),
        "expires_at": expires_at,
    } })
}

const TOMORROW: &str = "2026-01-03T03:04:05.000000Z";

pub fn password() -> Credentials {
    Credentials::Password {
        user_name: "netops".to_owned(),
        password: "Pass-Word".into(),
        domain: Domain::Name("my-account".to_owned()),
    }
}

fn by_name() -> Project {
    Project::Name("cn-north-4".to_owned())
}

pub async fn read(
    server: &Server,
    change: impl FnOnce(&mut Config),
) -> Result<(), huaweivpc::cloud::Error> {
    let mut config = config(server);
    change(&mut config);
    let cloud = Cloud::new(config).unwrap();
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
    let cloud = Cloud::new(config).unwrap();
    cloud.route_table(&id(TABLE)).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!((seen.header("x-auth-token"), seen.header("authorization")), ("MII-1", ""));
    // Nobody can renew it.
    let error = cloud.route_table(&id(TABLE)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert_eq!(server.lines().len(), 2);
}

fn token(expires_at: &str, name: &str) -> Reply {
    let body = json!({ "token": { "expires_at": expires_at, "project": { "id": PROJECT, "name": "cn-north-4" } } });
    json(201, body).with("X-Subject-Token", name)
}

#[tokio::test]
async fn a_password_gets_a_token_once() {
    let server = Server::start([token(TOMORROW, "MII-1"), table(), table()]).await;
    let mut config = config(&server);
    config.credentials = password();
    config.project = by_name();
    let cloud = Cloud::new(config).unwrap();
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
    let cloud = Cloud::new(config).unwrap();
    cloud.route_table(&id(TABLE)).await.unwrap();
    cloud.route_table(&id(TABLE)).await.unwrap();
    assert_eq!(server.seen()[3].header("x-auth-token"), "MII-2");
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

pub fn agency() -> AssumeRole {
    AssumeRole {
        agency_name: "net-agency".to_owned(),
        domain: Domain::Name("owner-account".to_owned()),
        duration: Duration::from_secs(1800),
    }
}

#[tokio::test]
async fn an_agency_lends_temporary_keys_and_its_own_project() {
    let projects = json!({ "projects": [{ "id": PROJECT, "name": "cn-north-4" }] });
    let server =
        Server::start([json(201, keys("1", TOMORROW)), json(200, projects), table()]).await;
    read(&server, |config| {
        config.assume_role = Some(agency());
        config.project = by_name();
    })
    .await
    .unwrap();

    let seen = server.seen();
    assert_eq!(
        server.lines(),
        [
            "POST /v3.0/OS-CREDENTIAL/securitytokens".to_owned(),
            "GET /v3/projects?name=cn-north-4".to_owned(),
            format!("GET /v1/P/routetables/{TABLE}"),
        ]
    );
    assert_eq!(
        seen[0].json(),
        json!({ "auth": { "identity": { "methods": ["assume_role"], "assume_role": {
            "agency_name": "net-agency", "domain_name": "owner-account", "duration_seconds": 1800,
            "session_user": { "name": "terraform" },
        } } } })
    );
    assert!(seen[0].header("authorization").contains("Access=AKEXAMPLE0123456789A"));
    assert_eq!((seen[0].header("x-project-id"), seen[1].header("x-project-id")), ("", ""));
    assert!(seen[1].header("authorization").contains("Access=AK-1"));
    assert_eq!(
        (seen[2].header("x-security-token"), seen[2].header("x-project-id")),
        ("ST-1", PROJECT)
    );
}

#[tokio::test]
async fn borrowed_keys_are_renewed_where_they_are_refused() {
    let server = Server::start([
        json(201, keys("1", TOMORROW)),
        unauthenticated(),
        json(201, keys("2", TOMORROW)),
        table(),
    ])
    .await;
    read(&server, |config| config.assume_role = Some(agency())).await.unwrap();
    assert_eq!(server.seen()[3].header("x-security-token"), "ST-2");
}

#[tokio::test]
async fn the_server_itself_has_keys() {
    let server = Server::start([
        text(200, "metadata-token"),
        json(200, keys("1", TOMORROW)),
        table(),
        table(),
    ])
    .await;
    let mut config = config(&server);
    config.credentials = Credentials::Metadata;
    let cloud = Cloud::new(config).unwrap();
    cloud.route_table(&id(TABLE)).await.unwrap();
    cloud.route_table(&id(TABLE)).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].line(), "PUT /meta-data/latest/api/token");
    assert_eq!(seen[0].header("x-metadata-token-ttl-seconds"), "21600");
    assert_eq!(seen[1].line(), "GET /openstack/latest/securitykey");
    assert_eq!(seen[1].header("x-metadata-token"), "metadata-token");
    assert_eq!(seen[3].header("x-security-token"), "ST-1");
    assert_eq!(seen.len(), 4);
}

#[tokio::test]
async fn a_metadata_service_without_tokens_wants_none() {
    for status in [404, 405, 503] {
        let server =
            Server::start([text(status, ""), json(200, keys("1", TOMORROW)), table()]).await;
        read(&server, |config| config.credentials = Credentials::Metadata).await.unwrap();
        assert!(!server.seen()[1].headers.contains_key("x-metadata-token"));
    }
}

#[tokio::test]
async fn without_any_credentials_the_error_says_what_to_configure() {
    let broken = [
        vec![text(404, ""), text(401, "cloud service agency must be configured")],
        vec![text(404, ""), text(200, r#"{"credential":{"secret":"SK-1"}}"#)],
        vec![text(403, "")],
        vec![Reply::HangUp],
    ];
    for script in broken {
        let server = Server::start(script).await;
        let error =
            read(&server, |config| config.credentials = Credentials::Metadata).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unconfigured("access_key"), "{error}");
        assert!(!format!("{error:?}").contains("SK-1"));
    }
}

#[tokio::test]
async fn a_project_is_looked_up_by_its_exact_name_and_once() {
    let projects = json!({ "projects": [
        { "id": "other", "name": "cn-north-4_dev" },
        { "id": PROJECT, "name": "cn-north-4" },
    ], "links": { "next": null } });
    let server = Server::start([json(200, projects), table(), table()]).await;
    let cloud = Cloud::new(Config { project: by_name(), ..config(&server) }).unwrap();
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

#[tokio::test]
async fn calls_at_once_log_in_once() {
    let projects = json!({ "projects": [{ "id": PROJECT, "name": "cn-north-4" }] });
    let replies = [json(201, keys("1", TOMORROW)), json(200, projects)].into_iter();
    let server = Server::start(replies.chain((0..10).map(|_| table()))).await;
    let mut config = config(&server);
    config.assume_role = Some(agency());
    config.project = by_name();
    let cloud = Cloud::new(config).unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let cloud = cloud.clone();
        calls.spawn(async move { cloud.route_table(&id(TABLE)).await.map(drop) });
    }
    for result in calls.join_all().await {
        result.unwrap();
    }
    assert_eq!(server.lines().len(), 12);
}
