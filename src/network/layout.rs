//! Who is to host which container range, examined before anything is touched.
//!
//! The rules are those of the vendor's guide (servers in one subnet, ranges outside it, one range a server, no
//! overlap) and of its route tables (no overlap with local and system routes, a quota).

use super::{
    cidr::Cidr,
    finding::{Code, Finding, Severity, Subject},
    system::system_ranges,
};

/// Everything the examination needs to know.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// The VPC's primary and secondary ranges.
    pub vpc_ranges: Vec<Cidr>,
    /// Every subnet of the VPC, one entry a range.
    pub subnets: Vec<Subnet>,
    pub hosts: Vec<Host>,
    /// The user's ranges that must stay reachable elsewhere.
    pub reserved: Vec<Cidr>,
    pub docker_pools: Vec<Cidr>,
    /// The tables the hosts' routes go to.
    pub tables: Vec<Table>,
}

#[derive(Debug, Clone)]
pub struct Subnet {
    pub id: String,
    pub name: String,
    pub range: Cidr,
}

#[derive(Debug, Clone)]
pub struct Host {
    /// The key in the configuration.
    pub name: String,
    /// What the user wrote to say which server is meant, for messages.
    pub wanted: String,
    pub location: Location,
    pub range: Cidr,
    /// How many containers the range has to hold; at least one.
    pub containers: u64,
}

/// Where a host was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    Found { server_id: String, subnet_id: String, table_id: String },
    NotFound,
    Ambiguous { candidates: Vec<String> },
    OtherVpc,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub id: String,
    /// Destinations of routes that count against the quota: all but `local` ones.
    pub destinations: Vec<Cidr>,
    pub local_routes: usize,
    /// `None` is unlimited.
    pub quota: Option<u64>,
}

/// All findings: errors first, in each the order of the configuration.
pub fn examine(layout: &Layout) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (position, host) in layout.hosts.iter().enumerate() {
        findings.extend(location_of(host));
        findings.extend(layout.hosts[..position].iter().filter_map(|other| repeated(host, other)));
        findings.extend(range_of(host, layout));
        findings.extend(layout.hosts[..position].iter().filter_map(|other| overlap(host, other)));
    }
    findings.extend(other_subnets(&layout.hosts));
    findings.extend(layout.tables.iter().filter_map(|table| quota(table, &layout.hosts)));
    findings.sort_by_key(|finding| finding.code.severity());
    findings
}

/// Addresses left for containers: not the network's own, not the gateway's and, in IPv4, not the broadcast one.
pub fn capacity(range: Cidr) -> u128 {
    range.size().saturating_sub(if range.is_ipv6() { 2 } else { 3 })
}

fn location_of(host: &Host) -> Option<Finding> {
    let subject = Subject::Host(host.name.clone());
    let wanted = &host.wanted;
    match &host.location {
        Location::Found { .. } => None,
        Location::NotFound => Some(Finding {
            code: Code::HostNotFound,
            subject,
            conflicts_with: String::new(),
            message: format!("No server in this VPC has {wanted}."),
            fix: "Write the private address or the id of an existing server of this VPC.".to_owned(),
        }),
        Location::Ambiguous { candidates } => Some(Finding {
            code: Code::HostAmbiguous,
            subject,
            conflicts_with: candidates.join(", "),
            message: format!("Several servers have {wanted}: {}.", candidates.join(", ")),
            fix: "Write `ecs_id` instead of `host_ip`.".to_owned(),
        }),
        Location::OtherVpc => Some(Finding {
            code: Code::HostOtherVpc,
            subject,
            conflicts_with: String::new(),
            message: format!("The server with {wanted} has no network interface in this VPC."),
            fix: "Choose a server of this VPC, or plan this host with the VPC it is in. A VPC route table forwards \
                  to servers of its own VPC only."
                .to_owned(),
        }),
    }
}

fn repeated(host: &Host, other: &Host) -> Option<Finding> {
    let (Location::Found { server_id, .. }, Location::Found { server_id: same, .. }) =
        (&host.location, &other.location)
    else {
        return None;
    };
    (server_id == same).then(|| Finding {
        code: Code::HostRepeated,
        subject: Subject::Host(host.name.clone()),
        conflicts_with: format!("host `{}`", other.name),
        message: format!("`{}` and `{}` are the same server, {server_id}.", other.name, host.name),
        fix: "Give the server one range that is large enough; Docker isolates the networks of one server from each \
              other. Where both names are kept, let the source check follow the server's address and not the name."
            .to_owned(),
    })
}

