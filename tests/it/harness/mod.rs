//! What the tests are told with: the emulator as a process, the real command line clients, our own sources.

pub mod emulator_process;
pub mod run;
pub mod source;
pub mod terraform;
