//! The private data of a resource instance: which one it is, and what it remembers beside its state. Terraform stores
//! it and hands it back; users do not see it.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use super::problem::{Problem, Result};

/// A resource instance of Terraform's state. Terraform never says which one a request is about; this does, from the
/// answer on by which the instance came into the state. One that is replaced gets another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceId(String);

impl InstanceId {
    pub(super) fn fresh() -> Self {
        Self(Uuid::new_v4().to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Private {
    /// `None` before anything was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) instance: Option<InstanceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) memory: Option<Json>,
}

impl Private {
    pub(super) fn parse(data: &[u8]) -> serde_json::Result<Self> {
        if data.is_empty() { Ok(Self::default()) } else { serde_json::from_slice(data) }
    }

    /// Nothing where there is nothing to keep.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        if self.instance.is_none() && self.memory.is_none() {
            return Ok(Vec::new());
        }
        Ok(serde_json::to_vec(self).map_err(Problem::bug)?)
    }
}

/// The instance that the data belongs to, where it is known.
pub(super) fn instance(data: &[u8]) -> Option<InstanceId> {
    Private::parse(data).ok()?.instance
}
