//! Terraform provider for container networks routed by a Huawei Cloud VPC route table.
//!
//! The modules in reading order, from the pure core outwards. Which may name which is a table in
//! `tests/it/layers.rs`, explained in `ARCHITECTURE.md`.

pub mod network;

pub mod untrusted;

pub mod framework;

pub mod cloud;

pub mod data_sources;
pub mod functions;
pub mod resources;

pub mod protocol;

pub mod provider;

pub mod disk;

pub mod emulator;
