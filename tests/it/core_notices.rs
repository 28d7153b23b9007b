//! Whether the harness notices: a provider of lamps lives through a whole life, honestly and with one sin each.

use std::sync::atomic::{AtomicUsize, Ordering};

use huaweivpc::framework::{ImportBy, Path, Problem, Value};
use serde_json::{Value as Json, json};

use crate::harness::{
    config::{config, with},
    core::{Action, Core, Failure, Instance, Outcome},
    fake::{House, Sin, Sinner, lamps},
    plugin::Plugin,
};

const LAMP: &str = "house_lamp";

#[tokio::test]
async fn an_honest_provider_lives_through_a_whole_life() {
    let house = House::default();
    live(house.clone(), Sin::None).await.unwrap();
    assert_eq!(house.change(|lamps| lamps.len()), 0);
}

#[tokio::test]
async fn every_sin_is_noticed() {
    let sins = sins();
    for (rule, what, sin) in &sins {
        match live(House::default(), *sin).await {
            Err(Failure::Broken(found)) => {
                let rules: Vec<&str> = found.iter().map(|violation| violation.rule).collect();
                assert!(rules.contains(rule), "{what}: expected {rule}, found {rules:?}");
            }
            other => panic!("{what}: expected {rule}, but: {other:?}"),
        }
    }
    assert!(sins.len() >= 30);
}

#[tokio::test]
async fn a_half_made_object_is_recorded_and_replaced_by_the_next_apply() {
    let (house, core) = house();
    let wanted = lamp(&core, json!({ "room": "cursed", "name": "desk" }));

    let Err(Failure::Refused { problems, left: Some(left) }) =
        core.apply(LAMP, None, &wanted, &wanted).await
    else {
        panic!("hanging a lamp in a cursed room fails")
    };
    assert_eq!(problems[0].path, Path::from("room"));
    assert!(left.tainted);
    assert_eq!(left.stored.state.get("serial"), &Value::from("cursed-desk"));

    let elsewhere = lamp(&core, json!({ "room": "hall", "name": "desk" }));
    let outcome = core.apply(LAMP, Some(*left), &elsewhere, &elsewhere).await.unwrap();
    assert_eq!(outcome.action, Action::Replace);
    assert_eq!(house.change(|lamps| lamps.keys().cloned().collect::<Vec<_>>()).len(), 1);
}

#[tokio::test]
async fn a_failed_update_records_what_is_there_now_without_taint() {
    let (house, core) = house();
    let made = apply(&core, None, json!({ "room": "hall", "name": "desk" })).await.unwrap();
    house.change(|lamps| {
        for lamp in lamps.values_mut() {
            lamp.colour = Some("blue".to_owned());
        }
    });
    let cursed = Sinner {
        honest: lamps(house),
        sin: Sin::Apply(|_, answer| answer.problems.push(Problem::error("Fuse", "It blew."))),
    };
    let core = Core { plugin: cursed };
    let wanted = json!({ "room": "hall", "name": "desk" });

    let Err(Failure::Refused { left: Some(left), .. }) =
        apply(&core, Some(made.instance), wanted).await
    else {
        panic!("the fuse blows")
    };
    assert!(!left.tainted);
    assert_eq!(left.stored.state.get("colour"), &Value::from("white"));
}

#[tokio::test]
async fn a_failed_delete_keeps_the_object() {
    let (_, core) = house();
    let made = apply(&core, None, json!({ "room": "hall", "name": "stuck" })).await.unwrap();
    let kept = made.instance.clone();

    let Err(Failure::Refused { left: Some(left), .. }) = core.destroy(LAMP, made.instance).await
    else {
        panic!("the lamp is stuck")
    };
    assert_eq!(*left, kept);
}

