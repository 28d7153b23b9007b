//! What the writer of a route table knows of it, and for how long that is good enough to send something.
//!
//! The cloud judges what is sent: a second route to a destination is refused. But if the answer is lost, or others
//! travelled in the refused call, only what stood there before tells our route from one that somebody else has made in
//! the same words. So no creation is sent on an old look.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{desired::Wish, job::Job};
use crate::cloud::{
    api::route_table::{RouteChanges, RouteTable},
    client::bounds::now,
};

/// For how long a look counts: a resource looks up its next hop after it, and writes of a run follow on each other in
/// less. What others make in between passes for ours only if it is the very same, and our answer is lost or our call, with
/// others in it, is refused.
const LOOK_COUNTS_FOR: Duration = Duration::from_secs(10);

/// A table as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) table: Arc<RouteTable>,
    /// When the request began. It shows what was done before.
    pub(crate) began: Instant,
}

#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    /// The last look, with what was written since. `None` when the table is not certain any more.
    look: Option<Look>,
    /// When a read has last shown at once what was written.
    prompt: Option<Instant>,
    /// How many entries a call may carry, as far as a refusal has told.
    pub(crate) most_entries: Option<usize>,
}

impl Knowledge {
    /// The table, unless it is not certain, or was looked at too long ago for a creation among `jobs`, or a
    /// removal of an expected route.
    pub(crate) fn table(&self, jobs: &[Job]) -> Option<&Arc<RouteTable>> {
        let look = self.look.as_ref()?;
        let needs_recent = |job: &Job| {
            matches!(job.wish, Wish::Create { .. } | Wish::Remove { expected: Some(_), .. })
        };
        let is_recent = now() - look.began < LOOK_COUNTS_FOR;
        let is_enough = is_recent || !jobs.iter().any(needs_recent);
        is_enough.then_some(&look.table)
    }

    pub(crate) fn learn(&mut self, look: Look) {
        self.look = Some(look);
    }

    pub(crate) fn doubt(&mut self) {
        self.look = None;
    }

    /// Whether what the answer to a write shows may be taken for seen: a read has shown the same only just before.
    pub(crate) fn is_prompt(&self) -> bool {
        self.prompt.is_some_and(|shown| now() - shown < LOOK_COUNTS_FOR)
    }

    /// The first read after a write has shown the change, or not.
    pub(crate) fn prompt(&mut self, is_prompt: bool) {
        self.prompt = is_prompt.then(now);
    }

    /// The cloud took these changes, and answered with this table. It may be an older one, or none; one that shows what
    /// was added is a look like any other.
    pub(crate) fn wrote(&mut self, changes: &RouteChanges, shown: &Look) {
        let mut made = changes.add.iter().chain(&changes.modify).peekable();
        if made.peek().is_some() && made.all(|route| shown.table.holds(route)) {
            self.learn(shown.clone());
        } else if let Some(look) = &mut self.look {
            look.table = Arc::new(look.table.after(changes));
        }
    }
}
