//! Each rule of Terraform's contract, kept and broken, and the proposals it starts from.
//!
//! The harness judges the provider by these rules, so they are tested first, on small objects of one schema that
//! has an attribute of each sort. A case lists the rules it breaks, each with its place; an empty list means that
//! the rules are kept.

use huaweivpc::framework::{
    Block, Default, Kind, Nesting, Path, PlanRequest, Planned, Schema, Stored, Value,
    schema::{attribute, number, string},
};
use serde_json::{Value as Json, json};

use crate::harness::{
    config::{config, patched, value, with},
    proposed::proposed_new,
    rules::{Violation, check_applied, check_plan, check_planned_state},
};

const PART: [huaweivpc::framework::Attribute; 3] = [
    number("size", "Optional.").optional(),
    string("kind", "Optional, else computed.").optional_computed(),
    string("serial", "Computed.").computed(),
];

static SCHEMA: Schema = Schema {
    version: 0,
    about: "Something of each sort.",
    key: &["name"],
    attributes: &[
        string("name", "Required."),
        string("note", "Optional.").optional(),
        string("zone", "Optional, else computed.").optional_computed(),
        string("mode", "With a default.").default(Default::Str("on")),
        string("address", "Computed.").computed(),
        attribute("ports", Kind::List(&Kind::Number), "A list.").optional(),
        attribute("groups", Kind::Set(&Kind::String), "A set.").optional(),
        attribute("tags", Kind::Map(&Kind::String), "A map.").optional(),
        attribute("disk", Kind::Nested(Nesting::Single, &PART), "One object.").optional(),
        attribute("hosts", Kind::Nested(Nesting::Map, &PART), "Objects by key.").optional(),
        attribute("rules", Kind::Nested(Nesting::List, &PART), "Objects in order.").optional(),
        attribute("spare", Kind::Nested(Nesting::Single, &PART), "Else computed.")
            .optional_computed(),
    ],
    blocks: &[Block { name: "limits", about: "A block.", attributes: &PART }],
    timeouts: None,
};

/// Rows of a table: what it is about, what is given (stored, configured or planned) `=>` what comes of it, and the
/// rules that this breaks.
macro_rules! cases {
    ($($what:literal: $($given:tt),+ => $result:tt $(, $breaks:literal)*;)*) => {
        [$(Case {
            what: $what,
            given: vec![$(json!($given)),+],
            result: json!($result),
            breaks: &[$($breaks),*],
        }),*]
    };
}

