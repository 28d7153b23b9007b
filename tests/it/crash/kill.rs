//! `kill -9` of the provider in the middle of an apply of fifty routes.
//!
//! Terraform records a route when the provider has answered for it. What was made without an answer is in the table and
//! not in the state, and a note of the provider's says so. The law: the next apply converges, whatever the point; in
//! the end the next plan is empty and no note is left.

use std::{fs, time::Duration};

use serde_json::Value as Json;
use tokio::task::JoinSet;

use super::{
    line::{Line, Point},
    session::{Outcome, Session, Stored},
    stage::{Cloud, destination, notes, points},
};

const TYPE: &str = "huaweivpc_container_route";
const ROUTES: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_provider_leaves_nothing_that_the_next_apply_cannot_finish() {
    at_points(20).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "some minutes: `make crash`"]
async fn a_killed_provider_at_300_points() {
    at_points(300).await;
}

#[expect(clippy::print_stdout, reason = "a failed test shows at which point it failed")]
async fn at_points(count: usize) {
    let cloud = Cloud::start(Duration::ZERO).await;
    let never = Point { piece: usize::MAX, arrives: true, cut: true };
    let (state, pieces) = apply_until(&cloud, never).await;
    assert_eq!(state.iter().flatten().count(), ROUTES);
    destroy(&cloud, started(&cloud).await, state).await;

    let mut unrecorded = 0;
    for (number, point) in points(count, pieces, true).enumerate() {
        println!("point {number} of {pieces} pieces: {point:?}");
        let (state, _) = apply_until(&cloud, point).await;
        unrecorded += unrecorded_in(&cloud, &state).await.len();
        let (session, state) = finish(&cloud, state).await;
        destroy(&cloud, session, state).await;
    }
    println!("{unrecorded} routes were there without being in the state");
    assert!(unrecorded > 0, "some point lies between a change and its answer");
}

/// Without notes, on another machine for one, what was made and not recorded is a stranger's.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_has_noted_is_refused_with_the_way_out() {
    let cloud = Cloud::start(Duration::ZERO).await;
    for point in points(20, ROUTES, true) {
        let (state, _) = apply_until(&cloud, point).await;
        let unrecorded = unrecorded_in(&cloud, &state).await;
        if unrecorded.is_empty() {
            let (session, state) = finish(&cloud, state).await;
            destroy(&cloud, session, state).await;
            continue;
        }
        fs::remove_dir_all(cloud.data.path().join("huaweivpc")).expect("notes");
        let session = started(&cloud).await;
        let mut refused = Vec::new();
        for (index, outcome) in joined(session.apply(configured(&cloud, &state))).await {
            if let Outcome::Refused(error) = outcome {
                assert_eq!(error.summary, "Already exists");
                let way_out = format!("{}/{}", cloud.table, destination(0, index));
                assert!(error.detail.contains(&way_out), "{error:?}");
                refused.push(index);
            }
        }
        assert_eq!(refused, unrecorded);
        return cloud.expect_exactly((0..ROUTES).map(|index| destination(0, index))).await;
    }
    panic!("some point lies between a change and its answer");
}

/// Applies fifty new routes, kills the provider at the point or in the end, and returns what Terraform has in its state
/// then, and how many pieces have passed.
async fn apply_until(cloud: &Cloud, point: Point) -> (Vec<Option<Stored>>, usize) {
    let line = Line::to(cloud.address.clone(), point).await;
    let mut session = Session::start(TYPE, &cloud.settings(&line.url), cloud.data.path()).await;
    let mut state = vec![None; ROUTES];
    let mut applies = session.apply(configured(cloud, &state));
    loop {
        tokio::select! {
            () = line.reached() => break,
            next = applies.join_next() => match next {
                Some(applied) => record(applied.expect("no panic"), &mut state),
                None => break,
            },
        }
    }
    session.process.child.kill().expect("it runs still");
    while let Some(applied) = applies.join_next().await {
        record(applied.expect("no panic"), &mut state);
    }
    (state, line.passed())
}

fn record((index, outcome): (usize, Outcome), state: &mut [Option<Stored>]) {
    match outcome {
        Outcome::Done(stored) => state[index] = stored,
        Outcome::Died => {}
        Outcome::Refused(error) => panic!("{error:?}"),
    }
}

/// The routes that were made and are in no state.
async fn unrecorded_in(cloud: &Cloud, state: &[Option<Stored>]) -> Vec<usize> {
    let held = cloud.outsider.look().await.routes(&cloud.table);
    let is_held = |index| held.iter().any(|line| line.starts_with(&destination(0, index)));
    (0..ROUTES).filter(|index| state[*index].is_none() && is_held(*index)).collect()
}

/// The next apply, and the plan after it. Returns the process that found nothing to do.
async fn finish(cloud: &Cloud, mut state: Vec<Option<Stored>>) -> (Session, Vec<Option<Stored>>) {
    let session = started(cloud).await;
    for (index, outcome) in joined(session.apply(configured(cloud, &state))).await {
        let Outcome::Done(stored) = outcome else { panic!("{index} is not made: {outcome:?}") };
        state[index] = stored;
    }
    cloud.expect_exactly((0..ROUTES).map(|index| destination(0, index))).await;

    let session = started(cloud).await;
    let stored = state.iter().flatten().cloned().enumerate();
    let settled: Vec<_> = stored.map(|(index, stored)| (cloud.route(0, index), stored)).collect();
    assert_eq!(settled.len(), ROUTES);
    session.expect_empty_plan(settled).await;
    assert_eq!(notes(cloud.data.path()), 0, "all is recorded");
    (session, state)
}

async fn destroy(cloud: &Cloud, session: Session, state: Vec<Option<Stored>>) {
    let doomed: Vec<_> = state.into_iter().map(|stored| (Json::Null, stored)).collect();
    for (_, outcome) in joined(session.apply(doomed)).await {
        assert!(matches!(outcome, Outcome::Done(None)), "not destroyed: {outcome:?}");
    }
    cloud.expect_exactly([]).await;
}

async fn started(cloud: &Cloud) -> Session {
    Session::start(TYPE, &cloud.settings(&cloud.url()), cloud.data.path()).await
}

fn configured(cloud: &Cloud, state: &[Option<Stored>]) -> Vec<(Json, Option<Stored>)> {
    let resources = state.iter().cloned().enumerate();
    resources.map(|(index, stored)| (cloud.route(0, index), stored)).collect()
}

async fn joined(mut applies: JoinSet<(usize, Outcome)>) -> Vec<(usize, Outcome)> {
    let mut outcomes = Vec::new();
    while let Some(applied) = applies.join_next().await {
        outcomes.push(applied.expect("no panic"));
    }
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes
}
