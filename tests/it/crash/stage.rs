//! What the stories of crashes share: a cloud with foreign routes in it, and what has to be there in the end.

use std::{fs, path::Path, sync::LazyLock, time::Duration};

use huaweivpc::emulator::{Emulator, Scenario, Settings};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

use super::line::Point;
use crate::harness::{config::patched, outsider::Outsider, provider::now, world::GUIDE};

/// Two hundred routes fit beside the foreign ones.
static SCENARIO: LazyLock<Json> =
    LazyLock::new(|| patched(&GUIDE, &json!({ "quotas": { "routetableContainRoutes": 500 } })));

const FOREIGN: [&str; 3] = ["10.200.0.0/16", "10.201.0.0/16", "10.202.0.0/24"];

/// The emulator in this process, somebody who has routes of their own there, and Terraform's data directory.
pub struct Cloud {
    pub address: String,
    pub data: TempDir,
    pub outsider: Outsider,
    pub table: String,
    pub server: String,
    emulator: JoinHandle<()>,
}

impl Cloud {
    pub async fn start(latency: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let address = listener.local_addr().expect("its address").to_string();
        let scenario = Scenario::parse(&SCENARIO.to_string()).expect("a scenario");
        let settings = Settings { latency, ..Settings::with_clock(now) };
        let emulator = Emulator::new(scenario, settings).expect("no state file is read");
        let emulator = tokio::spawn(async move {
            emulator.serve(listener).await.expect("the emulator goes on listening");
        });
        let outsider = Outsider::log_in(&format!("http://{address}"), &SCENARIO).await;
        let sight = outsider.look().await;
        let (table, server) = (sight.default_table("vpc-containers"), sight.id("servers", "ECS1"));
        for destination in FOREIGN {
            outsider.add_route(&table, destination, "ecs", &sight.id("servers", "ECS2")).await;
        }
        let data = tempfile::tempdir().expect("a folder");
        Self { address, data, outsider, table, server, emulator }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the provider is told of the cloud behind `url`.
    pub fn settings(&self, url: &str) -> Json {
        let key = &SCENARIO["access_keys"][0];
        json!({
            "region": SCENARIO["region"],
            "project_id": SCENARIO["project"]["id"],
            "access_key": key["access_key"],
            "secret_key": key["secret_key"],
            "endpoints": { "iam": url, "vpc": url, "ecs": url },
        })
    }

    /// The arguments of one route to `ECS1`.
    pub fn route(&self, run: usize, index: usize) -> Json {
        json!({
            "route_table_id": self.table,
            "destination": destination(run, index),
            "ecs_id": self.server,
        })
    }

    /// Routes, rules and address pairs, whosever they are.
    pub async fn held(&self) -> [Vec<String>; 3] {
        let sight = self.outsider.look().await;
        let group = sight.id("security_groups", "sg-containers");
        let port = self.port().await;
        [sight.routes(&self.table), sight.rules(&group), sight.pairs(&port)]
    }

    /// The port of `ECS1`.
    pub async fn port(&self) -> String {
        let sight = self.outsider.look().await;
        sight.port("192.168.0.2")["id"].as_str().expect("an id").to_owned()
    }

    /// The table holds these destinations, all to `ECS1`, and the foreign routes unharmed.
    pub async fn expect_exactly(&self, destinations: impl IntoIterator<Item = String>) {
        let ours = destinations.into_iter().map(|destination| format!("{destination} -> ECS1"));
        let foreign = FOREIGN.map(|destination| format!("{destination} -> ECS2"));
        let mut expected: Vec<String> = ours.chain(foreign).collect();
        expected.sort_unstable();
        assert_eq!(self.outsider.look().await.routes(&self.table), expected);
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.emulator.abort();
    }
}

/// How many notes of intent lie below a data directory.
pub fn notes(data: &Path) -> usize {
    let entries = fs::read_dir(data.join("huaweivpc/notes"));
    let names = entries.into_iter().flatten().map(|entry| entry.expect("an entry").file_name());
    // What is half-written when its writer is killed is not one.
    names.filter(|name| name.to_string_lossy().ends_with(".json")).count()
}

/// The `index`-th destination of configuration `run`.
pub fn destination(run: usize, index: usize) -> String {
    format!("10.{run}.{index}.0/24")
}

/// Points among the first `pieces`, the same in every run.
pub fn points(count: usize, pieces: usize, cut: bool) -> impl Iterator<Item = Point> {
    let mut random = StdRng::seed_from_u64(3);
    std::iter::repeat_with(move || Point {
        piece: random.random_range(1..=pieces),
        arrives: random.random(),
        cut,
    })
    .take(count)
}
