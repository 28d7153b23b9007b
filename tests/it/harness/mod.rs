//! Terraform's half of the contract, in this process, so that the test of a resource is a story of a few lines.
//!
//! [`core`] drives one object through a provider the way Terraform does and holds every answer to the [`rules`];
//! [`plugin`] is the provider as it sees it. [`config`] and [`proposed`] are what Terraform does to a
//! configuration before it asks.

pub(crate) mod config;
pub(crate) mod core;
pub(crate) mod fake;
pub(crate) mod generate;
pub(crate) mod plugin;
pub(crate) mod proposed;
pub(crate) mod provider;
pub(crate) mod rules;
