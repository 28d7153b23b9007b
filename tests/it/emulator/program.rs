//! The emulator as a program.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

use super::harness::{Cloud, GUIDE};

const PROGRAM: &str = env!("CARGO_BIN_EXE_huaweivpc-emulator");

struct Running {
    child: Child,
    address: String,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(scenario: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .arg("--scenario")
            .arg(scenario)
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let address = said["listening"].as_str().unwrap().strip_prefix("http://").unwrap();
        Self { address: address.to_owned(), child, stdout }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Ends it as a service manager would. Returns whether it ended well and what else it printed.
    fn terminate(mut self) -> (bool, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (status.success(), rest)
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

fn guide(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let path = folder.path().join("guide.json");
    std::fs::write(&path, GUIDE).unwrap();
    path
}

#[test]
fn it_says_where_it_listens_and_ends_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&guide(&folder), &[]);
    assert!(running.address.starts_with("127.0.0.1:"), "{}", running.address);
    let answer = running.get("/_emulator/state");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(running.terminate(), (true, String::new()), "one line on stdout and no more");
}

#[test]
fn it_does_not_listen_to_the_world_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = guide(&folder);
    let scenario = scenario.to_str().unwrap();
    for address in ["0.0.0.0:0", "[::]:0"] {
        let output = run(&["--scenario", scenario, "--listen", address]);
        assert!(!output.status.success());
        assert!(output.stdout.is_empty());
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("--allow-remote"), "{text}");
    }
    let running = Running::start(Path::new(scenario), &["--listen", "0.0.0.0:0", "--allow-remote"]);
    assert!(running.terminate().0);
}

#[test]
fn mistakes_on_the_command_line_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = guide(&folder);
    let scenario = scenario.to_str().unwrap();
    let broken = folder.path().join("broken.json");
    std::fs::write(&broken, r#"{ "region": 1, "colour": "red" }"#).unwrap();
    let broken = broken.to_str().unwrap();
    for (arguments, expected) in [
        (vec!["--scenario", "nowhere.json"], vec!["cannot read the scenario nowhere.json"]),
        (
            vec!["--scenario", broken],
            vec!["region: expected a text", "colour: is not a field", "domain: is missing"],
        ),
        (vec!["--scenario", scenario, "--latency", "soon"], vec!["`soon` is no time"]),
        (vec!["--scenario", scenario, "--rate-limit", "many"], vec!["such as `200/5m`"]),
        (vec!["--scenario", scenario, "--state", "/nowhere/x"], vec!["cannot be written"]),
        (vec![], vec!["--scenario"]),
    ] {
        let output = run(&arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        for part in expected {
            assert!(text.contains(part), "{arguments:?} should say {part}: {text}");
        }
    }
}

#[tokio::test]
async fn the_library_and_the_program_hold_the_same_world() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&guide(&folder), &["--latency", "1ms", "--rate-limit", "9/1s"]);
    let answer = running.get("/_emulator/state");
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    let state: Value = serde_json::from_str(body).unwrap();
    assert_eq!(state, Cloud::start(GUIDE).await.state().await);
    running.terminate();
}
