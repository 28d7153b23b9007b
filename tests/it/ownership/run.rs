//! One run of Terraform over many addresses: a process of the provider that plans, and another one that applies.
//!
//! What is asked, in which order and with which private data, and what is recorded when something fails, is as in
//! Terraform: the nodes of a walk are independent of each other, but for the two halves of a replacement.

use std::{collections::BTreeMap, fmt};

use huaweivpc::{cloud::Cloud, framework::Planned};
use serde_json::Value as Json;

use super::wanted::{Address, Choice};
use crate::harness::{
    core::{Core, Failure, Instance},
    grpc::Grpc,
};

mod applying;
mod planning;
mod walk;

pub use self::{applying::apply, planning::plan};

/// What the state holds at an address.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    pub current: Option<Instance>,
    pub deposed: Vec<Instance>,
}

pub type State = BTreeMap<Address, Entry>;

/// What is asked of a run.
#[derive(Debug, Clone)]
pub struct Order {
    pub blocks: BTreeMap<Address, Json>,
    /// `-replace`.
    pub replace: Choice,
    pub create_before_destroy: Choice,
    /// `-parallelism`.
    pub parallelism: usize,
    /// `-refresh`.
    pub refresh: bool,
    /// After so many operations nothing more is begun.
    pub stop_after: Option<usize>,
    pub seed: u64,
}

/// A process of the provider.
pub type Process = Core<Grpc<Cloud>>;

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What the plan was to change.
    pub todo: Vec<String>,
    /// Refusals at plan or at apply.
    pub refusals: Vec<String>,
    pub is_refused_at_plan: bool,
    /// What no provider may do, at whatever time.
    pub broken: Vec<String>,
    pub was_stopped: bool,
}

enum Todo {
    Nothing,
    Apply { prior: Option<Instance>, first: Planned },
    Replace { prior: Instance, private: Vec<u8>, first: Planned },
    Destroy { prior: Instance, private: Vec<u8> },
    DestroyDeposed { index: usize },
}

struct Node {
    address: Address,
    todo: Todo,
}

impl Outcome {
    pub fn is_success(&self) -> bool {
        self.refusals.is_empty() && self.broken.is_empty() && !self.was_stopped
    }

    fn note(&mut self, what: impl fmt::Display, failure: &Failure) {
        let list = match failure {
            Failure::Refused { .. } => &mut self.refusals,
            Failure::Broken(_) => &mut self.broken,
        };
        list.push(format!("{what}: {failure}"));
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "run: {}", self.todo.join(", "))?;
        self.refusals.iter().chain(&self.broken).try_for_each(|words| writeln!(f, "  {words}"))?;
        if self.was_stopped { writeln!(f, "  stopped") } else { Ok(()) }
    }
}

/// A plan, with what a refresh has found. Nothing of it is recorded.
pub struct Plan {
    state: State,
    nodes: Vec<Node>,
    pub outcome: Outcome,
}

impl Todo {
    fn words(&self) -> Option<&'static str> {
        match self {
            Todo::Nothing => None,
            Todo::Apply { prior: None, .. } => Some("create"),
            Todo::Apply { .. } => Some("update"),
            Todo::Replace { .. } => Some("replace"),
            Todo::Destroy { .. } => Some("destroy"),
            Todo::DestroyDeposed { .. } => Some("destroy deposed"),
        }
    }
}
