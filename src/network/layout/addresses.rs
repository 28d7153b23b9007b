//! Whether a container range can be one: its spelling, its size, and what else these addresses are for.

use super::{Host, about_range, few, known::Known};
use crate::network::{
    cidr::{Cidr, InvalidCidr},
    finding::{Code, Finding, Severity, Subject},
    range_map::RangeMap,
    system::docker_bridge as docker_bridge_range,
};

/// How many of its pools Docker is taken to use: it takes them in their order, one for each network that is created
/// without a subnet, and with its own defaults leaves 192.168.0.0/16 for the sixteenth.
const POOLS_IN_USE: usize = 15;

/// Addresses left for containers: not the network's own, not the gateway's and, in IPv4, not the broadcast one.
pub fn capacity(range: Cidr) -> u128 {
    range.size().saturating_sub(if range.is_ipv6() { 2 } else { 3 })
}

pub(super) fn of_range(host: &Host, earlier: &RangeMap<&Host>, known: &Known<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = [
        spelling(host),
        size(host),
        system(host, known),
        subnet(host, known),
        other_host(host, earlier),
        reserved(host, known),
        docker_bridge(host, known),
    ]
    .into_iter()
    .flatten()
    .collect();
    // What has to be changed anyway will not stay where it is.
    if findings.iter().all(|finding| finding.code.severity() == Severity::Warning) {
        let doubts = [vpc_range(host, known), public(host, known), docker_pool(host, known)];
        findings.extend(doubts.into_iter().flatten());
    }
    findings
}

fn spelling(host: &Host) -> Option<Finding> {
    let refusal: InvalidCidr = host.written.parse::<Cidr>().err()?;
    Some(Finding::new(
        Code::CidrNotCanonical,
        about_range(host),
        format!("`{}` is not how the cloud writes this range.", host.written),
        match refusal {
            InvalidCidr::Address(..) => {
                format!("Write `{}` for this address alone, or the whole range.", host.range)
            }
            InvalidCidr::NotCanonical(..) | InvalidCidr::NotCidr(_) => {
                format!("Write `{}`.", host.range)
            }
        },
    ))
}

fn size(host: &Host) -> Option<Finding> {
    let (holds, wanted) = (capacity(host.range), u128::from(host.containers));
    (holds < wanted).then(|| {
        Finding::new(
            Code::CidrTooSmall,
            about_range(host),
            format!(
                "{} holds {holds} containers, {wanted} are wanted. The network's own address, the gateway's and the \
                 broadcast address are not for containers.",
                host.range
            ),
            "Choose a shorter prefix length.",
        )
    })
}

fn system(host: &Host, known: &Known<'_>) -> Option<Finding> {
    let (range, reserved) = known.system.overlapping(host.range).next()?;
    Some(
        Finding::new(
            Code::CidrSystemRange,
            about_range(host),
            format!("{} overlaps {range}, which is for {}.", host.range, reserved.purpose),
            "Choose a private range such as one in 10.0.0.0/8.",
        )
        .against(range.to_string()),
    )
}

fn subnet(host: &Host, known: &Known<'_>) -> Option<Finding> {
    let (_, first) = known.subnets.overlapping(host.range).next()?;
    let named = known
        .subnets
        .overlapping(host.range)
        .map(|(range, subnet)| format!("{range} of the subnet `{}`", subnet.name));
    Some(
        Finding::new(
            Code::CidrInSubnet,
            about_range(host),
            format!("{} overlaps {}.", host.range, few(named)),
            "Choose a range outside every subnet: the local route of the subnet always wins.",
        )
        .against(format!("subnet {}", first.id)),
    )
}

/// Of two hosts the later one is told.
fn other_host(host: &Host, earlier: &RangeMap<&Host>) -> Option<Finding> {
    let (_, first) = earlier.overlapping(host.range).next()?;
    let named = earlier
        .overlapping(host.range)
        .map(|(range, other)| format!("{range} of `{}`", other.name));
    Some(
        Finding::new(
            Code::CidrOverlapsHost,
            about_range(host),
            format!("{} of `{}` overlaps {}.", host.range, host.name, few(named)),
            "Give each server a range of its own.",
        )
        .against(format!("host `{}`", first.name)),
    )
}

