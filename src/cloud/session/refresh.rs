//! How a refresh reads what a run has just made: the cloud may show it late, or answer from several places.

use std::sync::Arc;

use super::{Cached, Cloud, Reading};
use crate::{
    cloud::{
        api::{
            ids::{RouteTableId, RuleId, SecurityGroupId},
            route_table::RouteTable,
            security_group_rule::{NewRule, SecurityGroupRule},
        },
        client::error::Result,
        journal::About,
    },
    network::Cidr,
};

/// How often a refresh looks again for what was just written.
const LATE_LOOKS: u32 = 4;
/// From this look on the pauses before them do not grow any more.
const LONGEST_PAUSE_AT: u32 = 1;

impl<'c> Cached<'c> {
    /// The table in which a refresh looks for the routes to `made`, which are in the state. What was asked for only just
    /// now and does not show is looked for again. What is seen needs no note any more.
    pub async fn route_table_showing(
        self,
        id: &RouteTableId,
        made: &[Cidr],
    ) -> Result<Option<Arc<RouteTable>>> {
        let journal = self.0.journal();
        let about = |destination| About::Route { route_table_id: id, destination };
        let mut looks = 0;
        loop {
            let Some(table) = self.route_table(id).await? else { return Ok(None) };
            let mut awaits = false;
            for destination in made {
                match table.route_to(*destination) {
                    Some(_) => journal.settle(about(*destination)),
                    None => awaits |= journal.is_fresh(about(*destination)),
                }
            }
            let operation = format!("wait until route table {id} shows what was just written");
            if !awaits || !self.0.may_look_again(&operation, looks).await? {
                return Ok(Some(table));
            }
            let now = self.0.route_table(id).await?;
            self.cache().route_tables.learn(id, now);
            looks += 1;
        }
    }

    /// The rules of a group in which a refresh looks for those of the state. One that was asked for only just now and does
    /// not show is looked for again. What is seen needs no note any more.
    pub async fn security_group_rules_showing(
        self,
        group: &SecurityGroupId,
        made: &[(&RuleId, NewRule)],
    ) -> Result<Arc<Vec<SecurityGroupRule>>> {
        let journal = self.0.journal();
        let about = |rule| About::SecurityGroupRule { security_group_id: group, rule };
        let mut looks = 0;
        loop {
            let rules = self.security_group_rules(group).await?;
            let mut awaits = false;
            for (id, rule) in made {
                match rules.iter().any(|it| it.id == **id) {
                    true => journal.settle(about(rule)),
                    false => awaits |= journal.is_fresh(about(rule)),
                }
            }
            let operation = format!("wait until security group {group} shows what was just made");
            if !awaits || !self.0.may_look_again(&operation, looks).await? {
                return Ok(rules);
            }
            let now = self.0.security_group_rules(group).await?;
            self.cache().rule_lists.learn(group, now);
            looks += 1;
        }
    }
}

impl Cloud<Reading> {
    /// Pauses before a refresh looks again for what may not show yet; `false` once it has looked often enough. More
    /// often would keep those waiting who have removed an object themselves just after it was made.
    async fn may_look_again(&self, operation: &str, looks: u32) -> Result<bool> {
        if looks == LATE_LOOKS {
            return Ok(false);
        }
        self.client.pause(operation, looks.min(LONGEST_PAUSE_AT)).await?;
        Ok(true)
    }
}
