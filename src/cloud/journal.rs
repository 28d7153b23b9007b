//! Notes of intent: what we are about to make is noted before the cloud is asked for it, and settled once Terraform is
//! seen to have recorded it. So what a killed run has made, and nobody has recorded, is told apart from what strangers
//! made. Why so is in `docs/decisions/0010-notes-of-intent.md`.
//!
//! Here is what is noted. Where notes lie, and for how long they count, is up to whoever hands in the [`Notes`].

use std::{fmt, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    cloud::api::{
        ids::{PortId, RouteTableId, SecurityGroupId},
        security_group_rule::NewRule,
    },
    network::{Cidr, Route},
};

/// Where notes are kept. Nothing fails for want of a note: what cannot be kept is not there to be found.
pub trait Notes: fmt::Debug + Send + Sync {
    /// Keeps what is intended, in place of what was noted about the same before.
    fn leave(&self, about: &Value, intent: &Value);

    /// What this run or an earlier one intended, if that is not too long ago.
    fn find(&self, about: &Value) -> Option<Value>;

    fn settle(&self, about: &Value);

    /// Keeps what a process that plans has seen of Terraform's state, in place of what an earlier one has left.
    fn leave_snapshot(&self, snapshot: &Value);

    /// What the last process that planned has left.
    fn find_snapshot(&self) -> Option<Value>;

    /// The note was left so short a time ago that the cloud may not show the object everywhere yet.
    fn is_fresh(&self, about: &Value) -> bool;
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoNotes;

impl Notes for NoNotes {
    fn leave(&self, _: &Value, _: &Value) {}

    fn find(&self, _: &Value) -> Option<Value> {
        None
    }

    fn settle(&self, _: &Value) {}

    fn leave_snapshot(&self, _: &Value) {}

    fn find_snapshot(&self) -> Option<Value> {
        None
    }

    fn is_fresh(&self, _: &Value) -> bool {
        false
    }
}

/// What a note is about. There is one note about a thing at most.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum About<'a> {
    Route {
        route_table_id: &'a RouteTableId,
        destination: Cidr,
    },
    SecurityGroupRule {
        security_group_id: &'a SecurityGroupId,
        rule: &'a NewRule,
    },
    /// The source check of a port.
    SourceCheck {
        port_id: &'a PortId,
    },
}

/// The notes of a session.
#[derive(Debug, Clone)]
pub struct Journal(Arc<dyn Notes>);

impl Journal {
    pub(crate) fn new(notes: Arc<dyn Notes>) -> Self {
        Self(notes)
    }

    /// Notes down what is about to be asked of the cloud.
    pub fn leave(&self, about: About<'_>, intent: &impl Serialize) {
        if let (Some(about), Ok(intent)) = (about.to_json(), serde_json::to_value(intent)) {
            self.0.leave(&about, &intent);
        }
    }

    /// What was intended and is not known to have been recorded.
    pub fn find<T: DeserializeOwned>(&self, about: About<'_>) -> Option<T> {
        let intent = self.0.find(&about.to_json()?)?;
        serde_json::from_value(intent).ok()
    }

    /// The route that stands in the table is the very one that an earlier run was about to make.
    pub fn holds(&self, table: &RouteTableId, standing: &Route) -> bool {
        let destination = standing.destination;
        let noted = self.find::<Route>(About::Route { route_table_id: table, destination });
        noted.is_some_and(|noted| noted.is_like(standing))
    }

    /// The object was asked for only just now, and nobody has seen it since.
    pub(crate) fn is_fresh(&self, about: About<'_>) -> bool {
        about.to_json().is_some_and(|about| self.0.is_fresh(&about))
    }

    /// Drops the note: Terraform has recorded the object, or there is none.
    pub fn settle(&self, about: About<'_>) {
        if let Some(about) = about.to_json() {
            self.0.settle(&about);
        }
    }

    pub(crate) fn leave_snapshot(&self, snapshot: &Value) {
        self.0.leave_snapshot(snapshot);
    }

    pub(crate) fn find_snapshot(&self) -> Option<Value> {
        self.0.find_snapshot()
    }
}

impl About<'_> {
    fn to_json(self) -> Option<Value> {
        serde_json::to_value(self).ok()
    }
}
