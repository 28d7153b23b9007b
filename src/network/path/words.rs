//! What became of a packet in words, and what to do about it.

use std::{collections::BTreeSet, fmt, net::Ipv4Addr};

use super::{
    Explanation, Fact, Flow, Host, Paths, Port, Protocol, What,
    filter::Direction,
    outcome::{By, Hop, Reason, Stage, Step, Stop, Verdict, Way},
};
use crate::{network::route::Route, untrusted};

/// A step as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub way: &'static str,
    pub place: String,
    pub stage: &'static str,
    pub decided_by: String,
    pub passes: bool,
    pub source_before: Ipv4Addr,
    pub source_after: Ipv4Addr,
}

impl Paths<'_> {
    pub fn tell(&self, step: &Step) -> Told {
        Told {
            way: match step.way {
                Way::Request => "request",
                Way::Answer => "answer",
            },
            place: self.place(step),
            stage: step.stage.name(),
            decided_by: self.decided_by(step),
            passes: step.passes,
            source_before: step.source_before,
            source_after: step.source_after,
        }
    }

    /// Why the flow does not get through, with the addresses; empty where it does.
    pub fn message(&self, explanation: &Explanation) -> String {
        match (explanation.verdict, explanation.stop) {
            (Verdict::Reachable, _) => String::new(),
            (Verdict::Undetermined, _) if !explanation.missing.is_empty() => {
                let missing: Vec<String> =
                    explanation.missing.iter().map(|fact| self.fact(fact)).collect();
                format!("It depends on what is not known: {}.", missing.join(", "))
            }
            (_, Some(stop)) => self.why(&stop),
            (_, None) => String::new(),
        }
    }

    /// A fact that is not known, as it is written where a user can.
    pub fn fact(&self, fact: &Fact) -> String {
        let of = |what: &str| format!("hosts[\"{}\"].{what}", self.address(fact.at as usize));
        match fact.what {
            What::Forwarding => of("forwarding"),
            What::EngineVersion => of("engine_version"),
            What::GatewayMode => of("gateway_mode"),
            What::Masquerade => of("masquerade"),
            What::ForwardPolicy => of("forward_policy"),
            What::PublishedPorts => of("published_ports"),
            What::GroupRules => format!(
                "the rules of the security groups of server {}",
                self.address(fact.at as usize)
            ),
            What::DestinationCheck => "whether the cloud checks destinations".to_owned(),
            What::AddressGroup => {
                let mut filters = self.filters.iter().flat_map(|it| [&it.egress, &it.ingress]);
                let rule = filters.find_map(|filter| filter.numbered(fact.at));
                let rule = rule.map_or_else(String::new, |rule| untrusted::name(&rule.id));
                format!("the addresses of the address group of rule {rule}")
            }
        }
    }

    /// What to change, by resource and argument where one does it; empty where nothing is wrong.
    pub fn fix(&self, flow: &Flow, explanation: &Explanation) -> String {
        let Some(stop) = explanation.stop.filter(|_| explanation.verdict != Verdict::Reachable)
        else {
            return String::new();
        };
        if explanation.verdict == Verdict::Undetermined && !explanation.missing.is_empty() {
            return "Write what is known of the servers into `hosts`.".to_owned();
        }
        let decided = explanation.steps.iter().rev().find(|step| !step.passes);
        self.remedy(flow, &stop, decided)
    }

    fn remedy(&self, flow: &Flow, stop: &Stop, decided: Option<&Step>) -> String {
        let server = self.address(stop.port);
        match stop.reason {
            Reason::SourceCheck | Reason::DestinationCheck => format!(
                "`huaweivpc_ecs_port_source_check` with `port_id = \"{}\"` switches the check off.",
                self.port(stop.port)
            ),
            Reason::NoRoute | Reason::NextHopGone => match self.owner(stop.destination) {
                Some((range, owner)) => format!(
                    "`huaweivpc_container_route` with `destination = \"{range}\"` and `host_ip = \"{owner}\"` in {}.",
                    self.table(stop.port)
                ),
                None => format!(
                    "`huaweivpc_container_route` to the server of {} in {}.",
                    stop.destination,
                    self.table(stop.port)
                ),
            },
            Reason::RouteLeadsBack | Reason::RouteLeadsElsewhere | Reason::AnswerLedElsewhere => {
                match self.owner(stop.destination) {
                    Some((range, owner)) => format!(
                        "Let {} lead {range} to {owner} (`host_ip` of its `huaweivpc_container_route`), and remove a narrower route that \
                         leads to another server.",
                        self.table(stop.port)
                    ),
                    None => format!(
                        "Let {} lead {} to the server that hosts it.",
                        self.table(stop.port),
                        stop.destination
                    ),
                }
            }
            Reason::LeavesVpc => "Look at what is behind this next hop.".to_owned(),
            Reason::NoSuchAddress => "Write the address of a container or of a server.".to_owned(),
            Reason::GroupEgress | Reason::GroupIngress => self.rule_to_add(flow, stop, decided),
            Reason::ForwardingOff => format!(
                "Set `net.ipv4.ip_forward = 1` on server {server}; the script of `huaweivpc_container_host_setup` does, and \
                 keeps it."
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
                let range = self.owner(stop.destination).map(|(range, _)| range);
                let range = range.unwrap_or_else(|| stop.destination.to_string());
                format!("Run `docker network create --subnet {range}` on server {server}.")
            }
            Reason::ContainerDown => format!("Start the container on server {server}."),
            Reason::FactsMissing => String::new(),
        }
    }

    fn rule_to_add(&self, flow: &Flow, stop: &Stop, decided: Option<&Step>) -> String {
        if let Some(Step { by: By::Rule(filter, position), stage, .. }) = decided {
            let id = self.rule(*stage, *filter, *position);
            return format!("Remove rule {id}, or add one of a higher priority that allows this.");
        }
        let is_egress = stop.reason == Reason::GroupEgress;
        let peer = if is_egress { stop.destination } else { stop.source };
        let range = self.owner(peer).map_or_else(|| format!("{peer}/32"), |(range, _)| range);
        let protocol = flow.protocol.name();
        let resource = match flow.protocol {
            Protocol::Tcp(_) => "huaweivpc_secgroup_rules",
            _ => "huaweivpc_secgroup_icmp_udp_rule",
        };
        let ports = match flow.protocol {
            Protocol::Tcp(port) => format!(", port {port}"),
            _ => String::new(),
        };
        let direction = if is_egress { "egress" } else { "ingress" };
        let port = self.topology.ports.get(stop.port);
        let groups: Vec<String> = port
            .into_iter()
            .flat_map(|port| &port.groups)
            .map(|id| format!("`{}`", untrusted::name(id)))
            .collect();
        format!(
            "`{resource}` in security group {} of {}: {direction}, {protocol}{ports}, `remote_ip_prefix = \"{range}\"`.",
            groups.join(" or "),
            self.address(stop.port)
        )
    }

    fn why(&self, stop: &Stop) -> String {
        let Stop { source, destination, .. } = stop;
        let (server, table) = (self.address(stop.port), self.table(stop.port));
        let what = match stop.way {
            Way::Request => "The request",
            Way::Answer => "The answer",
        };
        let what = format!("{what} from {source} to {destination}");
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
            Reason::NextHopGone => format!("follows a route of {table} to a next hop that is gone"),
            Reason::RouteLeadsBack => {
                format!("is led by {table} back to the server that it comes from")
            }
            Reason::RouteLeadsElsewhere | Reason::AnswerLedElsewhere => {
                format!("is led by {table} to a server that does not host {destination}")
            }
            Reason::LeavesVpc => format!("is led by {table} to where nothing more is known"),
            Reason::NoSuchAddress => "is for an address of a subnet that no server has".to_owned(),
            Reason::GroupEgress => format!(
                "is let out by no rule of the security groups of server {server}, or denied by one"
            ),
            Reason::GroupIngress => format!(
                "is let in by no rule of the security groups of server {server}, or denied by one"
            ),
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
        format!("{what} {reason}.")
    }

    fn place(&self, step: &Step) -> String {
        let server = self.address(step.port);
        match step.stage {
            Stage::SourceCheck
            | Stage::DestinationCheck
            | Stage::GroupEgress
            | Stage::GroupIngress => {
                format!("interface {} of server {server}", self.port(step.port))
            }
            Stage::Routing => self.table(step.port),
            _ => format!("server {server}"),
        }
    }

    fn decided_by(&self, step: &Step) -> String {
        match step.by {
            By::Server => match (step.stage, step.passes) {
                (Stage::Forwarding, true) => "forwarding is on".to_owned(),
                (Stage::Forwarding, false) => "forwarding is off".to_owned(),
                (Stage::SourceNat, _) if step.source_before == step.source_after => {
                    "the source is kept".to_owned()
                }
                (Stage::SourceNat, _) => "the source is replaced".to_owned(),
                (Stage::DestinationNat, _) => {
                    format!("the port is published by {}", step.destination)
                }
                (Stage::Arrival, _) => "nothing from outside is taken".to_owned(),
                (Stage::Forward, true) => "the chain FORWARD lets it pass".to_owned(),
                (Stage::Forward, false) => "the chain FORWARD drops it".to_owned(),
                (_, true) => format!("{} is here", step.destination),
                (_, false) => format!("{} is not here", step.destination),
            },
            By::CheckOff => "the check is off".to_owned(),
            By::OwnAddress => "an address of the interface itself".to_owned(),
            By::Pair(position) => {
                let pairs = self.topology.ports.get(step.port).map(|port| &port.pairs);
                let pair = pairs.and_then(|pairs| pairs.get(position as usize));
                pair.map_or_else(String::new, |pair| format!("pair {pair}"))
            }
            By::NoPair => "no pair holds the address".to_owned(),
            By::Route(table, route) => match self.route_at(table, route) {
                Some(route) => format!("route {} to {route}", route.destination),
                None => String::new(),
            },
            By::NoRoute(_) => "no route".to_owned(),
            By::Subnet => "the address is in a subnet of the VPC".to_owned(),
            By::Rule(filter, position) => {
                format!("rule {}", self.rule(step.stage, filter, position))
            }
            By::NoRule => "no rule that is known".to_owned(),
            By::Established => "the connection is known".to_owned(),
        }
    }

    fn port(&self, port: usize) -> String {
        self.topology
            .ports
            .get(port)
            .map_or_else(String::new, |Port { id, .. }| untrusted::name(id))
    }

    fn address(&self, port: usize) -> Ipv4Addr {
        self.interfaces.get(port).map_or(Ipv4Addr::UNSPECIFIED, |interface| interface.address)
    }

    fn table(&self, port: usize) -> String {
        let number = self.interfaces.get(port).and_then(|interface| interface.table);
        let table = number.and_then(|number| self.topology.tables.get(number as usize));
        table.map_or_else(
            || "the route table".to_owned(),
            |table| format!("route table {}", untrusted::name(&table.id)),
        )
    }

    fn route_at(&self, table: u32, route: u32) -> Option<&Route> {
        self.topology.tables.get(table as usize)?.routes.get(route as usize)
    }

    fn rule(&self, stage: Stage, filter: u32, position: u32) -> String {
        let direction = match stage {
            Stage::GroupEgress => Direction::Egress,
            _ => Direction::Ingress,
        };
        let filters = self.filters.get(filter as usize);
        let rule = filters.and_then(|it| it.of(direction).rule(position));
        rule.map_or_else(String::new, |rule| untrusted::name(&rule.id))
    }

    /// The range that an address is a container's of, and its server.
    fn owner(&self, address: Ipv4Addr) -> Option<(String, Ipv4Addr)> {
        let hosts = |host: &&Host| host.range.is_some_and(|it| it.contains_address(address.into()));
        let host = self.topology.hosts.iter().find(hosts)?;
        let port = self.topology.ports.iter().position(|port| port.id == host.port_id)?;
        Some((host.range?.to_string(), self.address(port)))
    }
}

