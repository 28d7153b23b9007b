//! What there is to say about a plan with the cloud in view, before anything is touched.
//!
//! A plan itself stays pure. Beside it a resource may look at the cloud and warn of what would go wrong, or refuse it;
//! it never changes what is planned. What cannot be looked at is said once in a run, and the plan goes on.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::de::DeserializeOwned;

use super::{
    draft::Draft,
    plan::{PlanRequest, Planned},
    problem::{Problem, Problems, Severity},
    value::Value,
};

/// A planned change as a resource examines it. Where there is no object, the draft is empty.
#[derive(Debug, Clone, Copy, Hash)]
pub struct Change<'a> {
    pub kind: ChangeKind,
    pub prior: Draft<'a>,
    /// What the user wrote: tells an attribute that is left open from one that is not known yet.
    pub config: Draft<'a>,
    pub planned: Draft<'a>,
    private: &'a [u8],
}

/// What becomes of an object. Terraform asks twice about one that is replaced: first it goes, then it is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    Create,
    Update,
    /// Nothing changes.
    Keep,
    Delete,
}

impl<'a> Change<'a> {
    pub(super) fn of(request: &'a PlanRequest, planned: &'a Planned) -> Self {
        let kind = if planned.state.is_null() || !planned.replaces.is_empty() {
            ChangeKind::Delete
        } else if request.prior.is_null() {
            ChangeKind::Create
        } else if request.prior == planned.state {
            ChangeKind::Keep
        } else {
            ChangeKind::Update
        };
        let planned = if kind == ChangeKind::Delete { &Value::Null } else { &planned.state };
        Self {
            kind,
            prior: Draft::new(&request.prior),
            config: Draft::new(&request.config),
            planned: Draft::new(planned),
            private: &request.private,
        }
    }

    /// The object before the change with what it remembers, where there is one.
    pub fn before<T: DeserializeOwned>(&self) -> Option<T> {
        self.prior.object(self.private)
    }

    /// Something is made or changed, so there is something to examine.
    pub fn makes_something(&self) -> bool {
        matches!(self.kind, ChangeKind::Create | ChangeKind::Update)
    }

    /// The same for the same change of a resource of this type by the same provider block, in every process of this
    /// program.
    pub(super) fn fingerprint(&self, resource: &str, run: &Run) -> u64 {
        fingerprint((run.block, resource, self))
    }
}

