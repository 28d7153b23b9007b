//! Schemas as Terraform reads them.

use std::collections::BTreeMap;

use super::generated::tfplugin6::{
    self as wire, ResourceIdentitySchema, ServerCapabilities, StringKind, get_metadata,
    get_provider_schema, get_resource_identity_schemas,
    resource_identity_schema::IdentityAttribute,
    schema::{self, nested_block, object},
};
use crate::framework::{Attribute, Block, Kind, Nesting, Provider, Schema, Signature, Type, Usage};

/// What this server can do beyond the RPCs themselves.
///
/// No RPC depends on another process of ours having been asked for its schema, so Terraform need not ask each.
const CAPABILITIES: ServerCapabilities = ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: false,
    generate_resource_config: true,
};

/// The identity of a type follows from its key. It has had one form so far.
pub const IDENTITY_VERSION: i64 = 0;

pub fn provider<C>(provider: &Provider<C>) -> get_provider_schema::Response {
    let resources = provider.resources.iter().map(|entry| (entry.name(), entry.schema()));
    let data_sources = provider.data_sources.iter().map(|entry| (entry.name(), entry.schema()));
    get_provider_schema::Response {
        provider: Some(whole(provider.schema)),
        resource_schemas: resources
            .map(|(name, schema)| (provider.type_name(name), whole(schema)))
            .collect(),
        data_source_schemas: data_sources
            .map(|(name, schema)| (provider.type_name(name), whole(schema)))
            .collect(),
        functions: functions(provider),
        server_capabilities: Some(CAPABILITIES),
        ..Default::default()
    }
}

pub fn metadata<C>(provider: &Provider<C>) -> get_metadata::Response {
    let type_name = |name| provider.type_name(name);
    get_metadata::Response {
        server_capabilities: Some(CAPABILITIES),
        resources: provider
            .resources
            .iter()
            .map(|entry| get_metadata::ResourceMetadata { type_name: type_name(entry.name()) })
            .collect(),
        data_sources: provider
            .data_sources
            .iter()
            .map(|entry| get_metadata::DataSourceMetadata { type_name: type_name(entry.name()) })
            .collect(),
        functions: provider
            .functions
            .iter()
            .map(|function| get_metadata::FunctionMetadata {
                name: function.signature().name.to_owned(),
            })
            .collect(),
        ..Default::default()
    }
}

pub fn functions<C>(provider: &Provider<C>) -> BTreeMap<String, wire::Function> {
    provider
        .functions
        .iter()
        .map(|entry| (entry.signature().name.to_owned(), function(entry.signature())))
        .collect()
}

/// The identities of the resources that have a key.
pub fn identities<C>(provider: &Provider<C>) -> get_resource_identity_schemas::Response {
    get_resource_identity_schemas::Response {
        identity_schemas: provider
            .resources
            .iter()
            .filter(|entry| !entry.schema().key.is_empty())
            .map(|entry| (provider.type_name(entry.name()), identity(entry.schema())))
            .collect(),
        diagnostics: Vec::new(),
    }
}

fn whole(schema: &Schema) -> wire::Schema {
    wire::Schema {
        version: schema.version,
        block: Some(schema::Block {
            attributes: schema.all_attributes().map(attribute).collect(),
            block_types: schema.all_blocks().map(nested_block).collect(),
            ..described(schema.about)
        }),
    }
}

/// A block that stands once or not at all.
fn nested_block(block: &Block) -> schema::NestedBlock {
    schema::NestedBlock {
        type_name: block.name.to_owned(),
        block: Some(schema::Block {
            attributes: block.attributes.iter().map(attribute).collect(),
            ..described(block.about)
        }),
        nesting: nested_block::NestingMode::Single.into(),
        min_items: 0,
        max_items: 0,
    }
}

fn described(about: &str) -> schema::Block {
    schema::Block {
        description: about.to_owned(),
        description_kind: StringKind::Markdown.into(),
        ..Default::default()
    }
}

fn attribute(attribute: &Attribute) -> schema::Attribute {
    let (ty, nested_type) = match attribute.kind {
        Kind::Nested(nesting, members) => (Vec::new(), Some(nested(nesting, members))),
        kind => (constraint(kind.value_type()), None),
    };
    let usage = attribute.usage;
    schema::Attribute {
        name: attribute.name.to_owned(),
        r#type: ty,
        nested_type,
        description: attribute.about.to_owned(),
        description_kind: StringKind::Markdown.into(),
        required: usage == Usage::Required,
        optional: matches!(usage, Usage::Optional | Usage::OptionalComputed),
        computed: matches!(usage, Usage::Computed | Usage::OptionalComputed),
        sensitive: attribute.sensitive,
        ..Default::default()
    }
}

fn nested(nesting: Nesting, members: &[Attribute]) -> schema::Object {
    let nesting = match nesting {
        Nesting::Single => object::NestingMode::Single,
        Nesting::List => object::NestingMode::List,
        Nesting::Map => object::NestingMode::Map,
    };
    schema::Object {
        attributes: members.iter().map(attribute).collect(),
        nesting: nesting.into(),
        ..Default::default()
    }
}

fn identity(schema: &Schema) -> ResourceIdentitySchema {
    ResourceIdentitySchema {
        version: IDENTITY_VERSION,
        identity_attributes: schema
            .key
            .iter()
            .map(|name| IdentityAttribute {
                name: (*name).to_owned(),
                r#type: constraint(Type::String),
                required_for_import: true,
                optional_for_import: false,
                description: schema
                    .attribute(name)
                    .map(|attribute| attribute.about.to_owned())
                    .unwrap_or_default(),
            })
            .collect(),
    }
}

fn function(signature: &Signature) -> wire::Function {
    let markdown = StringKind::Markdown.into();
    wire::Function {
        parameters: signature
            .parameters
            .iter()
            .map(|parameter| wire::function::Parameter {
                name: parameter.name.to_owned(),
                r#type: constraint(parameter.kind.value_type()),
                allow_null_value: false,
                allow_unknown_values: false,
                description: parameter.about.to_owned(),
                description_kind: markdown,
            })
            .collect(),
        variadic_parameter: None,
        r#return: Some(wire::function::Return {
            r#type: constraint(signature.returns.value_type()),
        }),
        summary: signature.summary.to_owned(),
        description: signature.description.to_owned(),
        description_kind: markdown,
        deprecation_message: String::new(),
    }
}

fn constraint(ty: Type) -> Vec<u8> {
    ty.to_json().to_string().into_bytes()
}
