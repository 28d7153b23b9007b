//! One at a time for each object that can only be changed by reading it, changing it and writing it back.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use super::{ids::PortId, locked::locked};

/// Who may change which port now.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<PortId, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// The lock of one port; whoever holds it may read, change and write the port.
    pub(super) fn of(&self, port: &PortId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = locked(&self.0);
        Arc::clone(turns.entry(port.clone()).or_default())
    }
}
