//! What is worth repeating, and after which pause. Pure: the waiting is in `bounds.rs`.

use std::time::Duration;

use super::error::{Error, Kind};

/// What a call does to the cloud, and so whether a second sending could do harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Reads and logins: nothing changes.
    None,
    /// A deletion by id: twice is the same as once.
    Idempotent,
    /// Everything else: sent a second time, an addition meets its own first attempt.
    Once,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Decision {
    GiveUp,
    RepeatAfter(Duration),
}

/// How patient the caller is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Policy {
    pub(crate) max_retries: u32,
    /// The longest pause before the first repetition.
    pub(crate) pause: Duration,
}

/// What a call has been through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Past {
    failures: u32,
    throttled: u32,
    /// In all the pauses that the throttle took.
    waited: Duration,
}

/// No pause of ours is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The cloud's throttle counts in windows of minutes; nothing is gained by believing in more.
const LONGEST_REQUESTED_PAUSE: Duration = Duration::from_secs(300);
/// What one repetition is worth in time where the cloud throttles, in first pauses: five of them, at one second, last
/// through a window of five minutes.
const THROTTLED_PAUSES: u32 = 60;

/// Decides after a failure, seen what happened before it.
///
/// A throttle opens by time and not by asking, so there the number of repetitions stands for a time: fewer of them are
/// never too many, and more are made until it has passed.
///
/// `chance` is a random number in `0.0..1.0`, so that calls that failed together do not come back together.
pub(crate) fn decide(
    policy: Policy,
    effect: Effect,
    error: &Error,
    past: Past,
    chance: f64,
) -> Decision {
    let throttled = error.kind() == Kind::Throttled;
    let most_waited =
        policy.pause.saturating_mul(THROTTLED_PAUSES.saturating_mul(policy.max_retries));
    let is_enough = match throttled {
        true => past.throttled >= policy.max_retries && past.waited >= most_waited,
        false => past.failures >= policy.max_retries,
    };
    if is_enough || !is_worth_repeating(effect, &error.kind()) {
        return Decision::GiveUp;
    }
    let own = pause(policy.pause, if throttled { past.throttled } else { past.failures }, chance);
    Decision::RepeatAfter(
        match error.retry_after() {
            // A cloud that always asks for next to nothing and never gives is not believed for ever.
            Some(requested) if past.attempts() >= policy.max_retries => requested.max(own),
            Some(requested) => requested,
            None => own,
        }
        .min(LONGEST_REQUESTED_PAUSE),
    )
}

/// After a failure that the caller answers by sending again himself: what the cloud asks for, if that is more than the
/// pause of our own.
pub(crate) fn pause_after(error: &Error, first: Duration, attempt: u32, chance: f64) -> Duration {
    let requested = error.retry_after().unwrap_or_default().min(LONGEST_REQUESTED_PAUSE);
    pause(first, attempt, chance).max(requested)
}

impl Past {
    /// That of a call whose caller has sent it so often before.
    pub(crate) fn of(sendings: u32) -> Self {
        Self { failures: sendings, ..Self::default() }
    }

    /// With this failure, and the pause that follows it.
    pub(crate) fn and(self, error: &Error, pause: Duration) -> Self {
        match error.kind() {
            Kind::Throttled => Self {
                throttled: self.throttled.saturating_add(1),
                waited: self.waited.saturating_add(pause),
                ..self
            },
            _ => Self { failures: self.failures.saturating_add(1), ..self },
        }
    }

    pub(crate) fn attempts(self) -> u32 {
        self.failures.saturating_add(self.throttled)
    }
}

/// A pause of random length up to a bound that doubles with each attempt.
pub(crate) fn pause(first: Duration, attempt: u32, chance: f64) -> Duration {
    first
        .saturating_mul(2_u32.saturating_pow(attempt))
        .min(LONGEST_PAUSE)
        .mul_f64(chance.clamp(0.0, 1.0))
}

fn is_worth_repeating(effect: Effect, failure: &Kind) -> bool {
    match failure {
        // Not carried out: what the call does plays no part.
        Kind::Unreachable | Kind::Throttled | Kind::Busy => true,
        // Perhaps carried out.
        Kind::Lost => effect != Effect::Once,
        Kind::NotFound
        | Kind::RouteExists
        | Kind::RuleExists { .. }
        | Kind::QuotaExceeded
        | Kind::TooManyEntries
        | Kind::Conflict
        | Kind::Denied
        | Kind::Unauthenticated
        | Kind::OtherProject
        | Kind::Refused
        | Kind::NotPublished
        | Kind::Unreadable
        | Kind::Untrusted(_)
        | Kind::ProxyRefused
        | Kind::TimedOut
        | Kind::Interrupted
        | Kind::Unconfigured(_) => false,
    }
}
