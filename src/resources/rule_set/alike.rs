//! When a rule of the cloud is the wanted one, in whatever spelling.

use crate::{
    cloud::{About, Cloud, NewRule, SecurityGroupId, SecurityGroupRule},
    network::{Cidr, PortRanges},
};

/// The rule that is the wanted one to the cloud, which does not look at descriptions.
pub(in crate::resources) fn identical<'r>(
    rules: impl IntoIterator<Item = &'r SecurityGroupRule>,
    wanted: &NewRule,
) -> Option<&'r SecurityGroupRule> {
    let remote = Remote::of_new(wanted);
    rules.into_iter().find(|rule| {
        (&rule.direction, &rule.action, rule.priority)
            == (&wanted.direction, &wanted.action, wanted.priority)
            && rule.ethertype.eq_ignore_ascii_case(&wanted.ethertype)
            && is_same_protocol(rule.protocol.as_deref(), wanted.protocol.as_deref())
            && Remote::of(rule) == remote
            && is_same_ports(rule.multiport.as_deref(), wanted.multiport.as_deref())
    })
}

/// The rule there is the very one that an earlier run made, which was killed before anybody could record it.
pub(super) fn is_unrecorded<A>(
    group: &SecurityGroupId,
    wanted: &NewRule,
    standing: &SecurityGroupRule,
    cloud: &Cloud<A>,
) -> bool {
    let about = About::SecurityGroupRule { security_group_id: group, rule: wanted };
    standing.description == wanted.description.as_str()
        && cloud.journal().find::<NewRule>(about).as_ref() == Some(wanted)
}

/// Where the packets come from, or go to.
#[derive(PartialEq)]
enum Remote<'r> {
    /// `None` for a text that is no range.
    Range(Option<Cidr>),
    Group(&'r str),
    AddressGroup(&'r str),
}

impl<'r> Remote<'r> {
    fn of(rule: &'r SecurityGroupRule) -> Self {
        match (&rule.remote_group_id, &rule.remote_address_group_id) {
            (Some(group), _) => Self::Group(group),
            (None, Some(group)) => Self::AddressGroup(group),
            (None, None) => Self::Range(range_of(rule)),
        }
    }

    fn of_new(rule: &'r NewRule) -> Self {
        match (&rule.remote_group_id, &rule.remote_address_group_id) {
            (Some(group), _) => Self::Group(group),
            (None, Some(group)) => Self::AddressGroup(group),
            (None, None) => {
                Self::Range(rule.remote_ip_prefix.as_deref().and_then(|prefix| prefix.parse().ok()))
            }
        }
    }
}

/// The range a rule is about; everything where it names none. `None` if it is about a group or a list of addresses.
pub(in crate::resources) fn range_of(rule: &SecurityGroupRule) -> Option<Cidr> {
    match (&rule.remote_ip_prefix, &rule.remote_group_id, &rule.remote_address_group_id) {
        (Some(prefix), ..) => Cidr::lenient(prefix),
        (None, None, None) if rule.ethertype == "IPv6" => Cidr::lenient("::/0"),
        (None, None, None) => Cidr::lenient("0.0.0.0/0"),
        _ => None,
    }
}

/// The same ports in whatever spelling; `None` is all of them.
pub(in crate::resources) fn is_same_ports(one: Option<&str>, other: Option<&str>) -> bool {
    let ranges = |ports: Option<&str>| ports.and_then(|ports| ports.parse::<PortRanges>().ok());
    match (ranges(one), ranges(other)) {
        (Some(one), Some(other)) => one.is_equivalent(&other),
        _ => one == other,
    }
}

/// The same protocol by name or by number; `None` is any.
fn is_same_protocol(one: Option<&str>, other: Option<&str>) -> bool {
    one.map(protocol_name) == other.map(protocol_name)
}

/// The name of a protocol that has one, however it is written.
pub(in crate::resources) fn protocol_name(protocol: &str) -> &str {
    match protocol {
        "1" => "icmp",
        "6" => "tcp",
        "17" => "udp",
        "58" => "icmpv6",
        other => other,
    }
}
