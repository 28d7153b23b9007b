//! The emulator as a user starts it: a process of its own on loopback, for tests in which the provider is one too.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use super::terraform::REPOSITORY;

/// A running emulator. It ends with the value.
pub struct EmulatorProcess {
    child: Child,
    address: String,
}

impl EmulatorProcess {
    /// Starts it with a scenario of the repository, `examples/scenarios/guide.json` for one.
    pub fn start(scenario: &str) -> Self {
        Self::start_with(scenario, &[])
    }

    /// With further arguments, such as `--state FILE`.
    pub fn start_with(scenario: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_huaweivpc-emulator"))
            .arg("--scenario")
            .arg(Path::new(REPOSITORY).join(scenario))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the emulator starts");
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        stdout.read_line(&mut line).expect("a line from the emulator");
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| {
            panic!("the emulator says where it listens ({error}): {line:?}")
        });
        let url = ready["listening"].as_str().expect("an address");
        let address = url.strip_prefix("http://").expect("plain http on loopback").to_owned();
        Self { child, address }
    }

    /// What to give the provider as endpoint of every service.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All the cloud holds.
    pub fn state(&self) -> Value {
        self.get("/_emulator/state")
    }

    /// The requests it has answered, oldest first.
    pub fn requests(&self) -> Vec<Value> {
        let answer = self.get("/_emulator/requests");
        answer["requests"].as_array().expect("a list of requests").clone()
    }

    /// Makes the list of requests begin anew.
    pub fn forget_requests(&self) {
        self.call("DELETE", "/_emulator/requests", &Value::Null);
    }

    pub fn get(&self, path: &str) -> Value {
        self.call("GET", path, &Value::Null)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        self.exchange(method, path, "", body).1
    }

    /// What somebody else does to the cloud, as a user of the account and through the public API. `{p}` in the path is
    /// the project.
    pub fn operate(&self, method: &str, path: &str, body: &Value) -> Value {
        let login = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": "netops", "password": "emulator-password", "domain": {"name": "container-lab"}}}},
            "scope": {"project": {"name": "cn-north-4"}}}});
        let (head, token) = self.exchange("POST", "/v3/auth/tokens", "", &login);
        let subject = head.lines().find_map(|line| line.strip_prefix("x-subject-token: "));
        let header = format!("X-Auth-Token: {}\r\n", subject.expect("a token"));
        let project = token.pointer("/token/project/id").and_then(Value::as_str);
        let path = path.replace("{p}", project.expect("a project"));
        self.exchange(method, &path, &header, body).1
    }

    /// One exchange in HTTP/1.0: the answer ends where the connection does. `Null` is sent as no body, and stands for
    /// an empty answer. Returns the head and the body.
    fn exchange(&self, method: &str, path: &str, headers: &str, body: &Value) -> (String, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let length = body.len();
        let mut stream = TcpStream::connect(&self.address).expect("a connection to the emulator");
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}",
            self.address
        )
        .expect("the request goes out");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).unwrap_or_default();
        assert!(status.starts_with('2'), "{method} {path} was answered with {head}\n\n{body}");
        let json = || serde_json::from_str(body).expect("JSON");
        (head.to_owned(), if body.is_empty() { Value::Null } else { json() })
    }
}

impl Drop for EmulatorProcess {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
