//! Random configurations and stored objects of any schema, so that planning is tested without a cloud.
//!
//! Texts that have to parse come from a pool that the test gives by attribute name; all else is made up.

use std::collections::BTreeMap;

use huaweivpc::framework::{Attribute, Kind, Nesting, Schema, Type, Usage, Value};
use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    sample::select,
};

use super::config::with;

/// Where the texts of an attribute come from; nothing means that any text will do.
#[derive(Clone, Copy)]
pub struct Pools {
    pub texts: fn(&str) -> &'static [&'static str],
    /// The keys of a map.
    pub keys: fn(&str) -> &'static [&'static str],
}

/// Configurations in which everything is known.
pub fn configs(schema: &'static Schema, pools: Pools) -> BoxedStrategy<Value> {
    objects(schema, pools, false)
}

/// Objects as Terraform stores them: whole, known, with the `id` that follows from the key.
pub fn stored(schema: &'static Schema, pools: Pools) -> BoxedStrategy<Value> {
    objects(schema, pools, true)
        .prop_map(|object| {
            let parts = schema.key.iter().map(|name| object.get(name).as_str());
            match parts.collect::<Option<Vec<&str>>>() {
                Some(parts) if !parts.is_empty() => with(&object, "id", parts.join("/").into()),
                _ => object,
            }
        })
        .boxed()
}

/// The same configuration earlier: some of its values, at any depth, not known yet.
pub fn blurred(schema: &'static Schema, config: Value) -> BoxedStrategy<Value> {
    vec(proptest::bool::weighted(0.3), 32)
        .prop_map(move |coins| {
            let mut coins = coins.into_iter().cycle();
            let members = config.as_map().into_iter().flatten();
            let members = members.map(|(name, value)| (name.clone(), blur(value, &mut coins)));
            sorted(&schema.value_type(), Value::Map(members.collect()))
        })
        .boxed()
}

/// The same value with every set in the order that sets have.
fn sorted(ty: &Type, value: Value) -> Value {
    match (ty, value) {
        (Type::Set(_), Value::Seq(items)) => Value::set(items),
        (Type::Object(types), Value::Map(members)) => Value::Map(
            members
                .into_iter()
                .map(|(name, member)| {
                    (name.clone(), sorted(types.get(&name).unwrap_or(&Type::Dynamic), member))
                })
                .collect(),
        ),
        (_, value) => value,
    }
}

fn blur(value: &Value, coins: &mut impl Iterator<Item = bool>) -> Value {
    if !value.is_null() && coins.next() == Some(true) {
        return Value::UNKNOWN;
    }
    match value {
        Value::Seq(items) => Value::Seq(items.iter().map(|item| blur(item, coins)).collect()),
        Value::Map(members) => Value::Map(
            members.iter().map(|(name, member)| (name.clone(), blur(member, coins))).collect(),
        ),
        other => other.clone(),
    }
}

fn objects(schema: &'static Schema, pools: Pools, stored: bool) -> BoxedStrategy<Value> {
    let mut members: Vec<(String, BoxedStrategy<Value>)> = schema
        .all_attributes()
        .map(|attribute| (attribute.name.to_owned(), attribute_values(attribute, pools, stored)))
        .collect();
    for block in schema.all_blocks() {
        let object = attributes(block.attributes, pools, stored);
        members.push((
            block.name.to_owned(),
            prop_oneof![2 => Just(Value::Null), 1 => object].boxed(),
        ));
    }
    together(members)
}

fn attributes(
    attributes: &'static [Attribute],
    pools: Pools,
    stored: bool,
) -> BoxedStrategy<Value> {
    together(
        attributes
            .iter()
            .map(|attribute| {
                (attribute.name.to_owned(), attribute_values(attribute, pools, stored))
            })
            .collect(),
    )
}

fn together(members: Vec<(String, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let (names, values): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    values
        .prop_map(move |values| {
            Value::Map(names.iter().cloned().zip(values).collect::<BTreeMap<_, _>>())
        })
        .boxed()
}

fn attribute_values(attribute: &Attribute, pools: Pools, stored: bool) -> BoxedStrategy<Value> {
    let values = || values(attribute.name, attribute.kind, pools, stored);
    match (attribute.usage, stored) {
        (Usage::Required, _) | (Usage::Computed, true) => values(),
        (Usage::Computed, false) => Just(Value::Null).boxed(),
        (Usage::OptionalComputed, true) => match attribute.default {
            Some(default) => prop_oneof![Just(default.value()), values()].boxed(),
            None => values(),
        },
        (Usage::Optional, _) | (Usage::OptionalComputed, false) => {
            prop_oneof![Just(Value::Null), values()].boxed()
        }
    }
}

fn values(name: &str, kind: Kind, pools: Pools, stored: bool) -> BoxedStrategy<Value> {
    let texts = (pools.texts)(name);
    let keys = || match (pools.keys)(name) {
        [] => "[a-z]{1,3}".boxed(),
        keys => select(keys).prop_map(str::to_owned).boxed(),
    };
    match kind {
        Kind::String if texts.is_empty() => "[a-z]{0,3}".prop_map(Value::from).boxed(),
        Kind::String => select(texts).prop_map(Value::from).boxed(),
        Kind::Number if texts.is_empty() => (-3..30_i64).prop_map(Value::from).boxed(),
        Kind::Number => select(texts)
            .prop_map(|text| Value::Number(text.parse().expect("the pool of a number")))
            .boxed(),
        Kind::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Kind::List(element) => {
            vec(values(name, *element, pools, stored), 0..3).prop_map(Value::Seq).boxed()
        }
        Kind::Set(element) => {
            vec(values(name, *element, pools, stored), 0..3).prop_map(Value::set).boxed()
        }
        Kind::Map(element) => btree_map(keys(), values(name, *element, pools, stored), 0..3)
            .prop_map(Value::Map)
            .boxed(),
        Kind::Dynamic => Just(Value::Dynamic(Type::Bool, Box::new(true.into()))).boxed(),
        Kind::Object(members) => together(
            members
                .iter()
                .map(|(name, kind)| ((*name).to_owned(), values(name, *kind, pools, stored)))
                .collect(),
        ),
        Kind::Nested(nesting, members) => {
            let object = attributes(members, pools, stored);
            match nesting {
                Nesting::Single => object,
                Nesting::List => vec(object, 0..3).prop_map(Value::Seq).boxed(),
                Nesting::Map => btree_map(keys(), object, 0..3).prop_map(Value::Map).boxed(),
            }
        }
    }
}
