//! `huaweivpc_container_host_setup`: what a server has to run so that its containers and those of other servers reach
//! each other.
//!
//! API: none. The texts are made in `network::host_setup`.

use serde::{Deserialize, Serialize};

mod schema;

use crate::{
    cloud::Cloud,
    framework::{DataSource, Draft, Given, Noted, Path, Problem, Result, Schema},
    network::{
        Cidr,
        host_setup::{
            BridgeName, Engine, HostRange, HostSetup, MOST_USER_DATA, Mtu, NetworkName, Release,
            Source, TrafficRange, UNIT, misplaced_peer,
        },
    },
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContainerHostSetup {
    container_cidr: HostRange,
    peer_cidrs: Vec<TrafficRange>,
    vpc_cidrs: Vec<TrafficRange>,
    network_name: NetworkName,
    bridge_name: BridgeName,
    mtu: Option<Mtu>,
    source: Source,
    engine: Option<Engine>,
    engine_version: Option<Release>,
    script: Option<String>,
    user_data: Option<String>,
    unit: Option<String>,
    docker_network_create: Option<String>,
}

impl DataSource<Cloud> for ContainerHostSetup {
    const NAME: &'static str = "container_host_setup";

    const SCHEMA: Schema = schema::SCHEMA;

    fn check(config: Draft<'_>) -> Vec<Problem> {
        [no_vpc(config), peer_in_own_range(config), version_of_what(config)]
            .into_iter()
            .flatten()
            .collect()
    }

    async fn read(mut self, _: &Cloud) -> Result<Noted<Self>> {
        let setup = self.setup();
        let user_data = setup.user_data();
        let warnings = too_long(user_data.len()).into_iter().collect();
        self.script = Some(setup.script());
        self.user_data = Some(user_data);
        self.unit = Some(UNIT.to_owned());
        self.docker_network_create = Some(setup.network_create());
        Ok(Noted { value: self, warnings })
    }
}

impl ContainerHostSetup {
    fn setup(&self) -> HostSetup {
        HostSetup {
            own: self.container_cidr,
            peers: self.peer_cidrs.clone(),
            vpc: self.vpc_cidrs.clone(),
            network: self.network_name.clone(),
            bridge: self.bridge_name.clone(),
            mtu: self.mtu,
            source: self.source,
            engine: self.engine,
            release: self.engine_version.clone(),
        }
    }
}

/// Without the ranges of the VPC nothing could be let in from the servers themselves.
fn no_vpc(config: Draft<'_>) -> Option<Problem> {
    let detail = "`vpc_cidrs` is empty. Write the ranges of the VPC: its primary one, and the secondary ones if it has any.";
    let is_empty = config.texts("vpc_cidrs").is_some_and(|ranges| ranges.is_empty());
    is_empty.then(|| Problem::error("No range of the VPC", detail).at("vpc_cidrs"))
}

fn peer_in_own_range(config: Draft<'_>) -> Option<Problem> {
    let own: HostRange = config.parsed("container_cidr")?;
    let texts = config.texts("peer_cidrs")?;
    let peers: Vec<Cidr> = texts.iter().filter_map(|text| text.parse().ok()).collect();
    if peers.len() < texts.len() {
        return None;
    }
    let position = misplaced_peer(own.range(), &peers)?;
    let path = Path::from("peer_cidrs").index(position);
    let detail = format!(
        "In `{path}`: {} lies in {own}, which `container_cidr` says is here. Give each host a range of its own.",
        peers[position]
    );
    Some(Problem::error("Range of two hosts", detail).at(path))
}

fn version_of_what(config: Draft<'_>) -> Option<Problem> {
    let release: Release = config.parsed("engine_version")?;
    let engine = match config.given("engine") {
        Given::Unknown => return None,
        Given::Absent => {
            let detail = format!(
                "`engine_version` is {release}, but `engine` does not say of what. Set `engine` to `docker` or `podman`."
            );
            return Some(Problem::error("Version of no engine", detail).at("engine_version"));
        }
        Given::Known(_) => config.parsed::<Engine>("engine")?,
    };
    let (major, minor) = engine.oldest();
    let detail = format!(
        "`engine_version` is {release}, and the set-up is made for {engine} {major}.{minor} and newer. Update the engine."
    );
    let is_older = release.is_before(engine.oldest());
    is_older.then(|| Problem::error("Engine too old", detail).at("engine_version"))
}

/// The text is given all the same: the cloud refuses it, and a server without its set-up is not made.
fn too_long(bytes: usize) -> Option<Problem> {
    let detail = format!(
        "`user_data` has {bytes} bytes, and the cloud takes {MOST_USER_DATA}. Write fewer ranges in `peer_cidrs`, such as the \
         one from which all hosts get theirs, or bring `script` to the servers in another way."
    );
    let problem = || Problem::warning("User data too long", detail).at("peer_cidrs");
    (bytes > MOST_USER_DATA).then(problem)
}
