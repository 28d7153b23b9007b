//! The steps of a packet and what is not known about it, in words; what to do about it is in `advice.rs`.

mod advice;

use std::{collections::BTreeSet, fmt, net::Ipv4Addr};

use super::{
    Explanation, Fact, Paths, Port, Rule, What,
    filter::Direction,
    outcome::{By, Hop, Stage, Step, Verdict, Way},
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
            By::Route(..) => self.route_of(step).map_or_else(String::new, |route| {
                format!("route {} to {route}", route.destination)
            }),
            By::NoRoute(_) => "no route".to_owned(),
            By::Subnet => "the address is in a subnet of the VPC".to_owned(),
            By::Rule(..) => self
                .rule_of(step)
                .map_or_else(String::new, |rule| format!("rule {}", untrusted::name(&rule.id))),
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

    /// The route that decided, if one did.
    fn route_of(&self, step: &Step) -> Option<&Route> {
        let By::Route(table, route) = step.by else { return None };
        self.topology.tables.get(table as usize)?.routes.get(route as usize)
    }

    /// The rule that decided, if one did.
    fn rule_of(&self, step: &Step) -> Option<&Rule> {
        let By::Rule(filter, position) = step.by else { return None };
        let direction = match step.stage {
            Stage::GroupEgress => Direction::Egress,
            _ => Direction::Ingress,
        };
        self.filters.get(filter as usize)?.of(direction).rule(position)
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
