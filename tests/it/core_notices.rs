//! Whether the harness notices: a provider of lamps lives through a whole life, honestly and with one sin each.

mod sins;

use huaweivpc::framework::{Path, Problem, Value};
use serde_json::{Value as Json, json};

use crate::harness::{
    config::config,
    core::{Action, Core, Failure, Instance, Outcome},
    fake::{House, Sin, Sinner, house_of, lamps},
    grpc::Grpc,
    plugin::Plugin,
};

const LAMP: &str = "house_lamp";

#[tokio::test]
async fn an_honest_provider_lives_through_a_whole_life() {
    let house = House::default();
    live(lamps(house.clone())).await.unwrap();
    assert_eq!(house.change(|lamps| lamps.len()), 0);
}

#[tokio::test]
async fn so_it_does_behind_its_grpc_service() {
    let house = House::default();
    let plugin = Grpc::new(|| house_of(house.clone()));
    assert_eq!(plugin.configure(&config(plugin.provider_schema(), &json!({}))).await, []);
    live(plugin).await.unwrap();
    assert_eq!(house.change(|lamps| lamps.len()), 0);
}

#[tokio::test]
async fn every_sin_is_noticed() {
    let sins = sins::sins();
    for (rule, what, sin) in &sins {
        match live(Sinner { honest: lamps(House::default()), sin: *sin }).await {
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
async fn live(plugin: impl Plugin) -> Result<(), Failure> {
    let core = Core { plugin };
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
