//! The emulator, spoken to over HTTP as any client would, and started as a program.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod access;
mod faults;
mod faults_effects;
mod harness;
mod paging;
mod ports;
mod program;
mod published;
mod route_tables;
mod rules;
mod scenario;
mod servers;
mod signature;
mod state;
mod strangers;
mod variants;
mod vpcs;
