//! The routes of others in the table of an exclusive set: which of them a plan has shown to go, and which have come since.
//!
//! Nothing is removed that no plan has shown. A plan shows what a refresh has found as members of `routes`, which the state
//! remembers; what a new set or new terms take in beyond that it shows in a warning, which the process that planned hands
//! down to the one that applies.

use std::collections::{BTreeMap, BTreeSet};

use super::ContainerRoutes;
use crate::{
    cloud::{Cloud, Expected, Object, RouteTableId},
    framework::{Problem, Result},
    network::{Cidr, Mode, Route},
    resources::planned_routes::with_next_hops,
};

/// What stands in the table of an exclusive set and is not made by it.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// To be removed, as they were shown.
    pub(super) doomed: BTreeMap<Cidr, Route>,
    /// Destinations that the set names, and takes over as was shown.
    pub(super) replaced: BTreeSet<Cidr>,
    /// Nobody can tell whether they were shown.
    left: Vec<Route>,
}

impl ContainerRoutes {
    /// With new terms the table is looked at anew, because routes are removed by it.
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
        let mut others = Others { doomed: recorded, ..Others::default() };
        if prior.is_some_and(|prior| prior.claim() == claim) {
            return Ok(others);
        }
        let table = cloud.route_table_anew(table_id).await?;
        let standing = table.map(|table| table.known_routes()).unwrap_or_default();
        let is_recorded = |it: &Cidr| prior.is_some_and(|prior| prior.routes.contains_key(it));
        let is_named = |it: &Cidr| self.routes.contains_key(it);
        let more: Vec<Route> = standing
            .into_iter()
            .filter(|route| {
                let it = &route.destination;
                let is_known = match is_named(it) {
                    true => is_recorded(it) || may_be_ours(route, table_id, cloud),
                    false => {
                        let seen = others.doomed.get(it);
                        is_recorded(it) && seen.is_none_or(|seen| seen == route)
                    }
                };
                claim.covers(route) && !is_known
            })
            .collect();
        let Some(shown) = cloud.shown_removals(table_id) else {
            others.left = more.into_iter().filter(|it| !is_named(&it.destination)).collect();
            return Ok(others);
        };
        let is_shown = |route: &Route| shown.get(&route.destination) == Some(route);
        let (shown, appeared): (Vec<_>, Vec<_>) = more.into_iter().partition(is_shown);
        if !appeared.is_empty() {
            return Err(appeared_since(table_id, &appeared).into());
        }
        let (replaced, doomed): (Vec<_>, Vec<_>) =
            shown.into_iter().partition(|route| is_named(&route.destination));
        others.replaced = replaced.into_iter().map(|route| route.destination).collect();
        others.doomed.extend(doomed.into_iter().map(|route| (route.destination, route)));
        Ok(others)
    }
}

impl Others {
    /// This very route, and no other that has come in its place.
    pub(super) fn expected(&self, destination: Cidr) -> Option<Expected> {
        self.doomed.get(&destination).map(|route| Expected {
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

/// Another resource of this Terraform gives it up, or an earlier run was about to make it.
pub(super) fn may_be_ours(route: &Route, table: &RouteTableId, cloud: &Cloud) -> bool {
    cloud.is_released_to_us(&Object::route(table, route.destination))
        || cloud.is_noted(table, route)
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
