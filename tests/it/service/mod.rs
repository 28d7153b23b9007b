//! What Terraform is answered, above all when something goes wrong.

mod functions;
mod paths;
mod room;
mod terraform;
mod upgrade;

use huaweivpc::{
    framework::Value,
    protocol::{codec, generated::tfplugin6 as wire},
};
use prost::Message;
use serde_json::{Value as Json, json};

use self::{
    functions::call,
    terraform::{
        Terraform, block_type, identity, identity_json, note, note_type, object, problems, state,
        stored,
    },
};

#[tokio::test]
async fn the_schema_tells_everything_terraform_insists_on() {
    let mut rpc = Terraform::start().await.rpc;
    let schema = rpc.get_provider_schema(wire::get_provider_schema::Request {}).await.unwrap();
    let schema = schema.into_inner();
    let capabilities = schema.server_capabilities.unwrap();
    assert!(capabilities.plan_destroy && capabilities.get_provider_schema_optional);
    assert!(!capabilities.move_resource_state, "there is nothing to move from yet");
    assert!(schema.provider.unwrap().block.is_some());
    let note = &schema.resource_schemas["room_note"];
    assert_eq!(note.version, 3);
    let attributes: Vec<_> = note.block.iter().flat_map(|block| &block.attributes).collect();
    let names: Vec<_> = attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(names, ["name", "text", "length", "id"]);
    assert!(attributes[0].required && attributes[2].computed && !attributes[2].optional);
    assert_eq!(attributes[2].r#type, br#""number""#);
    assert!(schema.data_source_schemas.contains_key("room_look"));
    assert_eq!(schema.functions["shout"].r#return.as_ref().unwrap().r#type, br#""string""#);

    let metadata = rpc.get_metadata(wire::get_metadata::Request {}).await.unwrap().into_inner();
    assert_eq!((metadata.resources.len(), metadata.functions.len()), (2, 1));
    let request = wire::get_resource_identity_schemas::Request {};
    let identities = rpc.get_resource_identity_schemas(request).await.unwrap().into_inner();
    assert_eq!(identities.identity_schemas.keys().collect::<Vec<_>>(), ["room_note"]);
    let functions = rpc.get_functions(wire::get_functions::Request {}).await.unwrap().into_inner();
    assert_eq!(functions.functions, schema.functions);
}

#[tokio::test]
async fn the_schema_is_the_same_bytes_in_every_process() {
    let schema = async || {
        let mut rpc = Terraform::start().await.rpc;
        let request = wire::get_provider_schema::Request {};
        rpc.get_provider_schema(request).await.unwrap().into_inner().encode_to_vec()
    };
    assert_eq!(schema().await, schema().await);
}

#[tokio::test]
async fn a_note_lives_and_keeps_its_memory_and_identity() {
    let terraform = Terraform::configured().await;
    let created = terraform.create("a", "hello").await;
    assert_eq!(created.state, stored("a", "hello"));
    assert_eq!(created.private, r#""memory of a""#);
    assert_eq!(created.identity, Some(json!({ "name": "a" })));
    assert_eq!(created.problems, [""; 0]);
    assert_eq!(terraform.read(&created.state).await, created);

    let config = json!({ "name": "a", "text": "hello there" });
    let updated = terraform.apply(&created.state, &config).await;
    assert_eq!(updated.state, stored("a", "hello there"));

    let destroyed = terraform.apply(&updated.state, &Json::Null).await;
    assert_eq!((destroyed.state, destroyed.identity), (Json::Null, None));
    let gone = terraform.read(&updated.state).await;
    assert_eq!((gone.state, gone.problems), (Json::Null, vec![]));
}

#[tokio::test]
async fn a_plan_is_the_same_twice_and_tells_what_is_replaced() {
    let terraform = Terraform::configured().await;
    let renamed = json!({ "name": "b", "text": "hello" });
    let plan = terraform.plan(&stored("a", "hello"), &renamed).await;
    assert_eq!(plan.requires_replace.len(), 1);
    assert_eq!(plan, terraform.plan(&stored("a", "hello"), &renamed).await);

    let created = terraform.plan(&Json::Null, &renamed).await;
    assert_eq!((created.planned_identity, created.requires_replace), (None, vec![]));
    let planned = codec::decode(created.planned_state.as_ref(), &note_type()).unwrap();
    assert_eq!((planned.get("id"), planned.get("length")), (&Value::from("b"), &Value::UNKNOWN));
    assert!(terraform.room.notes.lock().unwrap().is_empty(), "a plan changes nothing");
}

#[tokio::test]
async fn what_was_half_made_is_recorded_with_the_problem() {
    let terraform = Terraform::configured().await;
    let half = terraform.create("a", "half").await;
    assert_eq!(half.problems, ["text: Out of ink"]);
    assert_eq!(half.state, stored("a", "half"));
    assert_eq!(
        (half.private.as_str(), half.identity),
        (r#""memory of a""#, Some(json!({ "name": "a" })))
    );
}

#[tokio::test]
async fn a_change_that_failed_leaves_what_there_was() {
    let terraform = Terraform::configured().await;
    let refused = terraform.create("a", "refused").await;
    assert_eq!((refused.state, refused.identity), (Json::Null, None));
    assert_eq!(refused.problems, ["No notes today"]);

    let config = json!({ "name": "a", "text": "refused" });
    let refused = terraform.apply(&stored("a", "before"), &config).await;
    assert_eq!(refused.state, stored("a", "before"));
    assert_eq!(refused.private, r#""memory of a""#);
    assert_eq!(refused.identity, Some(json!({ "name": "a" })));

    let refused = terraform.apply(&stored("a", "glued"), &Json::Null).await;
    assert_eq!((refused.state, refused.problems.len()), (stored("a", "glued"), 1));
}

#[tokio::test]
async fn a_panic_ends_one_request_and_no_other() {
    let terraform = Terraform::configured().await;
    let (waited, panicked) = tokio::join!(terraform.create("a", "wait"), async {
        terraform.room.waiting.acquire().await.unwrap().forget();
        let panicked = terraform.create("b", "panic").await;
        terraform.room.go_on.add_permits(1);
        panicked
    });
    assert_eq!(
        (panicked.state, panicked.problems),
        (Json::Null, vec!["Bug in the provider".into()])
    );
    assert_eq!(waited.state, stored("a", "wait"));

    let request = wire::validate_resource_config::Request {
        type_name: "room_note".to_owned(),
        config: Some(note(&json!({ "name": "a", "text": "panic in check" }))),
        ..Default::default()
    };
    let answer = terraform.rpc.clone().validate_resource_config(request).await.unwrap();
    let diagnostics = answer.into_inner().diagnostics;
    assert!(diagnostics[0].detail.contains("ValidateResourceConfig panicked: cannot check."));
    let argument = call("panic");
    let answer = terraform.rpc.clone().call_function(argument).await.unwrap().into_inner();
    assert!(answer.error.unwrap().text.contains("hoarse"));
}

#[tokio::test]
async fn work_goes_on_when_the_client_hangs_up() {
    let terraform = Terraform::configured().await;
    tokio::select! {
        _ = terraform.create("a", "wait") => panic!("nobody let it go on"),
        permit = terraform.room.waiting.acquire() => permit.unwrap().forget(),
    }
    terraform.room.go_on.add_permits(1);
    terraform.room.done.acquire().await.unwrap().forget();
    assert!(terraform.room.notes.lock().unwrap().contains_key("a"));
}

#[tokio::test]
async fn to_stop_is_to_come_to_an_end_and_record_it() {
    let terraform = Terraform::configured().await;
    let (stopped, answer) = tokio::join!(terraform.create("a", "wait"), async {
        terraform.room.waiting.acquire().await.unwrap().forget();
        let request = wire::stop_provider::Request {};
        terraform.rpc.clone().stop_provider(request).await.unwrap().into_inner()
    });
    assert_eq!(answer.error, "");
    assert_eq!(
        (stopped.state, stopped.problems),
        (stored("a", "wait"), vec!["Stopped".to_owned()])
    );
    // The server is still there, and another run is not stopped by the end of the last one.
    terraform.configure(json!({})).await;
    let (waited, ()) = tokio::join!(terraform.create("b", "wait"), async {
        terraform.room.go_on.add_permits(1);
    });
    assert_eq!(waited.problems, [""; 0]);
}

#[tokio::test]
async fn what_needs_the_cloud_says_why_there_is_none() {
    let terraform = Terraform::start().await;
    let unconfigured = terraform.create("a", "hello").await;
    assert_eq!(unconfigured.problems, ["Provider not configured"]);
    assert_eq!(unconfigured.state, Json::Null);

    let unknown = Value::Map([("door".to_owned(), Value::UNKNOWN)].into());
    assert_eq!(terraform.configure_with(unknown).await, [""; 0]);
    let plan = terraform.plan(&Json::Null, &json!({ "name": "a", "text": "hello" })).await;
    assert_eq!(problems(&plan.diagnostics), ["Not checked against the cloud"]);
    assert_eq!(terraform.create("a", "hello").await.problems, ["Door unknown"]);
    let read = terraform.read(&stored("a", "hello")).await;
    assert_eq!(read.problems, ["Not refreshed"]);
    assert_eq!(read.state, stored("a", "hello"));

    assert_eq!(terraform.configure(json!({ "door": "locked" })).await, ["door: Door locked"]);
    assert_eq!(terraform.create("a", "hello").await.problems, ["Provider not configured"]);
}

#[tokio::test]
async fn the_last_configuration_holds() {
    let terraform = Terraform::configured().await;
    terraform.configure(json!({ "door": "other" })).await;
    terraform.create("a", "hello").await;
    assert!(terraform.room.notes.lock().unwrap().is_empty());
    assert!(terraform.other.notes.lock().unwrap().contains_key("a"));
}

#[tokio::test]
async fn validation_needs_no_configuration_and_tolerates_unknown_values() {
    let rpc = Terraform::start().await.rpc;
    let validate = async |config: wire::DynamicValue| {
        let request = wire::validate_resource_config::Request {
            type_name: "room_note".to_owned(),
            config: Some(config),
            ..Default::default()
        };
        let answer = rpc.clone().validate_resource_config(request).await.unwrap();
        problems(&answer.into_inner().diagnostics)
    };
    assert_eq!(validate(note(&json!({ "name": "a", "text": "" }))).await, ["text: Empty note"]);
    let members = ["id", "length", "name", "text"].map(|name| (name.to_owned(), Value::UNKNOWN));
    let unknown = codec::encode(&Value::Map(members.into()), &note_type()).unwrap();
    assert_eq!(validate(unknown).await, [""; 0]);
    // JSON is taken wherever msgpack is.
    let json = wire::DynamicValue { json: br#"{"text":""}"#.into(), msgpack: Vec::new() };
    assert_eq!(validate(json).await, ["text: Empty note"]);
    // {"id": nil, "length": "x", …}
    let malformed = hex::decode("84a26964c0a66c656e677468a178").unwrap();
    let malformed = wire::DynamicValue { msgpack: malformed, json: Vec::new() };
    assert_eq!(validate(malformed).await, ["length: Malformed value"]);

    let config = Some(codec::encode(&Value::Null, &block_type()).unwrap());
    let request = wire::validate_provider_config::Request { config };
    let answer = rpc.clone().validate_provider_config(request).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics, []);
}

#[tokio::test]
async fn a_note_is_imported_alike_by_id_and_by_identity() {
    let terraform = Terraform::configured().await;
    let import = async |id: &str, by: Option<Json>| {
        let request = wire::import_resource_state::Request {
            type_name: "room_note".to_owned(),
            id: id.to_owned(),
            identity: by.as_ref().map(identity),
            ..Default::default()
        };
        terraform.rpc.clone().import_resource_state(request).await.unwrap().into_inner()
    };
    let by_id = import("a", None).await;
    assert_eq!(by_id, import("", Some(json!({ "name": "a" }))).await);
    let [imported] = &by_id.imported_resources[..] else { panic!("not one: {by_id:?}") };
    assert_eq!(imported.type_name, "room_note");
    assert_eq!(imported.identity.clone().map(identity_json), Some(json!({ "name": "a" })));
    assert_eq!(state(imported.state.clone())["name"], json!("a"));

    let refused = import("", None).await;
    assert!(refused.imported_resources.is_empty());
    assert_eq!(problems(&refused.diagnostics), ["Invalid import id"]);
}

#[tokio::test]
async fn what_has_no_key_has_no_identity() {
    let terraform = Terraform::configured().await;
    let ty = object(&["kind"], &[]);
    let smell = codec::encode(&terraform::value(&json!({ "kind": "coffee" }), &ty), &ty).unwrap();
    let request = wire::read_resource::Request {
        type_name: "room_smell".to_owned(),
        current_state: Some(smell.clone()),
        current_identity: Some(identity(&json!({ "name": "a" }))),
        ..Default::default()
    };
    let answer = terraform.rpc.clone().read_resource(request).await.unwrap().into_inner();
    assert_eq!((answer.new_state, answer.new_identity), (Some(smell), None));
}

#[tokio::test]
async fn a_data_source_answers_with_warnings_beside_the_answer() {
    let terraform = Terraform::configured().await;
    terraform.create("a", "hello").await;
    let ty = object(&["at", "text"], &[]);
    let look = async |at: &str| {
        let config = terraform::value(&json!({ "at": at }), &ty);
        let request = wire::read_data_source::Request {
            type_name: "room_look".to_owned(),
            config: Some(codec::encode(&config, &ty).unwrap()),
            ..Default::default()
        };
        terraform.rpc.clone().read_data_source(request).await.unwrap().into_inner()
    };
    let seen = look("a").await;
    let state = codec::decode(seen.state.as_ref(), &ty).unwrap();
    assert_eq!(state.get("text"), &Value::from("hello"));
    assert_eq!(problems(&seen.diagnostics), ["at: Dim light"]);
    let missed = look("b").await;
    assert_eq!(
        (missed.state, problems(&missed.diagnostics)),
        (None, vec!["at: No such note".into()])
    );
}

#[tokio::test]
async fn an_unknown_type_is_a_problem_like_any_other() {
    let mut rpc = Terraform::configured().await.rpc;
    for type_name in ["room_nothing", "note", "roomnote", ""] {
        let type_name = type_name.to_owned();
        let request = wire::read_resource::Request { type_name, ..Default::default() };
        let answer = rpc.read_resource(request).await.unwrap().into_inner();
        assert_eq!(problems(&answer.diagnostics), ["Unknown resource type"]);
    }
}
