//! One round of a route table's writer: the wishes are sent in order, verified, and taken apart where the client
//! refuses a call, so that each gets exactly its own answer.
//!
//! Why additions and deletions do not travel together is in `docs/decisions/0008-additions-before-deletions.md`.
//! Every repetition is counted, and every wait ends with the operations that it is for: a look is made within the bounds
//! of the wish whose time ends first, and a call goes on without that wish as long as there are others in it.
//!
//! Done is what a read shows: see `confirmation.rs`.

use std::{error::Error as _, sync::Arc};

use tracing::{Instrument, debug};

use super::{
    desired::{Refusal, Step},
    job::{Job, span},
    queue::Queue,
    snapshot::{Knowledge, Look},
};
use crate::cloud::{
    api::route_table::{RouteChanges, RouteTable},
    client::{
        Client,
        bounds::now,
        error::{Error, Kind, Result},
    },
};

pub(crate) struct Batch<'w> {
    pub(crate) queue: &'w Queue,
    pub(crate) knowledge: &'w mut Knowledge,
}

/// Wishes that travel in one call.
struct Group {
    jobs: Vec<Job>,
    /// How often they have been sent again.
    attempt: u32,
    /// Why they were sent again.
    last: Option<Error>,
    /// What the lone wish took when the client refused it, and the refusal. Final, unless another look at the table
    /// shows that it takes something else.
    refused: Option<(Step, Error)>,
}

/// An addition that found the table full.
type OverQuota = (Job, Error);

