//! Addresses, ranges and routes as values. Every decision about them is made here, without I/O.

pub mod address;
pub mod aggregate;
pub mod association;
pub mod cidr;
pub mod clash;
pub mod finding;
pub mod host_setup;
pub mod intents;
pub mod layout;
pub mod ownership;
pub mod path;
pub mod pool;
pub mod ports;
pub mod range_map;
pub mod route;
pub mod routes;
pub mod sweep;
pub mod system;

pub use address::{Address, InvalidAddress};
pub use cidr::{Cidr, InvalidCidr};
pub use clash::{Clash, clashes};
pub use finding::{Code, Finding, Remedy, Severity, Subject};
pub use intents::{Intents, Outlook, Room, Told};
pub use layout::{Found, Host, Layout, Location, Subnet, Table};
pub use ownership::{Keep, Mode, Ownership, Recorded, SetChanges, Standing, set_changes};
pub use ports::{InvalidPortRanges, PortRanges};
pub use range_map::RangeMap;
pub use route::{NextHop, NextHopKind, Route};
pub use routes::{MOST_ROUTES_OF_A_VPC, Routes};
pub use sweep::{SweepInput, Swept, sweep};
pub use system::system_range_around;
