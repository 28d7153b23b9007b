//! What becomes of the routes of others in a table that an exclusive set claims: nothing but what its plan has shown.

use std::collections::{BTreeMap, BTreeSet};

use super::{cidr::Cidr, route::Route};

/// What is known of them when new terms of a set are applied.
#[derive(Debug, Clone, Copy)]
pub struct SweepInput<'s> {
    /// The routes in the table that the set covers, as they are now.
    pub covered: &'s [Route],
    /// Destinations that the set names.
    pub named: &'s BTreeSet<Cidr>,
    /// Destinations that the state holds, made by the set or found.
    pub recorded: &'s BTreeSet<Cidr>,
    /// Those found that the set does not name and covers, as the plan has shown them among the members of `routes`.
    pub found: &'s BTreeMap<Cidr, Route>,
    /// Destinations that other resources of the same Terraform give up, or that an earlier run was about to make.
    pub ours: &'s BTreeSet<Cidr>,
    /// What else the plan has shown; `None` where nobody can tell.
    pub shown: Option<&'s BTreeMap<Cidr, Route>>,
}

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// To be removed, as they were shown.
    pub doomed: BTreeMap<Cidr, Route>,
    /// Destinations that the set names, and takes over as was shown.
    pub replaced: BTreeSet<Cidr>,
    /// Nobody can tell whether they were shown.
    pub left: Vec<Route>,
}

/// # Errors
/// The routes that have appeared, or have become other ones, since the plan.
pub fn sweep(input: SweepInput<'_>) -> Result<Swept, Vec<Route>> {
    let SweepInput { covered, named, recorded, found, ours, shown } = input;
    let is_new = |route: &&Route| {
        let destination = &route.destination;
        let is_recorded = recorded.contains(destination);
        match named.contains(destination) {
            true => !is_recorded && !ours.contains(destination),
            false => !is_recorded || found.get(destination).is_some_and(|seen| seen != *route),
        }
    };
    let (named, unnamed): (Vec<_>, Vec<_>) =
        covered.iter().filter(is_new).partition(|route| named.contains(&route.destination));
    let mut swept = Swept { doomed: found.clone(), ..Swept::default() };
    let Some(shown) = shown else {
        swept.left = unnamed.into_iter().cloned().collect();
        return Ok(swept);
    };
    let is_shown = |route: &&&Route| shown.get(&route.destination) == Some(**route);
    let all = named.iter().chain(&unnamed);
    let appeared: Vec<Route> =
        all.filter(|route| !is_shown(route)).map(|route| (*route).clone()).collect();
    if !appeared.is_empty() {
        return Err(appeared);
    }
    swept.replaced = named.into_iter().map(|route| route.destination).collect();
    swept.doomed.extend(unnamed.into_iter().map(|route| (route.destination, route.clone())));
    Ok(swept)
}
