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

/// To a configuration of one source check.
fn to_check(home: usize, enabled: bool) -> Change {
    let check = Check { home, by: 0, enabled };
    Change::Fresh(Box::new(Wanted { checks: [None, Some(check)], ..Wanted::default() }))
}

/// Terraform forgets what is remembered of a tainted object, before it destroys it.
#[test]
fn a_tainted_check_gives_back_what_was_found_at_first() {
    let again = Step { taint: Choice::ALL, ..Step::calm(Change::Same) };
    let steps = vec![Step::calm(to_check(0, false)), again];
    replay(&Case { off: [false, true], ..case(steps) });
}

/// Whichever of them comes first: the new owner notes what it finds before it changes anything.
#[test]
fn a_tainted_check_hands_over_what_was_found_at_first() {
    for seed in 0..4 {
        let next = Step { taint: Choice::ALL, seed, ..Step::calm(to_check(2, true)) };
        replay(&case(vec![Step::calm(to_check(0, false)), next]));
    }
}

/// The note of the new owner is all that is left where the old one's destruction does not come about.
#[test]
fn a_check_taken_over_before_a_run_was_stopped_is_given_back() {
    for seed in 0..4 {
        let next = Step { stop_after: Some(1), seed, ..Step::calm(to_check(2, true)) };
        replay(&case(vec![Step::calm(to_check(0, false)), next]));
    }
}
