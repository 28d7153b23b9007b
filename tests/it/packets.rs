//! Packets between containers of two servers, through a VPC that forwards by what the emulator holds: no root, no engine.
//!
//! The servers have the rules that engines were seen to write (`container_host_setup/rules`); the VPC is a model
//! (`tests/tools/fabric.py`). A machine that allows no namespaces skips these tests, and says so.

mod faults;
mod guide;
mod program;
mod stage;