#[tokio::test]
async fn what_terraform_refuses_never_reaches_the_provider() {
    let (_, core) = house();
    for (given, path, summary) in [
        (json!({ "name": "desk" }), "room", "Missing required argument"),
        (
            json!({ "room": "hall", "name": "desk", "serial": "7" }),
            "serial",
            "Value for unconfigurable attribute",
        ),
        (json!({ "room": "hall", "name": "desk", "colour": "mauve" }), "colour", "Ugly colour"),
    ] {
        let Err(Failure::Refused { problems, .. }) = apply(&core, None, given).await else {
            panic!("{path} is refused")
        };
        assert_eq!((problems[0].path.clone(), &*problems[0].summary), (Path::from(path), summary));
    }
}

#[tokio::test]
async fn an_object_that_is_gone_is_created_again() {
    let (house, core) = house();
    let wanted = json!({ "room": "hall", "name": "desk" });
    let made = apply(&core, None, wanted.clone()).await.unwrap();
    house.change(|lamps| lamps.clear());

    let again = apply(&core, Some(made.instance), wanted).await.unwrap();

    assert_eq!(again.action, Action::Create);
}

#[tokio::test]
async fn private_data_that_an_apply_does_not_return_is_lost() {
    let forgetful = Sinner {
        honest: lamps(House::default()),
        sin: Sin::Apply(|_, answer| answer.stored.private.clear()),
    };
    let core = Core { plugin: forgetful };
    let wanted = lamp(&core, json!({ "room": "hall", "name": "desk" }));

    let Err(Failure::Broken(found)) = core.apply(LAMP, None, &wanted, &wanted).await else {
        panic!("the first read brings back what the apply has lost")
    };
    assert_eq!(found[0].rule, "refresh");
}

#[tokio::test]
async fn a_value_not_known_while_planning_is_filled_in_before_the_apply() {
    let (_, core) = house();
    let early = json!({ "room": "hall", "name": "desk", "colour": { "$unknown": true } });
    let late = json!({ "room": "hall", "name": "desk", "colour": "red" });

    let outcome = core.apply(LAMP, None, &lamp(&core, early), &lamp(&core, late)).await.unwrap();

    assert_eq!(outcome.instance.stored.state.get("wiring"), &Value::from("wire-red"));
}

/// Create, change, replace, import, destroy.
async fn live(house: House, sin: Sin) -> Result<(), Failure> {
    let core = Core { plugin: Sinner { honest: lamps(house), sin } };
    let white = json!({ "room": "hall", "name": "desk", "watts": [40, 60] });
    let red = json!({ "room": "hall", "name": "desk", "colour": "red", "note": "dim" });
    let moved = json!({ "room": "attic", "name": "desk", "colour": "red", "note": "dim" });

    let made = expect(Action::Create, apply(&core, None, white).await?);
    let changed = expect(Action::Update, apply(&core, Some(made), red.clone()).await?);
    let same = expect(Action::NoOp, apply(&core, Some(changed), red).await?);
    let replaced = expect(Action::Replace, apply(&core, Some(same), moved.clone()).await?);
    let imported = core.import(LAMP, "attic/desk").await?;
    assert_eq!(imported.stored.state, replaced.stored.state);
    core.expect_nothing_to_do(LAMP, &imported, &lamp(&core, moved)).await?;
    core.destroy(LAMP, imported).await
}

fn expect(action: Action, outcome: Outcome) -> Instance {
    assert_eq!(outcome.action, action);
    outcome.instance
}

fn house() -> (House, Core<Sinner>) {
    let house = House::default();
    (house.clone(), Core { plugin: Sinner { honest: lamps(house), sin: Sin::None } })
}

fn lamp<P: Plugin>(core: &Core<P>, json: Json) -> Value {
    config(core.plugin.resource_schema(LAMP), &json)
}

async fn apply<P: Plugin>(
    core: &Core<P>,
    current: Option<Instance>,
    json: Json,
) -> Result<Outcome, Failure> {
    let config = lamp(core, json);
    core.apply(LAMP, current, &config, &config).await
}

/// The rule that each sin breaks, in words, and the sin.
fn sins() -> Vec<(&'static str, &'static str, Sin)> {
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
