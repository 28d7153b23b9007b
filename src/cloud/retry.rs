//! What is worth repeating, and after which pause. Pure: the waiting is in `client.rs`.

use std::time::Duration;

use super::error::{Error, Kind};

/// What a call does to the cloud, and so whether a second sending could do harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Reads and logins: nothing changes.
    None,
    /// A deletion by id: twice is the same as once.
    Idempotent,
    /// Everything else: sent a second time, an addition meets its own first attempt.
    Once,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Decision {
    GiveUp,
    RepeatAfter(Duration),
}

/// How patient the caller is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Policy {
    pub(super) max_retries: u32,
    /// The longest pause before the first repetition.
    pub(super) pause: Duration,
}

/// No pause of ours is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The cloud's throttle counts in windows of minutes; nothing is gained by believing in more.
const LONGEST_REQUESTED_PAUSE: Duration = Duration::from_secs(300);

/// Decides after attempt number `attempt` (the first is 0) has failed.
///
/// `chance` is a random number in `0.0..1.0`, so that calls that failed together do not come back together.
pub(super) fn decide(
    policy: Policy,
    effect: Effect,
    error: &Error,
    attempt: u32,
    chance: f64,
) -> Decision {
    if attempt >= policy.max_retries || !is_worth_repeating(effect, &error.kind()) {
        return Decision::GiveUp;
    }
    Decision::RepeatAfter(match error.retry_after() {
        Some(requested) => requested.min(LONGEST_REQUESTED_PAUSE),
        None => policy
            .pause
            .saturating_mul(2_u32.saturating_pow(attempt))
            .min(LONGEST_PAUSE)
            .mul_f64(chance.clamp(0.0, 1.0)),
    })
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
        | Kind::Conflict
        | Kind::Denied
        | Kind::Unauthenticated
        | Kind::OtherProject
        | Kind::Refused
        | Kind::NotPublished
        | Kind::Unreadable
        | Kind::TimedOut
        | Kind::Interrupted
        | Kind::Unconfigured(_) => false,
    }
}
