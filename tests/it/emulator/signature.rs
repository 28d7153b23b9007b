//! The emulator's own verifier of signatures, against the published vectors and against everything that was tampered
//! with.

use aws_lc_rs::{digest, hmac};
use huaweivpc::emulator::Settings;
use reqwest::Method;
use serde_json::{Value, json};

use super::harness::{Answer, Clock, Cloud, GUIDE, TWO_TABLES, answer_of};

const PROJECT: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
const DATE: (&str, &str) = ("x-sdk-date", "20260102T030405Z");
const JSON: (&str, &str) = ("content-type", "application/json");
const CN_VPC: (&str, &str) = ("host", "vpc.cn-north-4.myhuaweicloud.com");

/// A request as somebody signed it, and what answers it when the signature is good.
#[derive(Clone)]
struct Signed {
    method: Method,
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: &'static str,
    signed_headers: &'static str,
    signature: &'static str,
    answer: u16,
}

fn v1() -> Signed {
    Signed {
        method: Method::GET,
        path: format!(
            "/v1/{PROJECT}/routetables?limit=100&vpc_id=3f2504e0-4f89-41d3-9a0c-0305e82c3301"
        ),
        headers: vec![JSON, CN_VPC, ("x-project-id", PROJECT), DATE],
        body: "",
        signed_headers: "content-type;host;x-project-id;x-sdk-date",
        signature: "696c0356550567d61b7752fce405f48e609b03c082589bff09a02fc42b5f672e",
        answer: 200,
    }
}

fn v2() -> Signed {
    Signed {
        method: Method::PUT,
        path: format!("/v1/{PROJECT}/routetables/05250d7e-0396-4fc9-9c9c-e4d5594784e4"),
        headers: vec![
            JSON,
            ("host", "vpc.eu-west-101.myhuaweicloud.eu"),
            ("x-project-id", PROJECT),
            DATE,
            ("x-security-token", "SECURITYTOKENEXAMPLE=="),
        ],
        body: concat!(
            r#"{"routetable":{"routes":{"add":[{"type":"ecs","destination":"10.244.1.0/24","#,
            r#""nexthop":"7c50463d-d36c-4417-aa85-cc11fa10f341","description":"node-1"}]}}}"#
        ),
        signed_headers: "content-type;host;x-project-id;x-sdk-date;x-security-token",
        signature: "a35d438eac930c3d98d228688567ccf2ee0f88f93b27edc39235a08294da95ba",
        answer: 404,
    }
}

fn v3() -> Signed {
    Signed {
        method: Method::GET,
        path: format!(
            "/v1/{PROJECT}/ports?device_id=b&fixed_ips=ip_address%3D192.168.0.10&fixed_ips=subnet_id%3Daa&name=a%20b%2Fc~%2A%C3%BC"
        ),
        headers: vec![CN_VPC, DATE],
        body: "",
        signed_headers: "host;x-sdk-date",
        signature: "923c39387d8cb14a66317ebd18e8c8f5bcba4d996a2e4dbe695937a3e2db0f82",
        answer: 200,
    }
}

fn v4() -> Signed {
    Signed {
        method: Method::POST,
        path: "/v3/auth/tokens?nocatalog=true".to_owned(),
        headers: vec![
            ("content-type", "application/json;charset=utf8"),
            ("host", "iam.cn-north-4.myhuaweicloud.com"),
            DATE,
        ],
        body: r#"{"name":"中文"}"#,
        signed_headers: "content-type;host;x-sdk-date",
        signature: "51697b93f5726dc86e1a08553d5ea1f4374ace5ecdd097f93221d1aee690ed15",
        answer: 400,
    }
}

/// The guide with the key of the vectors, which is temporary in the second.
fn scenario(security_token: bool) -> String {
    let mut scenario: Value = serde_json::from_str(GUIDE).unwrap();
    let mut key = json!({
        "access_key": "AKEXAMPLE0123456789A",
        "secret_key": "SkExample0123456789abcdefghijABCDEFGHIJ01",
    });
    if security_token {
        key["security_token"] = "SECURITYTOKENEXAMPLE==".into();
    }
    scenario["access_keys"] = json!([key]);
    scenario.to_string()
}

