//! The one integration-test binary.

mod generated;
mod handshake;
mod plugin_client;
mod vectors;
