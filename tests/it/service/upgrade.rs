//! Stored objects and identities, of the current version and of others.

use huaweivpc::protocol::generated::tfplugin6 as wire;
use serde_json::{Value as Json, json};

use super::terraform::{Terraform, identity_json, problems, state, stored};

#[tokio::test]
async fn a_stored_note_is_read_as_the_schema_has_it_now() {
    let rpc = Terraform::start().await.rpc;
    let upgrade = async |version: i64, json: &str, flatmap: &[(&str, &str)]| {
        let flatmap = flatmap.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let request = wire::upgrade_resource_state::Request {
            type_name: "room_note".to_owned(),
            version,
            raw_state: Some(wire::RawState { json: json.into(), flatmap }),
        };
        let answer = rpc.clone().upgrade_resource_state(request).await.unwrap().into_inner();
        (state(answer.upgraded_state), problems(&answer.diagnostics))
    };
    let text = r#"{"id":"a","name":"a","dropped":1,"length":9007199254740993}"#;
    let (state, none) = upgrade(3, text, &[]).await;
    assert_eq!(none, [""; 0]);
    assert_eq!(state["length"].to_string(), "9007199254740993");
    assert_eq!((&state["text"], state.get("dropped")), (&Json::Null, None));
    assert_eq!(upgrade(3, "{", &[]).await.1, ["Unreadable state"]);
    assert_eq!(upgrade(3, r#"{"length":[]}"#, &[]).await.1, ["length: Unreadable state"]);
    assert_eq!(upgrade(3, "", &[("name", "a")]).await.1, ["State of an old form"]);

    let large = format!(r#"{{"text":"{}"}}"#, "x".repeat(20 << 20));
    assert_eq!(upgrade(3, &large, &[]).await.0["text"].as_str().unwrap().len(), 20 << 20);
    // In memory, a list of digits takes many times its size.
    let too_large = format!(r#"{{"name":"a","other":[{}0]}}"#, "0,".repeat(17 << 20));
    assert_eq!(upgrade(3, &too_large, &[]).await.1, ["State too large"]);
}

/// Version 2 has renamed `title` to `name`, version 3 has added `length`.
#[tokio::test]
async fn a_note_of_an_older_schema_version_is_upgraded_and_no_other_is_read() {
    let rpc = Terraform::start().await.rpc;
    let upgrade = async |version: i64, json: Json| {
        let raw_state = wire::RawState { json: json.to_string().into(), ..Default::default() };
        let request = wire::upgrade_resource_state::Request {
            type_name: "room_note".to_owned(),
            version,
            raw_state: Some(raw_state),
        };
        rpc.clone().upgrade_resource_state(request).await.unwrap().into_inner()
    };
    let current = stored("a", "hello");
    for (version, older) in [
        (1, json!({ "id": "a", "title": "a", "text": "hello" })),
        (2, json!({ "id": "a", "name": "a", "text": "hello" })),
        (3, current.clone()),
    ] {
        let answer = upgrade(version, older).await;
        assert_eq!(problems(&answer.diagnostics), [""; 0], "version {version}");
        assert_eq!(state(answer.upgraded_state), current, "version {version}");
    }
    for (version, summary, phrase) in [
        (4, "State of a newer provider", "schema version 4 "),
        (0, "Unknown schema version", "schema version 0 "),
        (-1, "Unknown schema version", "schema version -1 "),
    ] {
        let answer = upgrade(version, current.clone()).await;
        assert_eq!(problems(&answer.diagnostics), [summary]);
        assert!(answer.diagnostics[0].detail.contains(phrase), "{}", answer.diagnostics[0].detail);
        assert_eq!(answer.upgraded_state, None);
    }
    let damaged = upgrade(1, json!(["title", "a"])).await;
    assert_eq!(problems(&damaged.diagnostics), ["Unreadable state"]);
}

#[tokio::test]
async fn a_stored_identity_is_read_if_its_form_is_known() {
    let rpc = Terraform::start().await.rpc;
    let upgrade = async |type_name: &str, version: i64, json: &str| {
        let request = wire::upgrade_resource_identity::Request {
            type_name: type_name.to_owned(),
            version,
            raw_identity: Some(wire::RawState { json: json.into(), ..Default::default() }),
        };
        let answer = rpc.clone().upgrade_resource_identity(request).await.unwrap().into_inner();
        (answer.upgraded_identity.map(identity_json), problems(&answer.diagnostics))
    };
    let (identity, none) = upgrade("room_note", 0, r#"{"name":"a"}"#).await;
    assert_eq!((identity, none), (Some(json!({ "name": "a" })), vec![]));
    let refused = async |type_name, version, json| upgrade(type_name, version, json).await.1;
    assert_eq!(refused("room_note", 1, "{}").await, ["Unknown identity version"]);
    assert_eq!(refused("room_smell", 0, "{}").await, ["Unknown identity version"]);
    assert_eq!(refused("room_note", 0, "[]").await, ["Unreadable identity"]);
}
