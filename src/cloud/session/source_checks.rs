//! Many source checks at once. Each port is written on its own, because the API knows no other way; what decides the
//! writes, and what shows their outcome, is read for all of them in the lists of the ports of their subnets.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::{StreamExt as _, stream};

use super::{
    Cloud, Writing,
    source_check::{LATE_LOOKS, Switched, UNDONE, pairs_for},
};
use crate::cloud::{
    api::{
        ids::{PortId, SubnetId},
        port::Port,
    },
    client::{
        bounds,
        error::{Error, Kind, Result},
    },
    journal::About,
};

/// How many ports are written at the same time.
const WIDTH: usize = 10;

/// For so long a list decides writes. What others have done to a port since then is lost.
const LONGEST_AGE: Duration = Duration::from_secs(1);

/// A port, and the position in which its check is to be.
#[derive(Debug, Clone)]
pub struct CheckSwitch {
    pub port_id: PortId,
    pub subnet_id: SubnetId,
    pub enabled: bool,
    /// Nothing is recorded of the port yet, so how it was found is noted before it is changed.
    pub is_new: bool,
}

/// What came of each; `None` where there is no such port. As [`Cloud::switch_source_check`] says it.
pub type SwitchedChecks = BTreeMap<PortId, Result<Option<Switched>>>;

struct Batch<'c> {
    cloud: &'c Cloud<Writing>,
    operation: String,
    pending: BTreeMap<PortId, Pending>,
    done: SwitchedChecks,
}

struct Pending {
    switch: CheckSwitch,
    /// As it was before the first write, and whether the check was on before the first change of ours.
    found: Option<(Port, bool)>,
    writes: u32,
    /// How often the port was looked at since the last write.
    looks: u32,
    /// The last write got no answer.
    doubt: Option<Error>,
}

impl Cloud<Writing> {
    /// Brings the checks of ports into their positions.
    pub async fn switch_source_checks(&self, switches: Vec<CheckSwitch>) -> SwitchedChecks {
        let operation = format!("switch the source checks of {} ports", switches.len());
        let pending: BTreeMap<PortId, Pending> = switches
            .into_iter()
            .map(|switch| (switch.port_id.clone(), Pending::new(switch)))
            .collect();
        // In one order everywhere, so that no two batches wait for each other.
        let turns: Vec<_> = pending.keys().map(|id| self.port_locks().of(id)).collect();
        let mut batch = Batch { cloud: self, operation, pending, done: BTreeMap::new() };
        let mut held = Vec::with_capacity(turns.len());
        for turn in &turns {
            match self.client.during(&batch.operation, turn.lock()).await {
                Ok(turn) => held.push(turn),
                Err(error) => {
                    batch.give_up(&error);
                    return batch.done;
                }
            }
        }
        batch.run().await;
        batch.done
    }
}

