//! Reads of how things are now, which travel together as writes do: whoever asks gets the answer to a request that has
//! begun after that, so what it says may decide a write.
//!
//! While a request is on its way, later callers queue for the next one, which carries the questions of them all. A lone
//! question leaves at once.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use crate::cloud::client::{
    Client,
    error::{Kind, Result},
    linger::Linger,
    locked::locked,
};

/// One line of callers for each thing that questions are about.
pub(crate) struct Coalesced<K, Q, V>(Mutex<HashMap<K, Arc<Line<Q, V>>>>);

struct Line<Q, V> {
    /// Held by whoever asks.
    turn: tokio::sync::Mutex<()>,
    /// The request that goes next.
    next: Mutex<Arc<Request<Q, V>>>,
    linger: Linger,
}

struct Request<Q, V> {
    questions: Mutex<Vec<Q>>,
    answer: OnceLock<Result<V>>,
}

impl<K, Q, V> Default for Coalesced<K, Q, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash, Q: Clone, V: Clone> Coalesced<K, Q, V> {
    /// The answer to a request about `key` that has not begun yet and carries `question`. The one of its callers whose
    /// turn it is makes it, with `ask`, after it has waited for others.
    ///
    /// # Errors
    /// Those of `ask`, and the end of `client`'s bounds before its turn; but the time limit of the one who asks ends nobody
    /// else's wait.
    pub(crate) async fn get<A>(
        &self,
        (client, operation): (&Client, &str),
        key: &K,
        question: Q,
        linger: Duration,
        ask: impl FnOnce(Vec<Q>) -> A,
    ) -> Result<V>
    where
        A: Future<Output = Result<V>>,
    {
        let line = Arc::clone(locked(&self.0).entry(key.clone()).or_default());
        let request = line.join(question);
        let _turn = client.during(operation, line.turn.lock()).await?;
        if let Some(answer) = request.answer.get() {
            return answer.clone();
        }
        client.during(operation, line.linger.company(linger)).await?;
        line.depart(&request);
        let questions = locked(&request.questions).clone();
        let callers = questions.len();
        let answer = ask(questions).await;
        line.linger.answered(callers);
        let is_own_end = matches!(&answer, Err(error) if matches!(error.kind(), Kind::TimedOut | Kind::Interrupted));
        if is_own_end {
            return answer;
        }
        request.answer.get_or_init(|| answer).clone()
    }
}

impl<Q, V> Line<Q, V> {
    fn join(&self, question: Q) -> Arc<Request<Q, V>> {
        let next = locked(&self.next);
        locked(&next.questions).push(question);
        self.linger.arrival();
        Arc::clone(&next)
    }

    /// From now on others wait for the request after this one.
    fn depart(&self, request: &Arc<Request<Q, V>>) {
        let mut next = locked(&self.next);
        if Arc::ptr_eq(&next, request) {
            *next = Arc::default();
        }
    }
}

impl<Q, V> Default for Line<Q, V> {
    fn default() -> Self {
        Self {
            turn: tokio::sync::Mutex::default(),
            next: Mutex::default(),
            linger: Linger::default(),
        }
    }
}

impl<Q, V> Default for Request<Q, V> {
    fn default() -> Self {
        Self { questions: Mutex::default(), answer: OnceLock::new() }
    }
}
