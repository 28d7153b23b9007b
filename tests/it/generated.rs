//! The protocol's definition is the one we rely on, and the committed Rust code is what follows from it.

use std::{collections::BTreeMap, fs, path::Path};

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};
use serde_json::{Map, Value as Json, json};

const FILES: [(&str, &str); 4] = [
    ("tfplugin6 (6.11)", "tfplugin6.proto"),
    ("go-plugin grpc_stdio.proto", "plugin/grpc_stdio.proto"),
    ("go-plugin grpc_controller.proto", "plugin/grpc_controller.proto"),
    ("go-plugin grpc_broker.proto", "plugin/grpc_broker.proto"),
];

#[test]
fn the_definitions_hold_every_message_and_number_of_the_protocol() {
    let expected: Map<String, Json> =
        serde_json::from_str(include_str!("../fixtures/protocol-messages.json")).unwrap();
    let files = compiled().file;
    assert_eq!(expected.len(), FILES.len());
    for (title, path) in FILES {
        let file = files.iter().find(|file| file.name() == path).unwrap();
        let actual = described(file);
        let expected = &expected[title];
        for part in ["package", "imports", "enums", "services"] {
            assert_eq!(actual[part], expected[part], "{part} of {path}");
        }
        let names = |json: &Json| json.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&actual["messages"]), names(&expected["messages"]), "messages of {path}");
        for name in names(&expected["messages"]) {
            assert_eq!(
                actual["messages"][&name], expected["messages"][&name],
                "message {name} of {path}"
            );
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "asked by who runs the tests")]
fn the_generated_code_is_fresh() {
    let fresh = tempfile::tempdir().unwrap();
    tonic_prost_build::configure()
        .out_dir(fresh.path())
        .emit_rerun_if_changed(false)
        .generate_default_stubs(true)
        // Sorted, so that the same message is the same bytes in every process.
        .btree_map(".")
        .compile_fds(compiled())
        .unwrap();
    for package in ["tfplugin6.rs", "plugin.rs"] {
        let fresh = fs::read_to_string(fresh.path().join(package)).unwrap();
        let committed = root().join("src/protocol/generated").join(package);
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(committed.parent().unwrap()).unwrap();
            fs::write(&committed, &fresh).unwrap();
        }
        let is_fresh = fs::read_to_string(&committed).is_ok_and(|committed| committed == fresh);
        assert!(is_fresh, "{package} does not follow from proto/; run `UPDATE=1 cargo test`");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn compiled() -> FileDescriptorSet {
    protox::compile(FILES.map(|(_, path)| path), [root().join("proto")]).unwrap()
}

/// The definition in the words of the fixture.
fn described(file: &FileDescriptorProto) -> Json {
    let services: BTreeMap<_, _> = file
        .service
        .iter()
        .map(|service| {
            let methods: BTreeMap<_, _> = service
                .method
                .iter()
                .map(|method| {
                    let request = streamed(method.client_streaming(), method.input_type());
                    let response = streamed(method.server_streaming(), method.output_type());
                    (method.name(), json!({ "request": request, "response": response }))
                })
                .collect();
            (service.name(), methods)
        })
        .collect();
    json!({
        "package": file.package(),
        "imports": file.dependency,
        "enums": enums(&file.enum_type),
        "messages": messages(&file.message_type),
        "services": services,
    })
}

fn streamed(stream: bool, type_name: &str) -> String {
    format!("{}{}", if stream { "stream " } else { "" }, type_name.trim_start_matches('.'))
}

fn enums(enums: &[EnumDescriptorProto]) -> BTreeMap<&str, BTreeMap<&str, i32>> {
    enums
        .iter()
        .map(|one| {
            (one.name(), one.value.iter().map(|value| (value.name(), value.number())).collect())
        })
        .collect()
}

fn messages(messages: &[DescriptorProto]) -> Map<String, Json> {
    messages
        .iter()
        .filter(|message| !is_map_entry(message))
        .map(|message| {
            let fields: Map<String, Json> = message
                .field
                .iter()
                .map(|field| (field.name().to_owned(), Json::from(field_text(message, field))))
                .collect();
            let nested = self::messages(&message.nested_type);
            let enums = enums(&message.enum_type);
            let mut described = Map::new();
            if !fields.is_empty() {
                described.insert("fields".to_owned(), Json::Object(fields));
            }
            if !nested.is_empty() {
                described.insert("messages".to_owned(), Json::Object(nested));
            }
            if !enums.is_empty() {
                described.insert("enums".to_owned(), json!(enums));
            }
            (message.name().to_owned(), Json::Object(described))
        })
        .collect()
}

fn is_map_entry(message: &DescriptorProto) -> bool {
    message.options.as_ref().is_some_and(|options| options.map_entry())
}

/// A field as `<number> [repeated|optional] <type> [oneof:<name>] [deprecated]`.
fn field_text(message: &DescriptorProto, field: &FieldDescriptorProto) -> String {
    let entry = message.nested_type.iter().find(|nested| {
        is_map_entry(nested) && field.type_name().ends_with(&format!(".{}", nested.name()))
    });
    let mut text = format!("{} ", field.number());
    match entry {
        Some(entry) => {
            let [key, value] = [&entry.field[0], &entry.field[1]].map(type_text);
            text += &format!("map<{key}, {value}>");
        }
        None => {
            if field.label() == Label::Repeated {
                text += "repeated ";
            }
            if field.proto3_optional() {
                text += "optional ";
            }
            text += &type_text(field);
        }
    }
    if let (Some(oneof), false) = (field.oneof_index, field.proto3_optional()) {
        let oneof = &message.oneof_decl[usize::try_from(oneof).unwrap()];
        text += &format!(" oneof:{}", oneof.name());
    }
    if field.options.as_ref().is_some_and(|options| options.deprecated()) {
        text += " deprecated";
    }
    text
}

fn type_text(field: &FieldDescriptorProto) -> String {
    match field.r#type() {
        Type::Message | Type::Enum => field.type_name().trim_start_matches('.').to_owned(),
        Type::String => "string".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Int64 => "int64".to_owned(),
        Type::Uint32 => "uint32".to_owned(),
        other => panic!("the protocol has no {other:?}"),
    }
}
