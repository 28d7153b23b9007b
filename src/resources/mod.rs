//! The resources, one file each, and the one place where what the cloud said becomes words.

pub mod container_route;
pub mod container_routes;
pub mod ecs_port_source_check;
pub mod ecs_port_source_checks;
pub mod secgroup_icmp_udp_rule;
pub mod secgroup_rules;

mod address_pairs;
mod conflict;
mod home;
mod next_hop;
mod ownership;
mod planned_routes;
mod rule_set;
mod words;

use std::fmt::Display;

use crate::{
    cloud::{Port, ServerId},
    framework::{MOST_TOLD, Problem, Severity},
};

/// What `attribute` names by this id is not there.
fn missing(what: &str, id: &impl Display, attribute: &'static str) -> Problem {
    absent(what, &format!("{what} `{id}` does not exist"), attribute)
}

/// The same where `fact` is all that is known.
fn absent(what: &str, fact: &str, attribute: &'static str) -> Problem {
    let detail = format!("{fact}. {}", check(attribute));
    Problem::error(format!("{what} not found"), detail).at(attribute)
}

/// The remedy against an id that leads nowhere.
fn check(attribute: &str) -> String {
    format!("Check `{attribute}`, and the region and the project of the provider.")
}

/// The one interface that was meant. `what` says how it was named, `attribute` where.
fn the_one(
    mut nics: Vec<Port>,
    attribute: &'static str,
    what: &str,
) -> std::result::Result<Port, Problem> {
    let found = nics.len();
    match nics.pop() {
        Some(nic) if found == 1 => Ok(nic),
        None => {
            let detail = format!(
                "No server's network interface has {what}. Write the `{attribute}` of an existing server, or make the \
                 server first."
            );
            Err(Problem::error("Server not found", detail).at(attribute))
        }
        Some(last) => {
            let ids = nics
                .iter()
                .chain([&last])
                .map(|nic| nic.id.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            let detail = format!(
                "{found} network interfaces have {what}, so `{attribute}` does not tell which is meant: ports {ids}. Set `vpc_id` to say which VPC is meant, or write \
                 `port_id` or `ecs_id` instead."
            );
            Err(Problem::error("Several servers match", detail).at(attribute))
        }
    }
}

/// That an address is nobody's or a port no server's, said while planning. Both are known before there is anybody to have
/// them, and who will have them may be made in the same apply.
fn not_yet(absence: Problem) -> Problem {
    let detail = format!("{} If the same apply sees to that, all is well.", absence.detail);
    Problem { severity: Severity::Warning, detail, ..absence }
}

/// One problem for each cause, which names all that it has hit.
fn about_each(failures: Vec<(impl Display, Problem)>) -> Vec<Problem> {
    let mut causes: Vec<(Problem, Vec<String>)> = Vec::new();
    for (subject, problem) in failures {
        match causes.iter_mut().find(|(cause, _)| *cause == problem) {
            Some((_, subjects)) => subjects.push(subject.to_string()),
            None => causes.push((problem, vec![subject.to_string()])),
        }
    }
    let tell = |(problem, subjects): (Problem, Vec<String>)| {
        let detail = format!("{}\n\nThis is about {}.", problem.detail, first_of(&subjects));
        Problem { detail, ..problem }
    };
    causes.into_iter().map(tell).collect()
}

/// The subjects of a problem, as many of them as a reader looks at.
fn first_of(subjects: &[String]) -> String {
    match subjects.split_at_checked(MOST_TOLD) {
        Some((named, more)) if !more.is_empty() => {
            format!("{} and {} more", named.join(", "), more.len())
        }
        _ => subjects.join(", "),
    }
}

/// The server a port belongs to, if it belongs to one.
fn server_of(port: &Port) -> Option<ServerId> {
    if port.is_nic() { port.device_id.parse().ok() } else { None }
}
