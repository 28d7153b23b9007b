//! What follows from `proto/`. Committed; `tests/it/generated.rs` proves it fresh and rewrites it with `UPDATE=1`.

#![allow(clippy::all, unreachable_pub, reason = "generated")]

#[rustfmt::skip]
pub mod plugin;
#[rustfmt::skip]
pub mod tfplugin6;
