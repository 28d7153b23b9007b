//! What is wanted of one route table and not sent yet: any number of resources add to it, one writer takes from it.

use std::{
    collections::HashSet,
    mem,
    sync::{Arc, Mutex, MutexGuard, atomic::AtomicBool},
    time::Duration,
};

use tokio::sync::oneshot;

use super::{
    desired::{Wish, Written},
    job::Job,
    snapshot::{Knowledge, Look},
};
use crate::cloud::{
    api::ids::RouteTableId,
    client::{Client, error::Result, linger::Linger, locked::locked},
    journal::Journal,
};

pub(crate) struct Queue {
    table: RouteTableId,
    state: Mutex<State>,
    linger: Linger,
}

/// What there is between two calls.
#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    /// Somebody is writing, and will look at the queue again.
    is_writing: bool,
    knowledge: Knowledge,
    last_id: u64,
}

/// What somebody who wants a change waits for.
pub(crate) struct PendingReply {
    pub(crate) id: u64,
    pub(crate) answer: oneshot::Receiver<Result<Written>>,
    /// The cloud may be making the change.
    pub(crate) flight: Arc<AtomicBool>,
}

impl Queue {
    pub(crate) fn of(table: &RouteTableId) -> Self {
        Self { table: table.clone(), state: Mutex::default(), linger: Linger::default() }
    }

    pub(crate) fn table(&self) -> &RouteTableId {
        &self.table
    }

    /// What the writer does, for errors and the log.
    pub(crate) fn operation(&self) -> String {
        format!("change routes of route table {}", self.table)
    }

    /// Takes changes in, all at once.
    pub(crate) fn accept(
        &self,
        client: &Client,
        journal: &Journal,
        wishes: Vec<Wish>,
    ) -> Vec<PendingReply> {
        let mut state = self.state();
        self.linger.arrival();
        let caller = state.last_id;
        let accept = |wish| {
            state.last_id += 1;
            let id = state.last_id;
            let (reply, answer) = oneshot::channel();
            let flight = Arc::default();
            state.jobs.push(Job::new(
                (caller, id),
                wish,
                &self.table,
                (client, journal),
                &flight,
                reply,
            ));
            PendingReply { id, answer, flight }
        };
        wishes.into_iter().map(accept).collect()
    }

    /// Takes a change back that is still in the queue.
    pub(crate) fn withdraw(&self, id: u64) -> bool {
        let mut state = self.state();
        let before = state.jobs.len();
        state.jobs.retain(|job| job.id != id);
        state.jobs.len() < before
    }

    /// `true` for the one that has to write, because nobody does.
    pub(crate) fn begin(&self) -> bool {
        !mem::replace(&mut self.state().is_writing, true)
    }

    /// What the table was seen to be, for the one that writes.
    pub(crate) fn take_knowledge(&self) -> Knowledge {
        mem::take(&mut self.state().knowledge)
    }

    /// Gives that back, and ends the writing, unless something is queued.
    pub(crate) fn end(&self, knowledge: &mut Knowledge) -> bool {
        let mut state = self.state();
        let is_empty = state.jobs.is_empty();
        if is_empty {
            state.knowledge = mem::take(knowledge);
            state.is_writing = false;
        }
        is_empty
    }

    /// The writing has ended unexpectedly: whoever waits is told, and the next change begins anew.
    pub(crate) fn abandon(&self) {
        let mut state = self.state();
        state.jobs.clear();
        state.is_writing = false;
    }

    /// Takes note of a read of the table, unless somebody is writing who knows better.
    pub(crate) fn learn(&self, look: Look) {
        let mut state = self.state();
        if !state.is_writing {
            state.knowledge.learn(look);
        }
    }

    /// What goes into the next call, once the callers of the last one have come again: the changes up to the second one of the same
    /// destination, which has to wait for the first. Those that nobody waits for any more are dropped.
    pub(crate) async fn next_batch(&self, moment: Duration) -> Vec<Job> {
        self.linger.company(moment).await;
        let mut destinations = HashSet::new();
        let mut state = self.state();
        state.jobs.retain(|job| !job.is_cancelled());
        state.jobs.extract_if(.., |job| destinations.insert(job.wish.destination())).collect()
    }

    /// So many callers have got the answers of a batch.
    pub(crate) fn answered(&self, callers: usize) {
        self.linger.answered(callers);
    }

    /// Adds what has come meanwhile, as far as it is to be sent whatever a later read of the table would show, to `jobs`.
    pub(crate) fn join(&self, jobs: &mut Vec<Job>, is_to_be_sent: impl Fn(&Job) -> bool) {
        let mut taken: HashSet<_> = jobs.iter().map(|job| job.wish.destination()).collect();
        // A destination of which one change stays behind must not have a later one go first.
        let is_joining = |job: &mut Job| taken.insert(job.wish.destination()) && is_to_be_sent(job);
        jobs.extend(self.state().jobs.extract_if(.., is_joining));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}
