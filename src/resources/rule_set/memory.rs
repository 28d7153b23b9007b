//! What is remembered of a set beside its state: rules of ours that are in the cloud, or may be, without being of it.

use std::{collections::BTreeSet, mem};

use serde::{Deserialize, Serialize};

use super::{RuleIds, making::Lost};
use crate::cloud::{RuleId, SecurityGroupRule};

/// Rules of ours beside those in `rule_ids`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(in crate::resources) struct Memory {
    /// What a failed update made or could not delete.
    pub(super) surplus: BTreeSet<RuleId>,
    /// What may have been made without an answer.
    #[serde(default)]
    pub(super) lost: Vec<Lost>,
}

impl Memory {
    pub(in crate::resources) fn is_empty(&self) -> bool {
        self.surplus.is_empty() && self.lost.is_empty()
    }

    /// Forgets what is no longer among the rules of the group, and finds what was made without an answer.
    pub(super) fn look_through(&mut self, rules: &[SecurityGroupRule]) {
        self.surplus.retain(|id| rules.iter().any(|rule| rule.id == *id));
        let lost = mem::take(&mut self.lost);
        self.surplus.extend(lost.iter().filter_map(|lost| lost.found_in(rules)));
    }
}

/// The ids that are ours and not in `current`.
pub(super) fn beside(
    current: &RuleIds,
    surplus: BTreeSet<RuleId>,
    more: RuleIds,
) -> BTreeSet<RuleId> {
    let mut ours = surplus;
    ours.extend(more.into_values());
    ours.retain(|id| !current.values().any(|known| known == id));
    ours
}
