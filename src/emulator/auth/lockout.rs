//! Access keys that are refused for a while, because too many wrong signatures came with them.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::emulator::world::Moment;

/// More wrong signatures in a row than this lock the key.
const MOST_FAILURES: u32 = 5;

/// The cloud does not say for how long.
const LOCKED_FOR: SignedDuration = SignedDuration::from_mins(5);

/// The keys whose last signature was wrong.
#[derive(Debug, Default)]
pub struct Lockout(BTreeMap<String, Failures>);

#[derive(Debug)]
struct Failures {
    count: u32,
    last: Moment,
}

impl Lockout {
    pub fn is_locked(&self, access_key: &str, now: Moment) -> bool {
        self.0.get(access_key).is_some_and(|failures| {
            failures.count > MOST_FAILURES && failures.last.distance(now) < LOCKED_FOR
        })
    }

    pub fn note_failure(&mut self, access_key: &str, now: Moment) {
        self.0.retain(|_, failures| failures.last.distance(now) < LOCKED_FOR);
        let failures = Failures { count: 0, last: now };
        let failures = self.0.entry(access_key.to_owned()).or_insert(failures);
        failures.count += 1;
        failures.last = now;
    }

    pub fn note_success(&mut self, access_key: &str) {
        self.0.remove(access_key);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}
