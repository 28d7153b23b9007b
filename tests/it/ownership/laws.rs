//! A case, from an empty state to an empty state, and what has to hold on the way.

use std::{rc::Rc, sync::Arc};

use proptest::{collection::vec, option, prelude::*};
use serde_json::{Value as Json, json};

use super::{
    run::{Order, Outcome, State, apply, plan},
    stage::{Lines, Stage, Writes},
    wanted::{Change, Choice, Wanted, addresses, change},
};
use crate::harness::files::Memory;

/// How many runs without faults it takes at most until the configuration is reached.
const RUNS: usize = 3;

#[derive(Debug, Clone)]
pub struct Case {
    /// There is a data directory, through which the process that plans reaches the one that applies.
    pub has_data: bool,
    /// The ports whose check was off before anything happened.
    pub off: [bool; 2],
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub change: Change,
    pub adopting: Choice,
    pub replace: Choice,
    pub taint: Choice,
    pub create_before_destroy: Choice,
    pub parallelism: usize,
    pub refresh: bool,
    pub fault: Option<Fault>,
    pub stop_after: Option<usize>,
    /// What failed is not repaired before the next change.
    pub goes_on: bool,
    pub seed: u64,
}

impl Step {
    /// One thing after the other, and nothing goes wrong.
    pub fn calm(change: Change) -> Self {
        Self {
            change,
            adopting: Choice::NONE,
            replace: Choice::NONE,
            taint: Choice::NONE,
            create_before_destroy: Choice::NONE,
            parallelism: 1,
            refresh: true,
            fault: None,
            stop_after: None,
            goes_on: false,
            seed: 0,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Fault {
    /// Of the calls with this method, as many as this are spared.
    pub method: &'static str,
    pub skip: u32,
    pub times: u32,
    pub effect: Effect,
    pub max_retries: u32,
}

#[derive(Debug, Clone, Copy)]
pub enum Effect {
    Status(u16),
    CutBefore,
    CutAfter,
}

impl Fault {
    fn order(&self) -> Json {
        let Self { method, skip, times, effect, .. } = self;
        let mut fault = match effect {
            Effect::Status(status) => {
                let body = json!({ "code": "VPC.9999", "message": "ordered by the test" });
                json!({ "answer": { "status": status, "body": body } })
            }
            Effect::CutBefore => json!({ "cut": "before" }),
            Effect::CutAfter => json!({ "cut": "after" }),
        };
        for (name, value) in [("skip", skip), ("times", times)] {
            fault[name] = (*value).into();
        }
        fault["method"] = (*method).into();
        // Not the calls of the test itself.
        json!(["/v1/**", "/v3/**"].map(|path| {
            let mut fault = fault.clone();
            fault["path"] = path.into();
            fault
        }))
    }
}

pub fn cases() -> impl Strategy<Value = Case> {
    let calm = proptest::bool::weighted(0.67);
    (any::<bool>(), any::<[bool; 2]>(), calm, vec(step(), 2..5)).prop_map(
        |(has_data, off, is_calm, mut steps)| {
            for step in steps.iter_mut().filter(|_| is_calm) {
                step.fault = None;
                step.stop_after = None;
            }
            Case { has_data, off, steps }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let fault = option::weighted(0.5, fault());
    let stop = option::weighted(0.3, 1..8_usize);
    let parallelism = prop_oneof![Just(1_usize), Just(2), Just(10)];
    let choices = (addresses(), addresses(), addresses(), addresses());
    let ways = (parallelism, proptest::bool::weighted(0.8), fault, stop);
    (change(), choices, ways, any::<bool>(), any::<u64>()).prop_map(
        |(change, choices, ways, goes_on, seed)| {
            let (adopting, replace, taint, create_before_destroy) = choices;
            let (parallelism, refresh, fault, stop_after) = ways;
            Step {
                change,
                adopting,
                replace,
                taint,
                create_before_destroy,
                parallelism,
                refresh,
                fault,
                stop_after,
                goes_on,
                seed,
            }
        },
    )
}

fn fault() -> impl Strategy<Value = Fault> {
    let method =
        prop_oneof![1 => Just("GET"), 4 => Just("PUT"), 3 => Just("POST"), 2 => Just("DELETE")];
    let effect = prop_oneof![
        1 => Just(Effect::Status(500)),
        1 => Just(Effect::Status(503)),
        1 => Just(Effect::Status(409)),
        1 => Just(Effect::CutBefore),
        2 => Just(Effect::CutAfter),
    ];
    (method, 0..6_u32, 1..4_u32, effect, prop_oneof![3 => Just(0_u32), 1 => Just(2)]).prop_map(
        |(method, skip, times, effect, max_retries)| Fault {
            method,
            skip,
            times,
            effect,
            max_retries,
        },
    )
}

/// What a case has come to so far.
struct Course<'s> {
    stage: &'s Stage,
    files: Arc<Memory>,
    has_data: bool,
    state: State,
    wanted: Wanted,
    adopting: Choice,
    /// What the cloud held before anything happened.
    home: Lines,
    home_off: [bool; 2],
    /// Everything has gone as it should since the last run that succeeded.
    is_clean: bool,
    /// What the runs came to, for whoever has to find out why a law is broken.
    trail: Vec<String>,
}

pub async fn play(stage: &Stage, case: &Case) -> Result<(), String> {
    stage.set_back(case.off).await;
    let (home, home_off) = stage.shown().await;
    let files = if case.has_data { Memory::with(".terraform") } else { Memory::default() };
    let mut course = Course {
        stage,
        files: Arc::new(files),
        has_data: case.has_data,
        state: State::new(),
        wanted: Wanted::default(),
        adopting: Choice::NONE,
        home,
        home_off,
        is_clean: true,
        trail: Vec::new(),
    };
    course.go(case).await.map_err(|wrong| format!("{wrong}\n{}", course.trail.join("\n")))
}

impl Course<'_> {
    async fn go(&mut self, case: &Case) -> Result<(), String> {
        for (number, step) in case.steps.iter().enumerate() {
            let is_last = number + 1 == case.steps.len();
            self.trail.push(format!("step {number}"));
            self.take(step, is_last).await?;
        }
        self.trail.push("destroy".to_owned());
        self.wanted = Wanted::default();
        let order = self.calm(case.steps.len() as u64);
        self.reach(order).await
    }

    async fn take(&mut self, step: &Step, is_last: bool) -> Result<(), String> {
        let is_same = matches!(step.change, Change::Same);
        self.wanted = step.change.of(&self.wanted);
        self.adopting = step.adopting;
        // Terraform forgets what is remembered of a tainted object, and without a data directory nobody else knows what a
        // failed run has left of it.
        let taint = if self.has_data || self.is_clean { step.taint } else { Choice::NONE };
        for (address, entry) in &mut self.state {
            if let Some(current) = entry.current.as_mut().filter(|_| taint.has(*address)) {
                current.tainted = true;
            }
        }
        let currents = self.state.values().filter_map(|entry| entry.current.as_ref());
        let has_tainted = currents.into_iter().any(|instance| instance.tainted);
        let order = Order {
            blocks: self.wanted.blocks(step.adopting, &self.stage.ids),
            replace: step.replace,
            create_before_destroy: self.possible(step.create_before_destroy),
            parallelism: step.parallelism,
            // What is remembered of a tainted object reaches the provider by a refresh only.
            refresh: step.refresh || !self.is_clean || has_tainted,
            stop_after: step.stop_after,
            seed: step.seed,
        };
        let is_disturbed = step.fault.is_some() || step.stop_after.is_some();
        if !is_disturbed && self.is_clean && self.has_data {
            self.stage.outsider.forget_requests().await;
            let outcome = self.run(&order, 0).await?;
            let writes = self.stage.writes().await;
            self.expect_success(&outcome)?;
            let keeps_order = self.state.keys().all(|it| step.create_before_destroy.has(*it));
            if is_same && keeps_order && writes != Writes::default() {
                return Err(format!("replacements that create first took {writes:?}"));
            }
            return self.holds().await;
        }
        if let Some(fault) = &step.fault {
            self.stage.outsider.order_faults(fault.order()).await;
        }
        let retries = step.fault.as_ref().map_or(0, |fault| fault.max_retries);
        let outcome = self.run(&order, retries).await?;
        self.stage.outsider.cancel_faults().await;
        if outcome.is_success() {
            let held = self.holds().await;
            if held.is_ok() || self.is_clean || self.has_data {
                self.is_clean = true;
                return held;
            }
        }
        self.is_clean = false;
        if step.goes_on && !is_last {
            return Ok(());
        }
        self.reach(self.calm(step.seed)).await
    }

    fn calm(&self, seed: u64) -> Order {
        Order {
            blocks: self.wanted.blocks(self.adopting, &self.stage.ids),
            replace: Choice::NONE,
            create_before_destroy: self.possible(Choice(seed as u16)),
            parallelism: [1, 2, 10][(seed % 3) as usize],
            refresh: true,
            stop_after: None,
            seed,
        }
    }

    /// Without a data directory nobody can tell the process that applies whose an object is that a creation meets, and
    /// the destruction comes after the creation has failed.
    fn possible(&self, create_before_destroy: Choice) -> Choice {
        match self.has_data {
            true => create_before_destroy,
            false => create_before_destroy.among(self.adopting),
        }
    }

    /// Runs without faults until there is nothing more to do.
    async fn reach(&mut self, mut order: Order) -> Result<(), String> {
        for _ in 0..RUNS {
            let outcome = self.run(&order, 0).await?;
            if outcome.is_success() {
                let held = self.holds().await;
                if held.is_ok() || self.is_clean || self.has_data {
                    self.is_clean = true;
                    return held;
                }
            }
            self.is_clean = false;
            order.seed = order.seed.wrapping_add(1);
        }
        Err(format!("{RUNS} runs without faults were not enough"))
    }

    /// Both halves of a run. The contract is kept, whatever happens.
    async fn run(&mut self, order: &Order, retries: u32) -> Result<Outcome, String> {
        let order = Rc::new(order.clone());
        let process = self.stage.process(&self.files, retries).await;
        let planned = plan(process, &self.state, &order).await;
        let outcome = if planned.outcome.is_refused_at_plan {
            planned.outcome
        } else {
            let process = self.stage.process(&self.files, retries).await;
            apply(process, planned, &mut self.state, &order).await
        };
        self.trail.push(outcome.to_string());
        if outcome.broken.is_empty() { Ok(outcome) } else { Err("the contract is broken".into()) }
    }

    fn expect_success(&self, outcome: &Outcome) -> Result<(), String> {
        if outcome.is_success() {
            Ok(())
        } else {
            Err("a run without faults did not succeed".into())
        }
    }

    /// The cloud is as wanted, and there is nothing to do.
    async fn holds(&mut self) -> Result<(), String> {
        let (lines, off) = self.stage.shown().await;
        let mut expected = self.home.clone();
        expected.extend(self.wanted.lines());
        expected.sort_unstable();
        let mut expected_off = self.home_off;
        for (is_off, check) in expected_off.iter_mut().zip(self.wanted.checks) {
            *is_off = check.map_or(*is_off, |check| !check.enabled);
        }
        // Without a data directory a check that changes hands cannot tell the new owner how it was found at first.
        for ((expected, is_off), check) in expected_off.iter_mut().zip(off).zip(self.wanted.checks)
        {
            if !self.has_data && check.is_none() {
                *expected = is_off;
            }
        }
        if (&lines, off) != (&expected, expected_off) {
            let lacks: Vec<_> = expected.iter().filter(|it| !lines.contains(it)).collect();
            let surplus: Vec<_> = lines.iter().filter(|it| !expected.contains(it)).collect();
            return Err(format!(
                "the cloud lacks {lacks:#?} and has {surplus:#?} too much; checks off {off:?}, wanted {expected_off:?}"
            ));
        }
        let order = Rc::new(self.calm(1));
        let process = self.stage.process(&self.files, 0).await;
        let next = plan(process, &self.state, &order).await.outcome;
        if next.todo.is_empty() && next.refusals.is_empty() && next.broken.is_empty() {
            Ok(())
        } else {
            Err(format!("the next plan is not empty: {next}"))
        }
    }
}
