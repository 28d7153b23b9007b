//! Who may come in: tokens, projects, temporary keys, the metadata service, the rate limit, unpublished families.

use huaweivpc::emulator::Settings;
use reqwest::Method;
use serde_json::{Value, json};

use super::harness::{Answer, Clock, Cloud, GUIDE, TWO_TABLES, answer_of, column};

const TOKENS: &str = "/v3/auth/tokens";
const SECURITY_TOKENS: &str = "/v3.0/OS-CREDENTIAL/securitytokens";
const TABLES: &str = "/v1/{p}/routetables";

fn login(user: Value, scope: Value) -> String {
    let identity = json!({ "methods": ["password"], "password": { "user": user } });
    json!({ "auth": { "identity": identity, "scope": scope } }).to_string()
}

fn netops() -> Value {
    json!({ "name": "netops", "password": "emulator-password", "domain": { "name": "container-lab" } })
}

fn agency(fields: Value) -> String {
    let identity = json!({ "methods": ["assume_role"], "assume_role": fields });
    json!({ "auth": { "identity": identity } }).to_string()
}

async fn with_token(cloud: &Cloud, path: &str, token: &str) -> Answer {
    let url = format!("{}{}", cloud.base, cloud.fill(path));
    let request = cloud.client.get(url).header("x-auth-token", token);
    answer_of(request.send().await.unwrap()).await.unwrap()
}

