//! What can be owned in a run, and by whom.

use serde::{Deserialize, Serialize};

use crate::{
    cloud::api::ids::{PortId, RouteTableId, RuleId, SecurityGroupId},
    network::Cidr,
};

/// What can be owned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Object {
    Route {
        route_table_id: RouteTableId,
        destination: Cidr,
    },
    SourceCheck {
        port_id: PortId,
    },
    /// A rule that is there.
    Rule {
        rule_id: RuleId,
    },
    /// The one rule of a group that says this.
    RuleTerms {
        security_group_id: SecurityGroupId,
        terms: String,
    },
}

/// A resource instance of Terraform's state, by a name that no other has.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Owner(String);

impl Owner {
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

impl Object {
    pub fn route(table: &RouteTableId, destination: Cidr) -> Self {
        Self::Route { route_table_id: table.clone(), destination }
    }
}
