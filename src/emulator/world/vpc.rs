//! VPCs with their secondary ranges, and the gateways that routes may point to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Moment, Outcome, Refusal, World, is_description, is_name,
    quota::is_full,
    route_table::{RouteTable, RouteType},
};
use crate::network::Cidr;

/// The ranges a VPC's first range may lie in.
const PRIVATE_RANGES: &[&str] = &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// What a secondary range must not touch.
const SECONDARY_BLACKLIST: &[&str] = &[
    "214.0.0.0/7",
    "198.18.0.0/15",
    "169.254.0.0/16",
    "0.0.0.0/8",
    "127.0.0.0/8",
    "240.0.0.0/4",
    "172.31.0.0/16",
    "192.168.0.0/16",
    "100.64.0.0/10",
];

const SMALLEST_PREFIX: u8 = 28;
const MOST_SECONDARY_RANGES: usize = 5;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vpc {
    pub id: String,
    pub name: String,
    pub description: String,
    pub cidr: Cidr,
    pub extend_cidrs: Vec<Cidr>,
    pub enterprise_project_id: String,
    pub tags: BTreeMap<String, String>,
    pub created_at: Moment,
    pub updated_at: Moment,
}

/// Something outside the emulator's own services that a route may name: a NAT gateway, a peering, a VPN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    pub id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: RouteType,
    pub vpc_id: String,
}

#[derive(Debug, Clone)]
pub struct NewVpc {
    pub name: String,
    pub description: String,
    pub cidr: String,
    pub enterprise_project_id: String,
}

impl Vpc {
    /// The ranges subnets may be cut from.
    pub fn ranges(&self) -> impl Iterator<Item = Cidr> + '_ {
        std::iter::once(self.cidr).chain(self.extend_cidrs.iter().copied())
    }
}

impl World {
    pub fn vpc(&self, vpc_id: &str) -> Option<&Vpc> {
        self.vpcs.iter().find(|vpc| vpc.id == vpc_id)
    }

    /// Creates the VPC and its default route table under the two given ids.
    pub fn create_vpc(
        &mut self,
        id: String,
        route_table_id: String,
        new: NewVpc,
        now: Moment,
    ) -> Outcome<&Vpc> {
        let invalid = |what: String| Refusal::v1(400, "VPC.0101", what);
        if !is_name(&new.name) || !is_description(&new.description) {
            return Err(invalid("Param is invalid. name or description is not allowed.".into()));
        }
        if self.vpcs.iter().any(|vpc| vpc.name == new.name) {
            return Err(Refusal::v1(400, "VPC.0115", "The router name has exist."));
        }
        if is_full(self.vpcs.len(), self.quotas.vpc) {
            let message = "Quota exceeded for resources: ['router'].";
            return Err(Refusal::v1(409, "VPC.0114", message));
        }
        let cidr: Cidr =
            new.cidr.parse().map_err(|e| invalid(format!("Param is invalid. cidr: {e}")))?;
        let private = parsed(PRIVATE_RANGES).any(|range| range.contains(cidr));
        if !private || cidr.prefix_length() > SMALLEST_PREFIX {
            return Err(invalid(format!(
                "Param is invalid. cidr {cidr} must be 10.0.0.0/8~28, 172.16.0.0/12~28 or 192.168.0.0/16~28."
            )));
        }
        self.route_tables.push(RouteTable {
            id: route_table_id,
            vpc_id: id.clone(),
            name: format!("rtb-{}", new.name),
            description: String::new(),
            default: true,
            routes: Vec::new(),
            created_at: now,
            updated_at: now,
        });
        self.vpcs.push(Vpc {
            id,
            name: new.name,
            description: new.description,
            cidr,
            extend_cidrs: Vec::new(),
            enterprise_project_id: new.enterprise_project_id,
            tags: BTreeMap::new(),
            created_at: now,
            updated_at: now,
        });
        Ok(&self.vpcs[self.vpcs.len() - 1])
    }

