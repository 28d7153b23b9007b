//! Where the cloud throttles one, all wait.

use std::time::Duration;

use huaweivpc::cloud::{Config, Kind};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    TABLE, VPC, config, id,
    log::Log,
    script::{Server, json, text},
};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn while_one_waits_no_other_asks() {
    let log = Log::listen();
    let table = || json(200, json!({ "routetable": { "id": TABLE, "vpc_id": VPC } }));
    let throttled = text(429, r#"{"error_code":"APIGW.0308"}"#).with("Retry-After", "200");
    let server = Server::start([table(), throttled, table(), table()]).await;
    let cloud = crate::cloud::connect(config(&server));
    cloud.route_table(&id(TABLE)).await.unwrap();

    let stop = CancellationToken::new();
    let read = |stop: &CancellationToken| {
        let cloud = cloud.bounded(HOUR, stop.clone());
        async move { cloud.route_table(&id(TABLE)).await.map(drop) }
    };
    let first = tokio::spawn(read(&stop));
    log.line_with("pause_ms").await;
    let others: Vec<_> = (0..10).map(|_| tokio::spawn(read(&stop))).collect();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    assert_eq!(first.await.unwrap().unwrap_err().kind(), Kind::Interrupted);
    for other in others {
        assert_eq!(other.await.unwrap().unwrap_err().kind(), Kind::Interrupted);
    }
    assert_eq!(server.lines().len(), 2, "nobody asked while the cloud had asked to wait");

    // Another service counts for itself.
    cloud.server(&id(super::SERVER)).await.unwrap_err();
    assert!(server.lines().len() > 2);
}

#[tokio::test]
async fn a_throttle_is_outwaited_by_time_and_not_by_number() {
    let table = json(200, json!({ "routetable": { "id": TABLE, "vpc_id": VPC } }));
    let throttled = || text(429, "");
    let script = (0..30).map(|_| throttled()).chain([table]);
    let server = Server::start(script).await;
    // Pauses of less than a microsecond, and patience for sixty times as long with each of the three repetitions.
    let pause = Duration::from_nanos(1);
    let cloud = crate::cloud::connect(Config { pause, ..config(&server) });
    let outcome = cloud.route_table(&id(TABLE)).await;
    let calls = server.lines().len();
    assert!(calls > 4, "{calls}: given up after a number of repetitions");
    assert!(outcome.is_err() && calls < 31, "{calls}: the pauses double, so patience ends");
}
