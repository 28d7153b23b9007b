//! Values travel byte for byte as Terraform's own library writes them.

use std::collections::BTreeMap;

use huaweivpc::{
    framework::{Number, Path, Refinement, Type, Value, json},
    protocol::{codec, generated::tfplugin6::DynamicValue},
};
use proptest::{collection, option, prelude::*, sample};
use serde::Deserialize;
use serde_json::{Value as Json, json};

#[derive(Deserialize)]
struct Vector {
    name: String,
    #[serde(rename = "type")]
    ty: Json,
    /// In the library's own notation, or the error or panic it answers with.
    value: String,
    value_with_markers: Option<Json>,
    msgpack_hex: String,
    json: Option<String>,
    direction: String,
}

impl Vector {
    fn ty(&self) -> Type {
        Type::from_json(&self.ty).unwrap()
    }

    fn msgpack(&self) -> Vec<u8> {
        hex::decode(&self.msgpack_hex).unwrap()
    }

    /// The value, with numbers as digits and the promises about unknown values left out.
    fn marked(&self) -> Json {
        fn without_promises(json: Json) -> Json {
            match json {
                Json::Array(items) => items.into_iter().map(without_promises).collect(),
                Json::Object(members) if members.contains_key("$unknown") => {
                    json!({ "$unknown": "" })
                }
                Json::Object(members) => members
                    .into_iter()
                    .map(|(key, member)| (key, without_promises(member)))
                    .collect(),
                plain => plain,
            }
        }
        without_promises(self.value_with_markers.clone().unwrap_or(Json::Null))
    }

    fn read(&self) -> Result<Value, codec::Mismatch> {
        codec::read(&self.msgpack(), &self.ty())
    }
}

fn vectors(direction: &str) -> Vec<Vector> {
    let all: Vec<Vector> =
        serde_json::from_str(include_str!("../fixtures/cty-vectors.json")).unwrap();
    assert_eq!(all.len(), 75);
    all.into_iter().filter(|vector| vector.direction == direction).collect()
}

#[test]
fn values_are_read_and_written_byte_for_byte() {
    let vectors = vectors("both");
    assert_eq!(vectors.len(), 56);
    for vector in vectors {
        let name = &vector.name;
        let value = vector.read().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(marked(&value), vector.marked(), "{name}");
        assert_eq!(hex::encode(codec::write(&value, &vector.ty()).unwrap()), vector.msgpack_hex);
    }
}

#[test]
fn values_have_the_form_in_json_that_states_have() {
    let vectors: Vec<_> =
        vectors("both").into_iter().filter(|vector| vector.json.is_some()).collect();
    assert!(vectors.len() > 30);
    for vector in vectors {
        let (name, text) = (&vector.name, vector.json.as_deref().unwrap());
        let value = vector.read().unwrap();
        let same = serde_json::from_str::<Json>(text).unwrap();
        assert_eq!(json::write(&value), same, "{name}");
        let wire = DynamicValue { msgpack: Vec::new(), json: text.into() };
        let read = codec::decode(Some(&wire), &vector.ty()).unwrap();
        // The JSON of a number that came as a float has fewer digits than the float.
        if name != "number.0.1_f64" {
            assert_eq!(read, value, "{name}");
        }
    }
}

/// What the library refuses or crashes on, we refuse; with the exceptions named here.
#[test]
fn odd_input_is_read_as_terraform_reads_it() {
    let text = |text: &str| Ok(Value::from(text));
    let number = |text: &str| Ok(Value::Number(text.parse().unwrap()));
    let error = |reason: &str| Err(reason.to_owned());
    let mut expected: BTreeMap<&str, Result<Value, String>> = BTreeMap::from([
        ("decode.float32", number("1.5")),
        ("decode.number_as_string_exp", number("100000")),
        ("decode.int_wide", number("1")),
        ("decode.number_nan", error("a number was expected")),
        ("decode.ext_other_len1", Ok(Value::UNKNOWN)),
        // The protocol's text wants every extension read as unknown; only the library refuses this one.
        ("decode.ext_other_len2", Ok(Value::UNKNOWN)),
        ("decode.ext12_empty_map", Ok(Value::UNKNOWN)),
        ("decode.ext12_unknown_key", Ok(Value::UNKNOWN)),
        ("decode.object_missing_attr", error("an object with 4 attributes was expected")),
        // The library reads these two as objects of another type, on which Terraform fails later.
        ("decode.object_empty_map", error("an object with 4 attributes was expected")),
        ("decode.dup_key", error("the attribute `a` is given twice")),
        ("decode.object_extra_attr", error("an attribute is not part of the schema")),
        ("decode.bin_as_string", text("a")),
        ("decode.bool_as_string", error("a bool was expected")),
        ("decode.list_dynamic_mixed", error("the value ends too early")),
        ("decode.list_dynamic_mixed2", error("the elements are of different types")),
        ("decode.trailing_bytes", text("a")),
        ("decode.map_nil_key", Ok(Value::Map(BTreeMap::from([(String::new(), "a".into())])))),
        // Go strings may hold any bytes, ours and those of gRPC may not.
        ("decode.string_invalid_utf8", error("the text is not valid UTF-8")),
    ]);
    for vector in vectors("decode-only") {
        let name = vector.name.as_str();
        let expected = expected.remove(name).unwrap_or_else(|| panic!("{name}: no expectation"));
        assert_eq!(vector.read().map_err(|error| error.reason), expected, "{name}");
        if vector.value.starts_with("PANIC") {
            assert!(expected.is_err(), "{name} crashes Terraform");
        }
    }
    assert!(expected.is_empty());
}

