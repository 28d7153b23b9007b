//! A subscriber for the threads of tests that do not listen to the log.
//!
//! Whether anybody listens to a log statement is remembered for all threads, as the first thread to reach it finds out.
//! Without a subscriber of its own that thread would silence the statement for a test that counts lines at the same time.

use std::sync::Once;

use tracing_subscriber::Registry;

/// From now on every log statement is passed on to whoever listens. To be called before a subscriber is set.
pub fn enable_log_statements() {
    static ENABLED: Once = Once::new();
    ENABLED.call_once(|| {
        tracing::subscriber::set_global_default(Registry::default()).expect("nobody else sets one");
        tracing::callsite::rebuild_interest_cache();
    });
}
