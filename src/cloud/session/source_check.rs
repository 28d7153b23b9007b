//! The source/destination check of a port: how the API spells it, and how it is switched.
//!
//! The check is off if and only if the port's allowed address pairs hold `1.1.1.1/0`; there is no attribute of that
//! name. The pairs are written as a whole list, so a switch reads the port, keeps every other pair, writes, and reads
//! again to see that nobody wrote at the same time. Those who switch ports of one subnet at the same time read together.

use std::sync::Arc;

use super::{Cloud, Writing, port_locks::PortLocks};
use crate::cloud::{
    api::{
        ids::{PortId, SubnetId},
        port::{AddressPair, Port},
    },
    client::error::{Error, Kind, Result},
    journal::About,
};

const CHECK_OFF: &str = "1.1.1.1/0";
/// How often a port is looked at again that does not show the change yet: with growing pauses, about half a minute.
pub(crate) const LATE_LOOKS: u32 = 5;
pub(crate) const UNDONE: &str =
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

impl Cloud<Writing> {
    /// Brings the check of a port into this position; `None` if there is no such port. It is read with others of
    /// `subnet` where that is known.
    ///
    /// One switch at a time for each port. Whatever became of an answer that was lost, the port itself tells.
    ///
    /// # Errors
    /// Nothing has come of it.
    pub async fn switch_source_check(
        &self,
        id: &PortId,
        subnet: Option<&SubnetId>,
        enabled: bool,
    ) -> Result<Option<Switched>> {
        self.switch(id, subnet, enabled, None).await
    }

    /// The same for a port of which nothing is recorded yet. How it was found is noted before it is changed, so that it
    /// can be given back even if this run is killed.
    ///
    /// # Errors
    /// Nothing has come of it.
    pub async fn take_source_check(
        &self,
        id: &PortId,
        subnet: Option<&SubnetId>,
        enabled: bool,
    ) -> Result<Option<Switched>> {
        self.switch(id, subnet, enabled, Some(About::SourceCheck { port_id: id })).await
    }

    async fn switch(
        &self,
        id: &PortId,
        subnet: Option<&SubnetId>,
        enabled: bool,
        note: Option<About<'_>>,
    ) -> Result<Option<Switched>> {
        let operation = format!("switch the source check of port {id}");
        let turn = self.port_locks().of(id);
        let _turn = self.client.during(&operation, turn.lock()).await?;
        let Some(found) = self.port_in(id, subnet).await? else { return Ok(None) };
        // Another resource of the run that has it yet found it before; else an earlier run did.
        let noted: Option<bool> =
            note.and_then(|about| self.recalled_found(id).or_else(|| self.journal().find(about)));
        let found_enabled = noted.unwrap_or(found.is_source_check_on());
        // As it should be already, the note of an earlier run is all that tells how it was found.
        let note = note.filter(|_| found.is_source_check_on() != enabled);
        if let Some(about) = note {
            self.journal().leave(about, &found_enabled);
        }
        let outcome = self.bring(found.clone(), enabled, &operation).await;
        if let (Some(about), Ok(None) | Err(_)) = (note, &outcome) {
            self.journal().settle(about);
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
        let (id, subnet) = (&found.id.clone(), &found.subnet_id.clone());
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
                Some(_) => self.port_in(id, Some(subnet)).await,
                None => self.port_showing(id, subnet, enabled, operation).await,
            };
            match seen {
                Ok(Some(port)) => now = port,
                Ok(None) => return Ok(None),
                Err(error) => return Ok(Some(Err(error))),
            }
            let is_done = now.is_source_check_on() == enabled;
            if !is_done && writes == self.client.max_retries() {
                return match doubt {
                    Some(error) => Err(error),
                    None => Ok(Some(Err(Error::new(Kind::Conflict, operation, UNDONE)))),
                };
            }
            if !is_done {
                self.client.pause(operation, writes).await?;
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
        subnet: &SubnetId,
        enabled: bool,
        operation: &str,
    ) -> Result<Option<Port>> {
        let mut look = 0;
        loop {
            let port = self.port_in(id, Some(subnet)).await?;
            let is_shown = port.as_ref().is_none_or(|port| port.is_source_check_on() == enabled);
            if is_shown || look == LATE_LOOKS {
                return Ok(port);
            }
            self.client.pause(operation, look).await?;
            look += 1;
        }
    }
}

impl Cloud<Writing> {
    pub(super) fn port_locks(&self) -> &PortLocks {
        &self.session.port_locks
    }

    /// The port as it is now. Several of one subnet that are wanted at the same time are read as its list of ports.
    async fn port_in(&self, id: &PortId, subnet: Option<&SubnetId>) -> Result<Option<Port>> {
        let Some(subnet) = subnet else { return self.port(id).await };
        let read = |ids: Vec<PortId>| async move {
            let found = match &ids[..] {
                [only] => self.port(only).await.map(Vec::from_iter),
                _ => self.ports_of_subnet(subnet).await,
            };
            found.map(Arc::new)
        };
        let line = &self.in_flight().ports;
        let operation = format!("read port {id}");
        let bounds = (&self.client, operation.as_str());
        let ports = line.get(bounds, subnet, id.clone(), self.client.config().linger, read).await?;
        match ports.iter().find(|port| port.id == *id) {
            Some(port) => Ok(Some(port.clone())),
            // In no list it is gone, moved or hidden; only asking for it tells.
            None => self.port(id).await,
        }
    }

    /// What the run has read of the port before may be out of date then.
    pub async fn set_address_pairs(&self, id: &PortId, pairs: &[AddressPair]) -> Result<Port> {
        let port = self.client.set_address_pairs(id, pairs).await?;
        self.cache().port_lists.forget(&port.subnet_id);
        self.cache().all_ports.forget(&());
        Ok(port)
    }
}

/// The whole list to send: every pair that is not ours as it was.
pub(crate) fn pairs_for(enabled: bool, pairs: &[AddressPair]) -> Vec<AddressPair> {
    let off = AddressPair { ip_address: CHECK_OFF.to_owned(), mac_address: None };
    let others = pairs.iter().filter(|pair| !pair.is_source_check_off()).cloned();
    others.chain((!enabled).then_some(off)).collect()
}
