//! The small cloud itself: what exists in it and which changes it allows. No HTTP, no clock, no I/O.
//!
//! Every function either does the whole of what was asked or refuses with the cloud's own code. Callers work on a
//! copy and keep it only on success, so a refused request never leaves half of itself behind; but for the creation of
//! several rules at once, which says what it has left.

pub mod id;
pub mod moment;
pub mod page;
pub mod port;
pub mod quota;
pub mod refusal;
pub mod route_table;
pub mod rule;
pub mod rules;
pub mod security_group;
pub mod server;
pub mod subnet;
pub mod tag;
pub mod vpc;

mod next_hop;

use serde::{Deserialize, Serialize};

pub use moment::Moment;
pub use refusal::{Api, Refusal, Shape};

use port::Port;
use quota::Quotas;
use route_table::RouteTable;
use security_group::SecurityGroup;
use server::{Job, Server};
use subnet::Subnet;
use vpc::{Gateway, Vpc};

pub type Outcome<T> = Result<T, Refusal>;

/// Everything that exists in one project of one region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    pub region: String,
    pub project_id: String,
    pub quotas: Quotas,
    /// A route may lead to a range that contains local ones.
    #[serde(default)]
    pub accepts_routes_around_local: bool,
    pub vpcs: Vec<Vpc>,
    pub subnets: Vec<Subnet>,
    pub gateways: Vec<Gateway>,
    pub route_tables: Vec<RouteTable>,
    pub security_groups: Vec<SecurityGroup>,
    /// The ids of the IP address groups, which nobody can look into.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address_groups: Vec<String>,
    pub servers: Vec<Server>,
    pub ports: Vec<Port>,
    pub jobs: Vec<Job>,
    /// How many ids were handed out, so that the next one is new.
    pub minted: u64,
}

impl World {
    pub fn empty(region: &str, project_id: &str, quotas: Quotas) -> Self {
        Self {
            region: region.to_owned(),
            project_id: project_id.to_owned(),
            quotas,
            accepts_routes_around_local: false,
            vpcs: Vec::new(),
            subnets: Vec::new(),
            gateways: Vec::new(),
            route_tables: Vec::new(),
            security_groups: Vec::new(),
            address_groups: Vec::new(),
            servers: Vec::new(),
            ports: Vec::new(),
            jobs: Vec::new(),
            minted: 0,
        }
    }

    /// A new id for something created while running.
    pub fn mint(&mut self, kind: &str) -> String {
        self.minted += 1;
        id::uuid(kind, &format!("{}/{}", self.project_id, self.minted))
    }

    /// The zone new things are placed in when nobody names one.
    pub fn default_zone(&self) -> String {
        format!("{}a", self.region)
    }
}

/// A description the cloud accepts: at most 255 characters, without `<` and `>`.
fn is_description(text: &str) -> bool {
    text.chars().count() <= 255 && !text.contains(['<', '>'])
}

/// A name the cloud accepts: at most 64 letters, digits, `_`, `-` and `.`.
fn is_name(text: &str) -> bool {
    text.chars().count() <= 64
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}
