//! Waiting for company: who is about to make a call that others could share waits until nobody has come for a moment.
//!
//! Terraform goes on with as many resources at a time as before. Those that were answered together come again within
//! some 30 ms, one after the other; taken as they come, the first of them would go alone.

use std::time::Duration;

use tokio::sync::Notify;

use super::bounds;

/// The company of one call.
#[derive(Default)]
pub(crate) struct Linger(Notify);

/// At most so many moments are waited for, however many come.
const MOST: u32 = 3;

impl Linger {
    /// One more has come.
    pub(crate) fn arrival(&self) {
        self.0.notify_waiters();
    }

    /// Waits until nobody has come for `moment`; not at all if that is zero.
    pub(crate) async fn until_quiet(&self, moment: Duration) {
        if moment.is_zero() {
            return;
        }
        let Some(end) = bounds::after(moment * MOST) else { return };
        loop {
            let mut has_come = false;
            let quiet = bounds::after(moment).map_or(end, |quiet| quiet.min(end));
            bounds::for_a_moment(quiet, async {
                self.0.notified().await;
                has_come = true;
            })
            .await;
            if !has_come {
                return;
            }
        }
    }
}
