//! An emulator in this process, and the few words the tests use to speak with it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use huaweivpc::emulator::{Emulator, Scenario, Settings};
use reqwest::{Client, Method, header::HeaderMap};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

pub const GUIDE: &str = include_str!("../../../examples/scenarios/guide.json");
pub const TWO_TABLES: &str = include_str!("../../../examples/scenarios/two-tables.json");

/// When the tests take place: 2026-01-02T03:04:05Z, the moment of the published signatures.
const NOW: u64 = 1_767_323_045;

const LOGIN: &str = r#"{ "auth": {
    "identity": { "methods": ["password"], "password": { "user": {
        "name": "netops", "password": "emulator-password", "domain": { "name": "container-lab" } } } },
    "scope": { "project": { "name": "cn-north-4" } } } }"#;

/// A clock that stands still unless it is moved.
#[derive(Clone)]
pub struct Clock(Arc<AtomicU64>);

pub struct Cloud {
    pub base: String,
    pub client: Client,
    pub token: String,
    /// Where `{kind:name}` in paths and bodies leads.
    ids: BTreeMap<String, String>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Clock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(NOW)))
    }

    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn settings(&self) -> Settings {
        let now = self.0.clone();
        Settings::with_clock(move || {
            SystemTime::UNIX_EPOCH + Duration::from_secs(now.load(Ordering::SeqCst))
        })
    }
}

impl Cloud {
    /// The emulator with this scenario, and a token for its project.
    pub async fn start(scenario: &str) -> Self {
        Self::start_with(scenario, Clock::new().settings()).await
    }

    pub async fn start_with(scenario: &str, settings: Settings) -> Self {
        let scenario = Scenario::parse(scenario).unwrap();
        let emulator = Emulator::new(scenario, settings).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { emulator.serve(listener).await.unwrap() });
        let client = Client::builder().no_proxy().build().unwrap();
        let mut cloud = Self { base, client, token: String::new(), ids: BTreeMap::new(), server };
        let login = cloud.post("/v3/auth/tokens", LOGIN).await;
        if let Some(token) = login.headers.get("x-subject-token") {
            cloud.token = token.to_str().unwrap().to_owned();
        }
        let state = cloud.get("/_emulator/state").await.body;
        cloud.ids = ids(&state);
        cloud
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await
    }

    pub async fn put(&self, path: &str, body: &str) -> Answer {
        self.send(Method::PUT, path, body).await
    }

    pub async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(Method::POST, path, body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, "").await
    }

    pub async fn send(&self, method: Method, path: &str, body: &str) -> Answer {
        self.try_send(method, path, body).await.unwrap()
    }

    /// Fails if the connection is closed without an answer.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: &str,
    ) -> reqwest::Result<Answer> {
        let request = self
            .client
            .request(method, format!("{}{}", self.base, self.fill(path)))
            .header("content-type", "application/json")
            .header("x-auth-token", &self.token)
            .body(self.fill(body));
        answer_of(request.send().await?).await
    }

    /// Replaces `{p}` by the project and `{kind:name}` by the id of what the scenario calls so.
    pub fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, id) in &self.ids {
            text = text.replace(&format!("{{{name}}}"), id);
        }
        text
    }

    pub async fn state(&self) -> Value {
        self.get("/_emulator/state").await.body
    }

    pub async fn requests(&self) -> Vec<Value> {
        let log = self.get("/_emulator/requests").await.body;
        log["requests"].as_array().unwrap().clone()
    }

    pub async fn stop(self) {
        self.server.abort();
        let _ = self.server.await;
    }
}

impl Answer {
    /// The code of an error body, whichever shape it has.
    pub fn code(&self) -> &str {
        let body = &self.body;
        let places = [&body["code"], &body["error_code"], &body["error"]["code"]];
        places.iter().find_map(|place| place.as_str()).unwrap_or_default()
    }

    pub fn message(&self) -> &str {
        let body = &self.body;
        let places = [&body["message"], &body["error_msg"], &body["error"]["message"]];
        places.iter().find_map(|place| place.as_str()).unwrap_or_default()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    #[track_caller]
    pub fn expect_refusal(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
        assert!(!self.message().is_empty(), "a refusal says why: {}", self.body);
        assert!(self.headers.contains_key("x-request-id"), "every answer has a request id");
    }
}

pub async fn answer_of(response: reqwest::Response) -> reqwest::Result<Answer> {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let text = response.text().await?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Answer { status, headers, body })
}

/// The values of one field of all entries of a list.
pub fn column(list: &Value, field: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    list.as_array().unwrap().iter().map(|entry| text(&entry[field])).collect()
}

fn ids(state: &Value) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    let mut note = |kind: &str, name: &Value, id: &Value| {
        let (name, id) = (name.as_str().unwrap(), id.as_str().unwrap());
        ids.insert(format!("{kind}:{name}"), id.to_owned());
    };
    let kinds = [
        ("vpc", "vpcs"),
        ("subnet", "subnets"),
        ("gateway", "gateways"),
        ("table", "route_tables"),
        ("group", "security_groups"),
        ("server", "servers"),
    ];
    for (kind, list) in kinds {
        for entry in state[list].as_array().unwrap() {
            note(kind, &entry["name"], &entry["id"]);
        }
    }
    for port in state["ports"].as_array().unwrap() {
        note("port", &port["ip_address"], &port["id"]);
    }
    for subnet in state["subnets"].as_array().unwrap() {
        note("neutron", &subnet["name"], &subnet["neutron_subnet_id"]);
    }
    ids.insert("p".into(), state["project_id"].as_str().unwrap().to_owned());
    ids
}
