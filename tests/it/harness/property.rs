//! How property tests run: on the same cases each time. One that fails is kept beside the test, in a file that ends in
//! `.regressions`, and played first from then on.

use proptest::test_runner::{Config, FileFailurePersistence, RngSeed};

pub fn config(cases: u32) -> Config {
    Config {
        cases,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..Config::default()
    }
}
