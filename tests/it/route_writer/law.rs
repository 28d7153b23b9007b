//! Any wishes, from any number of tasks, against any misfortune: each answer is true of the table in the end.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use huaweivpc::cloud::{Cloud, Error, Kind, RouteTableId, Wish, Written};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};

use super::{
    about, create, destination,
    model::{Fault, Foreign, Model, Served},
    noted, reading, remove, route, set,
};
use crate::{
    cloud::{change, id},
    harness::property,
};

/// The destinations that are wished of; others know of these and two more.
const OURS: usize = 6;
const ALL: usize = 8;
/// Refused, when something is.
const BAD: usize = 5;

#[derive(Debug, Clone)]
struct Case {
    /// What this run has read of the table before others made it what the model says. No write may be decided by it.
    read: Option<BTreeMap<String, String>>,
    model: Model,
    /// Of which an earlier run has noted that it was about to make the route with this description.
    noted: BTreeMap<String, &'static str>,
    wishes: Vec<Wished>,
}

#[derive(Debug, Clone)]
struct Wished {
    wish: Wish,
    destination: String,
    /// How long it takes to come.
    delay: usize,
}

type Answer = Result<Written, Error>;

#[test]
fn every_answer_is_true_in_the_end() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config { source_file: Some(file!()), ..property::config(300) };
    // One session for all; each case has a table of its own.
    let (cloud, served) = runtime.block_on(reading(Model::default()));
    let tables = Cell::new(0_u64);
    let law = |case: Case| {
        tables.set(tables.get() + 1);
        let table = format!("3d901e64-15bf-4c70-8d3f-{:012x}", tables.get());
        runtime.block_on(check(case, &cloud, &id(&table), &served))
    };
    TestRunner::new(config).run(&cases(), law).unwrap();
}

