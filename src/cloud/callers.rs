//! Who is under way to the next call: those who were answered together come again together, because Terraform goes on
//! with as many resources at a time as before.
//!
//! Taken as they come, the first of them would go alone and the others wait until it is back, and so on in turns, which
//! takes twice the calls. So whoever is about to make a call that others could travel in waits for those expected: after
//! the last of them came for as long as a call takes, or longer on a machine where they have come more slowly, and not
//! once all are here. One alone waits for nobody.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::cloud::client::{bounds, locked::locked};

/// The callers of a session who have been answered and have not come again, whatever they will ask for.
#[derive(Default)]
pub(crate) struct Callers {
    expected: Mutex<Expected>,
    /// One of them came, or one more is expected.
    changed: Notify,
}

#[derive(Default)]
struct Expected {
    /// Answered, and not seen since.
    away: Group,
    /// Looking up what they are going to write.
    looking: Group,
    /// What a call took last.
    usual: Duration,
    /// When somebody came or went last, and how long after that the next one came of late.
    last: Option<Instant>,
    pace: Duration,
}

/// So many, and the moment from which they are not waited for any more.
#[derive(Default)]
struct Group {
    size: usize,
    until: Option<Instant>,
}

/// Somebody who waits for the answer to something it wished; away once this is dropped.
pub(crate) struct Caller(Arc<Callers>);

/// The longest time for which the next one is awaited.
const LONGEST_GATHERING: Duration = Duration::from_millis(200);
/// So long after that nobody is expected any more, as if those away had done all that they were to do.
const FORGETTING: Duration = Duration::from_millis(200);
/// The longest time for which those who look something up are awaited.
const LONGEST_LOOK: Duration = Duration::from_millis(500);

impl Callers {
    /// A call took so long.
    pub(crate) fn took(&self, time: Duration) {
        self.expected().usual = time;
    }

    /// One has come to look something up.
    pub(crate) fn look(&self) {
        let mut expected = self.expected();
        expected.came();
        let until = bounds::after(expected.usual.min(LONGEST_LOOK) + expected.moment());
        expected.looking.expect(1, until);
        drop(expected);
        self.changed.notify_waiters();
    }

    /// So many have learned what they wanted to know.
    pub(crate) fn have_looked(&self, count: usize) {
        let mut expected = self.expected();
        expected.looking.lose(count);
        expected.went(count);
        drop(expected);
        self.changed.notify_waiters();
    }

    /// One has come to wish for something.
    pub(crate) fn wish(self: &Arc<Self>) -> Arc<Caller> {
        self.expected().came();
        self.changed.notify_waiters();
        Arc::new(Caller(Arc::clone(self)))
    }

    /// Waits for those who may come to look something up.
    pub(crate) async fn before_looking(&self) {
        self.wait_while(|expected| expected.away.end()).await;
    }

    /// Waits for those who may come to wish for something.
    pub(crate) async fn before_writing(&self) {
        self.wait_while(|expected| expected.away.end().max(expected.looking.end())).await;
    }

    async fn wait_while(&self, end: impl Fn(&Expected) -> Option<Instant>) {
        loop {
            let changed = self.changed.notified();
            let Some(end) = end(&self.expected()) else { return };
            bounds::for_a_moment(end, changed).await;
        }
    }

    fn expected(&self) -> MutexGuard<'_, Expected> {
        locked(&self.expected)
    }
}

impl Expected {
    /// How long the next one is awaited: the call that is saved would take as long.
    fn moment(&self) -> Duration {
        self.usual.max(self.pace * 2).min(LONGEST_GATHERING)
    }

    /// One of those who were away is here; the others will not be long.
    fn came(&mut self) {
        let now = bounds::now();
        if let Some(last) = self.last.filter(|_| self.away.size > 0) {
            self.pace = (now - last).max(self.pace * 3 / 4);
        }
        self.last = Some(now);
        let until = bounds::after(self.moment());
        self.away.expect(0, until);
        self.away.lose(1);
    }

    /// So many are away.
    fn went(&mut self, count: usize) {
        self.last = Some(bounds::now());
        let until = bounds::after(self.moment());
        self.away.expect(count, until);
    }
}

impl Group {
    fn expect(&mut self, more: usize, until: Option<Instant>) {
        if self.until.is_none_or(|until| until + FORGETTING < bounds::now()) {
            self.size = 0;
        }
        self.size += more;
        self.until = until;
    }

    fn lose(&mut self, count: usize) {
        self.size = self.size.saturating_sub(count);
    }

    /// How long they are to be waited for; `None` if there is nobody to wait for.
    fn end(&self) -> Option<Instant> {
        self.until.filter(|until| self.size > 0 && *until > bounds::now())
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.expected().went(1);
        self.0.changed.notify_waiters();
    }
}
