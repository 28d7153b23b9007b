//! Network namespaces for tests that send packets, by way of `tests/tools/netns.py`. A machine that allows none skips those
//! tests, and says so for each of them: libtest has no word for it.

use std::{fs::OpenOptions, io::Write, path::Path, process::Command, sync::OnceLock};

use serde::Deserialize;

use super::terraform::REPOSITORY;

/// Set where every test has to run, as in `.ci/run`.
const REQUIRED: &str = "PACKET_TESTS";

#[derive(Deserialize)]
struct Namespaces {
    /// Why there can be none.
    why_not: Option<String>,
    /// The command line that ends in the program to run inside.
    enter: Vec<String>,
}

fn namespaces() -> &'static Namespaces {
    static NAMESPACES: OnceLock<Namespaces> = OnceLock::new();
    NAMESPACES.get_or_init(|| {
        let question =
            "import json, netns; print(json.dumps({'why_not': netns.why_not(), 'enter': netns.ENTER}))";
        let answer = Command::new("python3")
            .args(["-c", question])
            .env("PYTHONPATH", Path::new(REPOSITORY).join("tests/tools"))
            .output()
            .expect("python3 is needed to send packets");
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        serde_json::from_slice(&answer.stdout).expect("JSON")
    })
}

/// Whether the test that asks has to be skipped. It then says so on standard error, and in `target/tmp/skipped`, which
/// `make test` counts.
#[expect(clippy::disallowed_methods, reason = "the switch between skipping and failing")]
pub fn are_missing() -> bool {
    let Some(reason) = &namespaces().why_not else { return false };
    let thread = std::thread::current();
    let line = format!("SKIPPED, NO PACKET WAS SENT: {}: {reason}\n", thread.name().unwrap_or("?"));
    assert!(std::env::var_os(REQUIRED).is_none_or(|it| it != "required"), "{line}");
    // Not by `eprint`, which the test runner keeps to itself.
    std::io::stderr().write_all(line.as_bytes()).expect("standard error");
    let skipped = Path::new(env!("CARGO_TARGET_TMPDIR")).join("skipped");
    let mut file = OpenOptions::new().create(true).append(true).open(skipped).expect("a file");
    file.write_all(line.as_bytes()).expect("a line");
    true
}

/// A program to be run inside of new namespaces, which end with it.
pub fn command(program: &str) -> Command {
    let (first, rest) = namespaces().enter.split_first().expect("a program");
    let mut command = Command::new(first);
    command.args(rest).arg(program);
    command
}
