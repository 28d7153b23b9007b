//! What a command of Terraform or OpenTofu has answered: exit code, JSON events, diagnostics with their place.

use std::{collections::BTreeMap, fmt, process::Output};

use serde_json::Value;

use super::terraform::Cli;

/// What a plan came to.
#[derive(Debug)]
pub enum Plan {
    Empty(Run),
    Changes(Run),
    Error(Run),
}

impl Plan {
    #[track_caller]
    pub fn expect_empty(self) -> Run {
        match self {
            Plan::Empty(run) => run,
            Plan::Changes(run) | Plan::Error(run) => panic!("the plan should be empty:\n{run}"),
        }
    }

    #[track_caller]
    pub fn expect_changes(self) -> Run {
        match self {
            Plan::Changes(run) => run,
            Plan::Empty(run) | Plan::Error(run) => panic!("the plan should hold changes:\n{run}"),
        }
    }

    #[track_caller]
    pub fn expect_error(self) -> Run {
        match self {
            Plan::Error(run) => run,
            Plan::Empty(run) | Plan::Changes(run) => panic!("the plan should fail:\n{run}"),
        }
    }
}

/// A command that has come to its end.
#[derive(Debug)]
pub struct Run {
    what: String,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// For processes started with [`Workspace::command`].
    pub fn new(cli: &Cli, arguments: &[&str], output: Output) -> Self {
        Self {
            what: format!("{cli}: {}", arguments.join(" ")),
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert!(self.code == Some(0), "it should succeed:\n{self}");
        self
    }

    #[track_caller]
    pub fn failed(self) -> Self {
        assert!(self.code.is_some_and(|code| code != 0), "it should fail:\n{self}");
        self
    }

    /// All the words of both streams, without the line breaks in them.
    pub fn text(&self) -> String {
        words(&format!("{}\n{}", self.stdout, self.stderr))
    }

    /// stdout as one JSON document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout should be JSON ({error}):\n{self}"))
    }

    /// The lines of a command that was asked for `-json`.
    pub fn events(&self) -> Vec<Value> {
        self.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The planned (or, in drift, noticed) change of each address: `create`, `update`, `delete`, `replace`, `move`.
    /// `kind` is `planned_change` or `resource_drift`.
    pub fn changes(&self, kind: &str) -> BTreeMap<String, String> {
        let is_change = |event: &&Value| event["type"] == kind;
        let address_and_action = |event: &Value| {
            let text =
                |path| event.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
            (text("/change/resource/addr"), text("/change/action"))
        };
        self.events().iter().filter(is_change).map(address_and_action).collect()
    }

    /// The problems that a command with `-json` has named, in their order.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let of_validate = serde_json::from_str(&self.stdout)
            .ok()
            .and_then(|report: Value| report["diagnostics"].as_array().cloned())
            .unwrap_or_default();
        let of_others = self
            .events()
            .into_iter()
            .filter(|event| event["type"] == "diagnostic")
            .map(|mut event| event["diagnostic"].take());
        of_validate.iter().cloned().chain(of_others).map(|raw| Diagnostic::new(&raw)).collect()
    }

    pub fn errors(&self) -> Vec<Diagnostic> {
        self.diagnostics().into_iter().filter(|diagnostic| diagnostic.severity == "error").collect()
    }

    pub fn warnings(&self) -> Vec<Diagnostic> {
        self.diagnostics()
            .into_iter()
            .filter(|diagnostic| diagnostic.severity == "warning")
            .collect()
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Run { what, code, stdout, stderr } = self;
        write!(f, "{what}\nexit code {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// One problem as Terraform shows it.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// `error` or `warning`.
    pub severity: String,
    pub summary: String,
    pub detail: String,
    /// Of the resource, where it concerns one; else empty.
    pub address: String,
    /// The block the problem is in: `resource "huaweivpc_container_route" "a"`.
    pub context: String,
    /// The piece of configuration it points at: `destination`'s line for a problem at that attribute, the first line
    /// of the block for a problem at none.
    pub code: String,
}

impl Diagnostic {
    fn new(raw: &Value) -> Self {
        let text = |path| raw.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            severity: text("/severity"),
            summary: text("/summary"),
            detail: text("/detail"),
            address: text("/address"),
            context: text("/snippet/context"),
            code: text("/snippet/code"),
        }
    }

    /// Everything one could look for, as one line of words.
    pub fn text(&self) -> String {
        words(&format!("{}: {} {} {}", self.severity, self.summary, self.detail, self.code))
    }
}

/// The words of a text with one space between each: clients break long lines wherever they like.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
