//! The emulator, spoken to over HTTP as any client would, and started as a program.

mod access;
mod faults;
mod harness;
mod paging;
mod ports;
mod program;
mod published;
mod route_tables;
mod rules;
mod scenario;
mod servers;
mod signature;
mod state;
mod vpcs;