/// The settings of an emulator that answers to the names that the vectors are signed for.
fn called_as_signed(clock: &Clock) -> Settings {
    let hosts = [
        "vpc.cn-north-4.myhuaweicloud.com",
        "iam.cn-north-4.myhuaweicloud.com",
        "vpc.eu-west-101.myhuaweicloud.eu",
        "vpc.example.com",
    ];
    Settings { hosts: hosts.map(str::to_owned).to_vec(), ..clock.settings() }
}

async fn start(scenario: &str) -> Cloud {
    Cloud::start_with(scenario, called_as_signed(&Clock::new())).await
}

async fn send(cloud: &Cloud, signed: &Signed) -> Answer {
    let authorization = format!(
        "SDK-HMAC-SHA256 Access=AKEXAMPLE0123456789A, SignedHeaders={}, Signature={}",
        signed.signed_headers, signed.signature
    );
    let url = format!("{}{}", cloud.base, signed.path);
    let mut request = cloud.client.request(signed.method.clone(), url).body(signed.body);
    for (name, value) in &signed.headers {
        request = request.header(*name, *value);
    }
    let response = request.header("authorization", authorization).send().await.unwrap();
    answer_of(response).await.unwrap()
}

#[tokio::test]
async fn the_published_vectors_are_good_signatures() {
    for (name, signed, temporary) in
        [("V1", v1(), false), ("V2", v2(), true), ("V3", v3(), false), ("V4", v4(), false)]
    {
        let cloud = start(&scenario(temporary)).await;
        let answer = send(&cloud, &signed).await;
        assert_eq!(answer.status, signed.answer, "{name}: {}", answer.body);
    }
}

