//! One object, several resources of one run: a small Terraform core with many addresses against the provider, and
//! random exchanges of objects between them.
//!
//! The laws. Whatever run succeeds, the cloud holds exactly what its configuration wants and everything of other people,
//! and the next plan is empty. A run without faults whose plan was handed on to its apply succeeds at once, where the
//! run before it did, too; any other configuration is reached in three runs without faults. A replacement with
//! `create_before_destroy` writes nothing. After everything is destroyed the cloud is as it was at the beginning.
//!
//! Without a data directory nothing is handed on. There a replacement creates first only what takes over what it meets,
//! a check that changes hands may not be given back as it was found, and the destruction that was left over from a run
//! that failed may take away what another resource has by then, so that it takes one run more. What a failed run has left
//! over of an object that is then tainted is forgotten.

mod laws;
mod run;
mod stage;
mod stories;
mod wanted;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use tokio::{runtime::Builder, task::LocalSet};

use crate::harness::property;

use self::{
    laws::{Case, cases, play},
    stage::Stage,
};

const FEW: u32 = 40;
const MANY: u32 = 10_000;

#[test]
fn exchanges_end_with_what_is_wanted() {
    play_cases(FEW, 0);
}

/// Many more, on all cores.
#[test]
#[ignore = "takes minutes; run it after changes to who owns what: `make ownership`"]
fn many_exchanges_end_with_what_is_wanted() {
    let threads = std::thread::available_parallelism().map_or(1, |it| it.get() as u32);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || play_cases(MANY.div_ceil(threads), thread as u8 + 1));
        }
    });
    println!("{MANY} cases");
}

/// Each in the time of a paused clock, which goes on at once where everybody waits.
fn play_cases(count: u32, seed: u8) {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let stage = LocalSet::new().block_on(&runtime, Stage::set_up());
    let config =
        Config { source_file: Some(file!()), max_shrink_iters: 300, ..property::config(count) };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let outcome = TestRunner::new_with_rng(config, rng).run(&cases(), |case| {
        let played = LocalSet::new().block_on(&runtime, play(&stage, &case));
        played.map_err(TestCaseError::fail)
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Plays one case.
fn replay(case: &Case) {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let play = async {
        let stage = Stage::set_up().await;
        play(&stage, case).await
    };
    LocalSet::new().block_on(&runtime, play).unwrap_or_else(|wrong| panic!("{wrong}"));
}
