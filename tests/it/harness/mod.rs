//! What the tests are told with.
//!
//! In this process: [`core`] drives one object through a provider the way Terraform does and holds every answer to the
//! [`rules`]; [`plugin`] is the provider as it sees it; [`config`] and [`proposed`] are what Terraform does to a
//! configuration before it asks.
//!
//! With real programs: [`terraform`] runs the command line clients and [`run`] reads what they print;
//! [`emulator_process`] is the emulator as users start it; [`stage`] is both, set up.
//!
//! [`namespaces`] are where packets are sent.
//!
//! [`source`] reads our own sources, for tests of the structure.

pub mod config;
pub mod core;
pub mod emulator_process;
pub mod fake;
pub mod files;
pub mod generate;
pub mod grpc;
pub mod kept;
#[cfg(target_os = "linux")]
pub mod namespaces;
pub mod outsider;
pub mod plugin;
pub mod property;
pub mod proposed;
pub mod provider;
pub mod rules;
pub mod run;
pub mod source;
pub mod stage;
pub mod subscriber;
pub mod terraform;
pub mod world;