impl Batch<'_> {
    /// Looks, writes what is not in position, and looks again, until everything shows or is known to fail.
    async fn run(&mut self) {
        let mut pauses = 0;
        while !self.pending.is_empty() {
            let due = match self.look().await {
                Ok(ports) => self.judge(&ports),
                Err(error) => return self.give_up(&error),
            };
            let is_waiting = due.is_empty() && !self.pending.is_empty();
            if let Err(error) = self.write(due).await {
                return self.give_up(&error);
            }
            let is_in_doubt = self.pending.values().any(|pending| pending.doubt.is_some());
            if is_waiting || is_in_doubt {
                if let Err(error) = self.cloud.client.pause(&self.operation, pauses).await {
                    return self.give_up(&error);
                }
                pauses += 1;
            }
        }
    }

    /// The pending ports as they are now. Those that no list shows are gone, moved or hidden; only asking for them tells.
    async fn look(&self) -> Result<BTreeMap<PortId, Port>> {
        let subnets: BTreeSet<&SubnetId> =
            self.pending.values().map(|pending| &pending.switch.subnet_id).collect();
        let mut ports = BTreeMap::new();
        for subnet in subnets {
            let listed = self.cloud.ports_of_subnet(subnet).await?;
            ports.extend(listed.into_iter().map(|port| (port.id.clone(), port)));
        }
        for id in self.pending.keys() {
            if !ports.contains_key(id)
                && let Some(port) = self.cloud.port(id).await?
            {
                ports.insert(id.clone(), port);
            }
        }
        Ok(ports)
    }

    /// Takes out what is in position or has failed. Returns what to write now: the whole lists of pairs.
    fn judge(&mut self, ports: &BTreeMap<PortId, Port>) -> Vec<(CheckSwitch, Port)> {
        let mut due = Vec::new();
        for (id, mut pending) in std::mem::take(&mut self.pending) {
            let Some(port) = ports.get(&id) else {
                self.settle(&pending);
                self.done.insert(id, Ok(None));
                continue;
            };
            if pending.found.is_none() {
                pending.found = Some((port.clone(), self.found_enabled(&pending.switch, port)));
            }
            if port.is_source_check_on() == pending.switch.enabled {
                self.done.insert(id, pending.switched(Ok(port.clone())));
                continue;
            }
            if pending.writes > 0 && pending.doubt.is_none() && pending.looks < LATE_LOOKS {
                pending.looks += 1;
            } else if pending.writes > self.cloud.client.max_retries() {
                let outcome = match pending.doubt.take() {
                    Some(error) => {
                        self.settle(&pending);
                        Err(error)
                    }
                    None => {
                        let undone = Error::new(Kind::Conflict, &self.operation, UNDONE);
                        pending.switched(Err(undone))
                    }
                };
                self.done.insert(id, outcome);
                continue;
            } else {
                due.push((pending.switch.clone(), port.clone()));
            }
            self.pending.insert(id, pending);
        }
        due
    }

    /// Another resource of the run that has it yet found it before; else an earlier run did.
    fn found_enabled(&self, switch: &CheckSwitch, port: &Port) -> bool {
        let about = About::SourceCheck { port_id: &switch.port_id };
        let recalled = || self.cloud.recalled_found(&switch.port_id);
        let known = switch.is_new.then(|| recalled().or_else(|| self.cloud.journal().find(about)));
        known.flatten().unwrap_or(port.is_source_check_on())
    }

    /// Writes as many as a list of now may decide.
    ///
    /// # Errors
    /// What would happen to every other write, too.
    async fn write(&mut self, due: Vec<(CheckSwitch, Port)>) -> Result<()> {
        let end = bounds::after(LONGEST_AGE);
        let mut writes = Vec::new();
        for (switch, port) in due {
            let found_enabled = self.pending.get(&switch.port_id).and_then(|it| it.found.as_ref());
            let found_enabled = found_enabled.map(|(_, enabled)| *enabled);
            let cloud = self.cloud;
            writes.push(async move {
                if end.is_some_and(|end| bounds::now() > end) {
                    return None;
                }
                if let Some(found_enabled) = found_enabled.filter(|_| switch.is_new) {
                    let about = About::SourceCheck { port_id: &switch.port_id };
                    cloud.journal().leave(about, &found_enabled);
                }
                let pairs = pairs_for(switch.enabled, &port.address_pairs);
                Some((
                    switch.port_id.clone(),
                    cloud.set_address_pairs(&switch.port_id, &pairs).await,
                ))
            });
        }
        let outcomes: Vec<_> = stream::iter(writes).buffer_unordered(WIDTH).collect().await;
        let mut general = Ok(());
        for (id, outcome) in outcomes.into_iter().flatten() {
            let Some(pending) = self.pending.get_mut(&id) else { continue };
            pending.writes += 1;
            pending.looks = 0;
            pending.doubt = None;
            match outcome {
                Ok(_) => {}
                Err(error) if error.leaves_doubt() => pending.doubt = Some(error),
                Err(error) => {
                    if is_about_all(&error.kind()) {
                        general = Err(error.clone());
                    }
                    if let Some(pending) = self.pending.remove(&id) {
                        self.settle(&pending);
                    }
                    self.done.insert(id, Err(error));
                }
            }
        }
        general
    }

    /// Nothing more can be done. Of what was written it is not known what came of it.
    fn give_up(&mut self, error: &Error) {
        for (id, pending) in std::mem::take(&mut self.pending) {
            let outcome = match pending.writes {
                0 => Err(error.clone()),
                _ => pending.switched(Err(error.clone())),
            };
            self.done.insert(id, outcome);
        }
    }

    /// Nothing came of the port's change, so there is nothing to give back.
    fn settle(&self, pending: &Pending) {
        if pending.switch.is_new && pending.writes > 0 {
            self.cloud.journal().settle(About::SourceCheck { port_id: &pending.switch.port_id });
        }
    }
}

impl Pending {
    fn new(switch: CheckSwitch) -> Self {
        Self { switch, found: None, writes: 0, looks: 0, doubt: None }
    }

    fn switched(self, now: Result<Port>) -> Result<Option<Switched>> {
        Ok(self.found.map(|(found, found_enabled)| Switched { found, found_enabled, now }))
    }
}

/// The refusal is not of one port.
fn is_about_all(refusal: &Kind) -> bool {
    matches!(
        refusal,
        Kind::Unauthenticated
            | Kind::OtherProject
            | Kind::Denied
            | Kind::TimedOut
            | Kind::Interrupted
            | Kind::Unreachable
            | Kind::NotPublished
            | Kind::Unconfigured(_)
    )
}
