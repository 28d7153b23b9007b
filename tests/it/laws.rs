//! What holds for every entry of the provider's tables: names, schemas, words. Adding an entry brings it under these
//! laws; those of planning are in `laws_of_planning`.

use std::collections::BTreeSet;

use huaweivpc::framework::{Attribute, Default, Kind, Path, Schema, Type, Usage, Value};

use crate::harness::{proposed::is_computed, provider::unconfigured, rules::misfits};

/// Arguments that Terraform itself gives a meaning in every resource and data source.
const TERRAFORMS_OWN: [&str; 7] =
    ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];

#[test]
fn names_are_unique_and_in_snake_case() {
    let provider = unconfigured();
    let tables: [Vec<&str>; 3] = [
        provider.resources.iter().map(|resource| resource.name()).collect(),
        provider.data_sources.iter().map(|data_source| data_source.name()).collect(),
        provider.functions.iter().map(|function| function.signature().name).collect(),
    ];
    for names in &tables {
        for name in names {
            assert!(is_snake_case(name), "`{name}`");
        }
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
        assert!(!names.is_empty());
    }
}

#[test]
fn what_a_table_lists_is_found_by_its_type_name() {
    let provider = unconfigured();
    for resource in provider.resources {
        let name = provider.type_name(resource.name());
        assert_eq!(provider.resource(&name).map(|found| found.name()), Some(resource.name()));
        assert!(provider.resource(resource.name()).is_none(), "only with its prefix");
    }
    for data_source in provider.data_sources {
        let name = provider.type_name(data_source.name());
        assert_eq!(provider.data_source(&name).map(|found| found.name()), Some(data_source.name()));
    }
}

/// What Terraform refuses a whole provider for.
#[test]
fn schemas_are_what_terraform_accepts() {
    for (what, schema) in schemas() {
        assert!(schema.version >= 0, "{what}");
        let mut names = BTreeSet::new();
        for attribute in schema.all_attributes() {
            assert!(names.insert(attribute.name), "{what}: `{}` twice", attribute.name);
            check_attribute(&what, attribute);
        }
        for block in schema.all_blocks() {
            assert!(names.insert(block.name), "{what}: `{}` twice", block.name);
            assert!(is_snake_case(block.name), "{what}.{}", block.name);
            for attribute in block.attributes {
                check_attribute(&format!("{what}.{}", block.name), attribute);
            }
        }
        let reserved: Vec<_> = TERRAFORMS_OWN.iter().filter(|name| names.contains(*name)).collect();
        assert!(reserved.is_empty(), "{what}: {reserved:?}");
    }
}

fn check_attribute(owner: &str, attribute: &Attribute) {
    let what = format!("{owner}.{}", attribute.name);
    assert!(is_snake_case(attribute.name), "{what}");
    if let Some(default) = attribute.default {
        assert_eq!(attribute.usage, Usage::OptionalComputed, "{what} has a default");
        let mut found = Vec::new();
        let root = Path::default();
        misfits("default", &attribute.kind.value_type(), &default.value(), &root, &mut found);
        assert!(found.is_empty(), "{what}: {found:?}");
        if let (Some(parse), Default::Str(text)) = (attribute.parse, default) {
            assert_eq!(parse(text), Ok(()), "{what}: the default");
        }
    }
    if !attribute.follows.is_empty() {
        assert!(is_computed(attribute), "{what} follows others, so the provider decides it");
    }
    if attribute.replaces {
        assert_ne!(attribute.usage, Usage::Computed, "{what} replaces, so a user may set it");
    }
    if let Kind::Nested(_, members) = attribute.kind {
        let names: BTreeSet<_> = members.iter().map(|member| member.name).collect();
        assert_eq!(names.len(), members.len(), "{what}");
        for member in members {
            assert!(!member.replaces && member.default.is_none(), "{what}.{}", member.name);
            check_attribute(&what, member);
        }
    }
}

#[test]
fn attributes_follow_attributes_that_exist() {
    for (what, schema) in schemas() {
        for attribute in schema.all_attributes() {
            for followed in attribute.follows {
                let there = schema.attribute(followed).is_some();
                assert!(there, "{what}.{} follows `{followed}`", attribute.name);
            }
        }
    }
}

