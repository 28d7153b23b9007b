//! The sins: each breaks one rule in one answer of an otherwise honest provider.

use std::sync::atomic::{AtomicUsize, Ordering};

use huaweivpc::framework::{ImportBy, Path, Problem, Value};

use crate::harness::{config::with, fake::Sin};

/// The rule that each sin breaks, in words, and the sin.
pub fn sins() -> Vec<(&'static str, &'static str, Sin)> {
    let plan = |rule, what, sin| (rule, what, Sin::Plan(sin));
    let apply = |rule, what, sin| (rule, what, Sin::Apply(sin));
    let read = |rule, what, sin| (rule, what, Sin::Read(sin));
    let import = |rule, what, sin| (rule, what, Sin::Import(sin));
    vec![
        plan("P1", "plans nothing", |_, answer| answer.planned.state = Value::Null),
        plan("P7", "plans a note nobody wrote", |request, answer| {
            if !request.config.is_null() && request.config.get("note").is_null() {
                set(&mut answer.planned.state, "note", "ours".into());
            }
        }),
        plan("P8", "plans another colour", |request, answer| {
            if !request.config.get("colour").is_null() {
                set(&mut answer.planned.state, "colour", "RED".into());
            }
        }),
        plan("P12", "leaves open whether a block exists", |_, answer| {
            if !answer.planned.state.is_null() {
                set(&mut answer.planned.state, "timeouts", Value::UNKNOWN);
            }
        }),
        plan("P13", "invents an attribute", |_, answer| {
            set(&mut answer.planned.state, "wattage", 60.into());
        }),
        plan("P13", "plans a number where a text belongs", |_, answer| {
            if !answer.planned.state.is_null() {
                set(&mut answer.planned.state, "serial", 60.into());
            }
        }),
        plan("P14", "defers", |_, answer| answer.deferred = true),
        plan("P15", "destroys by leaving it", |request, answer| {
            if request.config.is_null() {
                answer.planned.state = request.prior.clone();
            }
        }),
        plan("P15", "plans an unknown identity", |_, answer| {
            answer.planned.identity = Some(Value::UNKNOWN);
        }),
        plan("identity", "plans an update to another identity", |request, answer| {
            if !request.prior.is_null() && request.config.get("note") == &Value::from("dim") {
                answer.planned.identity = Some(identity("cellar"));
            }
        }),
        plan("replaces", "a creation that replaces", |request, answer| {
            if request.prior.is_null() {
                answer.planned.replaces = vec![Path::from("room")];
            }
        }),
        plan("replaces", "replaces what there is not", |_, answer| {
            answer.planned.replaces.push(Path::from("wattage"));
        }),
        plan("replaces", "lists a path twice", |_, answer| {
            answer.planned.replaces = vec![Path::from("room"), Path::from("room")];
        }),
        plan("determinism", "plans at random", |_, answer| {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            if !answer.planned.state.is_null() {
                let serial = format!("{}", COUNT.fetch_add(1, Ordering::Relaxed));
                set(&mut answer.planned.state, "serial", serial.into());
            }
        }),
        plan("final plan", "decides while the colour is unknown", |request, answer| {
            if request.config.get("colour").is_unknown() {
                set(&mut answer.planned.state, "serial", "decided".into());
            }
        }),
        plan("final plan", "replaces only once the note is known", |request, answer| {
            if !request.prior.is_null()
                && request.config.get("note").as_str().is_some()
                && request.prior.get("note").is_null()
            {
                answer.planned.replaces = vec![Path::from("note")];
            }
        }),
        plan("replacement", "forgets the object to delete", |request, answer| {
            if request.prior.is_null() {
                answer.planned.private.clear();
            }
        }),
        plan("replacement", "takes a replacement for an update", |request, answer| {
            if request.prior.is_null() && request.prior_identity.is_some() {
                set(&mut answer.planned.state, "serial", "hall-desk".into());
            }
        }),
        plan("empty plan", "is never done", |request, answer| {
            if !request.prior.is_null() && !request.config.is_null() {
                set(&mut answer.planned.state, "serial", Value::UNKNOWN);
            }
        }),
        apply("A1", "applies another note", |request, answer| {
            if request.planned.get("note") == &Value::from("dim") {
                set(&mut answer.stored.state, "note", "DIM".into());
            }
        }),
        apply("A1", "makes an empty text of nothing", |request, answer| {
            if request.planned.get("note").is_null() && !request.planned.is_null() {
                set(&mut answer.stored.state, "note", "".into());
            }
        }),
        apply("A2", "returns a list for a text", |request, answer| {
            if !request.planned.is_null() {
                set(&mut answer.stored.state, "serial", Value::Seq(Vec::new()));
            }
        }),
        apply("A3", "still does not know", |request, answer| {
            if !request.planned.is_null() {
                set(&mut answer.stored.state, "serial", Value::UNKNOWN);
            }
        }),
        apply("A4", "loses a bulb", |request, answer| {
            if !request.planned.get("watts").is_null() {
                set(&mut answer.stored.state, "watts", Value::Seq(vec![40.into()]));
            }
        }),
        apply("A5", "adds a block", |request, answer| {
            if !request.planned.is_null() {
                let limits = ["create", "read", "update", "delete"];
                let limits = limits.map(|verb| (verb.to_owned(), Value::Null));
                set(&mut answer.stored.state, "timeouts", Value::Map(limits.into()));
            }
        }),
        apply("A7", "creates and returns nothing", |request, answer| {
            if request.prior.is_null() {
                answer.stored.state = Value::Null;
            }
        }),
        apply("A7", "destroys and returns it", |request, answer| {
            if request.planned.is_null() {
                answer.stored.state = request.prior.clone();
            }
        }),
        apply("A8", "returns no identity", |_, answer| answer.stored.identity = None),
        apply("A8", "returns half an identity", |_, answer| {
            if let Some(identity) = &mut answer.stored.identity {
                set(identity, "name", Value::UNKNOWN);
            }
        }),
        apply("identity", "updates to another identity", |request, answer| {
            if !request.prior.is_null() && !request.planned.is_null() {
                answer.stored.identity = Some(identity("cellar"));
            }
        }),
        apply("delete twice", "cannot delete what is gone", |request, answer| {
            static SEEN: AtomicUsize = AtomicUsize::new(0);
            let last = request.prior.get("room") == &Value::from("attic");
            if request.planned.is_null() && last && SEEN.fetch_add(1, Ordering::Relaxed) > 0 {
                answer.problems.push(Problem::error("Not found", "404"));
            }
        }),
        read("refresh", "forgets its private data", |_, answer| answer.stored.private.clear()),
        read("refresh", "spells a colour in its own way", |_, answer| {
            if !answer.stored.state.is_null() {
                set(&mut answer.stored.state, "colour", "White".into());
            }
        }),
        read("refresh", "finds nothing", |_, answer| answer.stored.state = Value::Null),
        read("read", "forgets its identity", |_, answer| answer.stored.identity = None),
        read("read", "does not know", |_, answer| {
            if !answer.stored.state.is_null() {
                set(&mut answer.stored.state, "serial", Value::UNKNOWN);
            }
        }),
        read("identity", "changes its identity", |_, answer| {
            answer.stored.identity = Some(identity("cellar"));
        }),
        read("P14", "defers", |_, answer| answer.deferred = true),
        (
            "upgrade",
            "drops an attribute",
            Sin::Upgrade(|answer| {
                set(&mut answer.value, "serial", Value::Null);
            }),
        ),
        (
            "unknown",
            "refuses what is not known yet",
            Sin::Validate(|config, problems| {
                if config.get("room").is_unknown() {
                    problems.push(Problem::error("Bad room", "").at("room"));
                }
            }),
        ),
        (
            "problem",
            "points nowhere",
            Sin::Validate(|_, problems| {
                problems.push(Problem::warning("Odd", "").at("wattage"));
            }),
        ),
        import("import", "imports two", |_, answers| answers.push(answers[0].clone())),
        import("import", "imports nothing", |_, answers| answers[0].stored.state = Value::Null),
        import("import", "imports by identity and returns none", |by, answers| {
            if matches!(by, ImportBy::Identity(_)) {
                answers[0].stored.identity = None;
            }
        }),
    ]
}

fn set(object: &mut Value, member: &str, value: Value) {
    *object = with(object, member, value);
}

fn identity(room: &str) -> Value {
    Value::Map([("room".to_owned(), room.into()), ("name".to_owned(), "desk".into())].into())
}
