//! The stories of the provider once more, in clouds that leave out every optional key and in clouds that send null for
//! it: this program runs them again, with the emulator told so.

use std::process::Command;

use crate::harness::world::varied::OPTIONAL_KEYS;

/// The modules whose stories are told in an emulated cloud, and soon told.
const STORIES: &[&str] = &["lookups::"];

/// A server that does not list its interfaces costs a look at the subnets, which this one counts.
const COUNTED: &str = "many_hosts_cost_a_handful_of_calls";

fn tell_again(word: &str) {
    let program = std::env::current_exe().expect("the tests know where they are");
    let output = Command::new(program)
        .args(STORIES)
        .args(["--skip", COUNTED])
        .env(OPTIONAL_KEYS, word)
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("the tests start");
    let told = String::from_utf8_lossy(&output.stdout);
    let (_, failures) = told.split_once("\nfailures:\n").unwrap_or_default();
    assert!(output.status.success(), "optional keys {word}: {failures}");
}

#[test]
fn no_story_depends_on_a_key_that_may_be_absent() {
    tell_again("absent");
}

#[test]
fn no_story_depends_on_a_key_that_may_be_null() {
    tell_again("null");
}
