//! One writer per route table: while a call is on its way, wishes from any number of resources queue, and the next
//! call carries them all. A lone wish leaves at once.
//!
//! Here is who wishes, who waits and who writes. What one round of wishes takes is in `batch.rs`, what becomes of
//! one of them in `job.rs`; the decisions are in `desired.rs`.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::oneshot;
use tracing::{Instrument, error};

use super::{
    batch::Batch,
    desired::{Wish, Written},
    job::{Job, span},
    snapshot::{Knowledge, Look},
};
use crate::cloud::{
    api::{ids::RouteTableId, route_table::RouteTable},
    client::{
        Client, bounds,
        error::{Error, Kind, Result},
        linger::Linger,
        locked::locked,
    },
    journal::Journal,
};

/// The writers of a session, one for each table that something was wished of.
#[derive(Default)]
pub(crate) struct RouteWriters(Mutex<HashMap<RouteTableId, Arc<RouteWriter>>>);

pub(crate) struct RouteWriter {
    table: RouteTableId,
    desk: Mutex<Desk>,
    linger: Linger,
}

/// What lies on the writer's desk between two calls.
#[derive(Default)]
struct Desk {
    queue: Vec<Job>,
    /// Somebody is writing, and will look at the queue again.
    writing: bool,
    knowledge: Knowledge,
    last_ticket: u64,
}

/// What whoever wished waits for.
struct Promise {
    ticket: u64,
    answer: oneshot::Receiver<Result<Written>>,
    /// The cloud may be making the wish come true.
    flight: Arc<AtomicBool>,
}

/// The writer goes by the same limit and knows more, unless a call of it goes on for the sake of others: so long its
/// answer is awaited after the end.
const GRACE: Duration = Duration::from_millis(200);

pub(crate) fn ended(table: &RouteTableId) -> Error {
    let operation = format!("change routes of route table {table}");
    Error::new(Kind::Lost, &operation, "the writer of this table has ended unexpectedly")
}

impl RouteWriters {
    pub(crate) fn of(&self, table: &RouteTableId) -> Arc<RouteWriter> {
        let writer = || {
            Arc::new(RouteWriter {
                table: table.clone(),
                desk: Mutex::default(),
                linger: Linger::default(),
            })
        };
        Arc::clone(locked(&self.0).entry(table.clone()).or_insert_with(writer))
    }
}

impl RouteWriter {
    pub(crate) fn table(&self) -> &RouteTableId {
        &self.table
    }

    pub(crate) fn operation(&self) -> String {
        format!("change routes of route table {}", self.table)
    }

    /// Makes the wishes come true together with whatever else is wished of the table, each within the bounds of `client`. One
    /// answer each, in their order.
    pub(crate) async fn write_for(
        self: &Arc<Self>,
        client: &Client,
        journal: &Journal,
        wishes: Vec<Wish>,
    ) -> Vec<Result<Written>> {
        let promises = self.accept(client, journal, wishes);
        self.begin(client.config().linger);
        let mut answers = Vec::with_capacity(promises.len());
        for promise in promises {
            answers.push(self.await_answer(client, promise).await);
        }
        answers
    }

    async fn await_answer(&self, client: &Client, promise: Promise) -> Result<Written> {
        let Promise { ticket, mut answer, flight } = promise;
        let mut answered = None;
        let answered = match client.during(&self.operation(), &mut answer).await {
            Ok(answered) => answered,
            // Still queued: nothing has happened.
            Err(end) if self.withdraw(ticket) => Ok(Err(end)),
            Err(end) if end.kind() == Kind::TimedOut => {
                let limit = client.bounds().deadline().unwrap_or_else(bounds::now);
                let grace = bounds::for_a_moment(limit + GRACE, async {
                    answered = Some((&mut answer).await);
                });
                grace.await;
                answered.unwrap_or_else(|| {
                    Ok(Err(match flight.load(Ordering::Relaxed) {
                        true => client.bounds().sent_in_vain(&self.operation()),
                        false => end,
                    }))
                })
            }
            // Stopped: what is on its way may arrive.
            Err(_) => answer.await,
        };
        answered.unwrap_or_else(|_| Err(ended(&self.table)))
    }

