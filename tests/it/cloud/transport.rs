//! Certificates, and what is told about a call in the log.

use base64::Engine;
use huaweivpc::cloud::{CaCertificates, Cloud, Config, Kind};
use rustls_pki_types::PrivatePkcs8KeyDer;
use serde_json::json;

use super::{
    SECRET_KEY, TABLE, VPC, cloud, config, id,
    log::Log,
    script::{Reply, Server, json, text},
};

fn table() -> Reply {
    json(200, json!({ "routetable": { "id": TABLE, "vpc_id": VPC } }))
}

/// A server with a certificate that no system trusts, and that certificate.
async fn tls_server() -> (Server, CaCertificates) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
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
    assert_eq!(error.kind(), Kind::Unconfigured("cacert_file"), "{error:?}");
    assert_eq!(server.lines().len(), 0);
}

#[tokio::test]
async fn a_certificate_of_ones_own_can_be_trusted() {
    let (server, trusted) = tls_server().await;
    let config = Config { ca_certificates: Some(trusted), ..config(&server) };
    assert!(Cloud::new(config).unwrap().route_table(&id(TABLE)).await.unwrap().is_some());
}

#[tokio::test]
async fn any_certificate_is_accepted_on_request() {
    let (server, _) = tls_server().await;
    let config = Config { insecure: true, ..config(&server) };
    assert!(Cloud::new(config).unwrap().route_table(&id(TABLE)).await.unwrap().is_some());
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
    assert_eq!(Cloud::new(config).unwrap().region(), "cn-north-4");
}

#[tokio::test]
async fn each_call_is_one_line_of_the_log_without_secrets() {
    let log = Log::listen().await;
    let server = Server::start([text(429, "").with("X-Request-Id", "r1"), table()]).await;
    cloud(&server).route_table(&id(TABLE)).await.unwrap();
    let lines = log.lines();
    let calls: Vec<_> = lines.iter().filter(|line| line.contains("message=call")).collect();
    assert_eq!(calls.len(), 2, "{lines:?}");
    for (line, words) in [
        (calls[0], ["DEBUG", "method=GET", "status=429", "request_id=\"r1\"", "attempt=0"]),
        (calls[1], ["DEBUG", "operation=\"read route table", "status=200", "ms=", "attempt=1"]),
    ] {
        for word in words {
            assert!(line.contains(word), "{word} in {line}");
        }
    }
    assert!(
        lines.iter().any(|line| line.starts_with("INFO") && line.contains("pause")),
        "{lines:?}"
    );
    for secret in [SECRET_KEY, "SDK-HMAC-SHA256", "authorization", "routetable\":"] {
        assert!(!lines.iter().any(|line| line.contains(secret)), "{secret} in {lines:?}");
    }
}