impl Batch<'_> {
    /// Answers them all.
    pub(crate) async fn settle(mut self, mut jobs: Vec<Job>) {
        let Some(table) = self.known(&mut jobs).await else { return };
        let pending = unsettled(jobs, &table);
        debug!(table = %self.queue.table(), wishes = pending.len(), "writing routes");
        let (deletions, others): (Vec<_>, Vec<_>) =
            pending.into_iter().partition(|(_, step)| matches!(step, Step::Delete(_)));
        let makes_room = !deletions.is_empty();
        let mut over_quota = self.send_all(jobs_of(others)).await;
        self.send_all(jobs_of(deletions)).await;
        if makes_room && !over_quota.is_empty() {
            over_quota = self.send_all(over_quota.into_iter().map(|(job, _)| job).collect()).await;
        }
        over_quota.into_iter().for_each(|(job, error)| job.refuse_finally(&error));
    }

    /// The table, fresh if something is decided by it alone: what is sent the client judges itself, and refuses a second
    /// route to a destination. What was wished during a look at the table travels along. `None` once all are answered.
    async fn known(&mut self, jobs: &mut Vec<Job>) -> Option<Arc<RouteTable>> {
        if let Some(table) = self.knowledge.table(jobs)
            && jobs.iter().all(|job| job.is_to_be_sent(table))
        {
            return Some(Arc::clone(table));
        }
        self.knowledge.doubt();
        loop {
            let client = least_patient(jobs)?;
            match self.table(&client, jobs).await {
                Ok(table) => {
                    self.queue.join(jobs, |job| job.is_to_be_sent(&table));
                    return Some(table);
                }
                Err(error) if error.is_end() => give_up(jobs, &error),
                Err(error) => {
                    jobs.drain(..).for_each(|job| job.refuse(&error));
                    return None;
                }
            }
        }
    }

    async fn table(&mut self, client: &Client, jobs: &[Job]) -> Result<Arc<RouteTable>> {
        if let Some(table) = self.knowledge.table(jobs) {
            return Ok(Arc::clone(table));
        }
        let look = self.look(client).await?;
        self.knowledge.learn(look.clone());
        Ok(look.table)
    }

    pub(crate) async fn look(&self, client: &Client) -> Result<Look> {
        let began = now();
        let table = client.route_table(self.queue.table()).await?.ok_or_else(|| {
            let operation = format!("read route table {}", self.queue.table());
            Error::new(Kind::NotFound, &operation, "it does not exist")
        })?;
        Ok(Look { table: Arc::new(table), began })
    }

    /// Sends wishes in as few calls as the client takes, and returns those for which the table has no room.
    async fn send_all(&mut self, jobs: Vec<Job>) -> Vec<OverQuota> {
        let mut groups = vec![Group { jobs, attempt: 0, last: None, refused: None }];
        let mut over_quota: Vec<OverQuota> = Vec::new();
        while let Some(mut group) = groups.pop() {
            group.jobs.retain(|job| !job.is_cancelled());
            let Some(client) = least_patient(&group.jobs) else { continue };
            if let Some(most) = self.knowledge.most_entries.filter(|most| group.jobs.len() > *most)
            {
                groups.push(group.split_off(most));
            }
            // Answers may have been lost, neighbours refused: look again at what each still takes.
            let table = match self.table(&client, &group.jobs).await {
                Ok(table) => table,
                Err(error) if error.is_end() => {
                    let end = group.explain(error);
                    give_up(&mut group.jobs, &end);
                    groups.push(group);
                    continue;
                }
                Err(error) => {
                    group.refuse(&error);
                    continue;
                }
            };
            let mut pending = unsettled(group.jobs, &table);
            if let Some((_, full)) = over_quota.last() {
                let full = full.clone();
                let (additions, others): (Vec<_>, Vec<_>) =
                    pending.into_iter().partition(|(_, step)| matches!(step, Step::Add(_)));
                over_quota.extend(additions.into_iter().map(|(job, _)| (job, full.clone())));
                pending = others;
            }
            let group = Group { jobs: Vec::new(), ..group };
            match (&pending[..], &group.refused) {
                ([], _) => continue,
                ([(_, step)], Some((before, error))) if step == before => {
                    jobs_of(pending).into_iter().for_each(|job| job.refuse_finally(error));
                    continue;
                }
                _ => {}
            }
            let additions = pending.iter_mut().filter(|(_, step)| matches!(step, Step::Add(_)));
            additions.for_each(|(job, _)| job.leave_note());
            pending.iter().for_each(|(job, _)| job.take_off());
            let changes = RouteChanges::of(pending.iter().map(|(_, step)| step));
            let began = now();
            let patient =
                most_patient(pending.iter().map(|(job, _)| job)).unwrap_or(&client).clone();
            let table = self.queue.table();
            let span = span(pending.iter().map(|(job, _)| job));
            let sent = patient.change_routes(table, &changes, group.attempt);
            match sent.instrument(span).await {
                Ok(table) => {
                    let shown = Look { table: Arc::new(table), began };
                    self.knowledge.wrote(&changes, &shown);
                    self.confirm(pending, shown.table).await;
                }
                Err(error) => {
                    let (again, full) = self.after_failure(group, pending, error, &client).await;
                    groups.extend(again);
                    over_quota.extend(full);
                }
            }
        }
        over_quota
    }

    /// What a failed call means for the wishes in it: what to try next, and which of them found the table full.
    async fn after_failure(
        &mut self,
        mut group: Group,
        mut pending: Vec<(Job, Step)>,
        error: Error,
        client: &Client,
    ) -> (Vec<Group>, Option<OverQuota>) {
        let wishes = pending.len();
        let refusal = Refusal::of(&error.kind(), wishes, group.attempt < client.max_retries());
        if refusal != Refusal::Ended || error.leaves_doubt() {
            // What stands in the table now is not certain any more.
            self.knowledge.doubt();
        }
        for (job, _) in &mut pending {
            job.sent |= error.leaves_doubt();
            job.in_part |= refusal.may_be_in_part(wishes);
            job.land();
        }
        match refusal {
            Refusal::Ended => {
                group.jobs = jobs_of(pending);
                let end = group.explain(error);
                give_up(&mut group.jobs, &end);
            }
            Refusal::TooMany => {
                let most = error.most_entries().filter(|most| *most < wishes);
                self.knowledge.most_entries = Some(most.unwrap_or(wishes / 2));
                group.jobs = jobs_of(pending);
            }
            Refusal::Again => {
                group.jobs = jobs_of(pending);
                // The first time another look may be all it takes, unless the client asks for a pause.
                if group.attempt > 0 || error.retry_after().is_some() {
                    self.pause(&mut group, &error, client).await;
                }
                group.attempt += 1;
                group.last = Some(error);
            }
            Refusal::OneOfThem => {
                group.jobs = jobs_of(pending);
                let other = group.split_off(wishes / 2);
                return (vec![other, group], None);
            }
            Refusal::Full => return (Vec::new(), pending.pop().map(|(job, _)| (job, error))),
            Refusal::Its if group.refused.is_none() => {
                if let [(_, step)] = &pending[..] {
                    group.refused = Some((step.clone(), error));
                }
                group.jobs = jobs_of(pending);
            }
            Refusal::Its => {
                jobs_of(pending).into_iter().for_each(|job| job.refuse_finally(&error));
                return (Vec::new(), None);
            }
            Refusal::Everybody => {
                jobs_of(pending).into_iter().for_each(|job| job.refuse(&error));
                return (Vec::new(), None);
            }
        }
        (vec![group], None)
    }

    /// Waits as long as a failure asks for. Those whose time ends meanwhile are answered.
    async fn pause(&self, group: &mut Group, error: &Error, client: &Client) {
        let (mut client, operation) = (client.clone(), self.queue.operation());
        let pauses = group.attempt.saturating_sub(1);
        while let Err(end) = client.pause_after(error, &operation, pauses).await {
            give_up(&mut group.jobs, &end);
            match least_patient(&group.jobs) {
                Some(next) => client = next,
                None => return,
            }
        }
    }
}