#[test]
fn plans_keep_or_break_the_rules() {
    let unknown = json!({ "$unknown": true });
    let cases = cases! {
        // Whole objects.
        "a destruction": {}, null => null;
        "a destruction leaves it": {}, null => {}, "P15 ";
        "configured, planned absent": null, {} => null, "P1 ";
        "unknown as a whole": null, {} => { "$unknown": true }, "P13 ";
        // Plain attributes.
        "as configured": null, { "note": "a" } => { "note": "a" };
        "other than configured": null, { "note": "a" } => { "note": "b" }, "P8 note";
        "as stored": { "note": "A" }, { "note": "a" } => { "note": "A" };
        "neither stored nor configured": { "note": "A" }, { "note": "a" } => { "note": "b" }, "P8 note";
        "configured, planned null": null, { "note": "a" } => {}, "P8 note";
        "configured, planned unknown": null, { "note": "a" } => { "note": unknown }, "P8 note";
        "unknown stays unknown": null, { "note": unknown } => { "note": unknown };
        "unknown becomes null": null, { "note": unknown } => {}, "P8 note";
        "unknown becomes what is stored": { "note": "a" }, { "note": unknown } => { "note": "a" };
        "absent, planned a value": null, {} => { "note": "a" }, "P7 note";
        "absent, planned unknown": null, {} => { "note": unknown }, "P7 note";
        "absent, planned as stored": { "note": "a" }, {} => { "note": "a" }, "P7 note";
        "absent and required": null, { "name": null } => { "name": "a" }, "P7 name";
        // Computed attributes.
        "computed, planned unknown": null, {} => { "address": unknown };
        "computed, planned a value": null, {} => { "address": "10.0.0.1" };
        "computed, planned another": { "address": "x" }, {} => { "address": "y" };
        "may be computed, planned a value": null, {} => { "zone": "z" };
        "may be computed, planned unknown": null, {} => { "zone": unknown };
        "may be computed, configured otherwise": null, { "zone": "a" } => { "zone": "z" }, "P8 zone";
        "a default": null, {} => { "mode": "on" };
        "a default over the configured": null, { "mode": "off" } => { "mode": "on" }, "P8 mode";
        // Collections of plain values are taken as a whole.
        "a list as configured": null, { "ports": [1, 2] } => { "ports": [1, 2] };
        "a list in another order": null, { "ports": [1, 2] } => { "ports": [2, 1] }, "P8 ports";
        "an empty list for null": null, {} => { "ports": [] }, "P7 ports";
        "a set in another order": null, { "groups": ["b", "a"] } => { "groups": ["a", "b"] };
        "a set with one more": null, { "groups": ["a"] } => { "groups": ["a", "b"] }, "P8 groups";
        "a map with one less": null, { "tags": { "a": "1" } } => { "tags": {} }, "P8 tags";
        // Nested attributes.
        "its computed members unknown": null, { "disk": { "size": 1 } } => { "disk": { "size": 1, "kind": unknown, "serial": unknown } };
        "its member other than configured": null, { "disk": { "size": 1 } } => { "disk": { "size": 2 } }, "P8 disk.size";
        "its member not configured": null, { "disk": {} } => { "disk": { "size": 2 } }, "P7 disk.size";
        "its member as stored": { "disk": { "size": 2 } }, { "disk": { "size": 1 } } => { "disk": { "size": 2, "serial": "s" } };
        "nested, planned absent": null, { "disk": {} } => {}, "P1 disk";
        "nested, not configured": null, {} => { "disk": {} }, "P7 disk";
        "nested, planned unknown": null, { "disk": {} } => { "disk": unknown }, "P9 disk";
        "nested, not known yet": null, { "disk": unknown } => { "disk": {} }, "P9 disk";
        "nested, both unknown": null, { "disk": unknown } => { "disk": unknown };
        "nested and else computed": null, {} => { "spare": { "size": 9 } };
        "nested and else computed, unknown": null, {} => { "spare": unknown };
        "nested and else computed, configured": null, { "spare": { "size": 1 } } => { "spare": unknown }, "P9 spare";
        "a host's member unknown": null, { "hosts": { "a": { "size": 1 } } } => { "hosts": { "a": { "size": 1, "serial": unknown } } };
        "a host too many": null, { "hosts": { "a": {} } } => { "hosts": { "a": {}, "b": {} } }, "P9 hosts";
        "a host under another key": null, { "hosts": { "a": {} } } => { "hosts": { "b": {} } }, "P9 hosts";
        "a host's member changed": null, { "hosts": { "a": { "size": 1 } } } => { "hosts": { "a": { "size": 2 } } }, "P8 hosts[\"a\"].size";
        "a host unknown": null, { "hosts": { "a": {} } } => { "hosts": { "a": unknown } }, "P9 hosts[\"a\"]";
        "a host null": null, { "hosts": { "a": {} } } => { "hosts": { "a": null } }, "P1 hosts[\"a\"]";
        "rules in order": null, { "rules": [{ "size": 1 }] } => { "rules": [{ "size": 1, "kind": "k" }] };
        "a rule too few": null, { "rules": [{}, {}] } => { "rules": [{}] }, "P9 rules";
        "a rule's member changed": null, { "rules": [{}, { "size": 1 }] } => { "rules": [{}, { "size": 2 }] }, "P8 rules[1].size";
        // Blocks.
        "a block as configured": null, { "limits": { "size": 1 } } => { "limits": { "size": 1, "kind": unknown } };
        "a block left out": null, { "limits": {} } => {}, "P1 limits";
        "a block made up": null, {} => { "limits": {} }, "P1 limits";
        "a block unknown": null, { "limits": {} } => { "limits": unknown }, "P12 limits";
        "a block that may exist": null, { "limits": unknown } => { "limits": unknown };
        "a block that may exist, planned": null, { "limits": unknown } => { "limits": {} }, "P11 limits";
        "a block that may exist, left out": null, { "limits": unknown } => {}, "P11 limits";
        "a block's member changed": null, { "limits": { "size": 1 } } => { "limits": { "size": 2 } }, "P8 limits.size";
    };
    for Case { what, given, result, breaks } in &cases {
        let (prior, config) = (object(&given[0]), object(&given[1]));
        let found = check_planned_state(&SCHEMA, &prior, &config, &object(result));
        assert_eq!(texts(&found), *breaks, "{what}: {found:?}");
    }
    assert!(cases.len() >= 55);
}

