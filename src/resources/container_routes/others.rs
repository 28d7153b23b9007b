//! The routes of others in the table of an exclusive set: which of them a plan has shown to go, and which have come since.
//!
//! Nothing is removed that no plan has shown. A plan shows what a refresh has found as members of `routes`, which the state
//! remembers; what a new set or new terms take in beyond that it shows in a warning, which the process that planned hands
//! down to the one that applies.

use std::collections::BTreeSet;

use super::ContainerRoutes;
use crate::{
    cloud::{Cloud, Expected, Object, RouteTableId, Writing},
    framework::{Problem, Result},
    network::{Cidr, Mode, Route, SweepInput, Swept, sweep},
    resources::planned_routes::with_next_hops,
};

impl ContainerRoutes {
    /// What becomes of the routes of others. Under new terms the table is looked at anew, because routes are removed by it.
    ///
    /// # Errors
    /// Routes that the plan has not shown: nothing may be changed then.
    pub(super) async fn others(
        &self,
        prior: Option<&Self>,
        table_id: &RouteTableId,
        cloud: &Cloud<Writing>,
    ) -> Result<Swept> {
        if self.mode == Mode::Additive {
            return Ok(Swept::default());
        }
        let claim = self.claim();
        let found = prior.map(|prior| &prior.memory.strangers).into_iter().flatten();
        let found = found
            .filter(|(it, route)| claim.covers(route) && !self.routes.contains_key(it))
            .map(|(it, route)| (*it, route.clone()))
            .collect();
        if prior.is_some_and(|prior| prior.claim() == claim) {
            return Ok(Swept { doomed: found, ..Swept::default() });
        }
        let table = cloud.route_table(table_id).await?;
        let held = table.iter().flat_map(|table| &table.routes);
        let covered: Vec<Route> = held.filter(|route| claim.covers(route)).cloned().collect();
        let ours = covered.iter().filter(|route| may_be_ours(route, table_id, cloud));
        let recorded = prior.map(|prior| prior.routes.keys()).into_iter().flatten();
        let swept = sweep(SweepInput {
            covered: &covered,
            named: &self.routes.keys().copied().collect(),
            recorded: &recorded.copied().collect::<BTreeSet<Cidr>>(),
            found: &found,
            ours: &ours.map(|route| route.destination).collect(),
            shown: cloud.shown_removals(table_id).as_ref(),
        });
        swept.map_err(|appeared| appeared_since(table_id, &appeared).into())
    }
}

/// This very route, and no other that has come in its place.
pub(super) fn expected(route: &Route) -> Expected {
    Expected { next_hop: route.next_hop.clone(), description: Some(route.description.clone()) }
}

/// What is left because nobody can tell whether the plan has shown it.
pub(super) fn left_alone(left: &[Route], table: &RouteTableId) -> Option<Problem> {
    if left.is_empty() {
        return None;
    }
    let detail = format!(
        "The set claims route table `{table}` for itself, and these routes there are not in it: {}. They were left, \
         because this apply does not know what its plan has shown: plan and apply share no data directory, or the \
         table was not known yet. The next plan shows each as a member of `routes` to be removed.",
        with_next_hops(&left.iter().collect::<Vec<_>>())
    );
    Some(Problem::warning("Routes of others stay for now", detail).at("mode"))
}

/// Another resource of this Terraform gives it up, or an earlier run was about to make it.
pub(super) fn may_be_ours<A>(route: &Route, table: &RouteTableId, cloud: &Cloud<A>) -> bool {
    cloud.is_released_to_us(&Object::route(table, route.destination))
        || cloud.journal().holds(table, route)
}

fn appeared_since(table: &RouteTableId, routes: &[Route]) -> Problem {
    let detail = format!(
        "The set claims route table `{table}` for itself, and these routes there are not in it, nor has the plan shown \
         them as they are now: {}. Nothing was changed. Plan again: the next plan shows what is to become of them. Name \
         them in `routes`, or let `keep` match them, to leave them for good.",
        with_next_hops(&routes.iter().collect::<Vec<_>>())
    );
    Problem::error("Routes have appeared since the plan", detail).at("mode")
}
