//! The rules of the security groups of one interface, in the order in which they decide: by priority, and of the same
//! priority those that deny first. What no rule lets through is dropped.

use std::{collections::HashMap, net::Ipv4Addr};

use super::{
    Group, Protocol, Remote, Rule,
    unknown::{Assumed, Fact, Unknown, What},
};
use crate::network::ports::PortRanges;

/// Rules of one direction.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter<'r> {
    rules: Vec<Prepared<'r>>,
    /// Some groups could not be read: nobody knows what they let through or deny.
    is_open: bool,
}

#[derive(Debug, Clone)]
struct Prepared<'r> {
    rule: &'r Rule,
    /// Any where absent.
    protocol: Option<u8>,
    ports: Ports,
    remote: Whom,
    /// The rule among those of all filters.
    number: u32,
}

#[derive(Debug, Clone)]
enum Ports {
    All,
    Some(PortRanges),
    /// An ICMP type, which is the one of an echo request or not.
    Echo(bool),
}

#[derive(Debug, Clone, Copy)]
enum Whom {
    Anyone,
    Range(u32, u32),
    /// By its position among all groups.
    Group(u32),
    Listed,
}

/// What a filter says of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) passes: bool,
    /// The position of the rule that decided.
    pub(super) rule: Option<u32>,
}

const ICMP: u8 = 1;

impl<'r> Filter<'r> {
    pub(super) fn new(
        groups: &[&'r Group],
        is_egress: bool,
        positions: &HashMap<&str, u32>,
        count: &mut u32,
    ) -> Self {
        let all = groups.iter().filter_map(|group| group.rules.as_ref()).flatten();
        let fits = |rule: &&'r Rule| rule.is_egress == is_egress && !rule.is_ipv6;
        let mut rules: Vec<Prepared<'r>> = all
            .filter(fits)
            .filter_map(|rule| {
                let number = *count;
                *count += 1;
                let protocol = match rule.protocol.as_deref() {
                    None => None,
                    Some(text) => Some(number_of(text)?),
                };
                let ports = Ports::of(protocol, rule.ports.as_deref())?;
                let remote = Whom::of(&rule.remote, positions)?;
                Some(Prepared { rule, protocol, ports, remote, number })
            })
            .collect();
        rules.sort_by_key(|it| (it.rule.priority, !it.rule.denies));
        let is_open = groups.iter().any(|group| group.rules.is_none());
        Self { rules, is_open }
    }

    /// At the interface `port`; `peer` is the address on the other side, `groups_of` the groups whose interfaces have it.
    pub(super) fn decide<'g>(
        &self,
        port: u32,
        protocol: Protocol,
        peer: Ipv4Addr,
        groups_of: impl Fn() -> &'g [u32],
        assumed: &Assumed,
    ) -> Result<Decision, Unknown> {
        if self.is_open {
            let fact = Fact { what: What::GroupRules, at: port };
            let passes = assumed.value(fact, None, &[true, false])?;
            return Ok(Decision { passes, rule: None });
        }
        for (position, it) in self.rules.iter().enumerate() {
            if it.protocol.is_some_and(|number| number != protocol.number())
                || !it.ports.hold(protocol)
            {
                continue;
            }
            let is_meant = match it.remote {
                Whom::Anyone => true,
                Whom::Range(first, last) => (first..=last).contains(&u32::from(peer)),
                Whom::Group(group) => groups_of().contains(&group),
                Whom::Listed => {
                    let fact = Fact { what: What::AddressGroup, at: it.number };
                    // To be let through is the more favourable.
                    assumed.value(fact, None, &[!it.rule.denies, it.rule.denies])?
                }
            };
            if is_meant {
                let rule = u32::try_from(position).ok();
                return Ok(Decision { passes: !it.rule.denies, rule });
            }
        }
        Ok(Decision { passes: false, rule: None })
    }

    pub(super) fn rule(&self, position: u32) -> Option<&'r Rule> {
        self.rules.get(position as usize).map(|it| it.rule)
    }

    /// The rule of this number, if it is one of these.
    pub(super) fn numbered(&self, number: u32) -> Option<&'r Rule> {
        self.rules.iter().find(|it| it.number == number).map(|it| it.rule)
    }
}

impl Ports {
    /// `None` for what can match nothing that is sent here.
    fn of(protocol: Option<u8>, text: Option<&str>) -> Option<Self> {
        let Some(text) = text else { return Some(Ports::All) };
        if protocol == Some(ICMP) {
            let kind = text.split('/').next().unwrap_or(text);
            return Some(Ports::Echo(kind == "8"));
        }
        text.parse().ok().map(Ports::Some)
    }

    fn hold(&self, protocol: Protocol) -> bool {
        match (self, protocol) {
            (Ports::All, _) => true,
            (Ports::Echo(is_echo), _) => *is_echo,
            (Ports::Some(ranges), Protocol::Tcp(port)) => ranges.cover(port, port),
            (Ports::Some(ranges), Protocol::Udp { first, last }) => ranges.cover(first, last),
            (Ports::Some(_), Protocol::Icmp) => false,
        }
    }
}

impl Whom {
    /// `None` for whom no IPv4 address can be.
    fn of(remote: &Remote, positions: &HashMap<&str, u32>) -> Option<Self> {
        Some(match remote {
            Remote::Anyone => Whom::Anyone,
            Remote::Range(range) => match (range.network(), range.last()) {
                (std::net::IpAddr::V4(first), std::net::IpAddr::V4(last)) => {
                    Whom::Range(first.into(), last.into())
                }
                _ => return None,
            },
            // A group that no interface here is in has no address here.
            Remote::Group(id) => Whom::Group(*positions.get(id.as_str())?),
            Remote::AddressGroup => Whom::Listed,
        })
    }
}

/// The number of a protocol in an IP header; `None` for one that nothing here is sent with.
fn number_of(text: &str) -> Option<u8> {
    match text {
        "icmp" => Some(ICMP),
        "tcp" => Some(6),
        "udp" => Some(17),
        number => number.parse().ok(),
    }
}

/// The filters of one interface.
#[derive(Debug, Clone, Default)]
pub(super) struct Filters<'r> {
    pub(super) egress: Filter<'r>,
    pub(super) ingress: Filter<'r>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Egress,
    Ingress,
}

impl<'r> Filters<'r> {
    pub(super) fn of(&self, direction: Direction) -> &Filter<'r> {
        match direction {
            Direction::Egress => &self.egress,
            Direction::Ingress => &self.ingress,
        }
    }
}
