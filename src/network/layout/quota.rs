//! Whether the routes fit into their tables.

use std::collections::{BTreeMap, BTreeSet};

use super::{few, known::Known};
use crate::{
    network::{
        NextHopKind,
        aggregate::whole_of,
        cidr::Cidr,
        finding::{Code, Finding, Subject},
        route::Route,
        routes::{MOST_ROUTES_OF_A_VPC, Routes},
    },
    untrusted,
};

pub(super) fn of_quota(known: &Known<'_>) -> Vec<Finding> {
    let mut wanted: BTreeMap<&str, BTreeSet<Cidr>> = BTreeMap::new();
    for host in &known.layout.hosts {
        if let Some(found) = host.location.found() {
            wanted.entry(&found.table_id).or_default().insert(host.range);
        }
    }
    let of_vpc = of_vpc(&wanted, known);
    let quota = known.layout.quota;
    let of_tables =
        wanted.into_iter().filter_map(|(id, ranges)| of_table(id, &ranges, quota?, known));
    of_tables.chain(of_vpc).collect()
}

/// All tables together. Where a table alone may hold more than the documented limit, that has been raised.
fn of_vpc(wanted: &BTreeMap<&str, BTreeSet<Cidr>>, known: &Known<'_>) -> Option<Finding> {
    let limit = MOST_ROUTES_OF_A_VPC;
    let used: u64 = known.tables.values().map(|routes| routes.count_made() as u64).sum();
    let is_new = |routes: &Routes<&Route>, range: &Cidr| routes.same(*range).is_none();
    let new: u64 = wanted
        .iter()
        .filter_map(|(id, ranges)| Some((known.table(id)?, ranges)))
        .map(|(routes, ranges)| ranges.iter().filter(|range| is_new(routes, range)).count() as u64)
        .sum();
    if new == 0 || used + new <= limit {
        return None;
    }
    let is_raised = known.layout.quota.is_none_or(|quota| quota > limit);
    let code = if is_raised { Code::QuotaNearlyFull } else { Code::QuotaExceeded };
    let message = format!(
        "The route tables of the VPC hold {used} routes, and the plan adds {new}; a VPC holds at most {limit} over all its \
         tables, unless the cloud has raised that."
    );
    let fix = "Use fewer and larger ranges in `hosts`, or spread the hosts over several VPCs; where the cloud has raised \
               the limit, nothing is wrong.";
    Some(Finding::new(code, Subject::AllTables, message, fix))
}

fn of_table(id: &str, ranges: &BTreeSet<Cidr>, quota: u64, known: &Known<'_>) -> Option<Finding> {
    let routes = known.table(id)?;
    let new = ranges.iter().filter(|range| routes.same(**range).is_none()).count() as u64;
    let (used, local) = (routes.count_made() as u64, routes.count_local() as u64);
    let (code, message) = if used + new > quota && new > 0 {
        (
            Code::QuotaExceeded,
            format!("{used} of {quota} routes of table {id} are used, and the plan adds {new}."),
        )
    } else if used + local + new > quota && new > 0 {
        // The documents do not say whether local routes count.
        (
            Code::QuotaNearlyFull,
            format!(
                "{used} of {quota} routes of table {id} are used, the plan adds {new}, and {local} local routes may count \
                 too."
            ),
        )
    } else {
        return None;
    };
    let mut fix = "Ask for a higher quota of routes per table, use fewer and larger ranges in `hosts`, or another route \
                   table."
        .to_owned();
    if let Some((server, one, other, both)) = mergeable(id, routes, known) {
        fix += &format!(
            " {one} and {other} both lead to server {}: {both} would be one route instead of two.",
            untrusted::name(server)
        );
    }
    let mut stale = routes.made().filter(|route| known.leads_nowhere(route)).peekable();
    if stale.peek().is_some() {
        let named = few(stale.map(|route| route.destination.to_string()));
        fix += &format!(
            " Remove what is yours of the routes to servers that do not exist any more: {named}."
        );
    }
    Some(Finding::new(code, Subject::Table(id.to_owned()), message, fix))
}

/// Two ranges of one server that are the halves of one, the first such.
fn mergeable<'k>(
    id: &str,
    routes: &'k Routes<&Route>,
    known: &'k Known<'_>,
) -> Option<(&'k str, Cidr, Cidr, Cidr)> {
    let standing = routes
        .made()
        .filter(|route| route.next_hop.kind == NextHopKind::Ecs)
        .map(|route| (route.next_hop.id.as_str(), route.destination));
    let planned = known.layout.hosts.iter().filter_map(|host| {
        let found = host.location.found().filter(|found| found.table_id == id)?;
        Some((found.server_id.as_str(), host.range))
    });
    // Halves of one range stand next to each other, unless something lies in the first.
    let sorted: BTreeSet<(&str, Cidr)> = standing.chain(planned).collect();
    let sorted: Vec<(&str, Cidr)> = sorted.into_iter().collect();
    sorted.windows(2).find_map(|pair| {
        let [(server, one), (same, other)] = pair else { return None };
        let both = whole_of(*one, *other).filter(|_| server == same)?;
        Some((*server, *one, *other, both))
    })
}
