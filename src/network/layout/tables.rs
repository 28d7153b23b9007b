//! Whether every host's packets find every range: a subnet follows one table, and the routes may go to another.
//!
//! For each table that packets of hosts follow: does it have, or get by this plan, a route to each range?

use std::collections::BTreeMap;

use super::{Found, Host, about_host, known::Known};
use crate::network::finding::{Code, Finding, Subject};

type Placed<'l> = (&'l Host, &'l Found);

/// `hosts` are those whose ranges can stay as they are.
pub(super) fn of_tables(hosts: &[&Host], known: &Known<'_>) -> Vec<Finding> {
    let placed = || hosts.iter().filter_map(|host| Some((*host, host.location.found()?)));
    // Of each table that some host's packets follow, the first such host.
    let mut followed: BTreeMap<&str, Placed<'_>> = BTreeMap::new();
    for (host, found) in placed() {
        followed.entry(&found.own_table_id).or_insert((host, found));
    }
    let Some((first, home)) = placed().next() else { return Vec::new() };
    let lacking = |table: &str, in_table: &dyn Fn(&Found) -> bool| {
        let routes = known.table(table)?;
        placed()
            .filter(|(_, found)| found.table_id != table && in_table(found))
            .find(|(host, found)| {
                let route = routes.same(host.range).or_else(|| routes.broader(host.range).next());
                !route.is_some_and(|route| found.is_served_by(route))
            })
            .map(|(host, _)| host)
    };
    let mut followed: Vec<Placed<'_>> = followed.into_values().collect();
    followed.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    let finding = |&(host, found): &Placed<'_>| {
        let own = found.own_table_id.as_str();
        if let Some(named) = &known.layout.named_table {
            let other = lacking(own, &|_| true)?;
            return Some(not_effective(named, host, found, other));
        }
        let home_table = home.own_table_id.as_str();
        if own == home_table {
            return None;
        }
        let here = lacking(own, &|_| true).map(|other| (own, other));
        let there = || {
            let other = lacking(home_table, &|found| found.table_id == own);
            other.map(|other| (home_table, other))
        };
        let (table, other) = here.or_else(there)?;
        Some(under_another(host, found, first, home, table, other))
    };
    followed.iter().filter_map(finding).collect()
}

fn not_effective(named: &str, host: &Host, found: &Found, other: &Host) -> Finding {
    Finding::new(
        Code::TableNotEffective,
        Subject::Table(named.to_owned()),
        format!(
            "The routes go to route table {named}. Packets of `{}`, in subnet {}, follow route table {}, which does not \
             send {} to `{}`.",
            host.name, found.subnet_id, found.own_table_id, other.range, other.name
        ),
        "Associate the subnet with that table, or make the same routes in the subnet's own table too, by a second plan with \
         that `route_table_id`.",
    )
    .against(format!("route table {}", found.own_table_id))
}

/// The guide asks for servers in one subnet. Routes work across subnets too, if every subnet's table has them; without
/// them packets are sent one way, or neither.
fn under_another(
    host: &Host,
    found: &Found,
    first: &Host,
    home: &Found,
    table: &str,
    other: &Host,
) -> Finding {
    Finding::new(
        Code::HostOtherSubnet,
        about_host(host),
        format!(
            "`{}` is in subnet {} under route table {}, `{}` in subnet {} under {}. Each route goes to the table of its \
             host's subnet, and {table} does not send {} to `{}`.",
            host.name,
            found.subnet_id,
            found.own_table_id,
            first.name,
            home.subnet_id,
            home.own_table_id,
            other.range,
            other.name
        ),
        "Associate the subnets with one route table; or make every route in each of the tables, with one plan for each that \
         has its `route_table_id`.",
    )
    .against(format!("host `{}`", first.name))
}
