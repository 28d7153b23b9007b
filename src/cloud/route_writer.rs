//! One writer per route table: while a call is on its way, wishes from any number of resources queue, and the next
//! call carries them all. A lone wish leaves at once.
//!
//! The decisions are in `route_wish.rs`; here they are sent in order, verified, and taken apart where the cloud
//! refuses a call, so that each wish gets exactly its own answer. Why additions and deletions do not travel together
//! is in `docs/decisions/0008-additions-before-deletions.md`.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;
use tracing::debug;

use super::{
    client::Cloud,
    error::{Error, Kind, Result},
    ids::RouteTableId,
    route_table::{RouteChanges, RouteTable},
    route_wish::{Step, Wish, Written},
};
use crate::network::Cidr;

/// The writers of a session, one for each table that something was wished of.
#[derive(Default)]
pub(super) struct RouteWriters(Mutex<HashMap<RouteTableId, Arc<RouteWriter>>>);

struct RouteWriter {
    table: RouteTableId,
    desk: Mutex<Desk>,
}

/// What lies on the writer's desk between two calls.
#[derive(Default)]
struct Desk {
    queue: Vec<Job>,
    /// Somebody is writing, and will look at the queue again.
    writing: bool,
    /// The destinations that resources of this run have made routes to.
    claims: HashSet<Cidr>,
    knowledge: Knowledge,
    last_ticket: u64,
}

/// What the writer has learned of table and cloud.
#[derive(Default)]
struct Knowledge {
    table: Option<RouteTable>,
    /// How many entries a call may carry, as far as a refusal has told.
    most_entries: Option<usize>,
}

struct Job {
    ticket: u64,
    wish: Wish,
    /// Asked for without learning what became of it.
    sent: bool,
    cloud: Cloud,
    reply: oneshot::Sender<Result<Written>>,
}

impl Cloud {
    /// Makes the wish come true together with whatever else is wished of this table, and says when it has.
    ///
    /// # Errors
    /// Its own, never that of another wish in the same call.
    pub async fn write_route(&self, table: &RouteTableId, wish: Wish) -> Result<Written> {
        let lost = || Err(ended(table));
        self.write_routes(table, vec![wish]).await.pop().unwrap_or_else(lost)
    }

    /// The same for several wishes at once, which travel together from the start. One answer each, in their order.
    pub async fn write_routes(
        &self,
        table: &RouteTableId,
        wishes: Vec<Wish>,
    ) -> Vec<Result<Written>> {
        let writer = self.route_writers().of(table);
        let promises: Vec<Promise> = writer.accept(self, wishes);
        if writer.begin() {
            tokio::spawn(Arc::clone(&writer).write());
        }
        let mut answers = Vec::with_capacity(promises.len());
        for promise in promises {
            answers.push(self.await_answer(&writer, promise).await);
        }
        answers
    }

    async fn await_answer(&self, writer: &RouteWriter, promise: Promise) -> Result<Written> {
        let Promise { ticket, claim, mut answer } = promise;
        let operation = format!("change routes of route table {}", writer.table);
        let answered = match self.during(&operation, &mut answer).await {
            Ok(answered) => answered,
            // Still queued: nothing has happened. On its way: what happened has to be learned.
            Err(end) if writer.withdraw(ticket) => Ok(Err(end)),
            Err(_) => answer.await,
        };
        let answer = answered.unwrap_or_else(|_| Err(ended(&writer.table)));
        if !matches!(answer, Ok(Written::Done)) {
            writer.release(claim);
        }
        answer
    }
}

/// What whoever wished waits for.
struct Promise {
    ticket: u64,
    /// The destination that this wish has claimed for the run.
    claim: Option<Cidr>,
    answer: oneshot::Receiver<Result<Written>>,
}

fn ended(table: &RouteTableId) -> Error {
    let operation = format!("change routes of route table {table}");
    Error::new(Kind::Lost, &operation, "the writer of this table has ended unexpectedly")
}

impl RouteWriters {
    fn of(&self, table: &RouteTableId) -> Arc<RouteWriter> {
        let mut writers = locked(&self.0);
        let writer = || RouteWriter { table: table.clone(), desk: Mutex::default() };
        Arc::clone(writers.entry(table.clone()).or_insert_with(|| Arc::new(writer())))
    }
}

impl RouteWriter {
    /// Puts the wishes into the queue, all at once. One that another resource of this run has made come true is answered
    /// right away.
    fn accept(&self, cloud: &Cloud, wishes: Vec<Wish>) -> Vec<Promise> {
        let mut desk = locked(&self.desk);
        wishes.into_iter().map(|wish| desk.accept(cloud, wish)).collect()
    }

    /// Whoever claimed this destination got no route to it.
    fn release(&self, claimed: Option<Cidr>) {
        if let Some(destination) = claimed {
            locked(&self.desk).claims.remove(&destination);
        }
    }

