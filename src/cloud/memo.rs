//! What was read once in a run and is asked for again: concurrent readers share one request, later ones its answer.
//!
//! For showing and planning only. What decides a write is read anew by whoever writes.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use super::error::Result;

/// Answers by what was asked.
pub(super) struct Memo<K, V>(Mutex<HashMap<K, Arc<OnceCell<V>>>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Memo<K, V> {
    /// The answer to `key`, asked for with `ask` unless it is known or already being asked for.
    ///
    /// # Errors
    /// Those of `ask`. A failure is not remembered: the next reader asks again.
    pub(super) async fn get(&self, key: &K, ask: impl Future<Output = Result<V>>) -> Result<V> {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(key.clone()).or_default())
        };
        cell.get_or_try_init(|| ask).await.cloned()
    }

    /// Makes the next reader ask anew. A request that is on its way answers those who wait for it, and nobody else.
    pub(super) fn forget(&self, key: &K) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}
