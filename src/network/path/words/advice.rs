//! Why a packet gets no further, and what to do about it: the resource and the argument where one does it.

use std::net::Ipv4Addr;

use crate::{
    network::{
        cidr::Cidr,
        path::{
            Explanation, Flow, Host, Paths, Protocol,
            outcome::{Reason, Stage, Step, Stop, Verdict, Way},
        },
        route::Route,
    },
    untrusted,
};

impl Paths<'_> {
    /// Why the flow does not get through, with the addresses; empty where it does.
    pub fn message(&self, explanation: &Explanation) -> String {
        match (explanation.verdict, explanation.stop) {
            (Verdict::Reachable, _) => String::new(),
            (Verdict::Undetermined, _) if !explanation.missing.is_empty() => {
                let missing: Vec<String> =
                    explanation.missing.iter().map(|fact| self.fact(fact)).collect();
                format!("It depends on what is not known: {}.", missing.join(", "))
            }
            (_, Some(stop)) => self.why(&stop, &explanation.steps),
            (_, None) => String::new(),
        }
    }

    /// What to change; empty where nothing is wrong.
    pub fn fix(&self, flow: &Flow, explanation: &Explanation) -> String {
        if explanation.verdict == Verdict::Undetermined && !explanation.missing.is_empty() {
            return "Write what is known of the servers into `hosts`.".to_owned();
        }
        let stop = explanation.stop.filter(|_| explanation.verdict != Verdict::Reachable);
        stop.map_or_else(String::new, |stop| self.remedy(flow, &stop, &explanation.steps))
    }

    fn why(&self, stop: &Stop, steps: &[Step]) -> String {
        let Stop { source, destination, .. } = stop;
        let (server, table) = (self.address(stop.port), self.table(stop.port));
        let what = match stop.way {
            Way::Request => "The request",
            Way::Answer => "The answer",
        };
        let route = || match self.followed(stop, steps) {
            Some(route) => format!("route {} of {table}", route.destination),
            None => table.clone(),
        };
        let denied = || {
            let rule = self.rule_of(ending(steps)?)?;
            Some(format!("is denied by rule {}", untrusted::name(&rule.id)))
        };
        let reason = match stop.reason {
            Reason::SourceCheck | Reason::DestinationCheck => {
                let address = if stop.reason == Reason::SourceCheck { source } else { destination };
                let port = self.port(stop.port);
                format!(
                    "is dropped by the source/destination check of interface {port} of server {server}, which refuses {address}"
                )
            }
            Reason::NoRoute => {
                format!("finds no route in {table}, which steers the subnet of server {server}")
            }
            Reason::NextHopGone => format!("follows {} to a next hop that is gone", route()),
            Reason::RouteLeadsBack => {
                format!("is led by {} back to the server that it comes from", route())
            }
            Reason::RouteLeadsElsewhere | Reason::AnswerLedElsewhere => {
                format!("is led by {} to a server that does not host {destination}", route())
            }
            Reason::LeavesVpc => format!("is led by {} to where nothing more is known", route()),
            Reason::NoSuchAddress => "is for an address of a subnet that no server has".to_owned(),
            Reason::GroupEgress => denied().unwrap_or_else(|| {
                format!("is let out by no rule of the security groups of server {server}")
            }),
            Reason::GroupIngress => denied().unwrap_or_else(|| {
                format!("is let in by no rule of the security groups of server {server}")
            }),
            Reason::ForwardingOff => {
                format!("is not forwarded by server {server}: `net.ipv4.ip_forward` is 0")
            }
            Reason::EngineDropsDirect => format!(
                "is dropped by the engine of server {server}, which takes nothing for its containers directly from outside"
            ),
            Reason::ForwardDrop => format!("is dropped in the chain FORWARD of server {server}"),
            Reason::NetworkMissing => {
                format!("comes to server {server}, where the containers' network is missing")
            }
            Reason::ContainerDown => {
                format!("comes to server {server}, where no container has {destination}")
            }
            Reason::FactsMissing => "depends on what is not known".to_owned(),
        };
        format!("{what} from {source} to {destination} {reason}.")
    }

    fn remedy(&self, flow: &Flow, stop: &Stop, steps: &[Step]) -> String {
        let (server, table) = (self.address(stop.port), self.table(stop.port));
        match stop.reason {
            Reason::SourceCheck | Reason::DestinationCheck => format!(
                "`huaweivpc_ecs_port_source_check` with `port_id = \"{}\"` switches the check off.",
                self.port(stop.port)
            ),
            Reason::NoRoute
            | Reason::NextHopGone
            | Reason::RouteLeadsBack
            | Reason::RouteLeadsElsewhere
            | Reason::AnswerLedElsewhere => self.route_to_make(stop, steps),
            Reason::LeavesVpc => {
                format!("Look at what is behind the next hop, or add a route to {table}.")
            }
            Reason::NoSuchAddress => "Write the address of a container or of a server.".to_owned(),
            Reason::GroupEgress | Reason::GroupIngress => self.rule_to_make(flow, stop, steps),
            Reason::ForwardingOff => format!(
                "Set `net.ipv4.ip_forward = 1` on server {server}; the script of `huaweivpc_container_host_setup` does, and keeps it."
            ),
            Reason::EngineDropsDirect => format!(
                "On server {server} create the network anew with `-o com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected`; \
                 the script of `huaweivpc_container_host_setup` does."
            ),
            Reason::ForwardDrop => format!(
                "Let server {server} forward to its containers: `gateway_mode_ipv4=nat-unprotected` from Docker 28 on, a rule in \
                 `DOCKER-USER` before; the script of `huaweivpc_container_host_setup` does either."
            ),
            Reason::NetworkMissing => {
                let range = self.owner(stop.destination).map(|(range, _)| range.to_string());
                let range = range.unwrap_or_else(|| stop.destination.to_string());
                format!("Run `docker network create --subnet {range}` on server {server}.")
            }
            Reason::ContainerDown => format!("Start the container on server {server}."),
            Reason::FactsMissing => String::new(),
        }
    }

    /// The route that the packet should have, or the one that stands in its way.
    fn route_to_make(&self, stop: &Stop, steps: &[Step]) -> String {
        let (destination, table) = (stop.destination, self.table(stop.port));
        let Some((range, owner)) = self.owner(destination) else {
            return format!(
                "`huaweivpc_container_route` to the server of {destination} in {table}."
            );
        };
        match self.followed(stop, steps) {
            Some(route) if range.contains(route.destination) && range != route.destination => {
                let narrower = route.destination;
                format!("Remove route {narrower} from {table}, or give it the next hop {owner}.")
            }
            _ => format!(
                "`huaweivpc_container_route` with `destination = \"{range}\"` and `host_ip = \"{owner}\"` in {table}."
            ),
        }
    }

    fn rule_to_make(&self, flow: &Flow, stop: &Stop, steps: &[Step]) -> String {
        if let Some(rule) = ending(steps).and_then(|step| self.rule_of(step)) {
            let (id, priority) = (untrusted::name(&rule.id), rule.priority);
            return match priority {
                2.. => format!(
                    "Remove rule {id}, or add one that allows this with a `priority` below {priority}."
                ),
                _ => format!("Remove rule {id}: of the same priority, those that deny go first."),
            };
        }
        let is_egress = stop.reason == Reason::GroupEgress;
        let peer = if is_egress { stop.destination } else { stop.source };
        let owner = self.owner(peer).map(|(range, _)| range.to_string());
        let range = owner.unwrap_or_else(|| format!("{peer}/32"));
        let groups = self.topology.ports.get(stop.port).into_iter().flat_map(|port| &port.groups);
        let groups: Vec<String> = groups.map(|id| format!("\"{}\"", untrusted::name(id))).collect();
        let direction = if is_egress { "egress" } else { "ingress" };
        let groups = groups.join(" or ");
        match flow.protocol {
            Protocol::Tcp(port) => format!(
                "`huaweivpc_secgroup_rules` with `security_group_id = {groups}` and a rule with `direction = \"{direction}\"`, \
                 `protocol = \"tcp\"`, `ports = \"{port}\"` and `remote_ip_prefix = \"{range}\"`."
            ),
            Protocol::Icmp | Protocol::Udp { .. } => format!(
                "`huaweivpc_secgroup_icmp_udp_rule` with `security_group_id = {groups}`, `direction = \"{direction}\"` and \
                 `remote_ip_prefix = \"{range}\"`."
            ),
        }
    }

    /// The route that a packet has followed from where it was lost or led astray.
    fn followed(&self, stop: &Stop, steps: &[Step]) -> Option<&Route> {
        let is_it = |step: &&Step| {
            (step.stage, step.way, step.port) == (Stage::Routing, stop.way, stop.port)
                && step.destination == stop.destination
        };
        self.route_of(steps.iter().find(is_it)?)
    }

    /// The range that an address is a container's of, and its server.
    fn owner(&self, address: Ipv4Addr) -> Option<(Cidr, Ipv4Addr)> {
        let hosts = |host: &&Host| host.range.is_some_and(|it| it.contains_address(address.into()));
        let host = self.topology.hosts.iter().find(hosts)?;
        let port = self.topology.ports.iter().position(|port| port.id == host.port_id)?;
        Some((host.range?, self.address(port)))
    }
}

/// The decision that ended it.
fn ending(steps: &[Step]) -> Option<&Step> {
    steps.iter().rev().find(|step| !step.passes)
}
