//! `kill -9` of the provider in the middle of an apply of fifty routes.
//!
//! Terraform records a route when the provider has answered for it. What was made without an answer is in the table and
//! not in the state, so to the next apply it is a route that somebody else made. The law: with `adopt_existing` the next
//! apply converges; without it the next apply makes all the others, and names each such route and the way out.

use std::time::Duration;

use serde_json::Value as Json;
use tokio::task::JoinSet;

use super::{
    line::{Line, Point},
    session::{Outcome, Session, Stored},
    stage::{Cloud, destination, points},
};

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
    let (state, pieces) = apply_until(&cloud, never, false).await;
    assert_eq!(state.iter().flatten().count(), ROUTES);
    destroy(&cloud, started(&cloud).await, state).await;

    let mut unrecorded = 0;
    for (number, point) in points(count, pieces, true).enumerate() {
        // Every other time what was made without an answer may be taken over.
        let adopt = number % 2 == 0;
        println!("point {number} of {pieces} pieces, adopt_existing = {adopt}: {point:?}");
        let (state, _) = apply_until(&cloud, point, adopt).await;
        let (session, state) = finish(&cloud, state, adopt, &mut unrecorded).await;
        destroy(&cloud, session, state).await;
    }
    println!("{unrecorded} routes were there without being in the state");
    assert!(unrecorded > 0, "some point lies between a change and its answer");
}

/// Applies fifty new routes, kills the provider at the point or in the end, and returns what Terraform has in its state
/// then, and how many pieces have passed.
async fn apply_until(cloud: &Cloud, point: Point, adopt: bool) -> (Vec<Option<Stored>>, usize) {
    let line = Line::to(cloud.address.clone(), point).await;
    let mut session = Session::start(&cloud.settings(&line.url)).await;
    let nothing = vec![None; ROUTES];
    let mut applies = session.apply(configured(cloud, adopt, nothing.clone()));
    let mut state = nothing;
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

/// The next apply. Whatever it has to leave to the user is adopted then. Returns the process that found nothing to do.
async fn finish(
    cloud: &Cloud,
    mut state: Vec<Option<Stored>>,
    adopt: bool,
    unrecorded: &mut usize,
) -> (Session, Vec<Option<Stored>>) {
    let held = cloud.outsider.look().await.routes(&cloud.table);
    let is_held = |index| held.iter().any(|line| line.starts_with(&destination(0, index)));
    let lost: Vec<usize> =
        (0..ROUTES).filter(|index| state[*index].is_none() && is_held(*index)).collect();
    *unrecorded += lost.len();

    let session = started(cloud).await;
    let mut refused = Vec::new();
    for (index, outcome) in joined(session.apply(configured(cloud, adopt, state.clone()))).await {
        match outcome {
            Outcome::Done(stored) => state[index] = stored,
            Outcome::Refused(error) => {
                assert_eq!(error.summary, "Already exists");
                let way_out = format!("{}/{}", cloud.table, destination(0, index));
                assert!(error.detail.contains(&way_out), "{error:?}");
                refused.push(index);
            }
            Outcome::Died => panic!("nobody killed it"),
        }
    }
    assert_eq!(refused, if adopt { Vec::new() } else { lost });

    if !refused.is_empty() {
        let session = started(cloud).await;
        let adopting = refused.iter().map(|index| (cloud.route(0, *index, true), None));
        for (position, outcome) in joined(session.apply(adopting.collect::<Vec<_>>())).await {
            let Outcome::Done(stored) = outcome else { panic!("not adopted: {outcome:?}") };
            state[refused[position]] = stored;
        }
    }
    cloud.expect_exactly((0..ROUTES).map(|index| destination(0, index))).await;

    let session = started(cloud).await;
    let stored = state.iter().flatten().cloned().enumerate();
    let settled = stored
        .map(|(index, stored)| (cloud.route(0, index, adopt || refused.contains(&index)), stored))
        .collect::<Vec<_>>();
    assert_eq!(settled.len(), ROUTES);
    session.expect_empty_plan(settled).await;
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
    Session::start(&cloud.settings(&cloud.url())).await
}

fn configured(
    cloud: &Cloud,
    adopt: bool,
    state: Vec<Option<Stored>>,
) -> Vec<(Json, Option<Stored>)> {
    let resources = state.into_iter().enumerate();
    resources.map(|(index, stored)| (cloud.route(0, index, adopt), stored)).collect()
}

async fn joined(mut applies: JoinSet<(usize, Outcome)>) -> Vec<(usize, Outcome)> {
    let mut outcomes = Vec::new();
    while let Some(applied) = applies.join_next().await {
        outcomes.push(applied.expect("no panic"));
    }
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes
}