#[test]
fn what_is_promised_about_an_unknown_value_is_kept() {
    let promised = hex::decode("c7090c8201c202a4616d692d").unwrap();
    let Value::Unknown(Refinement(Some(payload))) = codec::read(&promised, &Type::String).unwrap()
    else {
        panic!("nothing was kept");
    };
    assert_eq!(hex::encode(payload), "8201c202a4616d692d");
}

#[test]
fn an_absent_and_an_empty_message_are_null() {
    assert_eq!(codec::decode(None, &Type::String), Ok(Value::Null));
    assert_eq!(codec::decode(Some(&DynamicValue::default()), &Type::String), Ok(Value::Null));
}

#[test]
fn texts_are_composed_as_terraform_compares_them() {
    let decomposed = codec::read(b"\xa3e\xcc\x81", &Type::String).unwrap();
    assert_eq!(decomposed, Value::from("\u{e9}"));
    let written = codec::write(&Value::from("e\u{301}"), &Type::String).unwrap();
    assert_eq!(hex::encode(written), "a2c3a9");
}

#[test]
fn numbers_keep_all_their_digits() {
    let numbers = [
        "0.1",
        "9007199254740993",
        "1e400",
        "-1e-400",
        "3.1415926535897932384626433832795028841971",
    ];
    for text in numbers {
        let number = Value::Number(text.parse().unwrap());
        let written = codec::write(&number, &Type::Number).unwrap();
        assert_eq!(codec::read(&written, &Type::Number), Ok(number), "{text}");
    }
}

#[test]
fn a_set_is_written_once_per_element_and_in_order() {
    let set = Type::Set(Box::new(Type::String));
    let elements = ["b", "a", "b"].map(Value::from);
    let written = codec::write(&Value::Seq(elements.into()), &set).unwrap();
    assert_eq!(hex::encode(written), "92a161a162");
}

/// Where an unknown element equals every text there is no order: nothing would be sorted, and sorting may panic.
#[test]
fn a_large_set_may_have_unknown_elements() {
    let set = Type::Set(Box::new(Type::String));
    let element = |number: u32| match number % 10 {
        0 => Value::UNKNOWN,
        1 => Value::Null,
        _ => Value::from(format!("{:x}", number.wrapping_mul(2_654_435_761) % 50_000)),
    };
    let written = codec::write(&Value::Seq((0..100_000).map(element).collect()), &set).unwrap();
    let Value::Seq(read) = codec::read(&written, &set).unwrap() else { panic!("no set") };
    let texts: Vec<&str> = read.iter().filter_map(Value::as_str).collect();
    assert!(texts.is_sorted() && texts.len() > 30_000);
    assert_eq!(read.iter().filter(|element| element.is_null()).count(), 1);
    assert_eq!(read.iter().filter(|element| element.is_unknown()).count(), 10_000);
}

#[test]
fn a_mismatch_names_its_place_but_not_the_value() {
    let ty = object([("hosts", Type::Map(Box::new(object([("ports", numbers())]))))]);
    // {"hosts": {"a": {"ports": [1, "secret"]}}}
    let bytes = hex::decode("81a5686f73747381a16181a5706f7274739201a6736563726574").unwrap();
    let mismatch = codec::read(&bytes, &ty).unwrap_err();
    let path = Path::from("hosts").key("a").attribute("ports").index(1);
    assert_eq!((mismatch.path(), mismatch.to_string()), (path, "a number was expected".into()));
}

#[test]
fn lengths_and_depths_that_are_only_claimed_cost_nothing() {
    let list = Type::List(Box::new(Type::String));
    for claim in ["ddffffffff", "dbffffffff", "dfffffffff", "c9ffffffff0c", "c6ffffffff"] {
        let bytes = hex::decode(claim).unwrap();
        for ty in [&list, &Type::String, &Type::Map(Box::new(Type::Number)), &Type::Dynamic] {
            assert!(codec::read(&bytes, ty).is_err(), "{claim} as {ty:?}");
        }
    }
    // A value that brings its own type, which brings its own type, and so on.
    let onion =
        hex::decode("92c4125b226c697374222c2264796e616d6963225d91").unwrap().repeat(100_000);
    assert!(codec::read(&onion, &Type::Dynamic).unwrap_err().reason.contains("too deeply"));
    let long = [&[0xdb, 0, 0x10, 0, 0], "9".repeat(0x10_0000).as_bytes()].concat();
    assert!(codec::read(&long, &Type::Number).is_err());
}

