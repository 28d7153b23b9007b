//! `huaweivpc_container_path`: whether one container reaches another, and why not, hop by hop.
//!
//! API: GET of the subnets of the VPC, its route tables, the ports of the project, and the rules of the security groups on
//! the way, each once in a run. What becomes of a packet is decided in `network::path`; network ACLs are not read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod endpoint;
mod facts;
mod schema;
mod survey;

use self::{
    endpoint::{Endpoint, Place},
    facts::ServerFacts,
    schema::Means,
    survey::{Survey, survey},
};
use crate::{
    cloud::{Cloud, VpcId},
    framework::{DataSource, Draft, Given, Noted, Path, Problem, Result, Schema},
    network::{
        Address,
        path::{Flow, Host, Paths, Protocol},
    },
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContainerPath {
    vpc_id: VpcId,
    from: Endpoint,
    to: Endpoint,
    protocol: Means,
    port: Option<u16>,
    hosts: Option<BTreeMap<String, ServerFacts>>,
    verdict: Option<String>,
    forward: Option<Direction>,
    #[serde(rename = "return")]
    back: Option<Direction>,
    missing_facts: Option<Vec<String>>,
}

/// What becomes of a call in one direction.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Direction {
    verdict: String,
    reason: Option<String>,
    message: String,
    fix: String,
    traceroute: Vec<String>,
    ttl: Option<u8>,
    source_seen: Option<Address>,
    steps: Vec<Step>,
    missing_facts: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Step {
    way: String,
    #[serde(rename = "where")]
    place: String,
    stage: String,
    decided_by: String,
    passes: bool,
    source_before: Address,
    source_after: Address,
}

impl DataSource<Cloud> for ContainerPath {
    const NAME: &'static str = "container_path";

    const SCHEMA: Schema = schema::SCHEMA;

    fn check(config: Draft<'_>) -> Vec<Problem> {
        let mut problems = Vec::new();
        for name in ["from", "to"] {
            if let Given::Known(value) = config.given(name) {
                problems.extend(endpoint::flaw(Draft::new(value), &Path::from(name)));
            }
        }
        problems.extend(flaw_of_port(config));
        problems
    }

    async fn read(mut self, cloud: &Cloud) -> Result<Noted<Self>> {
        let mut survey = survey(cloud, &self.vpc_id).await?;
        let from = survey.place(cloud, &self.from, "from").await?;
        if from.port.is_none() {
            return Err(endpoint::nobody(from.address).into());
        }
        let to = survey.place(cloud, &self.to, "to").await?;
        let groups = survey.groups(cloud, &[from, to]).await?;
        let hosts = self.described(&survey, &[from, to])?;
        let topology = survey.topology(groups, hosts);
        let paths = Paths::of(&topology);
        let protocol = self.protocol();
        let told = |from: Place, to: Place| {
            let (from, container) = from.caller()?;
            let flow = Flow { from, container, to: to.address, protocol };
            Some(Direction::of(&paths, &flow))
        };
        self.forward = told(from, to);
        self.back = told(to, from);
        let both = || [&self.forward, &self.back].into_iter().flatten();
        let mut missing: Vec<String> = both().flat_map(|it| it.missing_facts.clone()).collect();
        missing.sort_unstable();
        missing.dedup();
        self.verdict = self.forward.as_ref().map(|forward| forward.verdict.clone());
        self.missing_facts = Some(missing);
        Ok(Noted { value: self, warnings: Vec::new() })
    }
}

impl ContainerPath {
    fn protocol(&self) -> Protocol {
        match (self.protocol, self.port) {
            (Means::Icmp, _) => Protocol::Icmp,
            (Means::Tcp, port) => Protocol::Tcp(port.unwrap_or_default()),
            (Means::Udp, Some(port)) => Protocol::Udp { first: port, last: port },
            (Means::Udp, None) => Protocol::TRACEROUTE,
        }
    }

    /// The servers of which something is known: those at both ends by their ranges, and those in `hosts`.
    fn described(&self, survey: &Survey, ends: &[Place]) -> Result<Vec<Host>> {
        let mut facts = BTreeMap::new();
        for (name, given) in self.hosts.iter().flatten() {
            facts.insert(survey.named_in_hosts(name)?, given);
        }
        let mut described: BTreeMap<usize, Host> = BTreeMap::new();
        let all = ends.iter().filter_map(|end| end.port).chain(facts.keys().copied());
        for port in all {
            let end = ends.iter().find(|end| end.port == Some(port));
            let container = end.and_then(|end| end.container);
            let host = Host {
                port_id: survey.port_id(port),
                range: end.and_then(|end| end.range),
                facts: facts.get(&port).map_or(facts::NOTHING, |given| given.known(container)),
            };
            described.entry(port).or_insert(host);
        }
        Ok(described.into_values().collect())
    }
}

impl Direction {
    fn of(paths: &Paths<'_>, flow: &Flow) -> Self {
        let explained = paths.explain(flow);
        let step = |step| {
            let told = paths.tell(step);
            Step {
                way: told.way.to_owned(),
                place: told.place,
                stage: told.stage.to_owned(),
                decided_by: told.decided_by,
                passes: told.passes,
                source_before: address(told.source_before),
                source_after: address(told.source_after),
            }
        };
        Self {
            verdict: explained.verdict.to_string(),
            reason: explained.reason().map(|reason| reason.name().to_owned()),
            message: paths.message(&explained),
            fix: paths.fix(flow, &explained),
            traceroute: explained.lines(),
            ttl: explained.ttl,
            source_seen: explained.source_seen.map(address),
            steps: explained.steps.iter().map(step).collect(),
            missing_facts: explained.missing.iter().map(|fact| paths.fact(fact)).collect(),
        }
    }
}

fn address(address: std::net::Ipv4Addr) -> Address {
    std::net::IpAddr::from(address).into()
}

/// TCP is to a port, and `ping` to none.
fn flaw_of_port(config: Draft<'_>) -> Option<Problem> {
    let protocol = match config.given("protocol") {
        Given::Absent => Some("icmp"),
        Given::Unknown => None,
        Given::Known(value) => value.as_str(),
    }?;
    let (summary, detail) = match (protocol, config.given("port")) {
        ("tcp", Given::Absent) => ("Port missing", "A TCP connection is to a port. Set `port`."),
        ("icmp", Given::Known(_)) => {
            ("Port without a protocol", "ICMP has no ports. Leave `port` out, or set `protocol`.")
        }
        _ => return None,
    };
    Some(Problem::error(summary, detail).at("port"))
}
