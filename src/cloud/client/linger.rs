//! Waiting for company: who is about to make a call that others could share waits for those that the last one answered.
//!
//! Terraform goes on with as many resources at a time as before, so those that were answered together come again
//! together, one after the other. Taken as they come, the first of them would go alone, and the others in the next call.

use std::{sync::Mutex, time::Duration};

use tokio::sync::Notify;

use super::{bounds, locked::locked};

/// The company of the calls about one thing.
#[derive(Default)]
pub(crate) struct Linger {
    /// So many were answered by the last call and have not come again.
    missing: Mutex<usize>,
    arrived: Notify,
}

impl Linger {
    /// One has come.
    pub(crate) fn arrival(&self) {
        let mut missing = locked(&self.missing);
        *missing = missing.saturating_sub(1);
        self.arrived.notify_waiters();
    }

    /// So many were answered just now.
    pub(crate) fn answered(&self, count: usize) {
        *locked(&self.missing) = count;
    }

    /// Waits until all of those have come again, but not longer than `moment` after one has.
    pub(crate) async fn company(&self, moment: Duration) {
        loop {
            let arrived = self.arrived.notified();
            let is_complete = *locked(&self.missing) == 0;
            let Some(end) = bounds::after(moment).filter(|_| !is_complete) else { return };
            let mut has_come = false;
            bounds::for_a_moment(end, async {
                arrived.await;
                has_come = true;
            })
            .await;
            if !has_come {
                return;
            }
        }
    }
}
