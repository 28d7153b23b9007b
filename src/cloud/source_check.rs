//! The source/destination check of a port: how the API spells it, and how it is switched.
//!
//! The check is off if and only if the port's allowed address pairs hold `1.1.1.1/0`; there is no attribute of that
//! name. The pairs are written as a whole list, so a switch reads the port, keeps every other pair, writes, and reads
//! again to see that nobody wrote at the same time.

use super::{
    client::Cloud,
    error::{Error, Kind, Result},
    ids::PortId,
    port::{AddressPair, Port},
};

const CHECK_OFF: &str = "1.1.1.1/0";

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
    pub now: Port,
}

impl Cloud {
    /// Brings the check of a port into this position; `None` if there is no such port.
    ///
    /// One switch at a time for each port. Whatever became of an answer that was lost, the port itself tells.
    pub async fn switch_source_check(
        &self,
        id: &PortId,
        enabled: bool,
    ) -> Result<Option<Switched>> {
        let operation = format!("switch the source check of port {id}");
        let turn = self.port_turns().of(id);
        let _turn = self.during(&operation, turn.lock()).await?;
        let Some(found) = self.port_now(id).await? else { return Ok(None) };
        let mut now = found.clone();
        let mut doubt = None;
        for attempt in 0..=self.max_retries() {
            if now.is_source_check_on() == enabled {
                break;
            }
            if let Some(pauses) = attempt.checked_sub(1) {
                self.pause(&operation, pauses).await?;
            }
            match self.set_address_pairs(id, &pairs_for(enabled, &now.address_pairs)).await {
                Ok(_) => doubt = None,
                Err(error) if error.leaves_doubt() => doubt = Some(error),
                Err(error) => return Err(error),
            }
            match self.port_now(id).await? {
                Some(port) => now = port,
                None => return Ok(None),
            }
        }
        if now.is_source_check_on() == enabled {
            return Ok(Some(Switched { found, now }));
        }
        Err(doubt.unwrap_or_else(|| {
            let message = "others change the port's address pairs at the same time";
            Error::new(Kind::Conflict, &operation, message)
        }))
    }
}

/// The whole list to send: every pair that is not ours as it was.
fn pairs_for(enabled: bool, pairs: &[AddressPair]) -> Vec<AddressPair> {
    let off = AddressPair { ip_address: CHECK_OFF.to_owned(), mac_address: None };
    let others = pairs.iter().filter(|pair| !pair.is_source_check_off()).cloned();
    others.chain((!enabled).then_some(off)).collect()
}
