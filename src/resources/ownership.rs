//! What a planned change means for who owns what, and how it is told that two resources want the same.

use std::collections::BTreeSet;

use crate::{
    cloud::{Object, Owner, Planning, SweptRoute},
    framework::{Change, ChangeKind, Problem, Severity},
};

/// The objects of a resource before and after a change.
pub(super) fn planning(
    change: Change<'_>,
    before: impl IntoIterator<Item = Object>,
    after: impl IntoIterator<Item = (Object, Option<SweptRoute>)>,
) -> Planning {
    let owner = change.instance().map(|instance| Owner::new(instance.as_str()));
    let is_new = change.kind == ChangeKind::Create;
    let before: BTreeSet<Object> = before.into_iter().collect();
    Planning { owner, is_new, before, after: after.into_iter().collect(), sweeps: None }
}

/// Of two resources that have an object already, the plan warns; that one more is to get it is an error.
pub(super) fn contested(problem: Problem, is_new: bool) -> Problem {
    let severity = if is_new { Severity::Error } else { Severity::Warning };
    Problem { severity, ..problem }
}

/// An object that exists may be another resource's of the same configuration, which gives it up in the same apply. No
/// plan can tell, because Terraform shows the objects of the state one by one.
pub(super) fn if_nobody_releases_it(conflict: Problem) -> Problem {
    let detail = format!(
        "{}\n\nA plan cannot tell these cases apart, so this is a warning. What another resource of this configuration \
         gives up in the same apply is handed over; otherwise the apply fails here, and changes nothing.",
        conflict.detail
    );
    Problem {
        severity: Severity::Warning,
        summary: "May exist already".to_owned(),
        detail,
        ..conflict
    }
}