#[test]
fn plans_are_of_the_type_of_the_schema() {
    let good = object(&json!({}));
    let mut lacking = good.as_map().cloned().unwrap();
    lacking.remove("note");
    let tags = Value::Map([("a".to_owned(), 1.into())].into());
    for (what, planned, breaks) in [
        ("complete", good.clone(), &[] as &[&str]),
        ("an attribute too few", Value::Map(lacking), &["P13 "]),
        ("an attribute too many", with(&good, "extra", Value::Null), &["P13 extra"]),
        ("a number for a text", with(&good, "zone", 1.into()), &["P13 zone"]),
        ("a text in a list of numbers", with(&good, "ports", list(&["1"])), &["P13 ports[0]"]),
        ("a set twice the same", with(&good, "groups", list(&["a", "a"])), &["P13 groups"]),
        ("a number in a map of texts", with(&good, "tags", tags), &["P13 tags[\"a\"]"]),
    ] {
        let found = check_planned_state(&SCHEMA, &Value::Null, &good, &planned);
        let first = &texts(&found)[..breaks.len().min(found.len())];
        assert_eq!(first, breaks, "{what}: {found:?}");
        assert_eq!(found.is_empty(), breaks.is_empty(), "{what}");
    }
}

#[test]
fn what_comes_beside_the_plan_keeps_or_breaks_the_rules() {
    let known = value(&SCHEMA.identity_type(), &json!({ "name": "a" }));
    let other = value(&SCHEMA.identity_type(), &json!({ "name": "b" }));
    let paths = |names: &[&str]| names.iter().map(|name| Path::from(*name)).collect::<Vec<_>>();
    let stored = json!({ "note": "before", "zone": "before" });
    for (what, prior, identity, replaces, deferred, breaks) in [
        ("a creation", json!(null), None, paths(&[]), false, &[] as &[&str]),
        ("an update", stored.clone(), Some(known.clone()), paths(&[]), false, &[]),
        ("deferred", json!(null), None, paths(&[]), true, &["P14 "]),
        ("an unknown identity", json!(null), Some(Value::UNKNOWN), paths(&[]), false, &["P15 "]),
        ("a null identity", json!(null), Some(Value::Null), paths(&[]), false, &["P15 "]),
        (
            "an identity with more",
            json!(null),
            Some(with(&known, "id", "a".into())),
            paths(&[]),
            false,
            &["P15 id"],
        ),
        (
            "an update to another identity",
            stored.clone(),
            Some(other.clone()),
            paths(&[]),
            false,
            &["identity "],
        ),
        (
            "an update that loses its identity",
            stored.clone(),
            None,
            paths(&[]),
            false,
            &["identity "],
        ),
        (
            "a replacement by another identity",
            stored.clone(),
            Some(other),
            paths(&["name"]),
            false,
            &[],
        ),
        (
            "two that replace",
            stored.clone(),
            Some(known.clone()),
            paths(&["note", "zone"]),
            false,
            &[],
        ),
        (
            "out of order",
            stored.clone(),
            Some(known.clone()),
            paths(&["zone", "note"]),
            false,
            &["replaces note"],
        ),
        (
            "twice",
            stored.clone(),
            Some(known.clone()),
            paths(&["note", "note"]),
            false,
            &["replaces note"],
        ),
        ("no such attribute", stored, Some(known), paths(&["extra"]), false, &["replaces extra"]),
        (
            "a creation that replaces",
            json!(null),
            None,
            paths(&["note"]),
            false,
            &["replaces note"],
        ),
    ] {
        let config = object(&json!({}));
        let request = PlanRequest {
            prior: object(&prior),
            proposed: config.clone(),
            config: config.clone(),
            private: Vec::new(),
            prior_identity: (!prior.is_null())
                .then(|| value(&SCHEMA.identity_type(), &json!({ "name": "a" }))),
        };
        let planned = Planned { state: config, private: Vec::new(), replaces, identity };
        let found = check_plan(&SCHEMA, &request, &planned, deferred);
        assert_eq!(texts(&found), breaks, "{what}: {found:?}");
    }
}

