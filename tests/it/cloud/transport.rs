//! The ways to the cloud that lead nowhere, certificates, and what is told about a call in the log.

use std::time::Duration;

use base64::Engine;
use huaweivpc::cloud::{CaCertificates, Config, Distrust, Kind};
use rustls_pki_types::PrivatePkcs8KeyDer;
use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::{
    SECRET_KEY, TABLE, VPC, cloud, config, id,
    log::Log,
    script::{Nobody, Reply, Server, json, text},
};

fn table() -> Reply {
    json(200, json!({ "routetable": { "id": TABLE, "vpc_id": VPC } }))
}

/// A server with a certificate that no system trusts, and that certificate.
async fn tls_server() -> (Server, CaCertificates) {
    let params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    tls_server_with(params).await
}

async fn tls_server_with(params: rcgen::CertificateParams) -> (Server, CaCertificates) {
    let signing_key = rcgen::KeyPair::generate().unwrap();
    let cert = params.self_signed(&signing_key).unwrap();
    let made = rcgen::CertifiedKey { cert, signing_key };
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let tls = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    let pem = format!(
        "-----BEGIN CERTIFICATE-----
{}
-----END CERTIFICATE-----
",
        base64::engine::general_purpose::STANDARD.encode(made.cert.der())
    );
    let trusted = CaCertificates::from_pem(pem.as_bytes()).unwrap();
    (Server::start_tls([table()], tls).await, trusted)
}

#[tokio::test]
async fn an_untrusted_certificate_is_not_worth_a_second_try() {
    let (server, _) = tls_server().await;
    let error = cloud(&server).route_table(&id(TABLE)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Untrusted(Distrust::UnknownAuthority), "{error:?}");
    assert_eq!(server.lines().len(), 0);
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said() {
    let usual = || rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let mut expired = usual();
    expired.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let mut early = usual();
    early.not_before = rcgen::date_time_ymd(2999, 1, 1);
    let other = rcgen::CertificateParams::new(["elsewhere.example".to_owned()]).unwrap();
    for (params, distrust, words) in [
        (expired, Distrust::Expired, "has expired"),
        (early, Distrust::NotYetValid, "is not valid yet"),
        (other, Distrust::OtherName, "is for another name"),
    ] {
        let (server, trusted) = tls_server_with(params).await;
        let config = Config { ca_certificates: Some(trusted), ..config(&server) };
        let error = crate::cloud::connect(config).route_table(&id(TABLE)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Untrusted(distrust), "{error:?}");
        assert!(error.message().contains(words), "{error}");
        assert_eq!(server.lines().len(), 0);
    }
    let (server, _) = tls_server().await;
    let (_, others) = tls_server().await;
    let config = Config { ca_certificates: Some(others), ..config(&server) };
    let error = crate::cloud::connect(config).route_table(&id(TABLE)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Untrusted(Distrust::OtherAuthority), "{error:?}");
}

/// An endpoint without a scheme is reached by TLS.
#[tokio::test]
async fn a_service_without_tls_is_said_to_be_one() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    });
    let server = Server::start([]).await.at(url);
    let error = cloud(&server).route_table(&id(TABLE)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unconfigured("endpoints"), "{error:?}");
    assert!(error.message().contains("does not speak TLS"), "{error}");
    assert!(error.message().contains("`http://`"), "{error}");
}

/// With pauses of an hour, this ends only because a service that has never answered is given up soon.
#[tokio::test]
async fn a_service_that_has_never_answered_is_given_up_soon() {
    let server = Server::start([]).await;
    let mut config = config(&server);
    let nobody = Nobody::new();
    config.endpoints.vpc.set_port(Some(nobody.address().port())).unwrap();
    (config.max_retries, config.pause) = (9, Duration::from_secs(3_600));
    let cloud = crate::cloud::connect(config);
    for _ in 0..10 {
        let error = cloud.route_table(&id(TABLE)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unreachable, "{error:?}");
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_seen_where_the_credentials_are_refused() {
    let body = json!({ "error_code": "APIGW.0301", "error_msg": "Incorrect IAM authentication information" });
    // The client's clock says 03:04:05.
    for (date, seconds) in [
        ("Fri, 02 Jan 2026 03:24:05 GMT", Some(1_200)),
        ("Fri, 02 Jan 2026 02:44:05 GMT", Some(-1_200)),
        ("yesterday", None),
    ] {
        let server = Server::start([json(401, body.clone()).with("Date", date)]).await;
        let error = cloud(&server).route_table(&id(TABLE)).await.unwrap_err();
        assert_eq!(error.clock_behind().map(|behind| behind.as_secs()), seconds, "{date}");
    }
}

#[tokio::test]
async fn a_certificate_of_ones_own_can_be_trusted() {
    let (server, trusted) = tls_server().await;
    let config = Config { ca_certificates: Some(trusted), ..config(&server) };
    assert!(crate::cloud::connect(config).route_table(&id(TABLE)).await.unwrap().is_some());
}

#[tokio::test]
async fn any_certificate_is_accepted_on_request() {
    let (server, _) = tls_server().await;
    let config = Config { insecure: true, ..config(&server) };
    assert!(crate::cloud::connect(config).route_table(&id(TABLE)).await.unwrap().is_some());
}

#[test]
fn what_holds_no_certificate_is_refused() {
    assert!(CaCertificates::from_pem(b"").is_err());
    assert!(CaCertificates::from_pem(b"not a certificate").is_err());
}

#[tokio::test]
async fn a_client_is_made_without_any_io() {
    // No runtime of its own, no network, no name that resolves.
    let server = Server::start([]).await;
    let mut config = config(&server);
    config.endpoints.vpc = "https://vpc.invalid".parse().unwrap();
    assert_eq!(crate::cloud::connect(config).region(), "cn-north-4");
}

#[tokio::test]
async fn each_call_is_one_line_of_the_log_without_secrets() {
    let log = Log::listen();
    let server = Server::start([text(429, "").with("X-Request-Id", "r1"), table()]).await;
    cloud(&server).route_table(&id(TABLE)).await.unwrap();
    let lines = log.lines();
    let calls: Vec<_> = lines.iter().filter(|line| line.contains("message=call")).collect();
    assert_eq!(calls.len(), 2, "{lines:?}");
    for (line, words) in [
        (calls[0], ["DEBUG", "said=", "status=429", "request_id=\"r1\"", "attempt=0"]),
        (calls[1], ["DEBUG", "operation=\"read route table", "status=200", "ms=", "attempt=1"]),
    ] {
        for word in words {
            assert!(line.contains(word), "{word} in {line}");
        }
    }
    // A call that hangs is seen too.
    let sent: Vec<_> = lines.iter().filter(|line| line.contains("message=sending")).collect();
    assert_eq!(sent.len(), 2, "{lines:?}");
    assert!(sent[0].contains("method=GET") && sent[0].contains("host="), "{}", sent[0]);
    assert!(
        lines.iter().any(|line| line.starts_with("INFO") && line.contains("pause")),
        "{lines:?}"
    );
    for secret in [SECRET_KEY, "SDK-HMAC-SHA256", "authorization", "routetable\":"] {
        assert!(!lines.iter().any(|line| line.contains(secret)), "{secret} in {lines:?}");
    }
}
