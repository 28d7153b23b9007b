//! One packet's way from server to server, its answer's, and that of everything which is said about it.
//!
//! The order decides which hops show: the sender's forwarding, its source NAT, the source check, the route, the
//! destination check, the groups; then the receiver, which may drop before it routes, answers what has come too far
//! ("time exceeded") before its chain FORWARD is asked, and hands on to the container last. An answer passes all of it
//! in the other direction, but for the groups, which know the connection.

mod traces;
mod vpc;

use std::net::Ipv4Addr;

use super::{
    Flow, Protocol,
    facts::{Look, Network, Published, Server},
    known::Paths,
    outcome::{Answered, By, Hop, Outcome, Reason, Stage, Step, Stop, Way},
    unknown::{Assumed, Detail, Unknown},
};

/// How many lines a traceroute has unless it is told otherwise.
const MOST_HOPS: usize = 30;

/// What a packet starts with.
const TTL: u8 = 64;

/// Sixty rounds of a loop tell no more than the first ones.
const MOST_STEPS: usize = 60;

#[derive(Debug, Clone, Copy)]
struct Packet {
    source: Ipv4Addr,
    destination: Ipv4Addr,
    protocol: Protocol,
    is_new: bool,
    ttl: u8,
}

impl Packet {
    fn look(&self) -> Look {
        let Packet { source, destination, protocol, is_new, .. } = *self;
        Look { protocol, source, destination, is_new }
    }
}

/// From where a packet reaches a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Containers,
    Vpc,
}

enum Onward {
    IntoVpc,
    End(End),
}

enum End {
    Delivered { packet: Packet, port: u32, to: Answered },
    Stopped { stop: Stop, shows: Shows },
}

/// What a traceroute has after the last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    Nothing,
    Unreachable(Ipv4Addr),
    /// It ends in the middle of a loop.
    NoLine,
}

struct Walk<'w, 'p> {
    paths: &'w Paths<'p>,
    flow: &'w Flow,
    assumed: &'w Assumed,
    way: Way,
    /// Nothing is recorded: a verdict is wanted, or it is something said about a packet that is on its way.
    is_quiet: bool,
    hops: Vec<Hop>,
    steps: Vec<Step>,
    masqueraded_by: Option<u32>,
    published: Option<(u32, Ipv4Addr)>,
}

type Answer<T> = Result<T, Unknown>;

/// The request, and the answer if it arrives.
pub(super) fn run(
    paths: &Paths<'_>,
    flow: &Flow,
    assumed: &Assumed,
    detail: Detail,
) -> Answer<Outcome> {
    let mut walk = Walk {
        paths,
        flow,
        assumed,
        way: Way::Request,
        is_quiet: detail == Detail::Verdict,
        hops: Vec::with_capacity(if detail == Detail::Verdict { 0 } else { 4 }),
        steps: Vec::with_capacity(if detail == Detail::Verdict { 0 } else { 24 }),
        masqueraded_by: None,
        published: None,
    };
    let from = u32::try_from(flow.from).unwrap_or(u32::MAX);
    let source = flow.container.unwrap_or(walk.interface(from).address);
    let Flow { to: destination, protocol, .. } = *flow;
    let request = Packet { source, destination, protocol, is_new: true, ttl: TTL };
    let end = walk.travel(request, from, flow.container.is_some())?;
    let (stop, seen) = match end {
        End::Stopped { stop, shows } => {
            walk.last_line(shows);
            (Some(stop), None)
        }
        End::Delivered { packet, port, to } => {
            let (stop, ttl) = walk.answer(packet, port, to)?;
            (stop, Some((packet.source, to, ttl)))
        }
    };
    Ok(Outcome {
        stop,
        ttl: seen.and_then(|(_, _, ttl)| ttl),
        source_seen: seen.map(|(source, ..)| source),
        answered_by: seen.map(|(_, to, _)| to),
        hops: walk.hops,
        steps: walk.steps,
    })
}

impl<'w, 'p> Walk<'w, 'p> {
    /// The answer's way; with what its TTL is at the end, if it comes there.
    fn answer(
        &mut self,
        request: Packet,
        port: u32,
        to: Answered,
    ) -> Answer<(Option<Stop>, Option<u8>)> {
        self.way = Way::Answer;
        let (source, destination) = (request.destination, request.source);
        let answer = Packet { source, destination, is_new: false, ttl: TTL, ..request };
        let (stop, ttl) = match self.travel(answer, port, to == Answered::Container)? {
            End::Stopped { stop, .. } => (Some(stop), None),
            End::Delivered { packet, port, .. } if self.is_callers(port) => {
                (None, Some(packet.ttl))
            }
            End::Delivered { packet, port, .. } => {
                (Some(self.stop(Reason::AnswerLedElsewhere, port, &packet)), None)
            }
        };
        match stop {
            None => self.push_line(Hop::From(self.flow.to)),
            Some(_) => self.last_line(Shows::Nothing),
        }
        Ok((stop, ttl))
    }

    fn is_callers(&self, port: u32) -> bool {
        port as usize == self.flow.from
    }

