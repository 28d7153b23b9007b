//! What there is to say about a plan with the cloud in view, before anything is touched.
//!
//! A plan itself stays pure. Beside it a resource may look at the cloud and warn of what would go wrong, or refuse it;
//! it never changes what is planned. What cannot be looked at is said once in a run, and the plan goes on.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    mem,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::de::DeserializeOwned;

use super::{
    alike,
    draft::Draft,
    drift::{self, Drifted},
    plan::{PlanRequest, Planned},
    private::{self, InstanceId},
    problem::{Problem, Problems, Result, Severity},
    request::Stored,
    schema::Schema,
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

    /// The instance that is changed. One that is replaced is planned as it is, and then as new under the same name.
    pub fn instance(&self) -> Option<InstanceId> {
        private::instance(self.private)
    }

    /// Something is made or changed, so there is something to examine.
    pub fn makes_something(&self) -> bool {
        matches!(self.kind, ChangeKind::Create | ChangeKind::Update)
    }
}

/// What the plans of one run share.
#[derive(Default)]
pub struct Run {
    planned: AtomicBool,
    writing: AtomicBool,
    /// Hashes of the objects as this process has refreshed them.
    refreshed: Mutex<HashSet<u64>>,
    drifted: Drifted,
    /// The examinations that have failed once.
    given_up: Mutex<HashSet<&'static str>>,
}

impl Run {
    /// Something is planned.
    pub fn begin_planning(&self) {
        self.planned.store(true, Ordering::Relaxed);
    }

    pub fn has_planned(&self) -> bool {
        self.planned.load(Ordering::Relaxed)
    }

    /// The user has accepted the plan, and objects change now. From here on whoever writes looks for himself; a plan
    /// that saw half of the changes would find fault with what the first one let pass.
    pub fn begin_writing(&self) {
        self.writing.store(true, Ordering::Relaxed);
    }

    pub fn is_writing(&self) -> bool {
        self.writing.load(Ordering::Relaxed)
    }

    /// This process has read the object of this type, and found this.
    pub fn have_refreshed(&self, resource: &str, state: &Value) {
        self.refreshed().insert(hash_of((resource, Draft::new(state))));
    }

    pub fn is_refreshed(&self, resource: &str, state: &Value) -> bool {
        self.refreshed().contains(&hash_of((resource, Draft::new(state))))
    }

    /// This process has read the object that was stored like this, and found something else.
    pub fn have_found_changed(&self, stored: Stored) {
        self.drifted.add_changed(stored);
    }

    /// This process has not found the object that was stored like this. Returns the private data to answer with.
    pub fn have_found_gone(&self, stored: Stored) -> Result<Vec<u8>> {
        self.drifted.add_gone(stored)
    }

    /// How the object of a plan was stored, where a refresh has found something else, or nothing. Without a refresh, the
    /// private data of an object that is gone would not be in the request, so it is taken out.
    pub fn stored_before(&self, request: &mut PlanRequest) -> Option<Value> {
        if !request.prior.is_null() {
            return self.drifted.stored(&request.private);
        }
        // Else it is the second plan of a replacement.
        let is_gone = self.drifted.is_gone(&request.private);
        is_gone.then(|| self.drifted.stored(&mem::take(&mut request.private))).flatten()
    }

    fn refreshed(&self) -> std::sync::MutexGuard<'_, HashSet<u64>> {
        self.refreshed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to say of an object that is not refreshed because there is no cloud to look at, and why; nothing where that
    /// was said before.
    pub fn unread(&self, why: &Problem) -> Option<Problem> {
        self.given_up().insert("A refresh").then(|| {
            let detail = format!(
                "{}\n\nThe objects of this provider are planned as they stand in the state. What has changed outside of \
                 Terraform shows in the next plan. This is said once.",
                why.detail
            );
            Problem::warning("Not refreshed", detail)
        })
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

    /// What to say of an examination that failed: a warning, or the error that no apply could succeed with. Nothing where
    /// that was said before.
    fn give_up(&self, what: &'static str, why: &[Problem]) -> Option<Problem> {
        if let Some(stop) = why.iter().find(|problem| problem.stops_plans) {
            return self.given_up().insert(NOTHING).then(|| stop.clone());
        }
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
        let given_up = self.given_up();
        given_up.contains(what) || given_up.contains(NOTHING)
    }

    fn given_up(&self) -> std::sync::MutexGuard<'_, HashSet<&'static str>> {
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash_of(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Stands for all examinations, where none can succeed.
const NOTHING: &str = "Nothing";

/// Collects what the examinations of one change have found.
pub struct Foresight<'r> {
    run: &'r Run,
    found: Vec<Problem>,
    /// What is to be told of an object that stays as it is, too.
    of_objects_that_stay: Vec<Problem>,
}

impl<'r> Foresight<'r> {
    pub(super) fn new(run: &'r Run) -> Self {
        Self { run, found: Vec::new(), of_objects_that_stay: Vec::new() }
    }

    pub fn find(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.found.extend(problems);
    }

    /// What two resources of the configuration do to each other, of which either may stay as it is.
    pub fn find_between(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.of_objects_that_stay.extend(problems);
    }

    /// Something is known to be wrong already, so there is no use in looking further.
    pub fn has_errors(&self) -> bool {
        let mut found = self.found.iter().chain(&self.of_objects_that_stay);
        found.any(|problem| problem.severity == Severity::Error)
    }

    /// What `look` has seen; `None` where it failed, which as a rule becomes a warning that `what` was not checked. `what` begins
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

    /// What was found. Nothing may stand in the way of a destruction, nor the cloud in that of what stays as it is, or of
    /// what only goes on from how it is `stored`.
    pub(super) fn about(
        self,
        kind: ChangeKind,
        schema: &Schema,
        planned: &Value,
        stored: Option<&Value>,
    ) -> Vec<Problem> {
        let told = |problem| match stored {
            Some(stored) => drift::told(problem, schema, planned, stored),
            None => problem,
        };
        let mut found = match kind {
            ChangeKind::Create | ChangeKind::Update => self.found.into_iter().map(told).collect(),
            ChangeKind::Keep => Vec::new(),
            ChangeKind::Delete => return Vec::new(),
        };
        found.extend(self.of_objects_that_stay);
        alike::together(found)
    }
}