    pub fn delete_vpc(&mut self, vpc_id: &str) -> Outcome<()> {
        if self.vpc(vpc_id).is_none() {
            return Err(Refusal::v1(404, "VPC.0003", "VPC does not exist."));
        }
        if self.subnets.iter().any(|subnet| subnet.vpc_id == vpc_id) {
            let message = "Router contains subnets, please delete subnet first.";
            return Err(Refusal::v1(409, "VPC.0104", message));
        }
        let mut tables = self.route_tables.iter().filter(|table| table.vpc_id == vpc_id);
        if tables.any(|table| !table.default || !table.routes.is_empty()) {
            return Err(Refusal::v1(409, "VPC.0120", "Router contains custom routes."));
        }
        self.route_tables.retain(|table| table.vpc_id != vpc_id);
        self.gateways.retain(|gateway| gateway.vpc_id != vpc_id);
        self.vpcs.retain(|vpc| vpc.id != vpc_id);
        Ok(())
    }

    /// Adds secondary ranges; the cloud takes one at a time.
    pub fn add_extend_cidr(
        &mut self,
        vpc_id: &str,
        cidrs: &[String],
        now: Moment,
    ) -> Outcome<&Vpc> {
        let cidr = one_range(cidrs)?;
        let vpc = self.vpc_v3(vpc_id)?;
        if cidr.prefix_length() > SMALLEST_PREFIX {
            return Err(Refusal::v3(400, "VPC.9911", format!("extend_cidr {cidr} is invalid.")));
        }
        if parsed(SECONDARY_BLACKLIST).any(|range| range.overlaps(cidr)) {
            let message = format!("extend_cidr {cidr} is in the blacklist.");
            return Err(Refusal::v3(400, "VPC.9916", message));
        }
        if vpc.ranges().any(|range| range.overlaps(cidr)) {
            let message = format!("extend_cidr {cidr} conflicts with a range of the VPC.");
            return Err(Refusal::v3(409, "VPC.9914", message));
        }
        if vpc.extend_cidrs.len() >= MOST_SECONDARY_RANGES {
            let message = "The number of extend_cidrs exceeds the quota.";
            return Err(Refusal::v3(400, "VPC.9912", message));
        }
        self.vpc_changed(vpc_id, now, |vpc| vpc.extend_cidrs.push(cidr))
    }

    pub fn remove_extend_cidr(
        &mut self,
        vpc_id: &str,
        cidrs: &[String],
        now: Moment,
    ) -> Outcome<&Vpc> {
        let cidr = one_range(cidrs)?;
        let vpc = self.vpc_v3(vpc_id)?;
        if !vpc.extend_cidrs.contains(&cidr) {
            let message = format!("extend_cidr {cidr} does not exist.");
            return Err(Refusal::v3(404, "VPC.9915", message));
        }
        let mut subnets = self.subnets.iter().filter(|subnet| subnet.vpc_id == vpc_id);
        if subnets.any(|subnet| cidr.contains(subnet.cidr)) {
            let message = format!("extend_cidr {cidr} is used by a subnet.");
            return Err(Refusal::v3(409, "VPC.9914", message));
        }
        self.vpc_changed(vpc_id, now, |vpc| vpc.extend_cidrs.retain(|range| *range != cidr))
    }

    pub fn vpc_v3(&self, vpc_id: &str) -> Outcome<&Vpc> {
        self.vpc(vpc_id).ok_or_else(|| {
            Refusal::v3(404, "VPC.9904", format!("VPC {vpc_id} could not be found."))
        })
    }

    fn vpc_changed(
        &mut self,
        vpc_id: &str,
        now: Moment,
        change: impl FnOnce(&mut Vpc),
    ) -> Outcome<&Vpc> {
        if let Some(vpc) = self.vpcs.iter_mut().find(|vpc| vpc.id == vpc_id) {
            change(vpc);
            vpc.updated_at = now;
        }
        self.vpc_v3(vpc_id)
    }
}

fn one_range(cidrs: &[String]) -> Outcome<Cidr> {
    let [text] = cidrs else {
        let message = "extend_cidrs must hold exactly one range.";
        return Err(Refusal::v3(400, "VPC.9911", message));
    };
    text.parse().map_err(|e| Refusal::v3(400, "VPC.9911", format!("extend_cidr is invalid: {e}")))
}

fn parsed(texts: &'static [&'static str]) -> impl Iterator<Item = Cidr> {
    texts.iter().filter_map(|text| text.parse().ok())
}
