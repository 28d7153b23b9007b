//! How many requests a caller may send per window of time.

use std::{collections::BTreeMap, str::FromStr};

use jiff::SignedDuration;

use super::world::{Moment, Refusal};

/// `200/5m`: two hundred requests in five minutes, for each caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub requests: u32,
    pub window: SignedDuration,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no rate limit. Write a number of requests and a time, such as `200/5m` or `20/1s`."
)]
pub struct InvalidRateLimit(String);

/// The running window of every caller.
#[derive(Debug, Default)]
pub struct Throttle(BTreeMap<String, Window>);

#[derive(Debug)]
struct Window {
    since: Moment,
    requests: u32,
}

impl FromStr for RateLimit {
    type Err = InvalidRateLimit;

    fn from_str(text: &str) -> Result<Self, InvalidRateLimit> {
        let parse = || {
            let (requests, window) = text.split_once('/')?;
            let requests = requests.parse().ok().filter(|requests| *requests > 0)?;
            let window = window.parse().ok().filter(|window| *window > SignedDuration::ZERO)?;
            Some(Self { requests, window })
        };
        parse().ok_or_else(|| InvalidRateLimit(text.to_owned()))
    }
}

impl Throttle {
    /// Counts one request, or refuses it because the caller's window is used up.
    pub fn admit(&mut self, limit: RateLimit, caller: &str, now: Moment) -> Result<(), Refusal> {
        self.0.retain(|_, window| window.since.distance(now) < limit.window);
        let fresh = Window { since: now, requests: 0 };
        let window = self.0.entry(caller.to_owned()).or_insert(fresh);
        if window.requests >= limit.requests {
            let message = format!(
                "The throttling threshold has been reached: policy user over ratelimit,limit:{},time:{}",
                limit.requests,
                spoken(limit.window)
            );
            return Err(Refusal::gateway(429, "APIGW.0308", message));
        }
        window.requests += 1;
        Ok(())
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

fn spoken(window: SignedDuration) -> String {
    match window.as_secs() {
        seconds if seconds % 60 == 0 => format!("{} minute", seconds / 60),
        seconds => format!("{seconds} second"),
    }
}
