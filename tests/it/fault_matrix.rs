//! Everything the emulator can do wrong, against everything a resource does.
//!
//! The law: an apply succeeds, or it fails with a diagnostic that names the cause and the next one succeeds. In the end
//! the cloud holds exactly what was wanted and everything of other people, and the next plan is empty. A read that
//! fails drops nothing. An import of a set takes over the routes of its whole table, whosever they are, and nothing
//! else changes. At last everything is destroyed, and the cloud is as other people have left it.

use serde_json::{Value as Json, json};
use tokio::task::LocalSet;

mod cast;
mod faults;
mod orders;
mod stage;
mod tally;

use self::{
    cast::{Deed, ROLES, Role},
    faults::{VERBS, Verb},
    orders::{Extent, Order, orders},
    stage::{Objects, Stage, fault_of, started},
    tally::{Tally, differences, expect, merge},
};
use crate::harness::provider::unconfigured;

const RETRIES: [u32; 2] = [0, 3];

/// One cell of the matrix.
struct Case<'c> {
    verb: Verb,
    name: String,
    orders: Vec<Json>,
    causes: &'c [&'c str],
    gains: &'c [String],
    loses: &'c [String],
    /// Somebody else changes what is theirs, which a read may show.
    is_deed: bool,
    /// Somebody else takes what is ours, so a read may find it changed or gone.
    is_theft: bool,
}

#[test]
fn every_resource_takes_part() {
    for resource in unconfigured().resources {
        let name = resource.name();
        assert!(
            ROLES.iter().any(|role| role.name == name),
            "give `{name}` a part in tests/it/fault_matrix/cast.rs"
        );
    }
}

#[tokio::test]
async fn routes_one_by_one() {
    play("container_route", true, Extent::Essence).await;
}

#[tokio::test]
async fn routes_at_once() {
    play("container_route", false, Extent::Essence).await;
}

#[tokio::test]
async fn sets_one_by_one() {
    play("container_routes", true, Extent::Essence).await;
}

#[tokio::test]
async fn sets_at_once() {
    play("container_routes", false, Extent::Essence).await;
}

#[tokio::test]
async fn exclusive_sets_one_by_one() {
    play("container_routes, exclusive", true, Extent::Essence).await;
}

#[tokio::test]
async fn exclusive_sets_at_once() {
    play("container_routes, exclusive", false, Extent::Essence).await;
}

#[tokio::test]
async fn source_checks_one_by_one() {
    play("ecs_port_source_check", true, Extent::Essence).await;
}

#[tokio::test]
async fn source_checks_at_once() {
    play("ecs_port_source_check", false, Extent::Essence).await;
}

#[tokio::test]
async fn sets_of_source_checks_one_by_one() {
    play("ecs_port_source_checks", true, Extent::Essence).await;
}

#[tokio::test]
async fn sets_of_source_checks_at_once() {
    play("ecs_port_source_checks", false, Extent::Essence).await;
}

#[tokio::test]
async fn rules_one_by_one() {
    play("secgroup_icmp_udp_rule", true, Extent::Essence).await;
}

#[tokio::test]
async fn rules_at_once() {
    play("secgroup_icmp_udp_rule", false, Extent::Essence).await;
}

#[tokio::test]
async fn sets_of_rules_one_by_one() {
    play("secgroup_rules", true, Extent::Essence).await;
}

#[tokio::test]
async fn sets_of_rules_at_once() {
    play("secgroup_rules", false, Extent::Essence).await;
}

/// All of it, each role in a thread of its own.
#[test]
#[ignore = "takes minutes; run it after changes to a writer: `make matrix`"]
fn whole_matrix() {
    std::thread::scope(|scope| {
        for role in ROLES {
            for is_one in [true, false] {
                scope.spawn(move || {
                    let runtime =
                        tokio::runtime::Builder::new_current_thread().enable_all().build();
                    runtime.expect("a runtime").block_on(play(role.title, is_one, Extent::Whole));
                });
            }
        }
    });
}