/// Whatever names an object is an attribute with one value, and another name is another object, unless the
/// resource moves it in place.
#[test]
fn keys_name_attributes_that_make_an_identity() {
    for resource in unconfigured().resources {
        let (name, schema) = (resource.name(), resource.schema());
        assert!(!schema.key.is_empty(), "{name} has no key");
        assert!(schema.attributes.iter().all(|attribute| attribute.name != "id"), "{name}");
        for part in schema.key {
            let attribute = schema.attribute(part).unwrap_or_else(|| panic!("{name}.{part}"));
            assert_eq!(attribute.kind.value_type(), Type::String, "{name}.{part}");
            assert_ne!(attribute.usage, Usage::Optional, "{name}.{part} may be absent");
        }
    }
}

#[test]
fn everything_is_described_in_sentences() {
    for (what, schema) in schemas() {
        assert_sentences(&what, schema.about);
        for attribute in schema.all_attributes() {
            assert_described(&what, attribute);
        }
        for block in schema.all_blocks() {
            assert_sentences(&format!("{what}.{}", block.name), block.about);
            block.attributes.iter().for_each(|attribute| assert_described(&what, attribute));
        }
    }
    for function in unconfigured().functions {
        let signature = function.signature();
        assert_sentences(signature.name, signature.description);
        assert!(!signature.summary.is_empty(), "{}", signature.name);
        for parameter in signature.parameters {
            assert_sentences(&format!("{}({})", signature.name, parameter.name), parameter.about);
        }
    }
}

fn assert_described(owner: &str, attribute: &Attribute) {
    let what = format!("{owner}.{}", attribute.name);
    assert_sentences(&what, attribute.about);
    if let Kind::Nested(_, members) = attribute.kind {
        members.iter().for_each(|member| assert_described(&what, member));
    }
}

fn assert_sentences(what: &str, text: &str) {
    assert!(text.len() > 5 && text.ends_with('.'), "{what}: {text:?}");
    assert!(!text.contains("  ") && text.trim() == text, "{what}: {text:?}");
}

#[test]
fn functions_have_parameters_that_terraform_accepts() {
    for function in unconfigured().functions {
        let signature = function.signature();
        let names: BTreeSet<_> =
            signature.parameters.iter().map(|parameter| parameter.name).collect();
        assert_eq!(names.len(), signature.parameters.len(), "{}", signature.name);
        assert!(names.iter().all(|name| is_snake_case(name)), "{}: {names:?}", signature.name);
    }
}

#[test]
fn secrets_are_marked_in_the_provider_block() {
    let provider = unconfigured();
    let mut attributes = Vec::from_iter(provider.schema.all_attributes());
    attributes.extend(provider.schema.all_blocks().flat_map(|block| block.attributes));
    for attribute in attributes {
        let secret =
            ["secret", "password", "token"].iter().any(|word| attribute.name.contains(word));
        assert_eq!(attribute.sensitive, secret, "{}", attribute.name);
    }
}

/// A configuration of which nothing is known yet cannot be wrong.
#[test]
fn validation_accepts_what_is_not_known_yet() {
    for resource in unconfigured().resources {
        assert_eq!(resource.validate(&unknown(resource.schema())), [], "{}", resource.name());
    }
    for data_source in unconfigured().data_sources {
        let schema = data_source.schema();
        assert_eq!(data_source.validate(&unknown(schema)), [], "{}", data_source.name());
    }
    let provider = unconfigured();
    assert_eq!(provider.validate(&unknown(provider.schema)), []);
}

fn unknown(schema: &Schema) -> Value {
    let attributes = schema.all_attributes().map(|attribute| match attribute.usage {
        Usage::Computed => (attribute.name.to_owned(), Value::Null),
        _ => (attribute.name.to_owned(), Value::UNKNOWN),
    });
    let blocks = schema.all_blocks().map(|block| (block.name.to_owned(), Value::UNKNOWN));
    Value::Map(attributes.chain(blocks).collect())
}

/// Every schema of the provider with its name.
fn schemas() -> Vec<(String, &'static Schema)> {
    let provider = unconfigured();
    let mut schemas = vec![("provider".to_owned(), provider.schema)];
    schemas.extend(provider.resources.iter().map(|it| (it.name().to_owned(), it.schema())));
    let data_sources = provider.data_sources.iter();
    schemas.extend(data_sources.map(|it| (format!("data.{}", it.name()), it.schema())));
    schemas
}

fn is_snake_case(name: &str) -> bool {
    let good = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    name.split('_').all(good) && name.starts_with(|c: char| c.is_ascii_lowercase())
}