async fn check(
    case: Case,
    reading: &Cloud,
    table: &RouteTableId,
    served: &Served,
) -> Result<(), TestCaseError> {
    let cloud = &change(reading);
    if let Some(routes) = case.read.clone() {
        served.change(|model| *model = Model { routes, ..Model::default() });
        reading.cached().route_table(table).await.unwrap();
    }
    served.change(|model| *model = case.model.clone());
    let before = case.model;
    let is_alone = before.foreign.is_empty();
    for (destination, description) in &case.noted {
        cloud.journal().leave(about(table, destination), &route(destination, description));
    }
    let order = Arc::new(Mutex::new(Vec::new()));
    let tasks: Vec<_> = case
        .wishes
        .iter()
        .enumerate()
        .map(|(number, wished)| {
            let (cloud, table) = (cloud.clone(), table.clone());
            let (order, wished) = (Arc::clone(&order), wished.clone());
            tokio::spawn(async move {
                for _ in 0..wished.delay {
                    tokio::task::yield_now().await;
                }
                order.lock().unwrap().push(number);
                cloud.write_route(&table, wished.wish).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    let after = served.now();
    let order = order.lock().unwrap().clone();
    for n in 0..ALL {
        let destination = destination(n);
        let told: Vec<(&Wish, &Answer)> = order
            .iter()
            .filter(|number| case.wishes[**number].destination == destination)
            .map(|number| (&case.wishes[*number].wish, &answers[*number]))
            .collect();
        let possible = possible(&before, &destination, &told);
        let held = after.routes.get(&destination).cloned();
        prop_assert!(
            possible.contains(&held),
            "{destination} is {held:?}, not one of {possible:?}: {told:?}"
        );
        let is_disturbed = before.foreign.iter().flatten().any(|act| act.names(&destination));
        if !is_disturbed && let [(wish, answer)] = &told[..] {
            let found = before.routes.get(&destination).map(String::as_str);
            let was_noted = case.noted.get(&destination).copied();
            let is_noted = noted(cloud, table, &destination).is_some();
            check_note(wish, answer, found, was_noted, is_noted)?;
        }
    }
    prop_assert_eq!(after.seen.most_in_flight.max(1), 1, "two writes at once");
    prop_assert!(!after.seen.mixed, "a deletion travelled with something else");
    let is_calm = is_alone && before.faults.is_empty();
    if is_alone && !before.faults.iter().flatten().any(hides) {
        prop_assert_eq!(after.seen.in_vain, 0, "written twice");
    }
    if is_calm && before.bad.is_empty() && before.room.is_none() && before.most_entries.is_none() {
        prop_assert!(after.seen.puts <= case.wishes.len(), "{:?}", after.seen);
    }
    // Of n wishes, halving makes 2n-1 calls; each is sent a second time at most for each misfortune.
    let misfortunes = before.faults.len() + before.foreign.len();
    let most = 4 * case.wishes.len() + 8 * misfortunes + 4;
    prop_assert!(after.seen.puts <= most, "{:?}, not {most}", after.seen);
    prop_assert!(after.seen.gets <= 2 * most + 20, "{:?}, not twice {most}", after.seen);
    for (wished, answer) in case.wishes.iter().zip(&answers) {
        if let Err(error) = answer {
            let is_bad = before.bad.contains(&wished.destination) && error.kind() == Kind::Refused;
            let is_full = before.room.is_some() && error.kind() == Kind::QuotaExceeded;
            let acts = before.foreign.iter().flatten();
            let acts = acts.filter(|act| act.names(&wished.destination)).count();
            // What the cloud took, others may change before it shows.
            let is_undone = error.leaves_doubt() && acts > 0;
            // Gone when we called, and back when we looked.
            let is_back = error.code() == Some("VPC.2805") && acts > 1;
            prop_assert!(is_bad || is_full || is_undone || is_back, "{wished:?} failed of {error}");
            prop_assert!(is_undone || !error.leaves_doubt(), "a refusal leaves no doubt: {error}");
        }
    }
    Ok(())
}

/// What a note has meant to the one wish of its destination, and what has become of it.
fn check_note(
    wish: &Wish,
    answer: &Answer,
    found: Option<&str>,
    was_noted: Option<&str>,
    is_noted: bool,
) -> Result<(), TestCaseError> {
    let told = format!("{wish:?}: {answer:?}, found {found:?}, noted {was_noted:?}");
    match (wish, answer) {
        (Wish::Create { route, adopt: false }, Ok(written)) if found.is_some() => {
            let is_ours = found == was_noted && found == Some(&route.description);
            let expected = if is_ours { Written::Done } else { Written::Exists };
            prop_assert_eq!(written, &expected, "{}", told);
            prop_assert_eq!(is_noted, was_noted.is_some(), "nothing was sent: {}", told);
        }
        (Wish::Create { .. }, Ok(Written::Done)) if found.is_none() => {
            prop_assert!(is_noted, "nobody has recorded it yet: {told}");
        }
        (Wish::Create { .. }, Err(error)) if !error.leaves_doubt() && was_noted.is_none() => {
            prop_assert!(!is_noted, "it is not there: {told}");
        }
        (Wish::Remove { .. }, Ok(_)) => prop_assert!(!is_noted, "it is gone: {told}"),
        _ => {}
    }
    Ok(())
}

/// The cloud shows something else than what is.
fn hides(fault: &Fault) -> bool {
    matches!(fault, Fault::Stale(_) | Fault::Lagging(_) | Fault::ShowsNothing)
}

/// What may be held in the end, after these answers in the order in which their wishes came.
fn possible(
    before: &Model,
    destination: &str,
    told: &[(&Wish, &Answer)],
) -> BTreeSet<Option<String>> {
    let mut possible = BTreeSet::from([before.routes.get(destination).cloned()]);
    let is_disturbed = before.foreign.iter().flatten().any(|act| act.names(destination));
    for (wish, answer) in told {
        let wanted = match wish {
            Wish::Create { route, .. } | Wish::Set { route } => Some(route.description.clone()),
            Wish::Remove { .. } => None,
        };
        match answer {
            Ok(Written::Done) => possible = BTreeSet::from([wanted]),
            Err(error) if error.leaves_doubt() => drop(possible.insert(wanted)),
            // A read that is older than what we wrote may show what others had made of it before.
            Ok(Written::Differs(_)) if is_disturbed => drop(possible.insert(wanted)),
            Ok(_) | Err(_) => {}
        }
    }
    for act in before.foreign.iter().flatten().filter(|act| act.names(destination)) {
        possible.insert(match act {
            Foreign::Put(_, description) => Some(description.clone()),
            Foreign::Delete(_) => None,
        });
    }
    possible
}

fn cases() -> impl Strategy<Value = Case> {
    let noted = vec((0..OURS, select(vec!["a", "b"])), 0..4);
    (option::of(routes()), models(), noted, vec(wishes(), 1..12)).prop_map(
        |(read, model, noted, wishes)| {
            let noted = noted.into_iter().map(|(n, description)| (destination(n), description));
            Case { read, model, noted: noted.collect(), wishes }
        },
    )
}

fn routes() -> impl Strategy<Value = BTreeMap<String, String>> {
    vec((0..ALL, select(vec!["a", "c"])), 0..6).prop_map(|routes| {
        let routes = routes.into_iter();
        routes.map(|(n, description)| (destination(n), description.to_owned())).collect()
    })
}

fn wishes() -> impl Strategy<Value = Wished> {
    (0..OURS, 0..4_usize, select(vec!["a", "b"]), 0..20_usize).prop_map(
        |(n, kind, description, delay)| {
            let destination = destination(n);
            let wish = match kind {
                0 => create(destination.clone(), description),
                1 => Wish::Create {
                    route: super::route(destination.clone(), description),
                    adopt: true,
                },
                2 => set(destination.clone(), description),
                _ => remove(&destination),
            };
            Wished { wish, destination, delay }
        },
    )
}

fn models() -> impl Strategy<Value = Model> {
    let faults = vec(option::of(fault()), 0..5);
    let foreign = vec(option::weighted(0.4, foreign()), 0..5);
    let limits =
        (option::weighted(0.3, 1..4_usize), any::<bool>(), option::weighted(0.2, 2..7_usize));
    let manners = (any::<bool>(), 0..5_usize, proptest::bool::weighted(0.3));
    (routes(), faults, foreign, limits, manners).prop_map(
        |(routes, faults, foreign, (most_entries, keeps_number, room), (is_partial, turn, bad))| {
            Model {
                routes,
                faults: faults.into(),
                foreign: foreign.into(),
                bad: bad.then(|| destination(BAD)).into_iter().collect(),
                most_entries,
                keeps_number,
                room,
                is_partial,
                turn,
                ..Model::default()
            }
        },
    )
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::LostBefore),
        Just(Fault::LostAfter),
        (1..4_usize).prop_map(Fault::LostAmid),
        Just(Fault::Refused409),
        Just(Fault::Refused500),
        Just(Fault::Error500After),
        Just(Fault::Garbage),
        Just(Fault::Throttled),
        (1..4_usize).prop_map(Fault::Stale),
        Just(Fault::ShowsNothing),
    ]
}

fn foreign() -> impl Strategy<Value = Foreign> {
    prop_oneof![
        (0..ALL, select(vec!["a", "d"]))
            .prop_map(|(n, description)| Foreign::Put(destination(n), description.to_owned())),
        (0..ALL).prop_map(|n| Foreign::Delete(destination(n))),
    ]
}
