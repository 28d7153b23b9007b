//! What several tasks share, for the moment between two statements.
//!
//! Whoever holds one of these locks changes what is in it in one step, so a panic leaves it in order.

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
