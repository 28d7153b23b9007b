//! The writer of a route table: changes wait in `queue.rs`, `writer.rs` takes them, `batch.rs` sends what was queued as one delta and takes
//! refusals apart, `confirmation.rs` waits until a read shows it, `job.rs` is one change on its way, and `snapshot.rs`
//! how old a read of the table may be. The decisions are in `desired.rs`.

mod batch;
mod confirmation;
pub(crate) mod desired;
mod job;
mod queue;
mod snapshot;
pub(crate) mod writer;
