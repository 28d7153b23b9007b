//! What a provider reaches its cloud with.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::private::InstanceId;

/// A handle that can be bounded in time.
pub trait Bounded: Clone + Send + Sync + 'static {
    /// A handle on the same session for one operation: past `limit`, or once `stop` is cancelled, it starts
    /// nothing and waits for nothing any more, so that what exists can be recorded.
    fn bounded(&self, limit: Duration, stop: CancellationToken) -> Self;
}

/// A handle on the configured cloud, to read it for refreshes, plans and data sources. Handles are cheap to make.
pub trait Session: Bounded {
    /// The handle that creates, updates and deletes.
    type Writing: Bounded;

    /// The same session for what concerns one resource instance.
    fn for_instance(&self, instance: &InstanceId) -> Self {
        let _ = instance;
        self.clone()
    }

    /// The same session, for a change of it.
    fn for_change_of(&self, instance: &InstanceId) -> Self::Writing;

    /// The process has planned, and ends.
    fn has_planned(&self) {}

    /// The process has applied a plan, and ends.
    fn has_applied(&self) {}
}
