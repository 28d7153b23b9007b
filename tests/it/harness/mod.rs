//! What the tests are told with: the emulator as a process, and the real command line clients.

pub mod emulator_process;
pub mod terraform;