#[tokio::test]
async fn nothing_that_was_signed_can_be_changed() {
    let permanent = start(&scenario(false)).await;
    let temporary = start(&scenario(true)).await;
    for (what, cloud, signed, change) in [
        ("the method", &permanent, v1(), (|s| s.method = Method::DELETE) as fn(&mut Signed)),
        ("the path", &permanent, v1(), |s| s.path = s.path.replace("routetables", "vpcs")),
        ("a value of the query", &permanent, v1(), |s| s.path = s.path.replace("100", "101")),
        ("one more in the query", &permanent, v3(), |s| s.path += "&limit=1"),
        ("a header", &permanent, v1(), |s| s.headers[0].1 = "text/plain"),
        ("the host", &permanent, v1(), |s| s.headers[1].1 = "vpc.example.com"),
        ("the date", &permanent, v1(), |s| s.headers[3].1 = "20260102T030406Z"),
        ("the body", &temporary, v2(), |s| s.body = "{}"),
        ("the security token", &temporary, v2(), |s| s.headers[4].1 = "OTHER=="),
        ("the signature", &permanent, v1(), |s| s.signature = v2().signature),
        ("a signature of odd length", &permanent, v1(), |s| s.signature = "696c0"),
        ("the list of headers", &permanent, v1(), |s| s.signed_headers = "host;x-sdk-date"),
        ("a list without the date", &permanent, v1(), |s| s.signed_headers = "host"),
    ] {
        assert_eq!(send(cloud, &signed).await.status, signed.answer, "before: {what}");
        let mut tampered = signed;
        change(&mut tampered);
        let answer = send(cloud, &tampered).await;
        let unpublished = what == "the method";
        let expected = if unpublished { (404, "APIGW.0101") } else { (401, "APIGW.0301") };
        assert_eq!((answer.status, answer.code()), expected, "{what}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_bad_signature_is_answered_with_what_should_have_been_signed() {
    let cloud = start(&scenario(false)).await;
    let mut signed = v1();
    signed.signature = v2().signature;
    let answer = send(&cloud, &signed).await;
    let expected = format!("canonicalRequest:GET|/v1/{PROJECT}/routetables/|limit=100&vpc_id=");
    assert!(answer.message().contains("verify aksk signature fail"), "{}", answer.body);
    assert!(answer.message().contains(&expected), "{}", answer.body);
}

#[tokio::test]
async fn a_key_is_locked_for_a_while_after_wrong_signatures_in_a_row() {
    let clock = Clock::new();
    let cloud = Cloud::start_with(&scenario(false), called_as_signed(&clock)).await;
    let wrong = Signed { signature: v2().signature, ..v1() };
    for _ in 0..5 {
        send(&cloud, &wrong).await.expect_refusal(401, "APIGW.0301");
    }
    // A good one in between begins the count anew.
    assert_eq!(send(&cloud, &v1()).await.status, 200);
    for _ in 0..6 {
        assert!(send(&cloud, &wrong).await.message().contains("verify aksk signature fail"));
    }
    let locked = send(&cloud, &v1()).await;
    locked.expect_refusal(401, "APIGW.0301");
    assert!(locked.message().contains("AK access failed to reach the limit,forbidden"));
    clock.advance(5 * 60);
    assert_eq!(send(&cloud, &v1()).await.status, 200);
}

#[tokio::test]
async fn a_signature_lasts_a_quarter_of_an_hour_either_way() {
    let clock = Clock::new();
    let cloud = Cloud::start_with(&scenario(false), called_as_signed(&clock)).await;
    clock.advance(15 * 60);
    assert_eq!(send(&cloud, &v1()).await.status, 200);
    clock.advance(1);
    let late = send(&cloud, &v1()).await;
    late.expect_refusal(401, "APIGW.0301");
    assert!(late.message().contains("signature expired"), "{}", late.body);
}

#[tokio::test]
async fn a_key_that_needs_a_token_is_unknown_without_it_and_the_other_way_round() {
    let permanent = start(&scenario(false)).await;
    send(&permanent, &v2()).await.expect_refusal(401, "APIGW.0301");
    let temporary = start(&scenario(true)).await;
    send(&temporary, &v1()).await.expect_refusal(401, "APIGW.0301");
}

/// A request signed here, by a third hand: only the date is signed, as careless clients do.
async fn signed_by(cloud: &Cloud, method: Method, path: &str, body: &str, key: &Value) -> Answer {
    let text = |field: &str| key[field].as_str().unwrap_or_default().to_owned();
    let hash = |text: &str| hex::encode(digest::digest(&digest::SHA256, text.as_bytes()));
    let path = cloud.fill(path);
    let date = DATE.1;
    let canonical = format!("{method}\n{path}/\n\nx-sdk-date:{date}\n\nx-sdk-date\n{}", hash(body));
    let to_sign = format!("SDK-HMAC-SHA256\n{date}\n{}", hash(&canonical));
    let secret = hmac::Key::new(hmac::HMAC_SHA256, text("secret").as_bytes());
    let signature = hex::encode(hmac::sign(&secret, to_sign.as_bytes()));
    let access = text("access");
    let authorization =
        format!("SDK-HMAC-SHA256 Access={access}, SignedHeaders=x-sdk-date, Signature={signature}");
    let mut request = cloud
        .client
        .request(method, format!("{}{path}", cloud.base))
        .header("x-sdk-date", date)
        .header("authorization", authorization)
        .body(body.to_owned());
    if let Some(token) = key["securitytoken"].as_str() {
        request = request.header("x-security-token", token);
    }
    answer_of(request.send().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn another_account_reaches_the_project_through_an_agency_only() {
    let clock = Clock::new();
    let cloud = Cloud::start_with(TWO_TABLES, clock.settings()).await;
    let tables = "/v1/{p}/routetables";
    let foreign = json!({
        "access": "EMULATORACCESSKEY002", "secret": "emulator-secret-key-not-a-real-one-00002",
    });
    let refused = signed_by(&cloud, Method::GET, tables, "", &foreign).await;
    refused.expect_refusal(400, "VPC.0007");
    let projects = signed_by(&cloud, Method::GET, "/v3/projects", "", &foreign).await.expect(200);
    assert_eq!(projects["projects"], json!([]));

    let assume = r#"{"auth":{"identity":{"methods":["assume_role"],"assume_role":{"agency_name":"net-agency","domain_name":"container-lab"}}}}"#;
    let path = "/v3.0/OS-CREDENTIAL/securitytokens";
    let made = signed_by(&cloud, Method::POST, path, assume, &foreign).await.expect(201);
    let assumed = &made["credential"];
    signed_by(&cloud, Method::GET, tables, "", assumed).await.expect(200);
    let projects = signed_by(&cloud, Method::GET, "/v3/projects", "", assumed).await.expect(200);
    assert_eq!(projects["projects"][0]["name"], "cn-north-4");

    let mut without_token = assumed.clone();
    without_token["securitytoken"] = Value::Null;
    let refused = signed_by(&cloud, Method::GET, tables, "", &without_token).await;
    refused.expect_refusal(401, "APIGW.0301");
    clock.advance(900);
    let expired = signed_by(&cloud, Method::GET, tables, "", assumed).await;
    expired.expect_refusal(401, "APIGW.0301");
}