#[expect(clippy::print_stdout, reason = "the number of cases is worth knowing")]
async fn play(title: &str, is_one: bool, extent: Extent) {
    let role = ROLES.iter().find(|role| role.title == title).expect("a part in the matrix");
    let count = match (is_one, extent) {
        (true, _) => 1,
        (false, Extent::Essence) => role.few,
        (false, Extent::Whole) => role.many,
    };
    let begun = started();
    let mut tally = Tally::default();
    let scene = async {
        for retries in RETRIES {
            let stage = Stage::set_up(retries, (role.nodes)(count)).await;
            for verb in VERBS {
                for order in &orders(role, verb, count, retries, extent) {
                    let context = format!("{title} x{count}, {retries} retries, {verb:?}");
                    tally.note(&context, order, play_fault(&stage, role, count, order).await);
                }
                if extent == Extent::Essence && (count > 1 || retries > 0) {
                    continue;
                }
                for writes in [false, true] {
                    if !writes || verb.writes() {
                        play_deeds(&stage, role, count, verb, writes, retries, &mut tally).await;
                    }
                }
            }
        }
    };
    LocalSet::new().run_until(scene).await;
    let seconds = begun.elapsed().as_secs_f32();
    println!("{title} x{count}: {tally} in {seconds:.1} s");
    let broken = tally.broken.len();
    assert!(broken == 0, "{broken} cases break the law:\n\n{}", tally.broken.join("\n\n"));
}

async fn play_fault(
    stage: &Stage,
    role: &Role,
    count: usize,
    order: &Order,
) -> (bool, Result<(), String>) {
    let mut how = order.fault.how.clone();
    merge(&mut how, &order.which);
    let orders = on_calls(role, order.on_writes, &how);
    let case = Case {
        verb: order.verb,
        name: order.to_string(),
        orders,
        causes: order.fault.causes,
        gains: &[],
        loses: &[],
        is_deed: false,
        is_theft: false,
    };
    play_case(stage, role, count, &case).await
}

/// What a foreign writer does before or after one of our calls.
async fn play_deeds(
    stage: &Stage,
    role: &Role,
    count: usize,
    verb: Verb,
    writes: bool,
    retries: u32,
    tally: &mut Tally,
) {
    let deeds = (role.deeds)(&stage.home).into_iter().map(|deed| (deed, false));
    let thefts = match verb {
        Verb::Create => Vec::new(),
        // As they are once there is something to take.
        _ => {
            stage.set_back().await;
            let mut objects = Objects::new(role, stage, 1);
            objects.apply().await;
            (role.thefts)(&stage.outsider.look().await)
        }
    };
    for (deed, is_theft) in deeds.chain(thefts.into_iter().map(|deed| (deed, true))) {
        for when in ["before", "after"] {
            // After a read comes the write, or several: a set reads once for the writes of a second.
            let gap = if writes { "before" } else { "after" };
            let is_in_a_gap = when == gap || writes && count > 1 && role.in_one > 1;
            if is_in_a_gap && !deed.may_precede_a_write {
                continue;
            }
            let Deed { name, call, loses, .. } = &deed;
            let gains = if deed.is_swept && verb != Verb::Delete { &[][..] } else { &deed.gains };
            let how = json!({ "foreign": { "when": when, "calls": [call] } });
            let orders = on_calls(role, writes, &how);
            let what = if writes { "write" } else { "read" };
            let name = format!("somebody {name} {when} our first {what}");
            let causes: &[&str] =
                &["at the same time", "since the plan", "does not exist", "not found", "exists"];
            let case = Case { verb, name, orders, causes, gains, loses, is_deed: true, is_theft };
            let outcome = play_case(stage, role, count, &case).await;
            tally.note(
                &format!("{} x{count}, {retries} retries, {verb:?}", role.title),
                &case.name,
                outcome,
            );
        }
    }
}

fn on_calls(role: &Role, writes: bool, how: &Json) -> Vec<Json> {
    let on = |(method, path): &(&str, &str)| {
        let mut fault = how.clone();
        merge(&mut fault, &json!({ "method": method, "path": path }));
        fault
    };
    if writes { role.writes.iter().map(on).collect() } else { vec![on(&("GET", role.reads))] }
}

