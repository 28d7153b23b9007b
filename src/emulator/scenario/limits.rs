//! The part of a scenario that says how much of everything the project may have.

use super::reader::Fields;
use crate::emulator::world::quota::Quotas;

pub(super) fn quotas(root: &mut Fields<'_>) -> Quotas {
    let usual = Quotas::default();
    let Some(mut fields) = root.object("quotas") else { return usual };
    let mut quota = |name: &str, usual: u32| fields.number(name).unwrap_or(usual);
    Quotas {
        vpc: quota("vpc", usual.vpc),
        subnet: quota("subnet", usual.subnet),
        security_group: quota("securityGroup", usual.security_group),
        security_group_rule: quota("securityGroupRule", usual.security_group_rule),
        vpc_contain_routetable: quota("vpcContainRoutetable", usual.vpc_contain_routetable),
        routetable_contain_routes: quota(
            "routetableContainRoutes",
            usual.routetable_contain_routes,
        ),
        vpc_contain_routes: quota("vpcContainRoutes", usual.vpc_contain_routes),
        servers: quota("servers", usual.servers),
    }
}
