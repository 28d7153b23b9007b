//! What became of a packet, without words: positions in the topology and addresses.

use std::{collections::BTreeSet, net::Ipv4Addr};

use super::unknown::Fact;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The request arrives, and its answer comes back.
    Reachable,
    Unreachable,
    /// It depends on what is not known.
    Undetermined,
}

/// What a line of a traceroute shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hop {
    /// Who answered.
    From(Ipv4Addr),
    /// Who said that the host is unreachable.
    Unreachable(Ipv4Addr),
    Nothing,
}

/// Why a packet went no further. A code never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    ForwardingOff,
    SourceCheck,
    DestinationCheck,
    NoRoute,
    NextHopGone,
    RouteLeadsBack,
    RouteLeadsElsewhere,
    AnswerLedElsewhere,
    LeavesVpc,
    NoSuchAddress,
    GroupEgress,
    GroupIngress,
    EngineDropsDirect,
    ForwardDrop,
    NetworkMissing,
    ContainerDown,
    FactsMissing,
}

impl Reason {
    /// Every code, in the order of the documentation.
    pub const ALL: &[Reason] = &[
        Reason::ForwardingOff,
        Reason::SourceCheck,
        Reason::DestinationCheck,
        Reason::NoRoute,
        Reason::NextHopGone,
        Reason::RouteLeadsBack,
        Reason::RouteLeadsElsewhere,
        Reason::AnswerLedElsewhere,
        Reason::LeavesVpc,
        Reason::NoSuchAddress,
        Reason::GroupEgress,
        Reason::GroupIngress,
        Reason::EngineDropsDirect,
        Reason::ForwardDrop,
        Reason::NetworkMissing,
        Reason::ContainerDown,
        Reason::FactsMissing,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Reason::ForwardingOff => "forwarding_off",
            Reason::SourceCheck => "source_check",
            Reason::DestinationCheck => "destination_check",
            Reason::NoRoute => "no_route",
            Reason::NextHopGone => "next_hop_gone",
            Reason::RouteLeadsBack => "route_leads_back",
            Reason::RouteLeadsElsewhere => "route_leads_elsewhere",
            Reason::AnswerLedElsewhere => "answer_led_elsewhere",
            Reason::LeavesVpc => "leaves_vpc",
            Reason::NoSuchAddress => "no_such_address",
            Reason::GroupEgress => "group_egress",
            Reason::GroupIngress => "group_ingress",
            Reason::EngineDropsDirect => "engine_drops_direct",
            Reason::ForwardDrop => "forward_drop",
            Reason::NetworkMissing => "network_missing",
            Reason::ContainerDown => "container_down",
            Reason::FactsMissing => "facts_missing",
        }
    }
}

/// Where and on which packet something came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    pub reason: Reason,
    pub way: Way,
    /// The interface (and with it the server) at which it happened.
    pub port: usize,
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Request,
    Answer,
}

/// One decision about a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub way: Way,
    /// The interface (and with it the server) at which it is made.
    pub port: usize,
    pub stage: Stage,
    pub by: By,
    pub passes: bool,
    pub source_before: Ipv4Addr,
    pub source_after: Ipv4Addr,
    pub destination: Ipv4Addr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The server forwards at all.
    Forwarding,
    /// The source is replaced by the server's own address, or kept.
    SourceNat,
    /// The destination is what a published port stands for.
    DestinationNat,
    SourceCheck,
    Routing,
    DestinationCheck,
    GroupEgress,
    GroupIngress,
    /// The source is the server's own address, or the engine takes nothing from outside for its containers.
    Arrival,
    /// The chain FORWARD of the server.
    Forward,
    Delivery,
}

/// What decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The set-up of the server.
    Server,
    /// The interface's check is off.
    CheckOff,
    /// The address is one of the interface's own.
    OwnAddress,
    /// A pair of the interface, by its position.
    Pair(u32),
    /// No pair holds the address.
    NoPair,
    /// A route, by the positions of its table and in it.
    Route(u32, u32),
    /// The table, by its position, has none.
    NoRoute(u32),
    /// The address is in a subnet of the VPC.
    Subnet,
    /// A rule, by the positions of its filter and in it.
    Rule(u32, u32),
    NoRule,
    /// The connection is known: it has passed here as a request.
    Established,
}

/// What happened where every fact is known or assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) stop: Option<Stop>,
    pub(super) ttl: Option<u8>,
    pub(super) source_seen: Option<Ipv4Addr>,
    pub(super) answered_by: Option<Answered>,
    pub(super) hops: Vec<Hop>,
    pub(super) steps: Vec<Step>,
}

/// Who got the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    Container,
    Server,
}

/// What has to be the same for a fact not to matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) verdict: Verdict,
    source_seen: Option<Ipv4Addr>,
}

impl Outcome {
    pub(super) fn key(&self) -> Key {
        let (verdict, source_seen) = match self.stop {
            None => (Verdict::Reachable, self.source_seen),
            Some(Stop { reason: Reason::LeavesVpc, .. }) => (Verdict::Undetermined, None),
            Some(_) => (Verdict::Unreachable, None),
        };
        Key { verdict, source_seen }
    }
}

/// What can be said of a flow, whichever of the unknown facts hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub verdict: Verdict,
    /// Why not; in the most favourable of the worlds that are possible.
    pub stop: Option<Stop>,
    /// What `ping` shows of the answer.
    pub ttl: Option<u8>,
    /// The source that the receiver sees, also where the answer does not come back.
    pub source_seen: Option<Ipv4Addr>,
    pub answered_by: Option<Answered>,
    /// What a traceroute shows in each of the worlds that are possible; the last `Nothing` stands for all that follow.
    pub traceroutes: Vec<Vec<Hop>>,
    /// In the most favourable of the worlds that are possible.
    pub steps: Vec<Step>,
    /// What would have to be known to say more.
    pub missing: Vec<Fact>,
}

impl Explanation {
    pub(super) fn of(verdict: Verdict, outcomes: Vec<Outcome>, missing: BTreeSet<Fact>) -> Self {
        let same = |one: fn(&Outcome) -> Option<u32>| {
            let mut all = outcomes.iter().map(one);
            let first = all.next().flatten();
            first.filter(|_| all.all(|it| it == first))
        };
        let ttl = same(|it| it.ttl.map(u32::from)).and_then(|ttl| u8::try_from(ttl).ok());
        let source_seen = same(|it| it.source_seen.map(u32::from)).map(Ipv4Addr::from);
        let mut explanation = Self {
            verdict,
            stop: outcomes.first().and_then(|best| best.stop),
            ttl,
            source_seen,
            answered_by: outcomes.first().and_then(|best| best.answered_by),
            traceroutes: Vec::with_capacity(outcomes.len()),
            steps: Vec::new(),
            missing: missing.into_iter().collect(),
        };
        for (position, outcome) in outcomes.into_iter().enumerate() {
            explanation.traceroutes.push(outcome.hops);
            if position == 0 {
                explanation.steps = outcome.steps;
            }
        }
        explanation
    }

    pub fn reason(&self) -> Option<Reason> {
        match self.verdict {
            Verdict::Reachable => None,
            Verdict::Undetermined if !self.missing.is_empty() => Some(Reason::FactsMissing),
            _ => self.stop.map(|stop| stop.reason),
        }
    }
}
