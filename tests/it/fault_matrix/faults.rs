//! What goes wrong in the matrix, and by which words a diagnostic has to name it.

use serde_json::{Value as Json, json};

/// What a resource does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Create,
    Read,
    Update,
    Delete,
    Import,
}

pub const VERBS: [Verb; 5] = [Verb::Create, Verb::Read, Verb::Update, Verb::Delete, Verb::Import];

impl Verb {
    pub fn writes(self) -> bool {
        matches!(self, Verb::Create | Verb::Update | Verb::Delete)
    }
}

/// One way to go wrong.
pub struct Fault {
    pub name: &'static str,
    /// In the words of `/_emulator/faults`, without method and path.
    pub how: Json,
    /// One of these is in the diagnostic, if there is one.
    pub causes: &'static [&'static str],
}

/// Those that can hit any call.
pub fn of_any_call() -> Vec<Fault> {
    let answer = |status: u16, body: Json| json!({ "answer": { "status": status, "body": body } });
    let v1 = |code: &str| json!({ "code": code, "message": "ordered by the matrix" });
    let throttled = json!({ "error_code": "APIGW.0308", "error_msg": "throttled" });
    let page = json!("<html>a page of some proxy</html>");
    let come_back = json!({ "answer": { "status": 503, "headers": { "Retry-After": "0" } } });
    vec![
        fault("500", answer(500, v1("VPC.9999")), &["500"]),
        fault("502 and a page", answer(502, page.clone()), &["502"]),
        fault("503 with Retry-After", come_back, &["503"]),
        fault("409", answer(409, v1("VPC.9998")), &["409"]),
        fault("429", answer(429, throttled), &["429"]),
        fault("403", answer(403, v1("VPC.0011")), &["403"]),
        fault("404 and a page", answer(404, page.clone()), &["404"]),
        fault("200 and nothing", answer(200, Json::Null), &["answer"]),
        fault("200 and a page", answer(200, page), &["answer"]),
        fault("200 and an empty object", answer(200, json!({})), &["answer"]),
        fault("delay", json!({ "delay": "1ms" }), &[]),
        fault("cut before", json!({ "cut": "before" }), &["connection"]),
        fault("cut after", json!({ "cut": "after" }), &["connection"]),
        fault("truncated", json!({ "spoil": "truncate" }), &["answer"]),
        fault("garbage", json!({ "spoil": "garbage" }), &["answer"]),
        fault("expired", json!({ "expire": true }), &["401"]),
    ]
}

/// Those that follow a write.
pub fn of_late_reads() -> Vec<Fault> {
    vec![
        fault("stale for 1 read", json!({ "stale": { "reads": 1 } }), &["does not show"]),
        fault("stale for 3 reads", json!({ "stale": { "reads": 3 } }), &["does not show"]),
    ]
}

/// Those that only writes of many can meet.
pub fn of_writes() -> Vec<Fault> {
    let mut faults = of_late_reads();
    faults.extend([
        fault("at most 1 entry", json!({ "most_entries": 1 }), &["more than 1"]),
        fault("at most 7 entries", json!({ "most_entries": 7 }), &["more than 7"]),
        simultaneous(409),
        simultaneous(500),
    ]);
    faults
}

fn simultaneous(status: u16) -> Fault {
    let body = json!({ "code": "VPC.9997", "message": "another one is under way" });
    let name = if status == 409 { "simultaneous: 409" } else { "simultaneous: 500" };
    fault(name, json!({ "refuse_simultaneous": { "status": status, "body": body } }), &["VPC.9997"])
}

fn fault(name: &'static str, how: Json, causes: &'static [&'static str]) -> Fault {
    Fault { name, how, causes }
}