/// Whether something went wrong by order, and whether the law held.
async fn play_case(
    stage: &Stage,
    role: &Role,
    count: usize,
    case: &Case<'_>,
) -> (bool, Result<(), String>) {
    stage.set_back().await;
    let mut objects = Objects::new(role, stage, count);
    let told = disturbed(stage, &mut objects, case).await;
    let hit = stage.was_hit().await;
    stage.outsider.cancel_faults().await;
    let kept = match told {
        Ok(()) => converged(stage, &mut objects, case, hit).await,
        broken => broken,
    };
    (hit, kept)
}

/// The verb, with everything going wrong that was ordered.
async fn disturbed(
    stage: &Stage,
    objects: &mut Objects<'_>,
    case: &Case<'_>,
) -> Result<(), String> {
    if case.verb != Verb::Create {
        let failures = objects.apply().await;
        expect("what the verb needs", failures.iter().map(ToString::to_string).collect())?;
    }
    match case.verb {
        Verb::Update => objects.want(true),
        Verb::Delete => objects.want_none(),
        Verb::Create | Verb::Read | Verb::Import => {}
    }
    let order = || stage.outsider.order_faults(Json::Array(case.orders.clone()));
    let named = |failure: &_| fault_of(failure, case.causes);
    match case.verb {
        Verb::Read => {
            order().await;
            let found = objects.refresh(&stage.run()).await;
            let before = objects.states.iter().flatten();
            let wrong = before.zip(found).filter_map(|(before, found)| match found {
                _ if case.is_theft => None,
                Ok(Some(found)) if found.stored.state == before.stored.state => None,
                Ok(Some(_)) if case.is_deed => None,
                Ok(found) => Some(format!("a refresh came to {found:?}")),
                Err(failure) => named(&failure),
            });
            expect("the refresh", wrong.collect())
        }
        Verb::Import => {
            order().await;
            let found = objects.import(&stage.run()).await;
            let expected = match objects.role.imported {
                Some((attribute, keys)) if !case.is_deed => {
                    Some((attribute, keys(&stage.outsider.look().await)))
                }
                _ => None,
            };
            let wrong = found.into_iter().filter_map(|found| match (found, &expected) {
                _ if case.is_theft => None,
                (Ok(found), Some((attribute, keys))) => {
                    let named = found.stored.state.get(attribute).as_map()?;
                    let is_whole = named.keys().eq(keys);
                    (!is_whole).then(|| format!("an import came to {:?}", named.keys()))
                }
                (Ok(_), None) => None,
                (Err(failure), _) => named(&failure),
            });
            expect("the import", wrong.collect())
        }
        Verb::Create | Verb::Update | Verb::Delete => {
            let prepared = objects.prepare(&stage.run()).await;
            order().await;
            let failures = objects.carry_out(&stage.run(), prepared).await;
            expect("the apply", failures.iter().filter_map(named).collect())
        }
    }
}

/// The next apply, and what stands in the end.
async fn converged(
    stage: &Stage,
    objects: &mut Objects<'_>,
    case: &Case<'_>,
    hit: bool,
) -> Result<(), String> {
    let failures = objects.apply().await;
    expect("the next apply", failures.iter().map(ToString::to_string).collect())?;
    let role = objects.role;
    let mut foreign = (role.shown)(&stage.home);
    if hit {
        foreign.retain(|line| !case.loses.contains(line));
        foreign.extend(case.gains.iter().cloned());
    }
    foreign.sort_unstable();
    let mut lines = foreign.clone();
    if case.verb != Verb::Delete {
        let changed = case.verb == Verb::Update;
        lines.extend((0..objects.count).flat_map(|number| (role.lines)(number, changed)));
    }
    lines.sort_unstable();
    let shown = objects.shown().await;
    expect("the cloud", differences(&lines, &shown))?;
    expect("the next plan", objects.left_to_do().await)?;
    objects.want_none();
    let failures = objects.apply().await;
    expect("the destroy", failures.iter().map(ToString::to_string).collect())?;
    expect("the cloud after the destroy", differences(&foreign, &objects.shown().await))
}
