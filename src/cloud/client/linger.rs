//! Waiting for company: who is about to make a call that others could share waits for as many as the last one answered.
//!
//! Terraform goes on with as many resources at a time as before, so those that were answered together come again
//! together, one after the other. Taken as they come, the first of them would go alone, and the others in the next call.

use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use tokio::sync::Notify;

use super::{bounds, locked::locked};

/// The company of the calls about one thing.
#[derive(Default)]
pub(crate) struct Linger {
    callers: Mutex<Callers>,
    arrived: Notify,
}

#[derive(Default)]
struct Callers {
    /// So many were in the last call.
    expected: usize,
    /// So many have come for the next one.
    here: usize,
}

impl Linger {
    /// One more has come.
    pub(crate) fn arrival(&self) {
        self.callers().here += 1;
        self.arrived.notify_waiters();
    }

    /// So many go now.
    pub(crate) fn departure(&self, count: usize) {
        let mut callers = self.callers();
        callers.here = callers.here.saturating_sub(count);
        callers.expected = count;
    }

    /// Waits until as many are here as have gone last, but not longer than `moment` after one has come.
    pub(crate) async fn company(&self, moment: Duration) {
        loop {
            let arrived = self.arrived.notified();
            let is_complete = {
                let callers = self.callers();
                callers.here >= callers.expected
            };
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

    fn callers(&self) -> MutexGuard<'_, Callers> {
        locked(&self.callers)
    }
}