impl Stage {
    pub fn name(self) -> &'static str {
        match self {
            Stage::Forwarding => "forwarding",
            Stage::SourceNat => "source_nat",
            Stage::DestinationNat => "destination_nat",
            Stage::SourceCheck => "source_check",
            Stage::Routing => "routing",
            Stage::DestinationCheck => "destination_check",
            Stage::GroupEgress => "group_egress",
            Stage::GroupIngress => "group_ingress",
            Stage::Arrival => "arrival",
            Stage::Forward => "forward",
            Stage::Delivery => "delivery",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Reachable => "reachable",
            Verdict::Unreachable => "unreachable",
            Verdict::Undetermined => "undetermined",
        })
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hop::From(address) => address.fmt(f),
            Hop::Unreachable(by) => write!(f, "{by} !H"),
            Hop::Nothing => f.write_str("*"),
        }
    }
}

impl Explanation {
    /// A traceroute as a user sees it, line by line; where it depends, what a line may be.
    pub fn lines(&self) -> Vec<String> {
        let longest = self.traceroutes.iter().map(Vec::len).max().unwrap_or(0);
        let line = |number: usize| {
            // Behind the end of a dead way there is nothing; behind the goal there is no line.
            let hop = |hops: &Vec<Hop>| {
                let last = hops.last().copied().filter(|hop| *hop == Hop::Nothing);
                hops.get(number).copied().or(last)
            };
            let possible: BTreeSet<Hop> = self.traceroutes.iter().filter_map(hop).collect();
            possible.iter().map(Hop::to_string).collect::<Vec<_>>().join(" or ")
        };
        (0..longest).map(line).collect()
    }
}
