//! When a service throttles one caller, all callers of that service in this session wait: asking on only uses up the
//! window that everybody waits for.

use std::{collections::HashMap, sync::Mutex};

use tokio::time::Instant;

use super::{call::Service, locked::locked};

/// Until when which service is left alone.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<HashMap<Service, Instant>>);

impl Throttle {
    /// Leaves the service alone until then, or longer if that was agreed already.
    pub(crate) fn hold(&self, service: Service, then: Instant) {
        let mut held = locked(&self.0);
        let until = held.entry(service).or_insert(then);
        *until = then.max(*until);
    }

    /// Until when the service is left alone, if that is later than `now`.
    pub(crate) fn held_beyond(&self, service: Service, now: Instant) -> Option<Instant> {
        let held = locked(&self.0);
        held.get(&service).copied().filter(|until| *until > now)
    }
}
