//! A wish on its way through the writer: whoever waits for the answer, and what is known of earlier attempts.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::oneshot;
use tracing::{Span, error_span};

use super::desired::{Step, Wish, Written};
use crate::{
    cloud::{
        api::{ids::RouteTableId, route_table::RouteTable},
        client::{
            Client,
            error::{Error, Kind, Result},
        },
        journal::{About, Journal},
    },
    network::Route,
};

pub(crate) struct Job {
    pub(crate) id: u64,
    /// The same for all that were asked for together.
    pub(crate) caller: u64,
    pub(crate) wish: Wish,
    /// Asked for without learning what became of it.
    pub(crate) sent: bool,
    /// In a call that was refused for the sake of others in it, and not looked at since.
    pub(crate) in_part: bool,
    /// The answer to a call showed it done.
    pub(crate) is_shown: bool,
    /// It is on its way, or asked for without learning what became of it, as whoever waits may see.
    flight: Arc<AtomicBool>,
    /// Bounded by the operation of whoever waits.
    pub(crate) client: Client,
    journal: Journal,
    /// The request that the wish is part of, for the log.
    request: Span,
    table: RouteTableId,
    /// An earlier run was about to make the very same, and nobody has recorded it.
    is_noted: bool,
    /// The note of this job's own intent is left.
    has_left_note: bool,
    reply: oneshot::Sender<Result<Written>>,
}

/// What is written for these wishes, with the requests that they are part of: all lines of the log tell of them.
pub(crate) fn span<'j>(jobs: impl Iterator<Item = &'j Job>) -> Span {
    let jobs: Vec<&Job> = jobs.collect();
    let named = jobs.iter().take(NAMED).filter_map(|job| job.wish.destination());
    let mut destinations: Vec<String> = named.map(|destination| destination.to_string()).collect();
    if let Some(more) = jobs.len().checked_sub(NAMED).filter(|more| *more > 0) {
        destinations.push(format!("and {more} more"));
    }
    let span = error_span!(parent: None, "routes", destinations = destinations.join(", "));
    for job in jobs {
        span.follows_from(&job.request);
    }
    span
}

/// So many destinations are named in a line of the log.
const NAMED: usize = 50;

impl Job {
    pub(crate) fn new(
        (caller, id): (u64, u64),
        wish: Wish,
        table: &RouteTableId,
        (client, journal): (&Client, &Journal),
        flight: &Arc<AtomicBool>,
        reply: oneshot::Sender<Result<Written>>,
    ) -> Self {
        let mut job = Self {
            id,
            caller,
            wish,
            sent: false,
            in_part: false,
            is_shown: false,
            flight: Arc::clone(flight),
            client: client.clone(),
            journal: journal.clone(),
            request: Span::current(),
            table: table.clone(),
            is_noted: false,
            has_left_note: false,
            reply,
        };
        if let (Wish::Create { route, .. }, Some(about)) = (&job.wish, job.about()) {
            job.is_noted = job.journal.find::<Route>(about).as_ref() == Some(route);
        }
        job
    }

    /// What the wish takes. What an earlier run has asked for counts as asked for.
    pub(crate) fn step(&self, table: &RouteTable) -> Step {
        self.wish.step(table, self.sent || self.in_part || self.is_noted)
    }

    pub(crate) fn is_to_be_sent(&self, table: &RouteTable) -> bool {
        !matches!(self.step(table), Step::Settled(_))
    }

    /// From now on the cloud may make the wish come true, or not any more.
    pub(crate) fn take_off(&self) {
        self.flight.store(true, Ordering::Relaxed);
    }

    pub(crate) fn land(&self) {
        self.flight.store(self.sent || self.in_part, Ordering::Relaxed);
    }

    /// Notes down a creation that is about to be sent.
    pub(crate) fn leave_note(&mut self) {
        if let (Wish::Create { route, .. }, Some(about)) = (&self.wish, self.about())
            && !self.has_left_note
        {
            self.journal.leave(about, route);
            self.has_left_note = true;
        }
    }

    /// Whoever wished may have gone; then nobody needs the answer.
    pub(crate) fn answer(self, answer: Result<Written>) {
        let is_undone = match (&self.wish, &answer) {
            (Wish::Create { .. }, Ok(Written::Done)) | (Wish::Set { .. }, _) => false,
            (Wish::Create { .. }, Ok(_)) => self.has_left_note,
            (Wish::Create { .. }, Err(error)) => self.has_left_note && !error.leaves_doubt(),
            (Wish::Remove { .. }, answer) => answer.is_ok(),
        };
        // A creation that came true keeps its note: Terraform may still be killed before it records it.
        if let Some(about) = self.about().filter(|_| is_undone) {
            self.journal.settle(about);
        }
        drop(self.reply.send(answer));
    }

    /// An error that says nothing of what was sent before leaves that in doubt.
    pub(crate) fn refuse(self, error: &Error) {
        let error = error.clone().in_doubt(self.sent || self.in_part);
        self.answer(Err(error));
    }

    /// The cloud has refused this very wish; whatever was sent before, it is not in the table. Unless it is refused
    /// because the route is there: that may be our own.
    pub(crate) fn refuse_finally(mut self, error: &Error) {
        self.sent &= error.kind() == Kind::RouteExists;
        self.in_part &= self.sent;
        self.refuse(error);
    }

    /// Nobody waits for it any more.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.reply.is_closed()
    }

    fn about(&self) -> Option<About<'_>> {
        let destination = self.wish.destination()?;
        Some(About::Route { route_table_id: &self.table, destination })
    }
}
