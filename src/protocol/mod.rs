//! The wire to Terraform: how the process introduces itself, how values travel, what each request becomes.
//!
//! Everything that knows gRPC, msgpack or the plugin handshake is here, and nothing here knows a resource: the
//! service is given a [`crate::framework::Provider`] and speaks to its tables.
//!
//! Reading order: [`lifecycle`] (the life of the process), [`handshake`], [`tls`], [`listener`], [`plugin`] (the
//! services every plugin has), [`service`] (the provider's own), [`schema`], [`codec`], [`diagnostics`], [`log`].

pub mod lifecycle;

pub mod handshake;
pub mod listener;
pub mod plugin;
pub mod tls;

pub mod codec;
pub mod diagnostics;
pub mod schema;
pub mod service;

pub mod log;

pub mod generated;