fn range_of(host: &Host, layout: &Layout) -> Vec<Finding> {
    let range = host.range;
    let finding = |code, conflicts_with: String, message, fix: &str| Finding {
        code,
        subject: Subject::Range(host.name.clone()),
        conflicts_with,
        message,
        fix: fix.to_owned(),
    };
    let mut findings = Vec::new();
    if capacity(range) < u128::from(host.containers) {
        let message = format!(
            "{range} holds {} containers, {} are wanted. The network's own address, the gateway's and the broadcast \
             address are not for containers.",
            capacity(range),
            host.containers
        );
        findings.push(finding(
            Code::CidrTooSmall,
            String::new(),
            message,
            "Choose a shorter prefix length.",
        ));
    }
    for reserved in system_ranges().into_iter().filter(|reserved| reserved.range.overlaps(range)) {
        let message =
            format!("{range} overlaps {}, which is for {}.", reserved.range, reserved.purpose);
        findings.push(finding(
            Code::CidrSystemRange,
            reserved.range.to_string(),
            message,
            "Choose a private range such as one in 10.0.0.0/8.",
        ));
    }
    for subnet in layout.subnets.iter().filter(|subnet| subnet.range.overlaps(range)) {
        let message = format!("{range} overlaps {} of the subnet `{}`.", subnet.range, subnet.name);
        findings.push(finding(
            Code::CidrInSubnet,
            format!("subnet {}", subnet.id),
            message,
            "Choose a range outside every subnet: the local route of the subnet always wins.",
        ));
    }
    let in_subnet = findings.iter().any(|finding| finding.code == Code::CidrInSubnet);
    for vpc_range in
        layout.vpc_ranges.iter().filter(|vpc_range| !in_subnet && vpc_range.overlaps(range))
    {
        let message = format!(
            "{range} overlaps {vpc_range} of the VPC. It works while no subnet is there; a subnet created there later \
             would take the range over."
        );
        findings.push(finding(
            Code::CidrInVpcRange,
            vpc_range.to_string(),
            message,
            "Choose a range outside the VPC's own ranges.",
        ));
    }
    for reserved in layout.reserved.iter().filter(|reserved| reserved.overlaps(range)) {
        findings.push(finding(
            Code::CidrReserved,
            reserved.to_string(),
            format!(
                "{range} overlaps {reserved}, which `reserved_cidrs` keeps for other networks."
            ),
            "Choose a range outside `reserved_cidrs`.",
        ));
    }
    // A range that has to be changed anyway will not stay in Docker's pool.
    let stays = findings.iter().all(|finding| finding.code.severity() == Severity::Warning);
    for pool in layout.docker_pools.iter().filter(|pool| stays && pool.overlaps(range)) {
        findings.push(finding(
            Code::CidrDockerPool,
            pool.to_string(),
            format!("{range} overlaps {pool}, from which Docker takes ranges for new networks on any of the servers."),
            "Choose another range, or set `default-address-pools` on every server and say so in `docker_pools`.",
        ));
    }
    findings
}

fn overlap(host: &Host, other: &Host) -> Option<Finding> {
    host.range.overlaps(other.range).then(|| Finding {
        code: Code::CidrOverlapsHost,
        subject: Subject::Range(host.name.clone()),
        conflicts_with: format!("host `{}`", other.name),
        message: format!(
            "{} of `{}` overlaps {} of `{}`.",
            host.range, host.name, other.range, other.name
        ),
        fix: "Give each server a range of its own.".to_owned(),
    })
}

/// The guide asks for servers in one subnet. Routes of a VPC work across subnets too, if every subnet's table has them.
fn other_subnets(hosts: &[Host]) -> Vec<Finding> {
    let subnet = |host: &Host| match &host.location {
        Location::Found { subnet_id, .. } => Some(subnet_id.clone()),
        _ => None,
    };
    let Some((first, home)) = hosts.iter().find_map(|host| Some((host, subnet(host)?))) else {
        return Vec::new();
    };
    hosts
        .iter()
        .filter_map(|host| Some((host, subnet(host)?)))
        .filter(|(_, subnet)| *subnet != home)
        .map(|(host, subnet)| Finding {
            code: Code::HostOtherSubnet,
            subject: Subject::Host(host.name.clone()),
            conflicts_with: format!("host `{}`", first.name),
            message: format!("`{}` is in subnet {subnet}, `{}` in subnet {home}.", host.name, first.name),
            fix: "Make sure that the route table of each of these subnets holds every route. The guide puts all \
                  servers in one subnet."
                .to_owned(),
        })
        .collect()
}

fn quota(table: &Table, hosts: &[Host]) -> Option<Finding> {
    let quota = table.quota?;
    let goes_here = |host: &&Host| matches!(&host.location, Location::Found { table_id, .. } if *table_id == table.id);
    let new = hosts
        .iter()
        .filter(goes_here)
        .filter(|host| !table.destinations.contains(&host.range))
        .count() as u64;
    let used = table.destinations.len() as u64;
    let local = table.local_routes as u64;
    let (code, message) = if used + new > quota {
        (
            Code::QuotaExceeded,
            format!(
                "{used} of {quota} routes of table {} are used, and the plan adds {new}.",
                table.id
            ),
        )
    } else if used + local + new > quota && new > 0 {
        // The documents do not say whether local routes count.
        (
            Code::QuotaNearlyFull,
            format!(
                "{used} of {quota} routes of table {} are used, the plan adds {new}, and {local} local routes may count \
                 too.",
                table.id
            ),
        )
    } else {
        return None;
    };
    Some(Finding {
        code,
        subject: Subject::Table(table.id.clone()),
        conflicts_with: String::new(),
        message,
        fix: "Ask for a higher quota of routes per table, use fewer and larger ranges in `hosts`, or another route table."
            .to_owned(),
    })
}
