//! One writer per route table: while a call is on its way, changes from any number of resources queue, and the next call
//! carries them all.
//!
//! Here is who waits and who writes. What one round of changes takes is in `batch.rs`, what becomes of one of them in
//! `job.rs`; the decisions are in `desired.rs`.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use tracing::{Instrument, error};

use super::{
    batch::Batch,
    desired::{Wish, Written},
    job::span,
    queue::{PendingReply, Queue},
    snapshot::Look,
};
use crate::cloud::{
    api::{ids::RouteTableId, route_table::RouteTable},
    client::{
        Client, bounds,
        error::{Error, Kind, Result},
        locked::locked,
    },
    journal::Journal,
};

/// The writers of a session, one for each table that something was wanted of.
#[derive(Default)]
pub(crate) struct RouteWriters(Mutex<HashMap<RouteTableId, RouteWriter>>);

#[derive(Clone)]
pub(crate) struct RouteWriter {
    queue: Arc<Queue>,
}

/// The writer goes by the same limit and knows more, unless a call of it goes on for the sake of others: so long its
/// answer is awaited after the end.
const GRACE: Duration = Duration::from_millis(200);

impl RouteWriters {
    pub(crate) fn of(&self, table: &RouteTableId) -> RouteWriter {
        let writer = || RouteWriter { queue: Arc::new(Queue::of(table)) };
        locked(&self.0).entry(table.clone()).or_insert_with(writer).clone()
    }
}

impl RouteWriter {
    /// The table as it is now; changes that are asked for in the next seconds begin with it.
    pub(crate) async fn read(&self, client: &Client) -> Result<Option<Arc<RouteTable>>> {
        let began = bounds::now();
        let Some(table) = client.route_table(self.queue.table()).await? else { return Ok(None) };
        let table = Arc::new(table);
        self.queue.learn(Look { table: Arc::clone(&table), began });
        Ok(Some(table))
    }

    /// Makes the changes together with whatever else is wanted of the table, each within the bounds of `client`. One answer
    /// each, in their order.
    ///
    /// # Errors
    /// Of each change its own, never that of another one in the same call.
    pub(crate) async fn write_for(
        &self,
        client: &Client,
        journal: &Journal,
        wishes: Vec<Wish>,
    ) -> Vec<Result<Written>> {
        let replies = self.queue.accept(client, journal, wishes);
        self.begin(client.config().linger);
        let mut answers = Vec::with_capacity(replies.len());
        for reply in replies {
            answers.push(self.await_answer(client, reply).await);
        }
        answers
    }

    async fn await_answer(&self, client: &Client, reply: PendingReply) -> Result<Written> {
        let PendingReply { id, mut answer, flight } = reply;
        let operation = self.queue.operation();
        let mut answered = None;
        let answered = match client.during(&operation, &mut answer).await {
            Ok(answered) => answered,
            // Still queued: nothing has happened.
            Err(end) if self.queue.withdraw(id) => Ok(Err(end)),
            Err(end) if end.kind() == Kind::TimedOut => {
                let limit = client.bounds().deadline().unwrap_or_else(bounds::now);
                let grace = bounds::for_a_moment(limit + GRACE, async {
                    answered = Some((&mut answer).await);
                });
                grace.await;
                answered.unwrap_or_else(|| {
                    Ok(Err(match flight.load(Ordering::Relaxed) {
                        true => client.bounds().sent_in_vain(&operation),
                        false => end,
                    }))
                })
            }
            // Stopped: what is on its way may arrive.
            Err(_) => answer.await,
        };
        answered.unwrap_or_else(|_| {
            let message = "the writer of this table has ended unexpectedly";
            Err(Error::new(Kind::Lost, &operation, message))
        })
    }

    /// Sees to it that somebody writes.
    fn begin(&self, linger: Duration) {
        if !self.queue.begin() {
            return;
        }
        let queue = Arc::clone(&self.queue);
        tokio::spawn(async move {
            let writing = tokio::spawn(write(Arc::clone(&queue), linger));
            if writing.await.is_err() {
                error!(table = %queue.table(), "the writer of this route table has ended unexpectedly");
                queue.abandon();
            }
        });
    }
}

/// Writes until nothing is wanted any more.
async fn write(queue: Arc<Queue>, linger: Duration) {
    let mut knowledge = queue.take_knowledge();
    while !queue.end(&mut knowledge) {
        let jobs = queue.next_batch(linger).await;
        let callers: HashSet<u64> = jobs.iter().map(|job| job.caller).collect();
        let span = span(jobs.iter());
        Batch { queue: &queue, knowledge: &mut knowledge }.settle(jobs).instrument(span).await;
        queue.answered(callers.len());
    }
}
