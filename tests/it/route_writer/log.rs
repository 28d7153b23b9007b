//! What the log says of a write, which several requests may share.

use std::{
    sync::{Arc, Mutex},
    time::SystemTime,
};

use huaweivpc::protocol::log::JsonLines;
use serde_json::Value as Json;
use tracing::{Instrument, error_span, level_filters::LevelFilter};
use tracing_subscriber::{Registry, layer::SubscriberExt};

use super::{against, create, destination, model::Model};
use crate::{
    cloud::{TABLE, id},
    harness::subscriber::enable_log_statements,
};

#[tokio::test]
async fn each_line_about_a_write_names_the_requests_and_the_destinations() {
    enable_log_statements();
    let lines: Arc<Mutex<Vec<Json>>> = Arc::default();
    let written = Arc::clone(&lines);
    let write = move |line: &[u8]| {
        written.lock().unwrap().push(serde_json::from_slice(line).unwrap());
    };
    let layer = JsonLines::new(LevelFilter::TRACE, || SystemTime::UNIX_EPOCH, write);
    let _guard = tracing::subscriber::set_default(Registry::default().with(layer));

    let (cloud, _served) = against(Model::default()).await;
    let wish = async |request: &str, number: usize| {
        let span = error_span!(
            target: "huaweivpc", "rpc", tf_req_id = request, tf_resource_type = "huaweivpc_container_route"
        );
        let wish = create(destination(number), "");
        cloud.write_route(&id(TABLE), wish).instrument(span).await.unwrap()
    };
    tokio::join!(wish("r1", 1), wish("r2", 2), wish("r3", 3));

    let lines = lines.lock().unwrap();
    let puts: Vec<_> = lines.iter().filter(|line| line["method"] == "PUT").collect();
    assert!(puts.len() >= 2, "{lines:?}");
    for put in &puts {
        assert_eq!(put["tf_resource_type"], "huaweivpc_container_route", "{put}");
        assert!(put["destinations"].as_str().unwrap().ends_with(".0/24"), "{put}");
    }
    for (number, request) in [(1, "r1"), (2, "r2"), (3, "r3")] {
        let is_its = |put: &&&Json| {
            put["destinations"].as_str().unwrap().contains(&destination(number))
                && put["tf_req_id"].as_str().unwrap().contains(request)
        };
        assert!(puts.iter().any(|put| is_its(&put)), "{request} in {puts:?}");
    }
}