fn subject_token(answer: &Answer) -> String {
    answer.headers["x-subject-token"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_good_for_its_project_and_for_a_day() {
    let clock = Clock::new();
    let cloud = Cloud::start_with(GUIDE, clock.settings()).await;
    for scope in [json!({ "name": "cn-north-4" }), json!({ "id": cloud.fill("{p}") })] {
        let answer = cloud.post(TOKENS, &login(netops(), json!({ "project": scope }))).await;
        assert_eq!(answer.body["token"]["project"]["id"], cloud.fill("{p}"));
        assert_eq!(answer.body["token"]["expires_at"], "2026-01-03T03:04:05.000000Z");
        with_token(&cloud, TABLES, &subject_token(&answer)).await.expect(200);
    }
    clock.advance(24 * 3600 - 1);
    cloud.get(TABLES).await.expect(200);
    clock.advance(1);
    cloud.get(TABLES).await.expect_refusal(401, "APIGW.0307");
}

#[tokio::test]
async fn a_token_of_the_account_is_good_for_iam_only() {
    let cloud = Cloud::start(GUIDE).await;
    let scope = json!({ "domain": { "name": "container-lab" } });
    let answer = cloud.post(TOKENS, &login(netops(), scope)).await;
    assert_eq!(answer.body["token"]["domain"]["name"], "container-lab");
    let token = subject_token(&answer);
    with_token(&cloud, TABLES, &token).await.expect_refusal(400, "VPC.0007");
    with_token(&cloud, "/v3/projects", &token).await.expect(200);
}

#[tokio::test]
async fn wrong_logins_are_refused_in_iams_own_shape() {
    let cloud = Cloud::start(GUIDE).await;
    let wrong = |field: &str, value: Value| {
        let mut user = netops();
        user[field] = value;
        user
    };
    let project = json!({ "project": { "name": "cn-north-4" } });
    for (what, body, status) in [
        ("a wrong password", login(wrong("password", "x".into()), project.clone()), 401),
        ("an unknown user", login(wrong("name", "x".into()), project.clone()), 401),
        ("another account", login(wrong("domain", json!({ "name": "x" })), project.clone()), 401),
        ("a foreign project", login(netops(), json!({ "project": { "name": "x" } })), 401),
        ("two scopes", login(netops(), json!({ "project": {}, "domain": {} })), 400),
        ("no JSON", "{".into(), 400),
    ] {
        let answer = cloud.post(TOKENS, &body).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
        assert_eq!(answer.body["error"]["code"], status, "{what}");
        assert!(answer.body["error"]["title"].is_string(), "{what}");
    }
}

#[tokio::test]
async fn requests_without_good_credentials_are_refused_at_the_gateway() {
    let cloud = Cloud::start(GUIDE).await;
    let url = format!("{}{}", cloud.base, cloud.fill(TABLES));
    let bare = answer_of(cloud.client.get(&url).send().await.unwrap()).await.unwrap();
    bare.expect_refusal(401, "APIGW.0301");
    let forged = format!("{}x", cloud.token);
    with_token(&cloud, TABLES, &forged).await.expect_refusal(401, "APIGW.0301");
    with_token(&cloud, TABLES, "MIIx").await.expect_refusal(401, "APIGW.0301");
    let iam = with_token(&cloud, "/v3/projects", "MIIx").await;
    assert_eq!((iam.status, &iam.body["error"]["code"]), (401, &json!(401)));
}

#[tokio::test]
async fn a_foreign_project_is_refused_by_each_service() {
    let cloud = Cloud::start(GUIDE).await;
    let foreign = "f".repeat(32);
    for (path, code) in [
        (format!("/v1/{foreign}/routetables"), "VPC.0007"),
        (format!("/v3/{foreign}/vpc/vpcs"), "VPC.0007"),
        (format!("/v1/{foreign}/cloudservers/detail"), "Ecs.0023"),
    ] {
        cloud.get(&path).await.expect_refusal(400, code);
    }
    let url = format!("{}{}", cloud.base, cloud.fill(TABLES));
    let request = cloud.client.get(url).header("x-auth-token", &cloud.token);
    let response = request.header("x-project-id", foreign).send().await.unwrap();
    answer_of(response).await.unwrap().expect_refusal(400, "VPC.0007");
}

#[tokio::test]
async fn projects_and_accounts_can_be_looked_up() {
    let cloud = Cloud::start(GUIDE).await;
    for (query, found) in [
        ("", 1),
        ("?name=cn-north-4", 1),
        ("?name=cn-north", 0),
        ("?name=cn-north-4&page=1&per_page=10", 1),
        ("?page=2&per_page=10", 0),
    ] {
        let list = cloud.get(&format!("/v3/projects{query}")).await.expect(200);
        assert_eq!(list["projects"].as_array().unwrap().len(), found, "{query}");
    }
    let list = cloud.get("/v3/projects").await.expect(200);
    assert_eq!(list["projects"][0]["id"], cloud.fill("{p}"));
    assert_eq!(cloud.get("/v3/projects?page=1").await.status, 400);
    let domains = cloud.get("/v3/auth/domains").await.expect(200);
    assert_eq!(column(&domains["domains"], "name"), ["container-lab"]);
}

#[tokio::test]
async fn a_temporary_key_is_made_for_an_agency_or_a_token() {
    let cloud = Cloud::start(GUIDE).await;
    let role = json!({ "agency_name": "net-agency", "domain_name": "container-lab" });
    let made = cloud.post(SECURITY_TOKENS, &agency(role)).await.expect(201);
    assert_eq!(made["credential"]["expires_at"], "2026-01-02T03:19:05.000000Z");
    let again = r#"{ "auth": { "identity": { "methods": ["token"], "token": { "duration_seconds": 3600 } } } }"#;
    let again = cloud.post(SECURITY_TOKENS, again).await.expect(201);
    assert_eq!(again["credential"]["expires_at"], "2026-01-02T04:04:05.000000Z");
    assert_ne!(made["credential"]["access"], again["credential"]["access"]);
    for (what, role, status) in [
        ("an unknown agency", json!({ "agency_name": "x", "domain_name": "container-lab" }), 404),
        ("an unknown account", json!({ "agency_name": "net-agency", "domain_name": "x" }), 404),
        ("no account", json!({ "agency_name": "net-agency" }), 400),
        (
            "too short",
            json!({ "agency_name": "net-agency", "domain_name": "container-lab", "duration_seconds": 899 }),
            400,
        ),
        (
            "too long",
            json!({ "agency_name": "net-agency", "domain_name": "container-lab", "duration_seconds": 86401 }),
            400,
        ),
    ] {
        let answer = cloud.post(SECURITY_TOKENS, &agency(role)).await;
        assert_eq!(
            (answer.status, &answer.body["error"]["code"]),
            (status, &json!(status)),
            "{what}"
        );
    }
    let distrusted = Cloud::start(TWO_TABLES).await;
    let role = json!({ "agency_name": "net-agency", "domain_name": "container-lab" });
    assert_eq!(distrusted.post(SECURITY_TOKENS, &agency(role)).await.status, 404);
}

#[tokio::test]
async fn an_agency_can_be_assumed_by_token() {
    let cloud = Cloud::start(GUIDE).await;
    let mut body: Value = serde_json::from_str(&agency(json!({
        "agency_name": "net-agency", "domain_name": "container-lab",
    })))
    .unwrap();
    body["auth"]["scope"] = json!({ "project": { "name": "cn-north-4" } });
    let answer = cloud.post(TOKENS, &body.to_string()).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    with_token(&cloud, TABLES, &subject_token(&answer)).await.expect(200);
}

#[tokio::test]
async fn the_metadata_service_hands_out_keys_of_the_servers_agency() {
    let key = "/openstack/latest/securitykey";
    let session = "/meta-data/latest/api/token";
    let scenario = |metadata: &str| {
        GUIDE.replace(
            r#""metadata": { "agency": "net-agency" }"#,
            &format!(r#""metadata": {metadata}"#),
        )
    };
    async fn fetch(cloud: &Cloud, method: Method, path: &str, header: (&str, &str)) -> Answer {
        let request = cloud.client.request(method, format!("{}{path}", cloud.base));
        let response = request.header(header.0, header.1).send().await.unwrap();
        answer_of(response).await.unwrap()
    }
    let ttl = ("x-metadata-token-ttl-seconds", "21600");

    let plain = Cloud::start(&scenario(r#"{ "agency": "net-agency", "token_mode": "off" }"#)).await;
    let made = fetch(&plain, Method::GET, key, ("accept", "*/*")).await.expect(200);
    assert_eq!(made["credential"]["expires_at"], "2026-01-02T09:04:05.000000Z");
    assert_eq!(fetch(&plain, Method::PUT, session, ttl).await.status, 405);

    let hardened =
        Cloud::start(&scenario(r#"{ "agency": "net-agency", "token_mode": "required" }"#)).await;
    assert_eq!(fetch(&hardened, Method::GET, key, ("accept", "*/*")).await.status, 401);
    assert_eq!(fetch(&hardened, Method::PUT, session, ("accept", "*/*")).await.status, 400);
    let token = fetch(&hardened, Method::PUT, session, ttl).await.expect(200);
    let token = ("x-metadata-token", token.as_str().unwrap());
    fetch(&hardened, Method::GET, key, token).await.expect(200);

    let without_agency = Cloud::start(&scenario("{}")).await;
    let answer = fetch(&without_agency, Method::GET, key, ("accept", "*/*")).await;
    assert_eq!(answer.status, 401);
    assert!(answer.body.as_str().unwrap().contains("agency must be configured"));
}

#[tokio::test]
async fn a_caller_beyond_the_rate_limit_waits_for_the_next_window() {
    let clock = Clock::new();
    let settings = Settings { rate_limit: Some("3/5m".parse().unwrap()), ..clock.settings() };
    let cloud = Cloud::start_with(GUIDE, settings).await;
    for _ in 0..3 {
        cloud.get(TABLES).await.expect(200);
    }
    let refused = cloud.get(TABLES).await;
    refused.expect_refusal(429, "APIGW.0308");
    assert!(refused.message().contains("limit:3,time:5 minute"), "{}", refused.message());
    cloud.get("/_emulator/state").await.expect(200);
    clock.advance(299);
    cloud.get(TABLES).await.expect_refusal(429, "APIGW.0308");
    clock.advance(1);
    cloud.get(TABLES).await.expect(200);
}

#[tokio::test]
async fn what_is_not_published_does_not_exist() {
    let cloud = Cloud::start(GUIDE).await;
    for path in ["/v1/{p}/routes", "/v9/anything", "/", "/v1/{p}/routetables/"] {
        cloud.get(path).await.expect_refusal(404, "APIGW.0101");
    }
    cloud.delete("/v1/{p}/routetables").await.expect_refusal(404, "APIGW.0101");

    let groups = "/v3/{p}/vpc/security-groups";
    let batch = format!("{groups}/{{group:sg-containers}}/security-group-rules/batch-create");
    let create = r#"{ "routetable": { "name": "t", "vpc_id": "{vpc:vpc-containers}" } }"#;
    for (names, answers) in [
        (r#"["vpc.v3"]"#, [404, 404, 404, 200, 400]),
        (r#"["vpc.v3.batch-create"]"#, [200, 404, 200, 200, 400]),
        (r#"["vpc.v3.vpcs", "vpc.v1.routetables.create"]"#, [200, 400, 404, 200, 404]),
    ] {
        let unpublished = format!(
            r#""unpublished": {names}, "quotas": {{ "vpcContainRoutetable": 1 }}, "vpcs":"#
        );
        let cloud = Cloud::start(&GUIDE.replace(r#""vpcs":"#, &unpublished)).await;
        let seen = [
            cloud.get(groups).await,
            cloud.post(&batch, "{}").await,
            cloud.get("/v3/{p}/vpc/vpcs").await,
            cloud.get(TABLES).await,
            cloud.post(TABLES, create).await,
        ];
        assert_eq!(seen.each_ref().map(|answer| answer.status), answers, "{names}");
        for answer in seen.iter().filter(|answer| answer.status == 404) {
            answer.expect_refusal(404, "APIGW.0101");
        }
    }
}
