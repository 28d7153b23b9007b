//! Stories of the data source `huaweivpc_container_host_setup`: what it writes, and what becomes of packets on servers
//! that run it.

use serde_json::{Value as Json, json};

use crate::harness::{config::patched, world::World};

#[cfg(target_os = "linux")]
mod check;
#[cfg(target_os = "linux")]
mod guide_page;
#[cfg(target_os = "linux")]
mod life;
#[cfg(target_os = "linux")]
mod packets;
mod refusals;
#[cfg(target_os = "linux")]
pub mod stage;
mod texts;

const SETUP: &str = "container_host_setup";

/// The guide's first server.
pub fn query(patch: &Json) -> Json {
    let guide = json!({
        "container_cidr": "10.0.2.0/24",
        "peer_cidrs": ["10.0.3.0/24"],
        "vpc_cidrs": ["192.168.0.0/16"],
    });
    patched(&guide, patch)
}

/// The guide's second server.
pub fn other_query(patch: &Json) -> Json {
    let other = query(&json!({ "container_cidr": "10.0.3.0/24", "peer_cidrs": ["10.0.2.0/24"] }));
    patched(&other, patch)
}

/// What the data source answers, without a warning.
pub async fn answer(query: Json) -> Json {
    let found = World::start().await.read(SETUP, query).await;
    assert_eq!(found.warnings, []);
    found.value
}

pub fn text<'a>(answer: &'a Json, attribute: &str) -> &'a str {
    answer[attribute].as_str().expect("a text")
}
