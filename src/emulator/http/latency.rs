//! The delay that the emulator was asked for.

use std::time::Duration;

/// Lets so much time pass.
#[expect(
    clippy::disallowed_methods,
    reason = "the delay is what the caller asked the emulator for"
)]
pub(super) async fn wait(latency: Duration) {
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
}
