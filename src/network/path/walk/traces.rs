//! What is seen of a packet: the lines of a traceroute, and the steps of an explanation.

use std::net::Ipv4Addr;

use super::{Answer, End, MOST_HOPS, MOST_STEPS, Onward, Packet, Shows, TTL, Walk};
use crate::network::path::{
    facts::Server,
    known::Interface,
    outcome::{Answered, By, Hop, Reason, Stage, Step, Stop, Way},
};

impl<'w, 'p> Walk<'w, 'p> {
    /// The line of a traceroute for the server that has just counted the packet down.
    pub(super) fn line(&mut self, port: u32, packet: &Packet) -> Answer<()> {
        if self.is_quiet || self.way == Way::Answer || self.hops.len() >= MOST_HOPS {
            return Ok(());
        }
        let hop = match self.arrives_back(port, packet)? {
            true => Hop::From(self.voice(port, packet)),
            false => Hop::Nothing,
        };
        self.push_line(hop);
        Ok(())
    }

    pub(super) fn push_line(&mut self, hop: Hop) {
        if !self.is_quiet && self.hops.len() < MOST_HOPS {
            self.hops.push(hop);
        }
    }

    /// The server says that the packet can go no further.
    pub(super) fn refused(&mut self, stop: Stop, port: u32, packet: &Packet) -> Answer<End> {
        let is_heard = !self.is_quiet && self.arrives_back(port, packet)?;
        let shows = match is_heard {
            true => Shows::Unreachable(self.voice(port, packet)),
            false => Shows::Nothing,
        };
        Ok(End::Stopped { stop, shows })
    }

    /// The address by which a server speaks to a packet's sender.
    pub(super) fn voice(&self, port: u32, packet: &Packet) -> Ipv4Addr {
        let interface = self.interface(port);
        let gateway = interface.gateway.filter(|_| interface.hosts(packet.source));
        gateway.unwrap_or(interface.address)
    }

    /// What the server says about the packet gets to whoever has sent it.
    pub(super) fn arrives_back(&mut self, port: u32, packet: &Packet) -> Answer<bool> {
        if self.interface(port).hosts(packet.source) {
            return Ok(self.is_callers(port));
        }
        let source = self.interface(port).address;
        let (destination, is_new) = (packet.source, false);
        let error = Packet { source, destination, is_new, ttl: TTL, ..*packet };
        self.is_quiet = true;
        let end = self.travel(error, port, false);
        self.is_quiet = false;
        Ok(matches!(end?, End::Delivered { port, .. } if self.is_callers(port)))
    }

    pub(super) fn last_line(&mut self, shows: Shows) {
        match shows {
            Shows::NoLine => {}
            Shows::Nothing => self.push_line(Hop::Nothing),
            Shows::Unreachable(by) => self.push_line(Hop::Unreachable(by)),
        }
        // One line without an answer stands for all that follow.
        while self.hops.ends_with(&[Hop::Nothing, Hop::Nothing]) {
            self.hops.pop();
        }
    }

    pub(super) fn interface(&self, port: u32) -> &'w Interface<'p> {
        &self.paths.interfaces[port as usize]
    }

    pub(super) fn server(&self, port: u32) -> Server<'w> {
        self.paths.server(port, self.assumed)
    }

    pub(super) fn delivered(&self, packet: &Packet, port: u32) -> Onward {
        Onward::End(End::Delivered { packet: *packet, port, to: Answered::Container })
    }

    pub(super) fn stopped(&self, reason: Reason, port: u32, packet: &Packet) -> Onward {
        Onward::End(self.lost(reason, port, packet))
    }

    pub(super) fn lost(&self, reason: Reason, port: u32, packet: &Packet) -> End {
        End::Stopped { stop: self.stop(reason, port, packet), shows: Shows::Nothing }
    }

    pub(super) fn stop(&self, reason: Reason, port: u32, packet: &Packet) -> Stop {
        let Packet { source, destination, .. } = *packet;
        Stop { reason, way: self.way, port: port as usize, source, destination }
    }

    pub(super) fn step(&mut self, stage: Stage, by: By, passes: bool, port: u32, packet: &Packet) {
        self.step_from(stage, by, passes, port, packet, packet.source);
    }

    pub(super) fn step_from(
        &mut self,
        stage: Stage,
        by: By,
        passes: bool,
        port: u32,
        packet: &Packet,
        source_before: Ipv4Addr,
    ) {
        if self.is_quiet || self.steps.len() >= MOST_STEPS {
            return;
        }
        self.steps.push(Step {
            way: self.way,
            port: port as usize,
            stage,
            by,
            passes,
            source_before,
            source_after: packet.source,
            destination: packet.destination,
        });
    }
}
