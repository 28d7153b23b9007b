//! The routes of others in the table of an exclusive set: which of them a plan has shown to go, and which have come since.
//!
//! Nothing is removed that no plan has shown. A plan shows what a refresh has found as members of `routes`, which the state
//! remembers; what a new set or new terms take in beyond that it shows in a warning, which the process that planned hands
//! down to the one that applies.

use std::collections::{BTreeMap, BTreeSet};

use super::ContainerRoutes;
use crate::{
    cloud::{Cloud, Expected, RouteTableId},
    framework::{Problem, Result},
    network::{Cidr, Mode, Route},
    resources::planned_routes::with_next_hops,
};

/// What stands in the table of an exclusive set and is not made by it.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// Destinations that the set covers, named by it or not.
    pub(super) covered: BTreeSet<Cidr>,
    /// To be removed, as they were shown.
    pub(super) shown: BTreeMap<Cidr, Route>,
    /// Nobody can tell whether they were shown.
    left: Vec<Route>,
}

impl ContainerRoutes {
    /// Looked at anew, because routes are removed by it.
    ///
    /// # Errors
    /// Routes that the plan has not shown: nothing may be changed then.
    pub(super) async fn others(
        &self,
        prior: Option<&Self>,
        table_id: &RouteTableId,
        cloud: &Cloud,
    ) -> Result<Others> {
        if self.mode == Mode::Additive {
            return Ok(Others::default());
        }
        let claim = self.claim();
        let recorded = prior.map(|prior| &prior.memory.strangers).into_iter().flatten();
        let recorded: BTreeMap<Cidr, Route> = recorded
            .filter(|(it, route)| claim.covers(route) && !self.routes.contains_key(it))
            .map(|(it, route)| (*it, route.clone()))
            .collect();
        let table = cloud.route_table_anew(table_id).await?;
        let standing = table.map(|table| table.known_routes()).unwrap_or_default();
        let covered: Vec<Route> =
            standing.into_iter().filter(|route| claim.covers(route)).collect();
        let mut others = Others {
            covered: covered.iter().map(|route| route.destination).collect(),
            shown: recorded,
            left: Vec::new(),
        };
        if prior.is_some_and(|prior| prior.claim() == claim) {
            return Ok(others);
        }
        let is_own = |route: &Route| {
            let it = &route.destination;
            self.routes.contains_key(it)
                || prior.is_some_and(|prior| prior.made().any(|(made, _)| made == it))
        };
        let more = covered
            .into_iter()
            .filter(|route| !is_own(route) && others.shown.get(&route.destination) != Some(route));
        let Some(shown) = cloud.shown_removals(table_id) else {
            others.left = more.collect();
            return Ok(others);
        };
        let (shown, appeared): (Vec<_>, Vec<_>) =
            more.partition(|route| shown.get(&route.destination) == Some(route));
        if !appeared.is_empty() {
            return Err(appeared_since(table_id, &appeared).into());
        }
        others.shown.extend(shown.into_iter().map(|route| (route.destination, route)));
        Ok(others)
    }
}

impl Others {
    /// This very route, and no other that has come in its place.
    pub(super) fn expected(&self, destination: Cidr) -> Option<Expected> {
        self.shown.get(&destination).map(|route| Expected {
            next_hop_type: route.next_hop_type.clone(),
            next_hop: route.next_hop.clone(),
            description: Some(route.description.clone()),
        })
    }

    pub(super) fn told(&self, table: &RouteTableId) -> Option<Problem> {
        if self.left.is_empty() {
            return None;
        }
        let detail = format!(
            "The set claims route table `{table}` for itself, and these routes there are not in it: {}. They were left, \
             because this apply does not know what its plan has shown: plan and apply share no data directory, or the \
             table was not known yet. The next plan shows each as a member of `routes` to be removed.",
            with_next_hops(&self.left.iter().collect::<Vec<_>>())
        );
        Some(Problem::warning("Routes of others stay for now", detail).at("mode"))
    }
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
