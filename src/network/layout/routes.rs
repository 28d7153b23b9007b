//! What the tables hold for a host's range: its own route, one that is in its place, and those that take packets away
//! from it or lose packets to it.
//!
//! Called only for ranges without an error, so no two of them overlap, and what lies in one range is looked through
//! once.

use super::{Found, Host, NAMED, about_range, few, known::Known};
use crate::network::{
    cidr::Cidr,
    finding::{Code, Finding},
    route::Route,
    routes::Routes,
};

pub(super) fn of_route(host: &Host, found: &Found, known: &Known<'_>) -> Vec<Finding> {
    let Some(routes) = known.table(&found.table_id) else { return Vec::new() };
    let place = Place { host, found, routes, known };
    let same = routes.same(host.range);
    let stands = same.is_some_and(|route| found.is_led_to_by(route));
    let mut findings = Vec::new();
    findings.extend(place.narrower());
    if !stands {
        findings.extend(place.elsewhere());
        findings.push(match same {
            Some(route) => place.instead(route),
            None => place.missing(),
        });
    }
    findings.extend(place.in_default_table());
    findings
}

struct Place<'p, 'l> {
    host: &'p Host,
    found: &'p Found,
    /// Of the table that the route belongs in.
    routes: &'p Routes<&'l Route>,
    known: &'p Known<'l>,
}

impl Place<'_, '_> {
    fn finding(&self, code: Code, message: String, fix: impl Into<String>) -> Finding {
        Finding::new(code, about_range(self.host), message, fix)
    }