    /// Whether the caller has to see to it that somebody writes.
    fn begin(&self) -> bool {
        !mem::replace(&mut locked(&self.desk).writing, true)
    }

    /// Takes a wish back that is still in the queue.
    fn withdraw(&self, ticket: u64) -> bool {
        let mut desk = locked(&self.desk);
        let before = desk.queue.len();
        desk.queue.retain(|job| job.ticket != ticket);
        desk.queue.len() < before
    }

    /// Writes until nothing is wished any more.
    async fn write(self: Arc<Self>) {
        let mut knowledge = mem::take(&mut locked(&self.desk).knowledge);
        loop {
            let batch = {
                let mut desk = locked(&self.desk);
                let batch = next_batch(&mut desk.queue);
                if batch.is_empty() {
                    desk.knowledge = knowledge;
                    desk.writing = false;
                    return;
                }
                batch
            };
            Batch { table: &self.table, knowledge: &mut knowledge }.settle(batch).await;
        }
    }
}

impl Desk {
    fn accept(&mut self, cloud: &Cloud, wish: Wish) -> Promise {
        let destination = wish.destination();
        let claim = destination.filter(|_| matches!(wish, Wish::Create { .. }));
        let is_claimed = match (&wish, destination) {
            (Wish::Create { .. }, Some(destination)) => !self.claims.insert(destination),
            (Wish::Set { .. }, Some(destination)) => {
                self.claims.insert(destination);
                false
            }
            (Wish::Remove { .. }, Some(destination)) => {
                self.claims.remove(&destination);
                false
            }
            (_, None) => false,
        };
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        let (reply, answer) = oneshot::channel();
        let job = Job { ticket, wish, sent: false, cloud: cloud.clone(), reply };
        if is_claimed {
            job.answer(Ok(Written::Claimed));
            return Promise { ticket, claim: None, answer };
        }
        self.queue.push(job);
        Promise { ticket, claim, answer }
    }
}

/// The queued wishes up to the second one of the same destination, which has to wait for the first.
fn next_batch(queue: &mut Vec<Job>) -> Vec<Job> {
    let mut destinations = HashSet::new();
    let (batch, rest) =
        mem::take(queue).into_iter().partition(|job| destinations.insert(job.wish.destination()));
    *queue = rest;
    batch
}

/// The wishes of one round.
struct Batch<'w> {
    table: &'w RouteTableId,
    knowledge: &'w mut Knowledge,
}