fn fingerprint(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// The changes that other processes have examined for the Terraform that started this one. It plans twice: one process
/// answers what it shows to the user, another one what it is about to apply. What this process has examined itself is not
/// among them: two resources may be planned in the same words.
pub trait Examined: Send + Sync {
    fn knows(&self, fingerprint: u64) -> bool;

    fn add(&self, fingerprint: u64);

    /// Takes back whatever was added for this Terraform.
    fn forget(&self);
}

/// What the plans of one run share.
pub struct Run {
    examined: Arc<dyn Examined>,
    /// A fingerprint of the provider block. Several blocks may lead to several clouds, where the same words mean
    /// something else.
    block: u64,
    in_error: Mutex<bool>,
    writing: AtomicBool,
    /// The examinations that have failed once.
    given_up: Mutex<HashSet<&'static str>>,
    /// The objects of the state that a refresh did not find any more, with their types.
    gone: Mutex<Vec<(&'static str, Value)>>,
}

impl Run {
    /// `block` is what the provider block says, without its secrets: what is written down must not tell of them, and
    /// new ones lead to the same cloud.
    pub fn new(examined: Arc<dyn Examined>, block: impl Hash) -> Self {
        Self {
            examined,
            block: fingerprint(block),
            in_error: Mutex::default(),
            writing: AtomicBool::new(false),
            given_up: Mutex::default(),
            gone: Mutex::default(),
        }
    }

    /// The user was shown this change and what there is to say of it, and has accepted it.
    pub(super) fn is_examined(&self, fingerprint: u64) -> bool {
        self.examined.knows(fingerprint)
    }

    /// With this, the change has been examined. A plan with an error in it is never accepted, so nothing of it counts:
    /// the error may be that two changes do not go together.
    pub(super) fn examined(&self, fingerprint: u64, found: &[Problem]) {
        let mut in_error = self.in_error.lock().unwrap_or_else(PoisonError::into_inner);
        if found.iter().any(|problem| problem.severity == Severity::Error) {
            *in_error = true;
            self.examined.forget();
        } else if !*in_error {
            self.examined.add(fingerprint);
        }
    }

    /// The user has accepted the plan, and objects change now. From here on whoever writes looks for himself; a plan
    /// that saw half of the changes would find fault with what the first one let pass.
    pub fn begin_writing(&self) {
        self.writing.store(true, Ordering::Relaxed);
    }

    pub fn is_writing(&self) -> bool {
        self.writing.load(Ordering::Relaxed)
    }

    /// Takes note of an object that is in the state and not in the cloud.
    pub(super) fn remember_gone(&self, resource: &'static str, state: Value) {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner).push((resource, state));
    }

    /// The configuration is that of an object which a refresh of this run has not found any more.
    fn is_of_what_is_gone(&self, resource: &'static str, config: Draft<'_>) -> bool {
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        gone.iter().any(|(name, state)| *name == resource && config.may_describe(state))
    }

    /// What to say of a plan where there is no cloud to look at, and why.
    pub fn blind(
        &self,
        request: &PlanRequest,
        planned: &Planned,
        why: &Problem,
    ) -> Option<Problem> {
        let change = Change::of(request, planned);
        let what = change.makes_something().then_some("The plan")?;
        self.give_up(what, std::slice::from_ref(why))
    }

    /// What to say of an examination that failed; nothing where that was said before.
    fn give_up(&self, what: &'static str, why: &[Problem]) -> Option<Problem> {
        if !self.given_up().insert(what) {
            return None;
        }
        let reasons: Vec<&str> = why.iter().map(|problem| problem.detail.as_str()).collect();
        let detail = format!(
            "{what} could not be checked against the cloud. {}\n\nThe plan stands. A conflict would show when it is \
             applied. This is said once, and not tried again in this run.",
            reasons.join("\n")
        );
        Some(Problem::warning("Not checked against the cloud", detail))
    }

    fn has_given_up(&self, what: &'static str) -> bool {
        self.given_up().contains(what)
    }

    fn given_up(&self) -> std::sync::MutexGuard<'_, HashSet<&'static str>> {
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Collects what the examinations of one change have found.
pub struct Foresight<'r> {
    run: &'r Run,
    found: Vec<Problem>,
}

impl<'r> Foresight<'r> {
    pub(super) fn new(run: &'r Run) -> Self {
        Self { run, found: Vec::new() }
    }

    pub fn find(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.found.extend(problems);
    }

    /// Something is known to be wrong already, so there is no use in looking further.
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// What `look` has seen; `None` where it failed, which becomes a warning that `what` was not checked. `what` begins
    /// a sentence; once it has failed it is not tried again in this run.
    pub async fn see<T, E: Into<Problems>>(
        &mut self,
        what: &'static str,
        look: impl Future<Output = std::result::Result<T, E>>,
    ) -> Option<T> {
        if self.run.has_given_up(what) {
            return None;
        }
        match look.await {
            Ok(seen) => Some(seen),
            Err(why) => {
                self.found.extend(self.run.give_up(what, why.into().list()));
                None
            }
        }
    }

    /// What was found. Nothing may stand in the way of a destruction, nor of what stays as it is. Before it destroys
    /// anything, Terraform plans the configuration as if it were to be applied, and nothing tells this plan from any
    /// other. So what is to be made only because it is gone is warned of.
    pub(super) fn about(self, change: Change<'_>, resource: &'static str) -> Vec<Problem> {
        match change.kind {
            ChangeKind::Create if self.has_errors() => {
                if self.run.is_of_what_is_gone(resource, change.config) {
                    self.found.into_iter().map(warned).collect()
                } else {
                    self.found
                }
            }
            ChangeKind::Create | ChangeKind::Update => self.found,
            ChangeKind::Keep | ChangeKind::Delete => Vec::new(),
        }
    }
}

/// An error that stops the apply, not the plan.
fn warned(problem: Problem) -> Problem {
    if problem.severity == Severity::Warning {
        return problem;
    }
    let detail = format!(
        "{}\n\nThe object was there and is gone. A destroy goes on; an apply would fail here.",
        problem.detail
    );
    Problem { severity: Severity::Warning, detail, ..problem }
}