    /// Routes to parts of the range: the longer prefix wins, so each takes its part away.
    fn narrower(&self) -> Vec<Finding> {
        let (host, table) = (self.host, &self.found.table_id);
        let (mut remote, mut hosts, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for route in self.routes.narrower(host.range) {
            let list = match self.known.host_behind(route) {
                _ if self.found.is_served_by(route) => continue,
                // That these ranges overlap is told of that host.
                Some(_) if self.known.is_planned(route.destination) => continue,
                Some(_) => &mut hosts,
                None if route.is_to_remote() => &mut remote,
                None => &mut others,
            };
            if list.len() <= NAMED {
                list.push(route);
            }
        }
        let named = |routes: &[&Route]| {
            few(routes.iter().map(|route| format!("{} to {route}", route.destination)))
        };
        let finding = |code, routes: &[&Route], consequence: &str, fix: &str| {
            let first = routes.first()?;
            let message = format!(
                "Route table {table} has routes to parts of {}: {}. {consequence}",
                host.range,
                named(routes)
            );
            Some(self.finding(code, message, fix).against(route_to(first.destination)))
        };
        [
            finding(
                Code::CidrCoversRemote,
                &remote,
                "The servers of the plan would lose that network, and the containers with its addresses would not be \
                 reached.",
                "Choose a range that no other network has.",
            ),
            finding(
                Code::RouteShadowed,
                &others,
                "The longer prefix wins, so containers with these addresses are not reached.",
                "Remove these routes if they are yours, before this plan is applied; or choose a range without them.",
            ),
            finding(
                Code::RouteLeftOver,
                &hosts,
                "The longer prefix wins: while they stand, containers with these addresses are looked for on that host.",
                "Nothing is to be done where the same apply removes them; otherwise remove them.",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Other networks of which the range would take a part away: behind a broader route of this table, or behind a route
    /// of another one.
    fn elsewhere(&self) -> Option<Finding> {
        let (host, table) = (self.host, &self.found.table_id);
        let broader = || {
            let routes = self.routes.broader(host.range);
            routes.filter(|route| {
                let is_ours = self.known.host_behind(route).is_some();
                !route.destination.is_default() && !is_ours && !self.known.leads_nowhere(route)
            })
        };
        let here = broader().map(|route| (table.as_str(), route));
        let there = self.known.remote.overlapping(host.range);
        let there = there
            .filter(|(_, (other, _))| other.id != *table)
            .map(|(_, (other, route))| (other.id.as_str(), *route));
        let (in_table, route) = here.chain(there).next()?;
        let message = format!(
            "{} overlaps {}, which route table {in_table} sends to {route}. What has these addresses there will no \
             longer be reached.",
            host.range, route.destination
        );
        let fix = "Make sure that nobody has these addresses there and keep them for containers, or choose another range.";
        Some(
            self.finding(Code::CidrUsedElsewhere, message, fix)
                .against(route_to(route.destination)),
        )
    }

    /// The destination stands in the table and leads elsewhere.
    fn instead(&self, route: &Route) -> Finding {
        let Self { host, found, known, .. } = self;
        let (range, table) = (host.range, &found.table_id);
        let said = format!("Route table {table} sends {range} to {route}");
        let finding = if !route.next_hop.kind.is_host() {
            self.finding(
                Code::RouteForeignOwner,
                format!("{said}. No container route is made like this, so it is somebody else's; a table holds a destination once."),
                "Choose another range, or have the owner remove the route.",
            )
        } else if found.is_served_by(route) {
            self.finding(
                Code::RouteOtherNic,
                format!("{said}, which is `{}`, but not its interface {}.", host.name, found.port_id),
                "`huaweivpc_container_route` with `host_ip` names the right interface and changes the route in place.",
            )
        } else if let Some(other) = known.host_behind(route) {
            self.finding(
                Code::RouteMoves,
                format!("{said}, the host `{}`.", other.name),
                "`huaweivpc_container_route` sends it to the new host in place, without a gap.",
            )
        } else if known.leads_nowhere(route) {
            self.finding(
                Code::RouteNextHopGone,
                format!("{said}, which does not exist any more."),
                "`huaweivpc_container_route` sends it to the new host in place; where somebody else made the route, set \
                 `adopt_existing = true` there.",
            )
        } else {
            self.finding(
                Code::RouteOtherNextHop,
                format!("{said}, which is not a host of this plan."),
                "Where the route is yours, the apply sends it to the new host. Where it is not, choose another range, or \
                 take it over with `adopt_existing = true`.",
            )
        };
        finding.against(route_to(range))
    }

    /// There is no route to the range itself.
    fn missing(&self) -> Finding {
        let (range, table) = (self.host.range, &self.found.table_id);
        let broader = self.routes.broader(range).find(|route| !self.found.is_served_by(route));
        match broader {
            Some(route) => self
                .finding(
                    Code::RouteOnlyBroader,
                    format!(
                        "Route table {table} has no route to {range} yet; until it has, packets for it follow {} to \
                         {route}.",
                        route.destination
                    ),
                    "`huaweivpc_container_route` makes the route; the longer prefix wins.",
                )
                .against(route_to(route.destination)),
            None => self.finding(
                Code::RouteMissing,
                format!("Route table {table} has no route to {range} yet."),
                "`huaweivpc_container_route` makes it.",
            ),
        }
    }

    /// What enters the VPC from outside follows the default table, whatever the table of the subnet says.
    fn in_default_table(&self) -> Option<Finding> {
        let default = self.known.default_table.filter(|_| self.known.is_entered)?;
        if default.id == self.found.table_id {
            return None;
        }
        let (range, id) = (self.host.range, &default.id);
        let route = self.known.table(id)?.same(range);
        let leads_here = route.is_some_and(|route| self.found.is_served_by(route));
        (!leads_here).then(|| {
            self.finding(
                Code::DefaultTableLacksRoute,
                format!(
                    "The route to {range} goes to route table {}. What comes from another network follows the default \
                     table {id}, which does not send {range} to `{}`.",
                    self.found.table_id, self.host.name
                ),
                "If the containers are to be reached from other networks, make a second `huaweivpc_container_route` with \
                 the default table.",
            )
            .against(format!("route table {id}"))
        })
    }
}

fn route_to(destination: Cidr) -> String {
    format!("route {destination}")
}
