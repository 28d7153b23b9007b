//! The provider killed and Terraform interrupted in the middle of an apply, at points that a seed has chosen: the next
//! apply goes on from there, nothing of others is harmed, and nothing is left that nobody knows of.
//!
//! A point is a piece of data between provider and cloud, counted, not a moment. `make crash` tries many more points
//! than `make test` does.

mod each;
mod interrupt;
mod kill;
mod line;
mod session;
mod stage;