#[test]
fn no_value_is_written_as_another_type() {
    assert!(codec::write(&Value::from("1"), &Type::Number).is_err());
    assert!(codec::write(&Value::from(1), &Type::Dynamic).is_err());
    let extra = Value::Map(BTreeMap::from([("a".to_owned(), Value::Null)]));
    assert!(codec::write(&extra, &object([])).is_err());
    assert!(Number::from_f64(f64::NAN).is_err(), "NaN is no number to begin with");
}

proptest! {
    #![proptest_config(crate::harness::property::config(256))]

    #[test]
    fn whatever_is_written_is_read_again((ty, value) in typed_value()) {
        let written = codec::write(&value, &ty).unwrap();
        let read = codec::read(&written, &ty).unwrap();
        prop_assert_eq!(&read, &value);
        prop_assert_eq!(codec::write(&read, &ty).unwrap(), written);
    }

    #[test]
    fn no_bytes_bring_the_reader_down(
        (ty, value) in typed_value(),
        noise in collection::vec(any::<u8>(), 0..64),
        place in any::<sample::Index>(),
    ) {
        let _ = codec::read(&noise, &ty);
        let mut damaged = codec::write(&value, &ty).unwrap();
        let place = place.index(damaged.len());
        let end = damaged.len().min(place + noise.len());
        damaged.splice(place..end, noise);
        if let Ok(read) = codec::read(&damaged, &ty) {
            prop_assert!(codec::write(&read, &ty).is_ok());
        }
    }
}

/// A type, and a value of it.
fn typed_value() -> impl Strategy<Value = (Type, Value)> {
    ty().prop_flat_map(|ty| {
        let value = value(&ty);
        (Just(ty), value)
    })
}

fn ty() -> impl Strategy<Value = Type> {
    let leaf = sample::select(vec![Type::String, Type::Number, Type::Bool]);
    let whole = leaf.prop_recursive(3, 12, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed.clone().prop_map(Type::List),
            boxed.clone().prop_map(Type::Set),
            boxed.prop_map(Type::Map),
            collection::vec(inner.clone(), 0..3).prop_map(Type::Tuple),
            collection::btree_map("[a-c]", inner, 0..3).prop_map(Type::Object),
        ]
    });
    prop_oneof![4 => whole, 1 => Just(Type::Dynamic)]
}

fn value(ty: &Type) -> BoxedStrategy<Value> {
    let known = match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => number().prop_map(Value::Number).boxed(),
        Type::String => "[a-z]{0,40}".prop_map(Value::String).boxed(),
        Type::List(element) => collection::vec(value(element), 0..4).prop_map(Value::Seq).boxed(),
        Type::Set(element) => collection::vec(value(element), 0..4).prop_map(Value::set).boxed(),
        Type::Map(element) => {
            collection::btree_map("[a-z]{0,3}", value(element), 0..4).prop_map(Value::Map).boxed()
        }
        Type::Tuple(types) => {
            types.iter().map(value).collect::<Vec<_>>().prop_map(Value::Seq).boxed()
        }
        Type::Object(types) => types
            .iter()
            .map(|(name, ty)| (Just(name.clone()), value(ty)))
            .collect::<Vec<_>>()
            .prop_map(|members| Value::Map(members.into_iter().collect()))
            .boxed(),
        Type::Dynamic => sample::select(vec![Type::String, Type::List(Box::new(Type::Number))])
            .prop_flat_map(|ty| {
                value(&ty).prop_map(move |value| Value::Dynamic(ty.clone(), Box::new(value)))
            })
            .boxed(),
    };
    prop_oneof![8 => known, 1 => Just(Value::Null), 1 => Just(Value::UNKNOWN)].boxed()
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("not a number", |float| Number::from_f64(float).ok()),
        ("-?[0-9]{1,40}", option::of("\\.[0-9]{1,40}")).prop_map(|(whole, fraction)| {
            (whole + &fraction.unwrap_or_default()).parse().unwrap()
        }),
    ]
}

/// A value in the notation of the vectors: a number as its digits, an unknown value as such.
fn marked(value: &Value) -> Json {
    match value {
        Value::Number(Number::PositiveInfinity) => json!({ "$number": "+Inf" }),
        Value::Number(_) => json!({ "$number": json::write(value).to_string() }),
        Value::Unknown(_) => json!({ "$unknown": "" }),
        Value::Seq(items) => items.iter().map(marked).collect(),
        Value::Map(members) => {
            members.iter().map(|(key, item)| (key.clone(), marked(item))).collect()
        }
        Value::Dynamic(_, inner) => marked(inner),
        known => json::write(known),
    }
}

fn object<const N: usize>(members: [(&str, Type); N]) -> Type {
    Type::Object(members.map(|(name, ty)| (name.to_owned(), ty)).into())
}

fn numbers() -> Type {
    Type::List(Box::new(Type::Number))
}
