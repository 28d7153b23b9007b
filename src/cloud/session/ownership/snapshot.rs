//! What a process that plans leaves for the one that applies. It is written once, when the first one ends.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::object::{Object, Owner};
use crate::{
    cloud::api::ids::{PortId, RouteTableId},
    network::{Cidr, Route},
};

/// Objects of Terraform's state and of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Snapshot {
    /// What is in the state.
    pub(super) held: BTreeSet<Object>,
    /// Who goes on holding an object after the plan, where it is in the state already.
    #[serde(with = "pairs")]
    pub(super) kept: BTreeMap<Object, BTreeSet<Owner>>,
    /// What the plan gives to a resource that does not hold it yet.
    pub(super) wanted: BTreeSet<Object>,
    /// The state in which source checks were found at first.
    pub(super) found: BTreeMap<PortId, bool>,
    /// Routes of others that the plan has shown to be removed, for each table that an exclusive set claims.
    #[serde(default)]
    pub(super) shown_removals: BTreeMap<RouteTableId, BTreeMap<Cidr, Route>>,
    /// The plan has been applied.
    pub(super) is_used_up: bool,
}

impl Snapshot {
    pub(super) fn parse(json: Json) -> Option<Self> {
        serde_json::from_value(json).ok()
    }

    pub(super) fn to_json(&self) -> Json {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// JSON has no maps with objects as keys.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
