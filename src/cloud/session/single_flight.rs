//! What was read once in a run and is asked for again: concurrent readers share one request, later ones its answer.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard},
};

use tokio::sync::OnceCell;

use crate::cloud::client::{error::Result, locked::locked};

/// Answers by what was asked.
pub(crate) struct SingleFlight<K, V>(Mutex<Cells<K, V>>);

type Cells<K, V> = HashMap<K, Arc<OnceCell<V>>>;

impl<K, V> Default for SingleFlight<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash, V: Clone> SingleFlight<K, V> {
    /// The answer to `key`, asked for with `ask` unless it is known or already being asked for.
    ///
    /// # Errors
    /// Those of `ask`. A failure is not remembered: the next reader asks again.
    pub(crate) async fn get(&self, key: &K, ask: impl Future<Output = Result<V>>) -> Result<V> {
        self.cell(key).get_or_try_init(|| ask).await.cloned()
    }

    /// Makes the next reader ask anew. A request that is on its way answers those who wait for it, and nobody else.
    pub(crate) fn forget(&self, key: &K) {
        self.cells().remove(key);
    }

    /// Later readers get this, which was read just now.
    pub(crate) fn learn(&self, key: &K, value: V) {
        self.cells().insert(key.clone(), Arc::new(OnceCell::new_with(Some(value))));
    }

    fn cell(&self, key: &K) -> Arc<OnceCell<V>> {
        Arc::clone(self.cells().entry(key.clone()).or_default())
    }

    fn cells(&self) -> MutexGuard<'_, Cells<K, V>> {
        locked(&self.0)
    }
}

impl<K: Clone + Eq + Hash, V: Clone> SingleFlight<K, Option<V>> {
    /// As `get`, for what may come into being while the run goes on: that there is none is not remembered, and nobody
    /// takes it from a request that had begun before.
    ///
    /// # Errors
    /// Those of `ask`.
    pub(crate) async fn find<A>(&self, key: &K, ask: impl Fn() -> A) -> Result<Option<V>>
    where
        A: Future<Output = Result<Option<V>>>,
    {
        let mut asked = false;
        let first = || {
            asked = true;
            ask()
        };
        match self.ask_for(key, first).await? {
            None if !asked => self.ask_for(key, ask).await,
            found => Ok(found),
        }
    }

    async fn ask_for<A>(&self, key: &K, ask: impl FnOnce() -> A) -> Result<Option<V>>
    where
        A: Future<Output = Result<Option<V>>>,
    {
        let cell = self.cell(key);
        let found = cell.get_or_try_init(ask).await?.clone();
        if found.is_none() {
            let mut cells = self.cells();
            if cells.get(key).is_some_and(|known| Arc::ptr_eq(known, &cell)) {
                cells.remove(key);
            }
        }
        Ok(found)
    }
}