fn reserved(host: &Host, known: &Known<'_>) -> Option<Finding> {
    let (first, ()) = known.reserved.overlapping(host.range).next()?;
    let named = known.reserved.overlapping(host.range).map(|(range, ())| range.to_string());
    Some(
        Finding::new(
            Code::CidrReserved,
            about_range(host),
            format!(
                "{} overlaps {}, which `reserved_cidrs` keeps for other networks.",
                host.range,
                few(named)
            ),
            "Choose a range outside `reserved_cidrs`.",
        )
        .against(first.to_string()),
    )
}

fn vpc_range(host: &Host, known: &Known<'_>) -> Option<Finding> {
    let (range, ()) = known.vpc_ranges.overlapping(host.range).next()?;
    Some(
        Finding::new(
            Code::CidrInVpcRange,
            about_range(host),
            format!(
                "{} overlaps {range} of the VPC. It works while no subnet is there; a subnet created there later would \
                 take the range over.",
                host.range
            ),
            "Choose a range outside the VPC's own ranges.",
        )
        .against(range.to_string()),
    )
}

fn public(host: &Host, known: &Known<'_>) -> Option<Finding> {
    let within = known.without_public_services.around(host.range).next().is_some()
        || !known.without_public_services.at(host.range).is_empty();
    (!within).then(|| {
        Finding::new(
            Code::CidrPublic,
            about_range(host),
            format!(
                "{} is not a private range: servers and containers of this plan no longer reach whoever has these \
                 addresses on the Internet.",
                host.range
            ),
            "Choose a private range such as one in 10.0.0.0/8.",
        )
    })
}

/// Who says that Docker has other pools has another bridge too.
fn docker_bridge(host: &Host, known: &Known<'_>) -> Option<Finding> {
    let bridge = docker_bridge_range()?;
    let is_there = !known.docker_pools.at(bridge).is_empty();
    (is_there && host.range.overlaps(bridge)).then(|| {
        Finding::new(
            Code::CidrDockerBridge,
            about_range(host),
            format!(
                "{} overlaps {bridge}, which Docker's default bridge has on every server. Each server looks for these \
                 addresses at its own bridge, and Docker makes no second network there.",
                host.range
            ),
            "Choose another range, or give the bridge another one on every server (`bip` and `default-address-pools` in \
             `daemon.json`) and say so in `docker_pools`.",
        )
        .against(bridge.to_string())
    })
}

fn docker_pool(host: &Host, known: &Known<'_>) -> Option<Finding> {
    let (pool, ()) = known.docker_pools.overlapping(host.range).next()?;
    Some(
        Finding::new(
            Code::CidrDockerPool,
            about_range(host),
            format!(
                "{} overlaps {pool}, from which Docker takes ranges for new networks on any of the servers.",
                host.range
            ),
            "Choose another range, or set `default-address-pools` on every server and say so in `docker_pools`.",
        )
        .against(pool.to_string()),
    )
}

/// Docker avoids what the server itself is connected to, and knows of nothing else: other subnets and networks that only
/// the VPC leads to.
pub(super) fn of_pools(known: &Known<'_>) -> Option<Finding> {
    let hosts = || known.layout.hosts.iter().filter_map(|host| host.location.found());
    let is_far = |subnet: &str| hosts().any(|found| found.subnet_id != subnet);
    let hidden = |pool: &Cidr| {
        let pool = *pool;
        let subnets = known.subnets.overlapping(pool).filter(move |(_, it)| is_far(&it.id));
        let subnets =
            subnets.map(|(range, subnet)| format!("{range} of the subnet `{}`", subnet.name));
        let remote = known.remote.overlapping(pool);
        let remote = remote.map(|(range, (_, route))| format!("{range} behind {route}"));
        subnets.chain(remote).map(move |what| (pool, what))
    };
    let conflicts = || known.layout.docker_pools.iter().take(POOLS_IN_USE).flat_map(hidden);
    let (first, _) = conflicts().next()?;
    let named = conflicts().map(|(pool, what)| format!("{pool} hides {what}"));
    Some(
        Finding::new(
            Code::DockerPoolShadows,
            Subject::DockerPools,
            format!(
                "Docker takes ranges for its own networks from `docker_pools`: {}. A server with such a network no \
                 longer reaches what is hidden.",
                few(named)
            ),
            "Set `bip` and `default-address-pools` in Docker's `daemon.json` on every server to ranges that nothing else \
             has, and say so in `docker_pools`.",
        )
        .against(first.to_string()),
    )
}
