//! The source/destination check of a port: how the API spells it, and how it is switched.
//!
//! The check is off if and only if the port's allowed address pairs hold `1.1.1.1/0`; there is no attribute of that
//! name. The pairs are written as a whole list, so a switch reads the port, keeps every other pair, writes, and reads
//! again to see that nobody wrote at the same time.

use super::{
    client::Cloud,
    error::{Error, Kind, Result},
    ids::PortId,
    notes::About,
    port::{AddressPair, Port},
};

const CHECK_OFF: &str = "1.1.1.1/0";
/// How often a port is looked at again that does not show the change yet: with growing pauses, about half a minute.
pub(super) const LATE_LOOKS: u32 = 5;
pub(super) const UNDONE: &str =
    "the change does not show: others change the port's address pairs at the same time";

impl AddressPair {
    /// The pair stands for the check and not for an address. The cloud may add the port's MAC address to it.
    pub fn is_source_check_off(&self) -> bool {
        self.ip_address == CHECK_OFF
    }
}

impl Port {
    pub fn is_source_check_on(&self) -> bool {
        !self.address_pairs.iter().any(AddressPair::is_source_check_off)
    }
}

/// A port before and after its check was switched.
#[derive(Debug, Clone)]
pub struct Switched {
    pub found: Port,
    /// Whether the check was on before the first change of ours, which an earlier run may have made.
    pub found_enabled: bool,
    /// An error where the change was sent and the port could not be asked what came of it.
    pub now: Result<Port>,
}

impl Cloud {
    /// Brings the check of a port into this position; `None` if there is no such port.
    ///
    /// One switch at a time for each port. Whatever became of an answer that was lost, the port itself tells.
    ///
    /// # Errors
    /// Nothing has come of it.
    pub async fn switch_source_check(
        &self,
        id: &PortId,
        enabled: bool,
    ) -> Result<Option<Switched>> {
        self.switch(id, enabled, None).await
    }

    /// The same for a port of which nothing is recorded yet. How it was found is noted before it is changed, so that it
    /// can be given back even if this run is killed.
    ///
    /// # Errors
    /// Nothing has come of it.
    pub async fn take_source_check(&self, id: &PortId, enabled: bool) -> Result<Option<Switched>> {
        self.switch(id, enabled, Some(About::SourceCheck { port_id: id })).await
    }

    async fn switch(
        &self,
        id: &PortId,
        enabled: bool,
        note: Option<About<'_>>,
    ) -> Result<Option<Switched>> {
        let operation = format!("switch the source check of port {id}");
        let turn = self.port_turns().of(id);
        let _turn = self.during(&operation, turn.lock()).await?;
        let Some(found) = self.port_now(id).await? else { return Ok(None) };
        // Another resource of the run that has it yet found it before; else an earlier run did.
        let noted: Option<bool> =
            note.and_then(|about| self.recalled_found(id).or_else(|| self.noted(about)));
        let found_enabled = noted.unwrap_or(found.is_source_check_on());
        // As it should be already, the note of an earlier run is all that tells how it was found.
        let note = note.filter(|_| found.is_source_check_on() != enabled);
        if let Some(about) = note {
            self.leave_note(about, &found_enabled);
        }
        let outcome = self.bring(found.clone(), enabled, &operation).await;
        if let (Some(about), Ok(None) | Err(_)) = (note, &outcome) {
            self.settle_note(about);
        }
        Ok(outcome?.map(|now| Switched { found, found_enabled, now }))
    }

    /// Writes and looks until the port is in position. An error in the result, where the change was sent and what came
    /// of it is not known.
    async fn bring(
        &self,
        found: Port,
        enabled: bool,
        operation: &str,
    ) -> Result<Option<Result<Port>>> {
        let id = &found.id.clone();
        let mut now = found;
        let mut writes = 0;
        while now.is_source_check_on() != enabled {
            let pairs = pairs_for(enabled, &now.address_pairs);
            let sent = self.set_address_pairs(id, &pairs).await;
            let doubt = match sent {
                Ok(_) => None,
                Err(error) if error.leaves_doubt() => Some(error),
                Err(error) => return Err(error),
            };
            let seen = match &doubt {
                Some(_) => self.port_now(id).await,
                None => self.port_showing(id, enabled, operation).await,
            };
            match seen {
                Ok(Some(port)) => now = port,
                Ok(None) => return Ok(None),
                Err(error) => return Ok(Some(Err(error))),
            }
            let is_done = now.is_source_check_on() == enabled;
            if !is_done && writes == self.max_retries() {
                return match doubt {
                    Some(error) => Err(error),
                    None => Ok(Some(Err(Error::new(Kind::Conflict, operation, UNDONE)))),
                };
            }
            if !is_done {
                self.pause(operation, writes).await?;
            }
            writes += 1;
        }
        Ok(Some(Ok(now)))
    }

    /// The port once it shows the change that the cloud took. It may show it late; if it does not at all, somebody has
    /// undone it.
    async fn port_showing(
        &self,
        id: &PortId,
        enabled: bool,
        operation: &str,
    ) -> Result<Option<Port>> {
        let mut look = 0;
        loop {
            let port = self.port_now(id).await?;
            let is_shown = port.as_ref().is_none_or(|port| port.is_source_check_on() == enabled);
            if is_shown || look == LATE_LOOKS {
                return Ok(port);
            }
            self.pause(operation, look).await?;
            look += 1;
        }
    }
}

/// The whole list to send: every pair that is not ours as it was.
pub(super) fn pairs_for(enabled: bool, pairs: &[AddressPair]) -> Vec<AddressPair> {
    let off = AddressPair { ip_address: CHECK_OFF.to_owned(), mac_address: None };
    let others = pairs.iter().filter(|pair| !pair.is_source_check_off()).cloned();
    others.chain((!enabled).then_some(off)).collect()
}