impl Batch<'_> {
    async fn settle(&mut self, jobs: Vec<Job>) {
        let Some(cloud) = most_patient(&jobs) else { return };
        let jobs = match self.known(&jobs, &cloud).await {
            Ok(table) => unsettled(jobs, &table),
            Err(error) => return refuse(jobs, &error),
        };
        debug!(table = %self.table, wishes = jobs.len(), "writing routes");
        let (deletions, others): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|(_, step)| step.is_deletion());
        for jobs in [others, deletions] {
            self.send_all(jobs_of(jobs), &cloud).await;
        }
    }

    /// The table, fresh if something is decided by it alone: what is sent the cloud judges itself.
    async fn known(&mut self, jobs: &[Job], cloud: &Cloud) -> Result<RouteTable> {
        if let Some(table) = &self.knowledge.table {
            let is_sent = |job: &Job| !matches!(job.wish.step(table, job.sent), Step::Settled(_));
            if jobs.iter().all(is_sent) {
                return Ok(table.clone());
            }
        }
        self.read(cloud).await
    }

    async fn read(&mut self, cloud: &Cloud) -> Result<RouteTable> {
        let table = cloud.route_table_now(self.table).await?.ok_or_else(|| {
            Error::new(
                Kind::NotFound,
                &format!("read route table {}", self.table),
                "it does not exist",
            )
        })?;
        self.knowledge.table = Some(table.clone());
        Ok(table)
    }

    /// Sends wishes in as few calls as the cloud takes. A refused call is halved until the refusal has a name.
    async fn send_all(&mut self, jobs: Vec<Job>, cloud: &Cloud) {
        let mut groups = vec![jobs];
        let mut attempt = 0;
        let mut full: Option<Error> = None;
        while let Some(mut jobs) = groups.pop() {
            let most = self.knowledge.most_entries.unwrap_or(usize::MAX);
            if jobs.len() > most {
                groups.push(jobs.split_off(most));
            }
            // Answers may have been lost, neighbours refused: look again at what each still takes.
            let table = match &self.knowledge.table {
                Some(table) => table.clone(),
                None => match self.read(cloud).await {
                    Ok(table) => table,
                    Err(error) => {
                        refuse(jobs, &error);
                        continue;
                    }
                },
            };
            let mut pending = unsettled(jobs, &table);
            if let Some(error) = &full {
                let (additions, others) =
                    pending.into_iter().partition(|(_, step)| matches!(step, Step::Add(_)));
                refuse(jobs_of(additions), error);
                pending = others;
            }
            if pending.is_empty() {
                continue;
            }
            let changes = RouteChanges::of(pending.iter().map(|(_, step)| step));
            let mut jobs = jobs_of(pending);
            let outcome = cloud.change_routes(self.table, &changes).await;
            // A call for several routes may have been carried out in part before it was refused.
            let in_doubt =
                outcome.as_ref().is_err_and(|error| error.leaves_doubt() || jobs.len() > 1);
            jobs.iter_mut().for_each(|job| job.sent |= in_doubt);
            match self.judge(outcome, &changes, jobs.len(), attempt, cloud).await {
                Verdict::Done => jobs.into_iter().for_each(|job| job.answer(Ok(Written::Done))),
                Verdict::Refused(error) => {
                    refuse(jobs, &error);
                    full = full.or_else(|| (error.kind() == Kind::QuotaExceeded).then_some(error));
                }
                Verdict::Again => {
                    attempt += 1;
                    groups.push(jobs);
                }
                Verdict::Halve => {
                    groups.push(jobs.split_off(jobs.len() / 2));
                    groups.push(jobs);
                }
            }
        }
    }

    /// What the answer to a call means for the wishes in it.
    async fn judge(
        &mut self,
        outcome: Result<RouteTable>,
        changes: &RouteChanges,
        wishes: usize,
        attempt: u32,
        cloud: &Cloud,
    ) -> Verdict {
        let error = match outcome {
            Ok(shown) => {
                self.knowledge.table =
                    self.knowledge.table.take().map(|table| table.after(changes));
                return match changes.show_in(&shown) {
                    true => Verdict::Done,
                    false => self.wait_until_shown(changes, cloud).await,
                };
            }
            Err(error) => error,
        };
        // What stands in the table now is not certain any more.
        self.knowledge.table = None;
        let may_repeat = attempt < cloud.max_retries();
        match error.kind() {
            Kind::TooManyEntries if wishes > 1 => {
                self.knowledge.most_entries = Some(wishes / 2);
                Verdict::Again
            }
            Kind::Lost | Kind::Unreadable | Kind::RouteExists | Kind::Conflict if may_repeat => {
                // The first time another look may be all it takes.
                let paused = match attempt.checked_sub(1) {
                    Some(pauses) => cloud.pause("change routes", pauses).await,
                    None => Ok(()),
                };
                match paused {
                    Ok(()) => Verdict::Again,
                    Err(end) => Verdict::Refused(end.caused_by(error)),
                }
            }
            Kind::Refused | Kind::QuotaExceeded | Kind::RouteExists if wishes > 1 => Verdict::Halve,
            _ => Verdict::Refused(error),
        }
    }

    /// The cloud took the change and does not show it yet.
    async fn wait_until_shown(&mut self, changes: &RouteChanges, cloud: &Cloud) -> Verdict {
        let mut attempt = 0;
        loop {
            match cloud.route_table_now(self.table).await {
                Ok(Some(table)) if changes.show_in(&table) => {
                    self.knowledge.table = Some(table);
                    return Verdict::Done;
                }
                Ok(_) => {}
                Err(error) => return Verdict::Refused(error),
            }
            if let Err(end) = cloud.pause("wait until the table shows the change", attempt).await {
                return Verdict::Refused(end);
            }
            attempt += 1;
        }
    }
}

enum Verdict {
    Done,
    /// For every wish of the call.
    Refused(Error),
    /// The same wishes once more, after another look at the table.
    Again,
    /// One wish at fault must not fail its neighbours.
    Halve,
}

/// Answers the wishes that take nothing and returns the others.
fn unsettled(jobs: Vec<Job>, table: &RouteTable) -> Vec<(Job, Step)> {
    let mut pending = Vec::with_capacity(jobs.len());
    for job in jobs {
        match job.wish.step(table, job.sent) {
            Step::Settled(written) => job.answer(Ok(written)),
            step => pending.push((job, step)),
        }
    }
    pending
}

fn jobs_of(pending: Vec<(Job, Step)>) -> Vec<Job> {
    pending.into_iter().map(|(job, _)| job).collect()
}

fn refuse(jobs: Vec<Job>, error: &Error) {
    jobs.into_iter().for_each(|job| job.answer(Err(error.clone())));
}

/// The handle whose operation may last longest: a call is made for all of them.
fn most_patient(jobs: &[Job]) -> Option<Cloud> {
    let patience = |cloud: &&Cloud| (cloud.deadline().is_none(), cloud.deadline());
    jobs.iter().map(|job| &job.cloud).max_by_key(patience).cloned()
}

impl Job {
    /// Whoever wished may have gone; then nobody needs the answer.
    fn answer(self, answer: Result<Written>) {
        drop(self.reply.send(answer));
    }
}

/// A panic elsewhere leaves the desk as it was between two statements, which is in order.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
