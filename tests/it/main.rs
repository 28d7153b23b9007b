//! The only test binary. Each module is one topic, tested through a boundary.

mod network;
