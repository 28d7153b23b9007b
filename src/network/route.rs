//! A route of a route table as a value.

use super::cidr::Cidr;

/// One route, its destination in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub destination: Cidr,
    /// `ecs`, `eni`, `vip`, `local`, … The cloud adds to them.
    pub next_hop_type: String,
    /// Server, port, address …, as the type says; of no meaning for `local`.
    pub next_hop: String,
    pub description: String,
}

impl Route {
    /// Reserved by the table: subnets and system ranges. Nobody's to make, to change or to remove.
    pub fn is_local(&self) -> bool {
        self.next_hop_type == "local"
    }
}