impl Group {
    /// The wishes from `at` on, as a group of their own.
    fn split_off(&mut self, at: usize) -> Self {
        let (attempt, last) = (self.attempt, self.last.clone());
        Self { jobs: self.jobs.split_off(at), attempt, last, refused: None }
    }

    /// The end of the time, with the last failure before it.
    fn explain(&self, end: Error) -> Error {
        match &self.last {
            Some(cause) if end.source().is_none() => end.caused_by(cause.clone()),
            _ => end,
        }
    }

    fn refuse(self, error: &Error) {
        self.jobs.into_iter().for_each(|job| job.refuse(error));
    }
}

/// Answers the wishes that take nothing and returns the others.
fn unsettled(jobs: Vec<Job>, table: &RouteTable) -> Vec<(Job, Step)> {
    let mut pending = Vec::with_capacity(jobs.len());
    for mut job in jobs {
        match job.step(table) {
            Step::Settled(written) => job.answer(Ok(written)),
            step => {
                job.in_part = false;
                job.land();
                pending.push((job, step));
            }
        }
    }
    pending
}

pub(crate) fn jobs_of(pending: Vec<(Job, Step)>) -> Vec<Job> {
    pending.into_iter().map(|(job, _)| job).collect()
}

/// The handle whose operation ends first.
fn least_patient(jobs: &[Job]) -> Option<Client> {
    first_to_end(jobs.iter()).map(|first| jobs[first].client.clone())
}

/// The handle whose operation ends last.
fn most_patient<'j>(jobs: impl Iterator<Item = &'j Job>) -> Option<&'j Client> {
    let end = |client: &&Client| {
        let deadline = client.bounds().deadline();
        (deadline.is_none(), deadline)
    };
    jobs.map(|job| &job.client).max_by_key(end)
}

/// Answers the wish whose operation has ended.
fn give_up(jobs: &mut Vec<Job>, end: &Error) {
    if let Some(first) = first_to_end(jobs.iter()) {
        jobs.swap_remove(first).refuse(end);
    }
}

/// Where the job stands whose operation ends first.
pub(crate) fn first_to_end<'j>(jobs: impl Iterator<Item = &'j Job>) -> Option<usize> {
    let end = |(_, job): &(usize, &Job)| {
        let deadline = job.client.bounds().deadline();
        (deadline.is_none(), deadline)
    };
    jobs.enumerate().min_by_key(end).map(|(position, _)| position)
}
