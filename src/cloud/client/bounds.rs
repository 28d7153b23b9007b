//! How long an operation may go on, and all the waiting there is: whatever waits here ends with the operation.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::error::{Error, Kind, Result};

/// The end of an operation's time, and the user's wish to stop.
#[derive(Clone, Default)]
pub(crate) struct Bounds {
    /// When the operation ends, and how long that was when it began; `None` for never.
    deadline: Option<(Instant, Duration)>,
    stop: CancellationToken,
}

/// After so long a pause goes on, it is said what it is for.
const PROGRESS: Duration = Duration::from_secs(10);

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The moment a pause that begins now is over.
pub(crate) fn after(pause: Duration) -> Option<Instant> {
    Instant::now().checked_add(pause)
}

/// Waits for `work` until then only; whether it was done by then does not matter.
pub(crate) async fn for_a_moment(until: Instant, work: impl Future<Output = ()>) {
    tokio::select! {
        biased;
        () = work => {}
        () = tokio::time::sleep_until(until) => {}
    }
}

/// What comes of `work`, and how long it took.
pub(crate) async fn timed<F: Future>(work: F) -> (F::Output, Duration) {
    let started = Instant::now();
    (work.await, started.elapsed())
}

impl Bounds {
    pub(crate) fn from_now(limit: Duration, stop: CancellationToken) -> Self {
        Self { deadline: after(limit).map(|instant| (instant, limit)), stop }
    }

    /// When the operation ends; `None` for never.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline.map(|(deadline, _)| deadline)
    }

    /// Waits for `work`, but not beyond the bounds.
    ///
    /// # Errors
    /// `TimedOut` or `Interrupted`: the bounds were reached first.
    pub(crate) async fn during<F: Future>(&self, operation: &str, work: F) -> Result<F::Output> {
        tokio::select! {
            biased;
            end = self.end() => Err(self.error(end, operation)),
            output = work => Ok(output),
        }
    }

    /// The same for a call that changes something: a wish to stop does not end it, so that its outcome is known.
    ///
    /// # Errors
    /// `TimedOut`, in doubt: the call had been sent.
    pub(crate) async fn during_write<F: Future>(
        &self,
        operation: &str,
        work: F,
    ) -> Result<F::Output> {
        tokio::select! {
            biased;
            output = work => Ok(output),
            () = self.deadline_reached() => Err(self.sent_in_vain(operation)),
        }
    }

    /// The time limit has passed when something had been sent and not been answered.
    pub(crate) fn sent_in_vain(&self, operation: &str) -> Error {
        let limit = self.deadline.map_or(Duration::ZERO, |(_, limit)| limit).as_secs_f64();
        let message = format!(
            "the time limit of {limit} s has passed; the request had been sent, and the cloud had not answered"
        );
        Error::new(Kind::TimedOut, operation, message).in_doubt(true)
    }

    /// Waits until then, and says from time to time that it does. A moment too far to be reckoned never comes.
    ///
    /// # Errors
    /// As for `during`.
    pub(crate) async fn wait_until(&self, operation: &str, then: Option<Instant>) -> Result<()> {
        loop {
            let left = then.map_or(Duration::MAX, |then| then - Instant::now());
            #[expect(clippy::disallowed_methods, reason = "the one place that waits")]
            let nap = tokio::time::sleep(left.min(PROGRESS));
            self.during(operation, nap).await?;
            if left <= PROGRESS {
                return Ok(());
            }
            info!(operation, left_s = (left - PROGRESS).as_secs(), "still waiting");
        }
    }

    /// Comes back when the bounds are reached, and says which.
    async fn end(&self) -> Kind {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Kind::Interrupted,
            () = self.deadline_reached() => Kind::TimedOut,
        }
    }

    async fn deadline_reached(&self) {
        match self.deadline {
            Some((deadline, _)) => tokio::time::sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    }

    fn error(&self, end: Kind, operation: &str) -> Error {
        let message = match (&end, self.deadline) {
            (Kind::TimedOut, Some((_, limit))) => {
                format!("the time limit of {} s has passed", limit.as_secs_f64())
            }
            _ => "stopped before it was done".to_owned(),
        };
        Error::new(end, operation, message)
    }
}
