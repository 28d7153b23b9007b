//! Every test of the project in one binary, one module per topic, each through a boundary.

#![expect(unreachable_pub, reason = "nothing outside of a test binary can reach into it")]

mod bad_input;
mod clients;
mod core_notices;
mod core_rules;
mod docs;
mod examples;
mod generated;
mod harness;
mod laws;
mod laws_of_planning;
mod layers;
mod network;
