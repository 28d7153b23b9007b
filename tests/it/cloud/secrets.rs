//! What is secret is in no error, no text of a configuration, and sent to nobody but the cloud.

use huaweivpc::cloud::{AccessKey, Credentials, Kind};
use serde_json::json;

use super::{
    SECRET_KEY, config,
    lent_keys::agency,
    logins::{password, read, table},
    script::{Server, json, text},
};

#[tokio::test]
async fn an_echoed_secret_is_concealed() {
    let echo = |secret: &str| {
        format!(
            "verify aksk signature fail, canonical: x-security-token:{secret} {}",
            "y".repeat(280)
        )
    };
    let secret = "ST-1/".repeat(30);
    let message = json!({ "error_code": "APIGW.0301", "error_msg": echo(&secret) }).to_string();
    // As a message, with and without escapes, and as a page of which only the beginning is kept.
    let bodies = [
        message.replace('/', "\\/"),
        message,
        format!("<html>{}", echo(&format!("{}{secret}", "x".repeat(150)))),
    ];
    for body in bodies {
        let server = Server::start([text(401, &body)]).await;
        let error = read(&server, |config| {
            config.credentials = Credentials::AccessKey(AccessKey {
                access_key: "AK".to_owned(),
                secret_key: SECRET_KEY.into(),
                security_token: Some(secret.clone().into()),
            });
        })
        .await
        .unwrap_err();
        assert!(error.message().contains("(concealed)"), "{error}");
        assert!(!format!("{error:?}").contains("ST-1"), "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_with_secrets_is_not_quoted() {
    let odd = json!({ "credential": { "access": "AK-1", "secret": 5, "securitytoken": "ST-1", "expires_at": "soon SK-1" } });
    let server = Server::start([json(201, odd)]).await;
    let error = read(&server, |config| config.assume_role = Some(agency())).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreadable);
    let told = format!("{error:?}");
    assert!(!told.contains("SK-1") && !told.contains("ST-1"), "{told}");
}

#[tokio::test]
async fn a_configuration_can_be_printed() {
    let server = Server::start([]).await;
    let told = format!("{:?}{:?}", config(&server), password());
    assert!(!told.contains(SECRET_KEY) && !told.contains("Pass-Word"), "{told}");
}

#[tokio::test]
async fn a_key_with_a_line_break_is_refused_before_it_is_sent() {
    let server = Server::start([table()]).await;
    let error = read(&server, |config| {
        config.credentials = Credentials::Token("MII-1\n".into());
    })
    .await
    .unwrap_err();
    assert_eq!(error.kind(), Kind::Unconfigured("access_key"));
    assert!(!format!("{error:?}").contains("MII-1"));
    assert_eq!(server.lines().len(), 0);
}
