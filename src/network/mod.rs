//! Addresses, ranges and routes as values. Every decision about them is made here, without I/O.

pub mod cidr;

pub use cidr::{Cidr, InvalidCidr};