#[test]
fn applies_keep_or_break_the_rules() {
    let unknown = json!({ "$unknown": true });
    let cases = cases! {
        "destroyed": null => null;
        "destroyed, yet returned": null => {}, "A7 ";
        "made, but not returned": {} => null, "A7 ";
        "as planned": { "note": "a" } => { "note": "a" };
        "other than planned": { "note": "a" } => { "note": "b" }, "A1 note";
        "planned null": {} => { "note": "" }, "A1 note";
        "planned, but null": { "note": "a" } => {}, "A1 note";
        "planned empty": { "ports": [] } => {}, "A1 ports";
        "planned unknown": { "zone": unknown } => { "zone": "z" };
        "planned unknown, null after all": { "zone": unknown } => {};
        "unknown still": { "zone": unknown } => { "zone": unknown }, "A3 zone";
        "unknown inside": { "disk": unknown } => { "disk": { "kind": unknown } }, "A3 disk.kind";
        "a list as planned": { "ports": [1, unknown] } => { "ports": [1, 2] };
        "a list with one less": { "ports": [1, 2] } => { "ports": [1] }, "A4 ports";
        "a list with one more": { "ports": [1] } => { "ports": [1, 2] }, "A4 ports";
        "a list with another element": { "ports": [1] } => { "ports": [2] }, "A1 ports[0]";
        "a map with one less": { "tags": { "a": "1" } } => { "tags": {} }, "A4 tags[\"a\"]";
        "a map with one more": { "tags": {} } => { "tags": { "a": "1" } }, "A4 tags[\"a\"]";
        "a map with another element": { "tags": { "a": "1" } } => { "tags": { "a": "2" } }, "A1 tags[\"a\"]";
        "a set that shrinks": { "groups": ["a", unknown] } => { "groups": ["a"] };
        "a set that grows": { "groups": ["a", unknown] } => { "groups": ["a", "b", "c"] }, "A4 groups";
        "a set with another element": { "groups": ["a", "b"] } => { "groups": ["a", "c"] }, "A4 groups", "A4 groups";
        "a member as planned": { "hosts": { "a": { "serial": unknown } } } => { "hosts": { "a": { "serial": "s" } } };
        "a member other than planned": { "hosts": { "a": { "size": 1 } } } => { "hosts": { "a": { "size": 2 } } }, "A1 hosts[\"a\"].size";
        "an object that vanishes": { "disk": {} } => {}, "A1 disk";
        "a block as planned": { "limits": { "kind": unknown } } => { "limits": { "kind": "k" } };
        "a block that vanishes": { "limits": {} } => {}, "A5 limits";
        "a block that appears": {} => { "limits": {} }, "A5 limits";
        "a block that was open": { "limits": unknown } => {};
        "a block's member": { "limits": { "size": 1 } } => { "limits": { "size": 2 } }, "A1 limits.size";
    };
    for Case { what, given, result, breaks } in &cases {
        let found = check_applied(&SCHEMA, &object(&given[0]), &stored(object(result)));
        assert_eq!(texts(&found), *breaks, "{what}: {found:?}");
    }
    assert!(cases.len() >= 30);
}