    /// From a server or one of its containers until it is delivered or lost.
    fn travel(&mut self, mut packet: Packet, from: u32, by_container: bool) -> Answer<End> {
        let mut port = from;
        // Where it was first sent to the wrong place: whatever happens there, that is why.
        let mut strayed: Option<Stop> = None;
        let mut onward = match by_container {
            true => self.at_server(&mut packet, port, Side::Containers, &mut strayed)?,
            false => Onward::IntoVpc,
        };
        loop {
            let end = match onward {
                Onward::IntoVpc => self.through_vpc(&packet, port)?,
                Onward::End(end) => Err(end),
            };
            let next = match end {
                Ok(next) => next,
                Err(End::Stopped { stop, shows }) => {
                    return Ok(End::Stopped { stop: strayed.unwrap_or(stop), shows });
                }
                Err(delivered) => return Ok(delivered),
            };
            let interface = self.interface(next);
            if !interface.has(packet.destination) && !interface.hosts(packet.destination) {
                let reason = match packet.is_new {
                    false => Reason::AnswerLedElsewhere,
                    true if self.is_callers(next) => Reason::RouteLeadsBack,
                    true => Reason::RouteLeadsElsewhere,
                };
                strayed.get_or_insert(self.stop(reason, port, &packet));
            }
            port = next;
            onward = self.at_server(&mut packet, port, Side::Vpc, &mut strayed)?;
        }
    }

    fn at_server(
        &mut self,
        packet: &mut Packet,
        port: u32,
        side: Side,
        strayed: &mut Option<Stop>,
    ) -> Answer<Onward> {
        let server = self.server(port);
        let interface = self.interface(port);
        if side == Side::Vpc {
            let is_own = interface.has(packet.source);
            let is_for_container = interface.hosts(packet.destination);
            if is_own || (is_for_container && server.drops_direct(packet.look())?) {
                self.step(Stage::Arrival, By::Server, false, port, packet);
                let reason = match is_own {
                    true => Reason::RouteLeadsBack,
                    false => Reason::EngineDropsDirect,
                };
                return Ok(self.stopped(reason, port, packet));
            }
        }
        if interface.has(packet.destination) && !self.translated(packet, port, &server)? {
            self.step(Stage::Delivery, By::Server, true, port, packet);
            return Ok(Onward::End(End::Delivered { packet: *packet, port, to: Answered::Server }));
        }
        let network = server.facts.network;
        let is_for_container = interface.hosts(packet.destination);
        if side == Side::Containers && is_for_container && network == Network::Up {
            // The same bridge: no router has a say.
            self.step(Stage::Delivery, By::Server, true, port, packet);
            return Ok(self.delivered(packet, port));
        }
        let forwards = server.forwards()?;
        self.step(Stage::Forwarding, By::Server, forwards, port, packet);
        if !forwards {
            return Ok(self.stopped(Reason::ForwardingOff, port, packet));
        }
        if let (true, Network::Gone { guarded }) = (is_for_container, network) {
            let stop = self.stop(Reason::NetworkMissing, port, packet);
            if guarded {
                self.step(Stage::Delivery, By::Server, false, port, packet);
                return Ok(Onward::End(self.refused(stop, port, packet)?));
            }
            strayed.get_or_insert(stop);
        }
        self.line(port, packet)?;
        packet.ttl -= 1;
        if packet.ttl == 0 {
            let stop = self.stop(Reason::RouteLeadsElsewhere, port, packet);
            return Ok(Onward::End(End::Stopped { stop, shows: Shows::NoLine }));
        }
        let is_onto_bridge =
            is_for_container && matches!(network, Network::Up | Network::ContainerDown);
        let passes = match (side, is_onto_bridge) {
            (Side::Containers, _) => server.lets_out()?,
            (Side::Vpc, true) => server.lets_in(packet.look())?,
            (Side::Vpc, false) => server.lets_pass(packet.look(), is_for_container)?,
        };
        let by = if packet.is_new { By::Server } else { By::Established };
        self.step(Stage::Forward, by, passes, port, packet);
        if !passes {
            return Ok(self.stopped(Reason::ForwardDrop, port, packet));
        }
        if is_onto_bridge {
            let is_up = network == Network::Up;
            self.step(Stage::Delivery, By::Server, is_up, port, packet);
            if is_up {
                return Ok(self.delivered(packet, port));
            }
            let stop = self.stop(Reason::ContainerDown, port, packet);
            return Ok(Onward::End(self.refused(stop, port, packet)?));
        }
        if side == Side::Containers {
            self.leave(packet, port, &server)?;
        }
        Ok(Onward::IntoVpc)
    }

    /// What was for the server's own address is for a container behind it: an answer to what was masqueraded, or a
    /// published port.
    fn translated(&mut self, packet: &mut Packet, port: u32, server: &Server<'_>) -> Answer<bool> {
        if !packet.is_new {
            let container = self.flow.container.filter(|_| self.masqueraded_by == Some(port));
            packet.destination = container.unwrap_or(packet.destination);
            return Ok(container.is_some());
        }
        let Some(Published { container, container_port, .. }) =
            server.destination_nat(packet.look())?
        else {
            return Ok(false);
        };
        self.published = Some((port, packet.destination));
        packet.destination = container;
        packet.protocol = Protocol::Tcp(container_port);
        self.step(Stage::DestinationNat, By::Server, true, port, packet);
        Ok(true)
    }

    /// The source that a container's packet leaves its server with.
    fn leave(&mut self, packet: &mut Packet, port: u32, server: &Server<'_>) -> Answer<()> {
        let before = packet.source;
        if packet.is_new {
            let to_container = self.paths.is_containers(packet.destination);
            if server.masquerades(to_container)? {
                packet.source = self.interface(port).address;
                self.masqueraded_by = Some(port);
            }
        } else if let Some((_, address)) = self.published.filter(|(by, _)| *by == port) {
            packet.source = address;
        }
        self.step_from(Stage::SourceNat, By::Server, true, port, packet, before);
        Ok(())
    }
}
