//! One at a time for each object that can only be changed by reading it, changing it and writing it back.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use crate::cloud::{api::ids::PortId, client::locked::locked};

/// Who may change which port now.
#[derive(Default)]
pub(crate) struct PortLocks(Mutex<HashMap<PortId, Arc<tokio::sync::Mutex<()>>>>);

impl PortLocks {
    /// The lock of one port; whoever holds it may read, change and write the port.
    pub(crate) fn of(&self, port: &PortId) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = locked(&self.0);
        Arc::clone(locks.entry(port.clone()).or_default())
    }
}