#[test]
fn what_comes_beside_the_applied_object_keeps_or_breaks_the_rules() {
    let made = object(&json!({}));
    let identity = value(&SCHEMA.identity_type(), &json!({ "name": "a" }));
    for (what, state, identity, breaks) in [
        ("all there", made.clone(), Some(identity.clone()), &[] as &[&str]),
        ("no identity", made.clone(), None, &["A8 "]),
        ("an unknown identity", made.clone(), Some(Value::UNKNOWN), &["A8 "]),
        ("another sort of identity", made.clone(), Some("a".into()), &["A8 "]),
        ("another type", with(&made, "zone", list(&["z"])), Some(identity), &["A2 zone"]),
    ] {
        let found = check_applied(&SCHEMA, &made, &Stored { state, private: Vec::new(), identity });
        assert_eq!(texts(&found), breaks, "{what}: {found:?}");
    }
}

#[test]
fn the_proposal_merges_what_is_stored_into_the_configuration() {
    let unknown = json!({ "$unknown": true });
    let cases = cases! {
        "a creation": null, { "note": "a" } => { "note": "a" };
        "the configured wins": { "note": "a", "zone": "a" }, { "note": "b", "zone": "b" } => { "note": "b", "zone": "b" };
        "what is taken away goes": { "note": "a" }, {} => {};
        "computed stays": { "address": "x", "zone": "z", "mode": "off" }, {} => { "address": "x", "zone": "z", "mode": "off" };
        "unknown stays unknown": { "note": "a", "zone": "z" }, { "note": unknown, "zone": unknown } => { "note": unknown, "zone": unknown };
        "computed members stay": { "disk": { "size": 1, "serial": "s" } }, { "disk": { "size": 2 } } => { "disk": { "size": 2, "serial": "s" } };
        "an object taken away goes": { "disk": { "serial": "s" } }, {} => {};
        "an object not known yet": { "disk": { "serial": "s" } }, { "disk": unknown } => { "disk": unknown };
        "hosts match by key": { "hosts": { "a": { "serial": "s" }, "b": { "serial": "t" } } }, { "hosts": { "b": {}, "c": {} } } => { "hosts": { "b": { "serial": "t" }, "c": {} } };
        "rules match by position": { "rules": [{ "size": 1, "serial": "s" }] }, { "rules": [{ "size": 2 }, { "size": 1 }] } => { "rules": [{ "size": 2, "serial": "s" }, { "size": 1 }] };
        "a block's computed members stay": { "limits": { "kind": "k" } }, { "limits": { "size": 1 } } => { "limits": { "size": 1, "kind": "k" } };
        "a block taken away goes": { "limits": { "kind": "k" } }, {} => {};
        "a block that may exist": { "limits": { "kind": "k" } }, { "limits": unknown } => { "limits": unknown };
        "computed as a whole stays": { "spare": { "kind": "k", "serial": "s" } }, {} => { "spare": { "kind": "k", "serial": "s" } };
        "what a user must have set goes": { "spare": { "size": 1, "serial": "s" } }, {} => {};
    };
    for Case { what, given, result, .. } in &cases {
        let (prior, config) = (object(&given[0]), object(&given[1]));
        assert_eq!(proposed_new(&SCHEMA, &prior, &config), object(result), "{what}");
    }
}

struct Case {
    what: &'static str,
    given: Vec<Json>,
    result: Json,
    breaks: &'static [&'static str],
}

/// An object of the schema, named `a` unless the case says otherwise.
fn object(json: &Json) -> Value {
    if json.is_null() {
        return Value::Null;
    }
    if json.get("$unknown").is_some() {
        return Value::UNKNOWN;
    }
    let unnamed = json.get("name").is_some();
    config(&SCHEMA, &if unnamed { json.clone() } else { patched(json, &json!({ "name": "a" })) })
}

fn stored(state: Value) -> Stored {
    let identity = value(&SCHEMA.identity_type(), &json!({ "name": "a" }));
    let identity = (!state.is_null()).then_some(identity);
    Stored { state, private: Vec::new(), identity }
}

fn list(texts: &[&str]) -> Value {
    Value::Seq(texts.iter().map(|text| Value::from(*text)).collect())
}

fn texts(found: &[Violation]) -> Vec<String> {
    found.iter().map(|violation| format!("{} {}", violation.rule, violation.path)).collect()
}
