//! What the writer of a route table knows of it, and for how long that is good enough to send something.
//!
//! The cloud judges what is sent: a second route to a destination is refused. But if the answer is lost, or others
//! travelled in the refused call, only what stood there before tells our route from one that somebody else has made in
//! the same words. So no creation is sent on an old look.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    bounds::now,
    route_job::Job,
    route_table::{RouteChanges, RouteTable},
    route_wish::Wish,
};

/// For how long a look counts: a resource looks up its next hop after it, and writes of a run follow on each other in
/// less. What others make in between passes for ours only if it is the very same, and our answer is lost or our call, with
/// others in it, is refused.
const LOOK_COUNTS_FOR: Duration = Duration::from_secs(10);

/// A table as it was read.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) table: Arc<RouteTable>,
    /// When the request began. It shows what was done before.
    pub(super) began: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Knowledge {
    /// The last look, with what was written since. `None` when the table is not certain any more.
    look: Option<Look>,
    /// How many entries a call may carry, as far as a refusal has told.
    pub(super) most_entries: Option<usize>,
}

impl Knowledge {
    pub(super) fn of(look: Option<Look>) -> Self {
        Self { look, most_entries: None }
    }

    /// The table, unless it is not certain, or was looked at too long ago for a creation among `jobs`.
    pub(super) fn table(&self, jobs: &[Job]) -> Option<&Arc<RouteTable>> {
        let look = self.look.as_ref()?;
        let is_creation = |job: &Job| matches!(job.wish, Wish::Create { .. });
        let counts = now() - look.began < LOOK_COUNTS_FOR || !jobs.iter().any(is_creation);
        counts.then_some(&look.table)
    }

    pub(super) fn learn(&mut self, look: Look) {
        self.look = Some(look);
    }

    pub(super) fn doubt(&mut self) {
        self.look = None;
    }

    /// The cloud took these changes, and answered with this table. It may be an older one, or none; one that shows what
    /// was added is a look like any other.
    pub(super) fn wrote(&mut self, changes: &RouteChanges, shown: &Look) {
        let mut made = changes.add.iter().chain(&changes.modify).peekable();
        if made.peek().is_some() && made.all(|route| shown.table.holds(route)) {
            self.look = Some(shown.clone());
        } else if let Some(look) = &mut self.look {
            look.table = Arc::new(look.table.after(changes));
        }
    }
}
