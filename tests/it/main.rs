//! The only test binary. Each module is one topic, tested through a boundary.

mod core_notices;
mod core_rules;
mod harness;
mod laws;
mod laws_of_planning;
mod network;
