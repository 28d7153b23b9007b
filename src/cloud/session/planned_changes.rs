//! What one run plans to do and looks at for that, shared by all who plan: one look at each thing, however many plans
//! there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use super::{Cloud, Reading};
use crate::{
    cloud::{
        api::ids::{RouteTableId, RuleId, SecurityGroupId, VpcId},
        client::locked::locked,
    },
    network::{Intents, Room, Told},
};

/// The intentions of a run.
#[derive(Default)]
pub(crate) struct PlannedChanges {
    tables: Mutex<BTreeMap<RouteTableId, Intents>>,
    vpcs: Mutex<BTreeMap<VpcId, Told>>,
    rules: Mutex<RuleIntents>,
}

/// What a run intends for the rules of security groups.
#[derive(Debug, Default)]
pub struct RuleIntents {
    /// Rules in the state of this run, whatever becomes of them.
    pub held: BTreeSet<RuleId>,
    /// Rules to make, by their group and what they say.
    pub new: BTreeSet<(SecurityGroupId, String)>,
    /// The lack of room was told.
    pub is_room_told: bool,
}

impl Cloud<Reading> {
    /// Takes note of what is planned for a table, or asks what was.
    pub fn intend<T>(&self, table: &RouteTableId, note: impl FnOnce(&mut Intents) -> T) -> T {
        let mut tables = locked(&self.session.planned.tables);
        note(tables.entry(table.clone()).or_default())
    }

    /// Whether this is still to be told of all route tables of a VPC together.
    pub fn tell_of_vpc(&self, vpc: &VpcId, room: Room) -> bool {
        locked(&self.session.planned.vpcs).entry(vpc.clone()).or_default().tell(room)
    }

    /// The same for the rules of security groups.
    pub fn intend_rules<T>(&self, note: impl FnOnce(&mut RuleIntents) -> T) -> T {
        note(&mut locked(&self.session.planned.rules))
    }
}
