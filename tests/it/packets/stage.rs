//! Servers, containers and a VPC in namespaces: `tests/tools/stage.py`, which is asked line by line.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use serde_json::{Value as Json, json};

use crate::{
    container_host_setup::stage::Rules,
    harness::{namespaces, terraform::REPOSITORY},
};

pub const SERVERS: [&str; 2] = ["192.168.0.2", "192.168.0.3"];
pub const RANGES: [&str; 2] = ["10.0.2.0/24", "10.0.3.0/24"];
pub const CONTAINERS: [&str; 2] = ["10.0.2.2", "10.0.3.2"];

/// A server with the rules of an engine, before anything else is done to it.
pub fn server(range: &str, rules: Rules) -> Json {
    json!({
        "range": range,
        "rules": rules.text,
        "restore": rules.program,
        "engine": rules.engine,
        "version": rules.version,
    })
}

pub struct Stage {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Stage {
    /// With a VPC that holds what `state` lists, and these two servers.
    pub fn new(state: &Json, servers: [Json; 2]) -> Self {
        let mut process = namespaces::command("python3")
            .arg(Path::new(REPOSITORY).join("tests/tools/stage.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("namespaces were tried before");
        let orders = process.stdin.take().expect("a pipe");
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut stage = Self { process, orders, answers };
        let [first, second] = servers;
        stage.ask(&json!({
            "state": state,
            "servers": { SERVERS[0]: first, SERVERS[1]: second },
        }));
        stage
    }

    pub fn ask(&mut self, order: &Json) -> Json {
        writeln!(self.orders, "{order}").expect("it still listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("a text");
        assert!(!answer.is_empty(), "the stage has ended; its complaint stands above");
        serde_json::from_str(&answer).expect("JSON")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // With the first process of the namespaces all others end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
