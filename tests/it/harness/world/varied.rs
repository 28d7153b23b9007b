//! The variant of the emulated clouds that these tests were started for, if any.

use serde_json::{Value as Json, json};

use crate::harness::config::patched;

/// The variable that says what the emulated clouds make of optional keys, as `variants.optional_keys` of a scenario does.
pub const OPTIONAL_KEYS: &str = "EMULATED_OPTIONAL_KEYS";

/// The scenario in the variant that these tests were started for.
pub fn varied(scenario: &Json) -> Json {
    #[expect(clippy::disallowed_methods, reason = "whoever starts the tests says so")]
    let word = std::env::var(OPTIONAL_KEYS);
    let keys = word.map(|word| json!({ "variants": { "optional_keys": word } }));
    keys.map_or_else(|_| scenario.clone(), |keys| patched(scenario, &keys))
}
