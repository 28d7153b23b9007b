//! What is sent again, and what is not.

use huaweivpc::network::{NextHop, NextHopKind, Route};
use std::time::Duration;

use huaweivpc::cloud::{Config, Kind, Project, Wish};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    GROUP, PORT, RULE, SUBNET, TABLE, VPC, change, cloud, config, id,
    log::Log,
    script::{Nobody, Reply, Server, json, text},
};

fn table() -> Reply {
    json(200, json!({ "routetable": { "id": TABLE, "vpc_id": VPC } }))
}

fn port() -> Reply {
    json(200, json!({ "port": { "id": PORT, "network_id": SUBNET } }))
}

fn throttled() -> Reply {
    text(429, r#"{"error_code":"APIGW.0308","error_msg":"over ratelimit"}"#)
}

/// How often a read, a write and a deletion are sent where the first answer is `reply`; by then they succeed or not.
async fn sendings(reply: fn() -> Reply) -> [(usize, bool); 3] {
    let server = Server::start([reply(), table()]).await;
    let read = cloud(&server).route_table(&id(TABLE)).await.is_ok();
    let reads = server.lines().len();
    let server = Server::start([reply(), port()]).await;
    let write = change(&cloud(&server)).set_address_pairs(&id(PORT), &[]).await.is_ok();
    let writes = server.lines().len();
    let server = Server::start([reply(), text(204, "")]).await;
    let deletion =
        change(&cloud(&server)).delete_security_group_rule(&id(GROUP), &id(RULE)).await.is_ok();
    [(reads, read), (writes, write), (server.lines().len(), deletion)]
}

const REPEATED: (usize, bool) = (2, true);
const GIVEN_UP: (usize, bool) = (1, false);

#[tokio::test]
async fn what_was_not_carried_out_is_sent_again() {
    let replies: [fn() -> Reply; 4] = [
        throttled,
        || throttled().with("Retry-After", "0"),
        || text(409, r#"{"code":"VPC.0103","message":"busy"}"#),
        || text(500, r#"{"code":"VPC.0205","message":"being processed"}"#),
    ];
    for reply in replies {
        assert_eq!(sendings(reply).await, [REPEATED; 3]);
    }
}

#[tokio::test]
async fn what_may_have_been_carried_out_is_sent_again_only_where_that_does_no_harm() {
    let replies: [fn() -> Reply; 4] = [
        || Reply::HangUp,
        || text(502, "<html>Bad Gateway</html>"),
        || text(504, ""),
        || text(500, r#"{"code":"VPC.0105","message":"neutron"}"#),
    ];
    for reply in replies {
        assert_eq!(sendings(reply).await, [REPEATED, GIVEN_UP, REPEATED]);
    }
}

#[tokio::test]
async fn what_will_be_refused_again_is_not_sent_again() {
    let replies: [fn() -> Reply; 6] = [
        || text(400, r#"{"code":"VPC.2809","message":"overlap"}"#),
        || text(401, r#"{"error_code":"APIGW.0301","error_msg":"verify aksk signature fail"}"#),
        || text(403, r#"{"code":"VPC.2201","message":"policy"}"#),
        || text(409, r#"{"error_code":"VPC.9905","error_msg":"quota"}"#),
        || text(500, r#"{"code":"VPC.0210","message":"custom route"}"#),
        || text(404, ""),
    ];
    for reply in replies {
        assert_eq!(sendings(reply).await, [GIVEN_UP; 3]);
    }
}

#[tokio::test]
async fn a_success_that_makes_no_sense_is_asked_for_again_and_not_written_again() {
    let about_another = || json(200, json!({ "routetable": { "id": VPC, "vpc_id": VPC } }));
    let replies: [fn() -> Reply; 4] =
        [|| text(200, ""), || text(200, "<html></html>"), || text(200, "{}"), about_another];
    for reply in replies {
        let [read, write, _] = sendings(reply).await;
        assert_eq!([read, write], [REPEATED, GIVEN_UP]);
    }
    let server = Server::start((0..9).map(|_| text(200, ""))).await;
    let error = cloud(&server).route_table(&id(TABLE)).await.unwrap_err();
    assert_eq!((error.kind(), error.sendings()), (Kind::Unreadable, 4));
    assert!(!error.leaves_doubt(), "nothing was written");

    let ports = json(200, json!({ "ports": [] }));
    let server = Server::start([text(200, ""), ports]).await;
    assert!(!cloud(&server).may_be_worn(&id(super::GROUP)).await.unwrap());
}

#[tokio::test]
async fn only_what_changes_something_is_left_in_doubt() {
    for reply in [|| Reply::HangUp, || text(502, ""), || text(200, "")] as [fn() -> Reply; 3] {
        let server = Server::start((0..9).map(|_| reply())).await;
        let read = cloud(&server).route_table(&id(TABLE)).await.unwrap_err();
        assert!(!read.leaves_doubt(), "{read}");
        let server = Server::start([reply()]).await;
        let write = change(&cloud(&server)).set_address_pairs(&id(PORT), &[]).await;
        assert!(write.unwrap_err().leaves_doubt());
    }
}

#[tokio::test]
async fn patience_ends() {
    let server = Server::start((0..9).map(|_| throttled())).await;
    let error = cloud(&server).route_table(&id(TABLE)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Throttled);
    assert_eq!(server.lines().len(), 4, "one call and three repetitions");
}

#[tokio::test]
async fn every_repetition_is_signed_anew() {
    use std::{
        sync::atomic::{AtomicU64, Ordering},
        time::SystemTime,
    };
    static SECONDS: AtomicU64 = AtomicU64::new(0);
    fn ticking() -> SystemTime {
        super::now() + Duration::from_secs(SECONDS.fetch_add(1, Ordering::Relaxed))
    }
    let server = Server::start([throttled(), table()]).await;
    let cloud = crate::cloud::connect(Config { clock: ticking, ..config(&server) });
    cloud.route_table(&id(TABLE)).await.unwrap();
    let seen = server.seen();
    assert_ne!(seen[0].header("x-sdk-date"), seen[1].header("x-sdk-date"));
    assert_ne!(seen[0].header("authorization"), seen[1].header("authorization"));
}

#[tokio::test]
async fn a_write_that_was_never_sent_is_tried_again_and_then_said_to_be_unreachable() {
    let nobody = Nobody::new();
    let server = Server::start([]).await;
    let mut config = config(&server);
    config.endpoints.vpc = format!("http://{}", nobody.address()).parse().unwrap();
    let cloud = crate::cloud::connect(config);
    let error = change(&cloud).set_address_pairs(&id(PORT), &[]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
    assert_eq!(error.message(), format!("no connection to {}", nobody.address()));
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(error.status(), None);
}

#[tokio::test]
async fn a_lookup_is_repeated_like_any_read() {
    let projects = json!({ "projects": [{ "id": "p1", "name": "cn-north-4" }] });
    let server = Server::start([Reply::HangUp, json(200, projects), table()]).await;
    let project = Project::Name("cn-north-4".to_owned());
    let cloud = crate::cloud::connect(Config { project, ..config(&server) });
    cloud.route_table(&id(TABLE)).await.unwrap();
    assert_eq!(server.lines().len(), 3);
}

/// The pause, in milliseconds, before a read is repeated for the first time.
async fn first_pause(reply: Reply, pause: Duration) -> u64 {
    let log = Log::listen();
    let server = Server::start([reply]).await;
    let stop = CancellationToken::new();
    let patient = crate::cloud::connect(Config { pause, ..config(&server) });
    let patient = patient.bounded(Duration::from_secs(3600), stop.clone());
    let read = tokio::spawn(async move { patient.route_table(&id(TABLE)).await.map(drop) });
    let line = log.line_with("pause_ms").await;
    stop.cancel();
    assert_eq!(read.await.unwrap().unwrap_err().kind(), Kind::Interrupted);
    let milliseconds = line.split("pause_ms=").nth(1).unwrap().split(' ').next().unwrap();
    milliseconds.parse().unwrap()
}

#[tokio::test]
async fn the_pause_is_what_the_cloud_asks_for_within_reason() {
    let asked = |seconds| throttled().with("Retry-After", seconds);
    assert_eq!(first_pause(asked("7"), Duration::ZERO).await, 7_000);
    assert_eq!(first_pause(asked("99999"), Duration::ZERO).await, 300_000);
    // A date instead of seconds is not documented anywhere: then it is as if nothing was asked.
    assert_eq!(first_pause(asked("Fri, 02 Jan 2026 03:05:00 GMT"), Duration::ZERO).await, 0);
}

#[tokio::test]
async fn a_write_too_is_sent_again_only_after_the_pause_that_the_cloud_asks_for() {
    let log = Log::listen();
    let server = Server::start([table(), text(503, "").with("Retry-After", "200"), table()]).await;
    let stop = CancellationToken::new();
    let cloud = cloud(&server).bounded(Duration::from_secs(3600), stop.clone());
    let wish = Wish::Create {
        route: Route {
            destination: "10.244.1.0/24".parse().unwrap(),
            next_hop: NextHop::new(NextHopKind::Ecs, super::SERVER),
            description: String::new(),
        },
        adopt: false,
    };
    let writing = tokio::spawn(async move { change(&cloud).write_route(&id(TABLE), wish).await });
    let line = log.line_with("pause_ms").await;
    assert!(line.contains("pause_ms=200000"), "{line}");
    stop.cancel();
    let error = writing.await.unwrap().unwrap_err();
    assert!(error.leaves_doubt());
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("HTTP 503"));
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn the_last_failure_is_told_where_the_end_comes_during_a_repetition() {
    let server = Server::start([text(502, "<html>bad</html>"), Reply::Silence]).await;
    let stop = CancellationToken::new();
    let cloud = cloud(&server).bounded(Duration::from_secs(3600), stop.clone());
    let reading = tokio::spawn(async move { cloud.route_table(&id(TABLE)).await });
    server.has_seen(2).await;
    stop.cancel();
    let error = reading.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("HTTP 502"));
}

#[tokio::test]
async fn a_pause_of_our_own_has_an_end() {
    let pause = first_pause(throttled(), Duration::from_secs(100_000)).await;
    assert!(pause <= 60_000, "{pause}");
}
