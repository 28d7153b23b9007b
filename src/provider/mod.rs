//! Placeholder.

pub mod settings;

mod arguments;
mod credentials;
mod shared_config;
mod sources;
