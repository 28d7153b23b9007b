//! The end of an operation's time, and the user's wish to stop.

use std::{sync::Arc, time::Duration};

use huaweivpc::cloud::{Cloud, Kind};
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    PORT, SUBNET, TABLE, VPC, change, cloud, id,
    script::{Reply, Server, json, text},
};

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(20);

fn table() -> Reply {
    json(200, json!({ "routetable": { "id": TABLE, "vpc_id": VPC } }))
}

fn port() -> Reply {
    json(200, json!({ "port": { "id": PORT, "network_id": SUBNET } }))
}

async fn read(cloud: Cloud) -> Kind {
    cloud.route_table(&id(TABLE)).await.unwrap_err().kind()
}

#[tokio::test]
async fn past_the_limit_nothing_is_sent() {
    let server = Server::start([table(), table()]).await;
    let late = cloud(&server).bounded(Duration::ZERO, CancellationToken::new());
    let error = late.route_table(&id(TABLE)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::TimedOut);
    assert_eq!(error.message(), "the time limit of 0 s has passed");
    let error = change(&late).set_address_pairs(&id(PORT), &[]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::TimedOut);
    assert_eq!(server.lines().len(), 0);
}

#[tokio::test]
async fn once_stopped_nothing_is_sent() {
    let server = Server::start([table()]).await;
    let stop = CancellationToken::new();
    stop.cancel();
    let stopped = cloud(&server).bounded(LONG, stop);
    let error = change(&stopped).set_address_pairs(&id(PORT), &[]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
    assert_eq!(read(stopped).await, Kind::Interrupted);
    assert_eq!(server.lines().len(), 0);
}

#[tokio::test]
async fn a_read_in_flight_is_given_up() {
    let server = Server::start([Reply::Silence, Reply::Silence]).await;
    let stop = CancellationToken::new();
    let reading = tokio::spawn(read(cloud(&server).bounded(LONG, stop.clone())));
    server.has_seen(1).await;
    stop.cancel();
    assert_eq!(reading.await.unwrap(), Kind::Interrupted);

    let short = cloud(&server).bounded(SHORT, CancellationToken::new());
    assert_eq!(read(short).await, Kind::TimedOut);
}

#[tokio::test]
async fn a_write_in_flight_is_awaited() {
    let told = Arc::new(Notify::new());
    let server = Server::start([Reply::When(Arc::clone(&told), Box::new(port()))]).await;
    let stop = CancellationToken::new();
    let writing = cloud(&server).bounded(LONG, stop.clone());
    let writing =
        tokio::spawn(async move { change(&writing).set_address_pairs(&id(PORT), &[]).await });
    server.has_seen(1).await;
    stop.cancel();
    told.notify_one();
    assert!(writing.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_write_is_not_repeated_after_the_end() {
    let told = Arc::new(Notify::new());
    let refused = text(429, "").with("Retry-After", "0");
    let server = Server::start([Reply::When(Arc::clone(&told), Box::new(refused)), port()]).await;
    let stop = CancellationToken::new();
    let writing = cloud(&server).bounded(LONG, stop.clone());
    let writing =
        tokio::spawn(async move { change(&writing).set_address_pairs(&id(PORT), &[]).await });
    server.has_seen(1).await;
    stop.cancel();
    told.notify_one();
    let error = writing.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
    // Why it was waiting is not lost.
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("HTTP 429"));
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn waiting_ends_with_the_operation() {
    let server = Server::start([text(429, "").with("Retry-After", "200"), table()]).await;
    let stop = CancellationToken::new();
    let reading = tokio::spawn(read(cloud(&server).bounded(LONG, stop.clone())));
    server.has_seen(1).await;
    stop.cancel();
    assert_eq!(reading.await.unwrap(), Kind::Interrupted);
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn bounds_are_of_one_handle_only() {
    let server = Server::start([table()]).await;
    let cloud = cloud(&server);
    let stop = CancellationToken::new();
    stop.cancel();
    let stopped = cloud.bounded(LONG, stop);
    assert!(cloud.route_table(&id(TABLE)).await.unwrap().is_some());
    assert_eq!(read(stopped.clone()).await, Kind::Interrupted);
    assert_eq!(stopped.region(), "cn-north-4");
}
