//! The path of a packet against what real Docker engines did. `path/measured.json` holds, for two servers and faults of
//! the servers and of the VPC, what `ping`, `traceroute` and TCP showed in both directions and which source the receiver
//! saw; `path/replayed.json` the same of the engines' rules alone.

mod open_facts;
mod rules;
mod settings;
pub mod world;

use std::collections::{BTreeMap, BTreeSet};

use huaweivpc::network::path::{Answered, Explanation, Hop, Paths, Protocol, Reason, Verdict};
use serde_json::{Value as Json, json};

use world::{CONTAINERS, Case, SERVERS};

pub fn recorded() -> Json {
    serde_json::from_str(include_str!("path/measured.json")).expect("the measurements are JSON")
}

/// Rules of these engines once more, with settings, faults and VPCs that nobody has chosen.
fn replayed() -> Json {
    serde_json::from_str(include_str!("path/replayed.json")).expect("the measurements are JSON")
}

#[test]
fn every_measured_case_is_foretold() {
    for (recorded, least) in [(recorded(), 61), (replayed(), 50)] {
        let cases = recorded["cases"].as_array().expect("cases");
        assert!(cases.len() >= least, "only {} cases", cases.len());
        let mismatches: Vec<String> =
            cases.iter().flat_map(|case| mismatches(case, &recorded["setups"])).collect();
        assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
    }
}

fn mismatches(case: &Json, setups: &Json) -> Vec<String> {
    let topology = Case::of(case, setups).topology();
    let paths = Paths::of(&topology);
    let mut mismatches = Vec::new();
    for (way, measured) in case["measured"].as_object().expect("both ways") {
        let (from, to) = if way == "1 to 2" { (0, 1) } else { (1, 0) };
        for (what, is, foretold) in compared(&paths, from, to, measured) {
            if is != foretold {
                let name = &case["name"];
                mismatches.push(format!("{name} {way}, {what}: {is} was, {foretold} foretold"));
            }
        }
    }
    mismatches
}

/// What was measured and what is foretold, thing by thing.
pub fn compared(
    paths: &Paths<'_>,
    from: usize,
    to: usize,
    measured: &Json,
) -> Vec<(String, Json, Json)> {
    let flow = |protocol| paths.explain(&world::flow(from, CONTAINERS[to], protocol));
    let icmp = flow(Protocol::Icmp);
    let udp = flow(Protocol::TRACEROUTE);
    let (open, closed) = (flow(Protocol::Tcp(80)), flow(Protocol::Tcp(8081)));
    let published = paths.explain(&world::flow(from, SERVERS[to], Protocol::Tcp(8080)));
    let mut things = vec![
        ("ping", json!(icmp.ttl)),
        ("ping_error", ping_error(&icmp)),
        ("udp", lines(&udp)),
        ("icmp", lines(&icmp)),
        ("tcp80", source_of_a_connection(&open)),
        ("tcp8081", source_of_a_connection(&closed)),
        ("published", source_of_a_connection(&published)),
    ];
    let all =
        [("icmp", vec![&icmp]), ("udp", vec![&udp]), ("tcp", vec![&open, &closed, &published])];
    things.push(("sources", sources(&all)));
    things.retain(|(name, _)| measured.get(name).is_some());
    let mut compared: Vec<(String, Json, Json)> = things
        .into_iter()
        .map(|(name, foretold)| (name.to_owned(), measured[name].clone(), foretold))
        .collect();
    for (name, foretold) in [("icmp", &icmp), ("udp", &udp), ("tcp80", &open)] {
        assert_eq!(foretold.missing, [], "every fact is known");
        let reason = foretold.reason();
        assert_eq!(foretold.verdict == Verdict::Reachable, reason.is_none());
        if let Some(judged) = measured["reasons"].get(name) {
            let reason = json!(reason.map(Reason::name));
            compared.push((format!("reason of {name}"), judged.clone(), reason));
        }
    }
    compared
}

/// What `ping` has printed instead of an answer within its second.
fn ping_error(icmp: &Explanation) -> Json {
    let last = icmp.traceroutes[0].last().copied();
    let reason = icmp.reason();
    match last {
        // The server that looks for the container in vain says so after three seconds.
        _ if reason.is_none() || reason == Some(Reason::ContainerDown) => Json::Null,
        Some(Hop::Unreachable(by)) => json!(format!("Destination Host Unreachable from {by}")),
        Some(Hop::From(by)) => json!(format!("Time to live exceeded from {by}")),
        Some(Hop::Nothing) | None => Json::Null,
    }
}

/// A traceroute of the measurements ends after this many lines.
fn lines(explanation: &Explanation) -> Json {
    explanation.lines().into_iter().take(6).map(Json::from).collect()
}

/// What the container at the other end would print of who has called.
fn source_of_a_connection(tcp: &Explanation) -> Json {
    let is_made = tcp.verdict == Verdict::Reachable && tcp.answered_by == Some(Answered::Container);
    json!(tcp.source_seen.filter(|_| is_made))
}

/// The sources that a look at the receiving container's network shows, answered or not.
fn sources(all: &[(&str, Vec<&Explanation>)]) -> Json {
    let seen = |them: &Vec<&Explanation>| {
        let arrived = them.iter().filter(|it| it.answered_by == Some(Answered::Container));
        let sources: BTreeSet<String> =
            arrived.filter_map(|it| it.source_seen).map(|it| it.to_string()).collect();
        sources.into_iter().collect::<Vec<_>>().join(",")
    };
    let sources: BTreeMap<&str, String> = all
        .iter()
        .map(|(name, them)| (*name, seen(them)))
        .filter(|(_, it)| !it.is_empty())
        .collect();
    json!(sources)
}
