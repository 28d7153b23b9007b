//! What a route may point to: the next hop must exist, be of the route's type and belong to the table's VPC.

use super::{
    World,
    route_table::{Route, RouteType},
};

impl World {
    pub(super) fn is_next_hop(&self, kind: RouteType, nexthop: &str, vpc_id: &str) -> bool {
        match kind {
            RouteType::Ecs => self.server(nexthop).is_some_and(|server| server.vpc_id == vpc_id),
            // Only an extension NIC: traffic for the primary one is sent by server.
            RouteType::Eni => self
                .port(nexthop)
                .filter(|port| port.is_nic() && !port.primary)
                .is_some_and(|port| self.vpc_id_of_subnet(&port.subnet_id) == Some(vpc_id)),
            RouteType::Vip => self.vip_in(nexthop, vpc_id).is_some(),
            RouteType::Local => nexthop == "-",
            _ => self.gateways.iter().any(|gateway| {
                gateway.kind == kind && gateway.id == nexthop && gateway.vpc_id == vpc_id
            }),
        }
    }

    /// Whether some custom route sends traffic to a server, NIC or virtual IP in this subnet.
    pub(super) fn is_next_hop_in(&self, subnet_id: &str) -> bool {
        self.route_tables.iter().any(|table| {
            table.routes.iter().any(|route| self.leads_into(route, &table.vpc_id, subnet_id))
        })
    }

    fn leads_into(&self, route: &Route, vpc_id: &str, subnet_id: &str) -> bool {
        let in_subnet = |port: &super::port::Port| port.subnet_id == subnet_id;
        match route.kind {
            RouteType::Ecs => self.ports_of(&route.nexthop).any(in_subnet),
            RouteType::Eni => self.port(&route.nexthop).is_some_and(in_subnet),
            RouteType::Vip => self.vip_in(&route.nexthop, vpc_id).is_some_and(in_subnet),
            _ => false,
        }
    }

    fn vip_in(&self, address: &str, vpc_id: &str) -> Option<&super::port::Port> {
        self.ports.iter().find(|port| {
            port.is_vip()
                && port.ip_address.to_string() == address
                && self.vpc_id_of_subnet(&port.subnet_id) == Some(vpc_id)
        })
    }

    pub fn vpc_id_of_subnet(&self, subnet_id: &str) -> Option<&str> {
        self.subnet(subnet_id).map(|subnet| subnet.vpc_id.as_str())
    }
}
