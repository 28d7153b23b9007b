//! Objects as each schema version has stored them (`tests/fixtures/states/VERSION`): whatever version a state is of, it is
//! read. The files were stored once and are never changed; a raised version adds a folder.

use std::{fs, path::Path};

use huaweivpc::framework::{PlanRequest, Severity, json};
use serde_json::Value as Json;

use crate::harness::{
    config::patched,
    plugin::Plugin,
    provider::{nowhere, served, unconfigured},
    terraform::REPOSITORY,
};

fn golden(version: i64, resource: &str) -> Json {
    let file = Path::new(REPOSITORY)
        .join("tests/fixtures/states")
        .join(version.to_string())
        .join(format!("{resource}.json"));
    let text = fs::read(&file).unwrap_or_else(|_| {
        panic!("{}: store a `{resource}` of schema version {version} here", file.display())
    });
    serde_json::from_slice(&text).expect("JSON")
}

fn offline() -> Json {
    let nobody = "http://127.0.0.1:9";
    serde_json::json!({
        "region": "test-1",
        "project_id": "0123456789abcdef0123456789abcdef",
        "access_key": "access",
        "secret_key": "secret",
        "endpoints": { "iam": nobody, "vpc": nobody, "ecs": nobody },
    })
}

#[tokio::test]
async fn an_object_of_every_schema_version_is_read_and_its_plan_is_empty() {
    for entry in unconfigured().resources {
        let (resource, current) = (entry.name(), entry.schema().version);
        let type_name = format!("huaweivpc_{resource}");
        let provider = served(nowhere, &offline()).await;
        for version in 0..=current {
            let stored = golden(version, resource);
            let upgraded = provider.upgrade(&type_name, version, &stored).await;
            assert_eq!(upgraded.problems, [], "{resource}, version {version}");
            let state = upgraded.value;
            if version == current {
                assert_eq!(json::write(&state), stored, "{resource}");
            }
            let request = PlanRequest {
                prior: state.clone(),
                proposed: state.clone(),
                config: entry.config(&state),
                private: Vec::new(),
                prior_identity: None,
            };
            let planned = provider.plan(&type_name, &request).await;
            let errors = planned.problems.iter().filter(|it| it.severity == Severity::Error);
            assert_eq!(errors.collect::<Vec<_>>(), Vec::<&_>::new(), "{resource}, {version}");
            assert_eq!(planned.planned.state, state, "{resource}, version {version}");
        }
    }
}

#[tokio::test]
async fn a_newer_schema_version_is_refused_with_the_way_out() {
    for entry in unconfigured().resources {
        let (resource, current) = (entry.name(), entry.schema().version);
        let newer = patched(&golden(current, resource), &serde_json::json!({ "newer": true }));
        let provider = served(nowhere, &offline()).await;
        let type_name = format!("huaweivpc_{resource}");
        let answer = provider.upgrade(&type_name, current + 1, &newer).await;
        let [problem] = &answer.problems[..] else { panic!("{:?}", answer.problems) };
        assert_eq!(problem.summary, "State of a newer provider", "{resource}");
        assert!(problem.detail.contains("Use at least the version of the provider"), "{resource}");
        assert!(answer.value.is_null(), "{resource}");
    }
}
