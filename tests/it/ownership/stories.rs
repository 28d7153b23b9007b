//! Stories that the cases have found, each as small as it gets.

use super::{
    laws::{Case, Step},
    replay,
    wanted::{Change, Check, Choice, Wanted},
};

/// A process that plans hands on what it has seen.
fn case(steps: Vec<Step>) -> Case {
    Case { has_data: true, off: [false; 2], steps }
}

/// Terraform forgets what is remembered of a tainted object, before it destroys it.
#[test]
fn a_tainted_check_gives_back_what_was_found_at_first() {
    let check = Check { home: 0, by: 0, enabled: false };
    let wanted = Wanted { checks: [None, Some(check)], ..Wanted::default() };
    let again = Step { taint: Choice::ALL, ..Step::calm(Change::Same) };
    let steps = vec![Step::calm(Change::Fresh(wanted)), again];
    replay(&Case { off: [false, true], ..case(steps) });
}
