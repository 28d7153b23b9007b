//! From one network interface to the next: the source check, the route, the destination check, the groups.

use std::net::Ipv4Addr;

use super::{Answer, End, Packet, Walk};
use crate::network::path::{
    filter::Direction,
    known::{Check, Interface, Target},
    outcome::{By, Reason, Stage},
    unknown::{Fact, What},
};

impl Walk<'_, '_> {
    /// From one interface to the next, or why not.
    pub(super) fn through_vpc(&mut self, packet: &Packet, port: u32) -> Answer<Result<u32, End>> {
        let interface = self.interface(port);
        let check = interface.check(packet.source);
        if !self.checked(Stage::SourceCheck, check, port, packet) {
            return Ok(Err(self.lost(Reason::SourceCheck, port, packet)));
        }
        let (by, target) = self.route(interface, packet.destination);
        self.step(Stage::Routing, by, target.is_ok(), port, packet);
        let next = match target {
            Ok(next) => next,
            Err(reason) => return Ok(Err(self.lost(reason, port, packet))),
        };
        let mut check = self.interface(next).check(packet.destination);
        if check == Check::Refused {
            let fact = Fact { what: What::DestinationCheck, at: 0 };
            let known = self.paths.topology.checks_destinations;
            if !self.assumed.value(fact, known, &[false, true])? {
                check = Check::Off;
            }
        }
        if !self.checked(Stage::DestinationCheck, check, next, packet) {
            return Ok(Err(self.lost(Reason::DestinationCheck, next, packet)));
        }
        for (direction, at, peer) in [
            (Direction::Egress, port, packet.destination),
            (Direction::Ingress, next, packet.source),
        ] {
            if !self.filtered(direction, at, peer, packet)? {
                let reason = match direction {
                    Direction::Egress => Reason::GroupEgress,
                    Direction::Ingress => Reason::GroupIngress,
                };
                return Ok(Err(self.lost(reason, at, packet)));
            }
        }
        Ok(Ok(next))
    }

    fn checked(&mut self, stage: Stage, check: Check, port: u32, packet: &Packet) -> bool {
        let by = match check {
            Check::Off => By::CheckOff,
            Check::Own => By::OwnAddress,
            Check::Pair(position) => By::Pair(position),
            Check::Refused => By::NoPair,
        };
        let passes = check != Check::Refused;
        self.step(stage, by, passes, port, packet);
        passes
    }

    fn route(&self, from: &Interface<'_>, to: Ipv4Addr) -> (By, Result<u32, Reason>) {
        if self.paths.is_in_subnet(to) {
            let found = self.paths.interface_with(to);
            return (By::Subnet, found.ok_or(Reason::NoSuchAddress));
        }
        let table = from.table.unwrap_or(u32::MAX);
        let Some((route, target)) = self.paths.route(table, to) else {
            return (By::NoRoute(table), Err(Reason::NoRoute));
        };
        let next = match target {
            Target::Interface(next) => Ok(next),
            Target::Gone => Err(Reason::NextHopGone),
            Target::Outside => Err(Reason::LeavesVpc),
        };
        (By::Route(table, route), next)
    }

    fn filtered(
        &mut self,
        direction: Direction,
        port: u32,
        peer: Ipv4Addr,
        packet: &Packet,
    ) -> Answer<bool> {
        let stage = match direction {
            Direction::Egress => Stage::GroupEgress,
            Direction::Ingress => Stage::GroupIngress,
        };
        if !packet.is_new {
            self.step(stage, By::Established, true, port, packet);
            return Ok(true);
        }
        let number = self.interface(port).filters;
        let filter = self.paths.filters[number as usize].of(direction);
        let groups = || self.paths.groups_of(peer);
        let decision = filter.decide(port, packet.protocol, peer, groups, self.assumed)?;
        let by = decision.rule.map_or(By::NoRule, |rule| By::Rule(number, rule));
        self.step(stage, by, decision.passes, port, packet);
        Ok(decision.passes)
    }
}