    /// The table as it is now; changes that are asked for in the next seconds begin with it.
    pub(crate) async fn read(&self, client: &Client) -> Result<Option<Arc<RouteTable>>> {
        let began = bounds::now();
        let Some(table) = client.route_table(&self.table).await? else { return Ok(None) };
        let table = Arc::new(table);
        let mut desk = self.desk();
        if !desk.writing {
            desk.knowledge.learn(Look { table: Arc::clone(&table), began });
        }
        Ok(Some(table))
    }

    /// Puts the wishes into the queue, all at once.
    fn accept(&self, client: &Client, journal: &Journal, wishes: Vec<Wish>) -> Vec<Promise> {
        let mut desk = self.desk();
        self.linger.arrival();
        let accept = |wish| {
            desk.last_ticket += 1;
            let ticket = desk.last_ticket;
            let (reply, answer) = oneshot::channel();
            let flight = Arc::default();
            desk.queue.push(Job::new(ticket, wish, &self.table, (client, journal), &flight, reply));
            Promise { ticket, answer, flight }
        };
        wishes.into_iter().map(accept).collect()
    }

    /// Sees to it that somebody writes.
    fn begin(self: &Arc<Self>, linger: Duration) {
        if mem::replace(&mut self.desk().writing, true) {
            return;
        }
        let writer = Arc::clone(self);
        tokio::spawn(async move {
            let writing = tokio::spawn(Arc::clone(&writer).write(linger));
            if writing.await.is_err() {
                writer.abandon();
            }
        });
    }

    /// The writer panicked. Whoever waits is told, and the next wish begins anew.
    fn abandon(&self) {
        error!(table = %self.table, "the writer of this route table has ended unexpectedly");
        let mut desk = self.desk();
        desk.queue.clear();
        desk.writing = false;
    }

    /// Takes a wish back that is still in the queue.
    fn withdraw(&self, ticket: u64) -> bool {
        let mut desk = self.desk();
        let before = desk.queue.len();
        desk.queue.retain(|job| job.ticket != ticket);
        desk.queue.len() < before
    }

    /// Writes until nothing is wished any more.
    async fn write(self: Arc<Self>, linger: Duration) {
        let mut knowledge = mem::take(&mut self.desk().knowledge);
        loop {
            {
                let mut desk = self.desk();
                if desk.queue.is_empty() {
                    desk.knowledge = knowledge;
                    desk.writing = false;
                    return;
                }
            }
            self.linger.until_quiet(linger).await;
            let jobs = next_batch(&mut self.desk().queue);
            let span = span(jobs.iter());
            let batch = Batch { writer: &self, knowledge: &mut knowledge };
            batch.settle(jobs).instrument(span).await;
        }
    }

    /// Adds what was wished meanwhile, as far as it is to be sent whatever a later look at the table would show, to
    /// `jobs`.
    pub(crate) fn join(&self, jobs: &mut Vec<Job>, is_to_be_sent: impl Fn(&Job) -> bool) {
        let mut taken: HashSet<_> = jobs.iter().map(|job| job.wish.destination()).collect();
        let mut desk = self.desk();
        // A destination of which one wish stays behind must not have a later one go first.
        let is_joining = |job: &mut Job| taken.insert(job.wish.destination()) && is_to_be_sent(job);
        jobs.extend(desk.queue.extract_if(.., is_joining));
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        locked(&self.desk)
    }
}

/// The queued wishes up to the second one of the same destination, which has to wait for the first. Those that nobody
/// waits for any more are forgotten.
fn next_batch(queue: &mut Vec<Job>) -> Vec<Job> {
    let mut destinations = HashSet::new();
    queue.retain(|job| !job.is_forsaken());
    queue.extract_if(.., |job| destinations.insert(job.wish.destination())).collect()
}
