//! How many of each thing the project may have.

use serde::{Deserialize, Serialize};

use super::World;

/// The limits the emulator enforces; the cloud's defaults unless the scenario says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotas {
    pub vpc: u32,
    pub subnet: u32,
    pub security_group: u32,
    pub security_group_rule: u32,
    /// Tables of one VPC, the default one included.
    pub vpc_contain_routetable: u32,
    /// Routes of one table, the local ones not counted.
    pub routetable_contain_routes: u32,
    /// Routes of all tables of one VPC together, the local ones not counted.
    #[serde(default = "usual_routes_of_vpc")]
    pub vpc_contain_routes: u32,
    pub servers: u32,
}

fn usual_routes_of_vpc() -> u32 {
    1000
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            vpc: 150,
            subnet: 400,
            security_group: 100,
            security_group_rule: 5000,
            vpc_contain_routetable: 5,
            routetable_contain_routes: 200,
            vpc_contain_routes: usual_routes_of_vpc(),
            servers: 2048,
        }
    }
}

/// One line of the v1 quota list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaLine {
    pub kind: &'static str,
    pub used: u32,
    pub quota: u32,
}

/// Quotas of things this emulator does not have; reported because callers list them all.
const ELSEWHERE: &[(&str, u32)] = &[
    ("publicIp", 10),
    ("vpn", 5),
    ("vpngw", 2),
    ("vpcPeer", 50),
    ("firewall", 200),
    ("shareBandwidth", 5),
    ("shareBandwidthIP", 20),
    ("address_group", 10),
    ("flow_log", 10),
    ("loadbalancer", 10),
    ("listener", 10),
    ("physicalConnect", 10),
    ("virtualInterface", 50),
];

impl World {
    /// All quotas. The two that hold per VPC and per table report 0 used, as the cloud does.
    pub fn quota_lines(&self) -> Vec<QuotaLine> {
        let rules = self.security_groups.iter().map(|group| group.rules.len()).sum();
        let own = [
            ("vpc", self.vpcs.len(), self.quotas.vpc),
            ("subnet", self.subnets.len(), self.quotas.subnet),
            ("securityGroup", self.security_groups.len(), self.quotas.security_group),
            ("securityGroupRule", rules, self.quotas.security_group_rule),
            ("vpcContainRoutetable", 0, self.quotas.vpc_contain_routetable),
            ("routetableContainRoutes", 0, self.quotas.routetable_contain_routes),
        ];
        own.into_iter()
            .map(|(kind, used, quota)| QuotaLine { kind, used: count(used), quota })
            .chain(ELSEWHERE.iter().map(|&(kind, quota)| QuotaLine { kind, used: 0, quota }))
            .collect()
    }
}

/// Whether one more than `used` would be too many.
pub fn is_full(used: usize, quota: u32) -> bool {
    count(used) >= quota
}

fn count(used: usize) -> u32 {
    u32::try_from(used).unwrap_or(u32::MAX)
}
