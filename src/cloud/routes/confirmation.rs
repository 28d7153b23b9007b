//! What becomes of changes of routes that the client has accepted: done is what a read shows.

use std::sync::Arc;

use super::{
    batch::{Batch, first_to_end, jobs_of},
    desired::{Sight, Step, Written},
    job::Job,
    snapshot::Look,
};
use crate::cloud::{
    api::route_table::RouteTable,
    client::{
        Client,
        error::{Error, Kind, Result},
    },
};

/// How often the table is looked at for a change that the cloud took and does not show. With the usual pauses that is
/// longer than the usual limit of an operation, which ends it.
const LOOKS: u32 = 40;
/// From this look on the pauses before them do not grow any more.
const LONGEST_PAUSE_AT: u32 = 4;

impl Batch<'_> {
    /// The cloud took the changes and answered with a table. Done is what a read shows too: several servers may answer
    /// for the client, and the next command must not be told that nothing is there. One read shows it for all of the
    /// call; where it does at once, the answers to the calls of the next seconds are believed.
    pub(crate) async fn confirm(&mut self, pending: Vec<(Job, Step)>, answered: Arc<RouteTable>) {
        let is_prompt = self.knowledge.is_prompt();
        let mut unseen = Vec::new();
        for (mut job, step) in pending {
            job.sent = true;
            let sight = step.seen_in(&answered);
            job.is_shown = sight == Sight::Done;
            match sight {
                Sight::Done if is_prompt => job.answer(Ok(Written::Done)),
                Sight::Differs(held) => job.answer(Ok(Written::Differs(Box::new(held)))),
                Sight::Done | Sight::NotYet | Sight::Another => unseen.push((job, step)),
            }
        }
        let mut pending = unseen;
        let mut seen = answered;
        let mut looks = 0;
        while let Some(first) = first_to_end(pending.iter().map(|(job, _)| job)) {
            let client = pending[first].0.client.clone();
            if looks > LOOKS {
                self.knowledge.doubt();
                for (job, step) in pending {
                    job.refuse(&self.unseen(Kind::Lost, &step, &seen));
                }
                return;
            }
            match self.look_again(&client, looks).await {
                Ok(look) => {
                    seen = Arc::clone(&look.table);
                    self.knowledge.learn(look);
                    pending = answer_seen(pending, &seen);
                    if looks == 0 {
                        self.knowledge.prompt(pending.is_empty());
                    }
                    looks += 1;
                }
                Err(end) if end.is_end() => {
                    self.knowledge.doubt();
                    let (job, step) = pending.swap_remove(first);
                    let error = self.unseen(end.kind(), &step, &seen).caused_by(end);
                    job.refuse(&error);
                }
                Err(error) => {
                    self.knowledge.doubt();
                    return jobs_of(pending).into_iter().for_each(|job| job.refuse(&error));
                }
            }
        }
    }

    fn unseen(&self, kind: Kind, step: &Step, seen: &RouteTable) -> Error {
        let message = format!(
            "the cloud accepted the change, and the table does not show it: it shows {}",
            step.shown_instead(seen)
        );
        Error::new(kind, &self.queue.operation(), message)
    }

    async fn look_again(&self, client: &Client, looks: u32) -> Result<Look> {
        if let Some(pauses) = looks.checked_sub(1) {
            let operation = "wait until the route table shows the change";
            client.pause(operation, pauses.min(LONGEST_PAUSE_AT)).await?;
        }
        self.look(client).await
    }
}

/// Answers the wishes of which this table shows what became, and returns the others.
fn answer_seen(pending: Vec<(Job, Step)>, table: &RouteTable) -> Vec<(Job, Step)> {
    let mut unseen = Vec::new();
    for (job, step) in pending {
        match step.seen_in(table) {
            Sight::Done => job.answer(Ok(Written::Done)),
            // It was as wished, and others have changed it since.
            Sight::Differs(_) | Sight::Another if job.is_shown => job.answer(Ok(Written::Done)),
            Sight::Differs(held) => job.answer(Ok(Written::Differs(Box::new(held)))),
            Sight::NotYet | Sight::Another => unseen.push((job, step)),
        }
    }
    unseen
}
