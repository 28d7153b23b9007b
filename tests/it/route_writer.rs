//! The writer of a route table against a model of one: what was wished is true in the end, whatever the network, the
//! cloud and other people do meanwhile, and it takes few calls. What an earlier run was about to make is known by its
//! note.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod counts;
mod faults;
mod law;
mod log;
mod model;

use huaweivpc::network::{NextHop, NextHopKind, Route};
use std::{sync::Arc, time::Duration};

use huaweivpc::cloud::{About, Cloud, Config, RouteTableId, Wish, Writing};
use model::Model;

use crate::{
    cloud::{SERVER, change, config},
    harness::kept::Kept,
};

/// The cloud that a model is, without pauses, to change it.
async fn against(model: Model) -> (Cloud<Writing>, model::Served) {
    let (cloud, served) = reading(model).await;
    (change(&cloud), served)
}

/// The same, where calls wait for company as they do outside of tests.
async fn lingering(model: Model) -> (Cloud<Writing>, model::Served) {
    let served = model.serve().await;
    let config = Config { linger: Config::LINGER, ..config(served.server()) };
    (change(&crate::cloud::connect(config)), served)
}

/// The same, to read it.
async fn reading(model: Model) -> (Cloud, model::Served) {
    let served = model.serve().await;
    let notes = Arc::new(Kept::default());
    let config = Config { max_retries: 8, ..config(served.server()) };
    (Cloud::new(config, notes).unwrap(), served)
}

/// What was read until now is that much older.
async fn age_by(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// What a note about the route to this destination says.
fn noted<A>(cloud: &Cloud<A>, table: &RouteTableId, destination: &str) -> Option<Route> {
    cloud.journal().find(about(table, destination))
}

fn about<'t>(table: &'t RouteTableId, destination: &str) -> About<'t> {
    About::Route { route_table_id: table, destination: destination.parse().unwrap() }
}

fn route(destination: impl AsRef<str>, description: &str) -> Route {
    Route {
        destination: destination.as_ref().parse().unwrap(),
        next_hop: NextHop::new(NextHopKind::Ecs, SERVER),
        description: description.to_owned(),
    }
}

fn create(destination: impl AsRef<str>, description: &str) -> Wish {
    Wish::Create { route: route(destination, description), adopt: false }
}

fn set(destination: impl AsRef<str>, description: &str) -> Wish {
    Wish::Set { route: route(destination, description) }
}

fn remove(destination: impl AsRef<str>) -> Wish {
    Wish::Remove { destination: destination.as_ref().parse().unwrap(), expected: None }
}

/// `10.0.n.0/24`
fn destination(n: usize) -> String {
    format!("10.{}.{}.0/24", n / 256, n % 256)
}
