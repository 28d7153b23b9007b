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
    // Whose packets follow each table: its first host, and the first one that is another server.
    let mut followed: BTreeMap<&str, (Placed<'_>, Option<Placed<'_>>)> = BTreeMap::new();
    for one in placed() {
        let (first, other) = followed.entry(&one.1.own_table_id).or_insert((one, None));
        if first.1.server_id != one.1.server_id {
            other.get_or_insert(one);
        }
    }
    let Some((_, home)) = placed().next() else { return Vec::new() };
    // A host under the table, and one that its packets do not find. Packets to a server's own containers do not leave it.
    let lacking = |table: &str, in_table: &dyn Fn(&Found) -> bool| {
        let (routes, (first, other)) = (known.table(table)?, followed.get(table)?);
        placed()
            .filter(|(_, found)| found.table_id != table && in_table(found))
            .filter(|(host, found)| {
                let route = routes.same(host.range).or_else(|| routes.broader(host.range).next());
                !route.is_some_and(|route| found.is_served_by(route))
            })
            .find_map(|(host, found)| {
                let is_another = |from: &Placed<'_>| from.1.server_id != found.server_id;
                let from = [Some(*first), *other].into_iter().flatten().find(is_another)?;
                Some((from, (host, found)))
            })
    };
    let mut firsts: Vec<Placed<'_>> = followed.values().map(|(first, _)| *first).collect();
    firsts.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    let home_table = home.own_table_id.as_str();
    let finding = |&(_, found): &Placed<'_>| {
        let own = found.own_table_id.as_str();
        if let Some(named) = &known.layout.named_table {
            let ((host, found), (other, _)) = lacking(own, &|_| true)?;
            return Some(not_effective(named, host, found, other));
        }
        if own == home_table {
            return None;
        }
        let here = || Some((own, lacking(own, &|_| true)?));
        let there = || Some((home_table, lacking(home_table, &|found| found.table_id == own)?));
        let (table, (from, to)) = here().or_else(there)?;
        let (here, there) = if table == own { (from, to) } else { (to, from) };
        Some(under_another(here, there, table, to.0))
    };
    firsts.iter().filter_map(finding).collect()
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
    (host, found): Placed<'_>,
    (first, home): Placed<'_>,
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
