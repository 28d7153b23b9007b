//! Log lines that Terraform can read, whatever is logged.

use std::{
    io::{BufRead, BufReader},
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use huaweivpc::protocol::{
    generated::tfplugin6 as wire,
    log::{self, Asked, JsonLines},
};
use proptest::{collection, prelude::*};
use serde_json::{Map, Value as Json, json};
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{Registry, layer::SubscriberExt};

use crate::plugin_client::{Start, provider};

#[test]
fn an_event_is_one_line_with_the_fields_of_its_request() {
    let lines = lines_of(LevelFilter::TRACE, || {
        let span = tracing::error_span!(target: "huaweivpc", "rpc", tf_rpc = "ReadResource", tf_resource_type = "x");
        let _open = span.enter();
        tracing::warn!(target: "huaweivpc::cloud", count = 3, "slow");
    });
    assert_eq!(
        lines,
        [json!({
            "@level": "warn",
            "@message": "slow",
            "@module": "provider",
            "@timestamp": "2027-01-15T08:00:00.000007Z",
            "tf_rpc": "ReadResource",
            "tf_resource_type": "x",
            "count": 3,
        })]
    );
}

#[tokio::test]
async fn a_request_is_logged_in_the_words_users_search_for() {
    let mut process = Start::new().env("TF_LOG_PROVIDER", "trace").run();
    let channel = process.plain().await;
    let type_name = "huaweivpc_nothing".to_owned();
    let request = wire::read_resource::Request { type_name, ..Default::default() };
    provider(channel.clone()).read_resource(request).await.unwrap();
    let stderr = process.child.stderr.take().unwrap();
    assert!(process.shut_down(channel).await.0.success());
    let lines: Vec<Json> = BufReader::new(stderr)
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .filter(|line: &Json| line["tf_rpc"] == "ReadResource")
        .collect();
    let messages: Vec<_> = lines.iter().map(|line| line["@message"].as_str().unwrap()).collect();
    assert_eq!(
        messages,
        ["Received request", "Response contains error diagnostic", "Served request"]
    );
    for line in &lines {
        assert_eq!(line["@module"], "sdk.proto");
        assert_eq!(line["tf_resource_type"], "huaweivpc_nothing");
        assert_eq!(line["tf_provider_addr"], "registry.terraform.io/huaweivpc/huaweivpc");
        assert_eq!(line["tf_proto_version"], "6");
        assert_eq!(line["tf_req_id"], lines[0]["tf_req_id"]);
    }
    assert_eq!(lines[1]["diagnostic_severity"], "ERROR");
    assert_eq!(lines[1]["diagnostic_summary"], "Unknown resource type");
    assert!(lines[2]["tf_req_duration_ms"].is_u64());
}

#[test]
fn only_what_was_asked_for_and_only_what_is_ours_is_logged() {
    let lines = lines_of(LevelFilter::INFO, || {
        tracing::debug!(target: "huaweivpc::cloud", "too much");
        tracing::error!(target: "h2::codec", "header: secret");
        tracing::info!(target: "huaweivpc::protocol::service", "enough");
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (&lines[0]["@message"], &lines[0]["@module"]),
        (&json!("enough"), &json!("sdk.proto"))
    );
}

#[test]
fn the_most_specific_variable_decides() {
    let asked = |variables: &[(&str, &str)]| {
        Asked::read("huaweivpc", &|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    };
    let level = |level| Asked { level, invalid: None };
    assert_eq!(asked(&[]), level(LevelFilter::OFF));
    assert_eq!(asked(&[("TF_LOG", "")]), level(LevelFilter::OFF));
    assert_eq!(asked(&[("TF_LOG", "JSON")]), level(LevelFilter::TRACE));
    assert_eq!(asked(&[("TF_LOG", "warn"), ("TF_LOG_PROVIDER", "")]), level(LevelFilter::WARN));
    assert_eq!(asked(&[("TF_LOG", "trace"), ("TF_LOG_PROVIDER", "off")]), level(LevelFilter::OFF));
    assert_eq!(
        asked(&[("TF_LOG_PROVIDER", "trace"), ("TF_LOG_PROVIDER_HUAWEIVPC", "error")]),
        level(LevelFilter::ERROR)
    );
    let invalid = Some("loud".to_owned());
    assert_eq!(asked(&[("TF_LOG", "loud")]), Asked { level: LevelFilter::TRACE, invalid });
}

#[test]
fn a_panic_is_told_in_terraforms_words() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "log::panics_as_the_provider_would", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = stderr.lines().collect();
    let start = lines.iter().position(|line| *line == "panic: what a day").expect(&stderr);
    assert!(lines[start..].iter().any(|line| line.contains("tests/it/log.rs")), "{stderr}");
    assert!(lines.len() > start + 4, "no backtrace: {stderr}");
}

#[test]
#[ignore = "panics on purpose, for the test above"]
#[should_panic = "what a day"]
fn panics_as_the_provider_would() {
    log::install("huaweivpc", &|_| None, now);
    panic!("what a day");
}

proptest! {
    #![proptest_config(crate::harness::property::config(256))]

    #[test]
    fn no_field_can_make_a_line_unreadable(
        message in "\\PC{0,20}|[\\x00-\\x7f]{0,20}",
        names in collection::vec("@?[a-z]{0,10}|@message|@level|@timestamp|@module", 0..6),
        texts in collection::vec("\\PC{0,20}", 6),
        lengths in collection::vec(prop_oneof![9 => Just(1usize), 1 => Just(5000)], 6),
        seconds in 0u64..10_000_000_000,
        nanoseconds in 0u32..1_000_000_000,
    ) {
        let mut fields: Map<String, Json> = names
            .iter()
            .zip(texts.iter().zip(&lengths))
            .map(|(name, (text, length))| (name.clone(), json!(text.repeat(*length))))
            .collect();
        fields.insert("message".to_owned(), json!(message));
        let time = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        let line = log::line(Level::ERROR, "huaweivpc::cloud", time, fields);
        prop_assert!(line.len() <= 64 * 1024);
        prop_assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1));
        let line: Json = serde_json::from_slice(&line).unwrap();
        let told = line["@message"].as_str().unwrap();
        let is_plain = |text: &str| text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t'));
        prop_assert!(is_plain(told));
        prop_assert!(told == message || !(message.is_ascii() && is_plain(&message)));
        prop_assert_eq!(&line["@level"], &json!("error"));
        prop_assert_eq!(&line["@module"], &json!("provider"));
        let timestamp = line["@timestamp"].as_str().unwrap();
        let (_, fraction) = timestamp.split_once('.').unwrap();
        prop_assert_eq!(fraction, format!("{:06}Z", nanoseconds / 1000));
        prop_assert_eq!(line.as_object().unwrap().keys().filter(|key| key.starts_with('@')).count(), 4);
    }
}

#[test]
fn a_line_is_short_even_where_everything_is_long() {
    let fields = (0..1000).map(|field| (format!("field{field}"), json!("x".repeat(500)))).collect();
    let line = log::line(Level::INFO, "huaweivpc", now(), fields);
    assert!(line.len() <= 64 * 1024);
    let fields = Map::from_iter([("message".to_owned(), json!("é".repeat(100_000)))]);
    let line = log::line(Level::INFO, "huaweivpc", now(), fields);
    assert!(line.len() <= 64 * 1024);
    assert!(serde_json::from_slice::<Json>(&line).is_ok());
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::new(1_800_000_000, 7_999)
}

/// The lines that `work` logs.
fn lines_of(level: LevelFilter, work: impl FnOnce()) -> Vec<Json> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let write = move |line: &[u8]| sink.lock().unwrap().push(serde_json::from_slice(line).unwrap());
    let subscriber = Registry::default().with(JsonLines::new(level, now, write));
    tracing::subscriber::with_default(subscriber, work);
    let lines = lines.lock().unwrap();
    lines.clone()
}
