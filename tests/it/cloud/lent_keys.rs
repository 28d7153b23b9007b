//! Keys for a while: those of an agency, and those of the server the provider runs on.

use std::time::Duration;

use huaweivpc::cloud::{AssumeRole, Credentials, Domain, Kind};
use serde_json::{Value, json};

use super::{
    PORT, PROJECT, SUBNET, TABLE, config, id,
    logins::{TOMORROW, by_name, password, read, table, token, unauthenticated},
    script::{Reply, Server, json, text},
};

fn keys(name: &str, expires_at: &str) -> Value {
    json!({ "credential": {
        "access": format!("AK-{name}"), "secret": format!("SK-{name}"), "securitytoken": format!("ST-{name}"),
        "expires_at": expires_at,
    } })
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
    let cloud = crate::cloud::connect(config);
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
async fn a_user_with_a_password_may_act_as_an_agency() {
    let projects = json!({ "projects": [{ "id": PROJECT, "name": "cn-north-4" }] });
    let server = Server::start([
        token(TOMORROW, "MII-1"),
        json(201, keys("1", TOMORROW)),
        json(200, projects),
        table(),
    ])
    .await;
    read(&server, |config| {
        config.credentials = password();
        config.assume_role = Some(agency());
        config.project = by_name();
    })
    .await
    .unwrap();
    let seen = server.seen();
    // The project is the agency's: the user has none of that name, perhaps.
    assert_eq!(seen[0].json()["auth"]["scope"], json!({ "domain": { "name": "my-account" } }));
    assert_eq!((seen[1].header("x-auth-token"), seen[1].header("authorization")), ("MII-1", ""));
    assert_eq!(seen[2].line(), "GET /v3/projects?name=cn-north-4");
    assert_eq!(seen[3].header("x-security-token"), "ST-1");
}

fn port() -> Reply {
    json(200, json!({ "port": { "id": PORT, "network_id": SUBNET } }))
}

#[tokio::test]
async fn calls_at_once_log_in_once() {
    let projects = json!({ "projects": [{ "id": PROJECT, "name": "cn-north-4" }] });
    let replies = [json(201, keys("1", TOMORROW)), json(200, projects)].into_iter();
    let server = Server::start(replies.chain((0..10).map(|_| port()))).await;
    let mut config = config(&server);
    config.assume_role = Some(agency());
    config.project = by_name();
    let cloud = crate::cloud::connect(config);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let cloud = cloud.clone();
        calls.spawn(async move { cloud.port(&id(PORT)).await.map(drop) });
    }
    for result in calls.join_all().await {
        result.unwrap();
    }
    assert_eq!(server.lines().len(), 12);
}
