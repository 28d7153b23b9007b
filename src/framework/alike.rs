//! Problems of one object that are alike: each on a path of its own where there are few, else one that names what they are
//! about. Nobody reads hundreds of errors, and of several warnings with one summary a client shows the first and counts.

use super::problem::{Path, Problem, Problems, Severity};

/// So many problems, or subjects of one problem, are told.
pub const MOST_TOLD: usize = 20;

impl Problems {
    /// The same, those that are alike as one.
    pub(super) fn together(mut self) -> Self {
        self.list = together(self.list);
        self
    }
}

/// In the order of the first of each kind.
pub(super) fn together(problems: Vec<Problem>) -> Vec<Problem> {
    let mut kinds: Vec<Vec<Problem>> = Vec::new();
    for problem in problems {
        match kinds.iter_mut().find(|kind| kind.iter().take(1).all(|it| are_alike(it, &problem))) {
            Some(kind) => kind.push(problem),
            None => kinds.push(vec![problem]),
        }
    }
    let told = |kind: Vec<Problem>| match kind.as_slice() {
        [first, ..] if kind.len() > most_alone(first.severity) => vec![one_of_all(first, &kind)],
        _ => kind,
    };
    kinds.into_iter().flat_map(told).collect()
}

/// So many problems that are alike stand each on a path of its own.
pub fn most_alone(severity: Severity) -> usize {
    match severity {
        Severity::Error => 5,
        Severity::Warning => 1,
    }
}

fn are_alike(one: &Problem, other: &Problem) -> bool {
    (one.severity, &one.summary, one.stops_plans, one.path.0.first())
        == (other.severity, &other.summary, other.stops_plans, other.path.0.first())
}

fn one_of_all(first: &Problem, all: &[Problem]) -> Problem {
    // What follows the first paragraph is as a rule the same for all of them.
    let rest =
        |problem: &Problem| problem.detail.split_once("\n\n").map(|(_, rest)| rest.to_owned());
    let shared =
        rest(first).filter(|shared| all.iter().all(|it| rest(it).as_ref() == Some(shared)));
    let line = |problem: &Problem| {
        let told = match &shared {
            Some(_) => problem.detail.split("\n\n").next().unwrap_or_default(),
            None => &problem.detail,
        };
        // Some say themselves where they belong.
        let place = match problem.path.is_root() || told.starts_with("In `") {
            true => String::new(),
            false => format!("In `{}`: ", problem.path),
        };
        format!("* {place}{told}")
    };
    let mut lines: Vec<String> = all.iter().take(MOST_TOLD).map(line).collect();
    if let Some(more) = all.len().checked_sub(MOST_TOLD).filter(|more| *more > 0) {
        lines.push(format!("and {more} more."));
    }
    lines.extend(shared.map(|shared| format!("\n{shared}")));
    let path = Path(first.path.0.iter().take(1).cloned().collect());
    Problem { path, detail: lines.join("\n"), ..first.clone() }
}
