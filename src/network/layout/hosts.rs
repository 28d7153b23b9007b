//! Which server a host is, and whether it is fit to forward.

use super::{Found, Host, Location, about_host, known::Known};
use crate::{
    network::finding::{Code, Finding},
    untrusted,
};

/// What can be forwarded to.
const RUNNING: &str = "ACTIVE";

pub(super) fn of_host(host: &Host, known: &Known<'_>) -> Vec<Finding> {
    match &host.location {
        Location::Found(found) => [
            repeated(host, found, known),
            not_running(host, found),
            extension_interface(host, found),
            source_check(host, found),
        ]
        .into_iter()
        .flatten()
        .collect(),
        Location::NotFound { instead } => vec![not_found(host, instead.as_deref())],
        Location::Ambiguous { candidates } => vec![ambiguous(host, &candidates.join(", "))],
        Location::OtherVpc { vpc_id } => vec![other_vpc(host, vpc_id.as_deref())],
    }
}

fn not_found(host: &Host, instead: Option<&str>) -> Finding {
    let hint = instead.map(|instead| format!(" {instead}")).unwrap_or_default();
    Finding::new(
        Code::HostNotFound,
        about_host(host),
        format!("No server in this VPC has {}.{hint}", host.wanted),
        "Write the private address or the id of an existing server of this VPC.",
    )
}

fn ambiguous(host: &Host, candidates: &str) -> Finding {
    Finding::new(
        Code::HostAmbiguous,
        about_host(host),
        format!("Several servers have {}: {candidates}.", host.wanted),
        "Write `ecs_id` instead of `host_ip`.",
    )
    .against(candidates)
}

fn other_vpc(host: &Host, vpc_id: Option<&str>) -> Finding {
    let place = vpc_id.map(|id| format!("; it is in VPC {id}")).unwrap_or_default();
    Finding::new(
        Code::HostOtherVpc,
        about_host(host),
        format!("The server with {} has no network interface in this VPC{place}.", host.wanted),
        "Choose a server of this VPC, or plan this host with the VPC it is in. A VPC route table forwards to servers of \
         its own VPC only.",
    )
    .against(vpc_id.map(|id| format!("VPC {id}")).unwrap_or_default())
}

fn repeated(host: &Host, found: &Found, known: &Known<'_>) -> Option<Finding> {
    let other = known.host_of_server(&found.server_id)?;
    (other.name != host.name).then(|| {
        Finding::new(
            Code::HostRepeated,
            about_host(host),
            format!("`{}` and `{}` are the same server, {}.", other.name, host.name, found.server_id),
            "Give the server one range that is large enough; Docker isolates the networks of one server from each other. \
             Where both names are kept, let the source check follow the server's address and not the name.",
        )
        .against(format!("host `{}`", other.name))
    })
}

fn not_running(host: &Host, found: &Found) -> Option<Finding> {
    let status = untrusted::name(found.status.as_deref().filter(|status| *status != RUNNING)?);
    Some(Finding::new(
        Code::HostNotRunning,
        about_host(host),
        format!("The server with {} ({}) is in status {status}.", host.wanted, found.server_id),
        "Start the server. Until it runs, packets for its containers are lost.",
    ))
}

fn extension_interface(host: &Host, found: &Found) -> Option<Finding> {
    (found.is_primary == Some(false)).then(|| {
        Finding::new(
            Code::HostMultiNic,
            about_host(host),
            format!(
                "{} belongs to an extension network interface of server {}. Packets for the containers arrive there, and \
                 the server answers by its primary interface.",
                sentence(&host.wanted), found.server_id
            ),
            "Name the server by the address of its primary interface, or give it policy routing and `rp_filter = 2`.",
        )
        .against(format!("interface {}", found.port_id))
    })
}

fn source_check(host: &Host, found: &Found) -> Option<Finding> {
    found.checks_source.then(|| {
        Finding::new(
            Code::SourceCheckOn,
            about_host(host),
            format!(
                "Interface {} of `{}` has its source/destination check on: packets that carry a container's address are \
                 dropped there.",
                found.port_id, host.name
            ),
            "`huaweivpc_ecs_port_source_check` switches it off. Every host needs that: with one left out, its containers \
             can call and cannot be called.",
        )
    })
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}
