//! Where a case of the matrix takes place: one emulator, set back before each case, and runs of Terraform that each
//! begin with a session of their own.

use std::{
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use huaweivpc::{
    cloud::{AccessKey, Cloud, Config, Credentials, Endpoints, NoNotes, Project, Timeouts},
    emulator::{Emulator, Scenario, Settings},
    framework::Value,
};
use serde_json::Value as Json;
use tokio::net::TcpListener;

use super::cast::{Role, scenario};
use crate::harness::{
    config::config,
    core::{
        Core, Failure, Instance,
        phases::{Prepared, Todo},
    },
    outsider::{Outsider, Sight},
    plugin::{Direct, Plugin, is_error},
    provider::{now, unconfigured},
};

pub struct Stage {
    pub outsider: Outsider,
    /// The world before anything happens.
    pub home: Sight,
    config: Config,
}

/// One process of the provider.
pub type Run = Rc<Core<Direct<Cloud>>>;

impl Stage {
    pub async fn set_up(max_retries: u32, nodes: usize) -> Self {
        let scenario = scenario(nodes);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let parsed = Scenario::parse(&scenario.to_string()).unwrap_or_else(|e| panic!("{e}"));
        let emulator =
            Emulator::new(parsed, Settings::with_clock(now)).expect("no state file is read");
        tokio::spawn(async move { emulator.serve(listener).await });
        let outsider = Outsider::log_in(&url, &scenario).await;
        let home = outsider.look().await;
        Self { outsider, home, config: patient(&scenario, &url, max_retries) }
    }

    /// The world as it was, and nothing that goes wrong.
    pub async fn set_back(&self) {
        self.outsider.call("POST", "/_emulator/reset", Json::Null).await;
        self.outsider.forget_requests().await;
    }

    pub fn run(&self) -> Run {
        let session = Cloud::new(self.config.clone(), Arc::new(NoNotes)).expect("a session");
        Rc::new(Core { plugin: Direct { provider: unconfigured(), session } })
    }

    /// Whether something has gone wrong by order.
    pub async fn was_hit(&self) -> bool {
        let log = self.outsider.call("GET", "/_emulator/requests", Json::Null).await;
        let mut entries = log["requests"].as_array().into_iter().flatten();
        entries.any(|entry| entry["fault"].is_string())
    }
}

/// Repeats without a pause.
fn patient(scenario: &Json, url: &str, max_retries: u32) -> Config {
    let text = |value: &Json| value.as_str().expect("a text").to_owned();
    let key = &scenario["access_keys"][0];
    let url: url::Url = url.parse().expect("a URL");
    Config {
        region: text(&scenario["region"]),
        endpoints: Endpoints { iam: url.clone(), vpc: url.clone(), ecs: url.clone() },
        project: Project::Id(text(&scenario["project"]["id"])),
        credentials: Credentials::AccessKey(AccessKey {
            access_key: text(&key["access_key"]),
            secret_key: text(&key["secret_key"]).into(),
            security_token: Some(text(&key["security_token"]).into()),
        }),
        assume_role: None,
        enterprise_project_id: None,
        // Nothing is encrypted here, and roots take long to load.
        insecure: true,
        ca_certificates: None,
        max_retries,
        pause: Duration::ZERO,
        linger: Duration::ZERO,
        timeouts: Timeouts::default(),
        user_agent: "fault-matrix".to_owned(),
        metadata: url,
        clock: now,
    }
}

/// The objects of one resource in a state file, each with the configuration that is wanted of it.
pub struct Objects<'s> {
    pub role: &'s Role,
    type_name: String,
    stage: &'s Stage,
    /// How many numbers they answer for.
    pub count: usize,
    pub states: Vec<Option<Instance>>,
    wanted: Vec<Value>,
}

impl<'s> Objects<'s> {
    pub fn new(role: &'s Role, stage: &'s Stage, count: usize) -> Self {
        let type_name = format!("huaweivpc_{}", role.name);
        let states = vec![None; count.div_ceil(role.in_one)];
        let mut objects = Self { role, type_name, stage, count, states, wanted: Vec::new() };
        objects.want(false);
        objects
    }

    /// Wants all of them, as created or as changed.
    pub fn want(&mut self, changed: bool) {
        let run = self.stage.run();
        let schema = run.plugin.resource_schema(&self.type_name);
        let in_one = self.role.in_one.min(self.count);
        let wanted = |number: usize| {
            let numbers = number * in_one..((number + 1) * in_one).min(self.count);
            config(schema, &(self.role.config)(&self.stage.home, numbers, changed))
        };
        self.wanted = (0..self.states.len()).map(wanted).collect();
    }

    pub fn want_none(&mut self) {
        self.wanted = vec![Value::Null; self.states.len()];
    }

    /// Refreshes and plans all of them at once.
    pub async fn prepare(&self, run: &Run) -> Vec<Result<Prepared, Failure>> {
        at_once(self.states.iter().zip(&self.wanted).map(|(state, wanted)| {
            let (run, type_name) = (Rc::clone(run), self.type_name.clone());
            let (state, wanted) = (state.clone(), wanted.clone());
            async move { run.prepare(&type_name, state, &wanted).await }
        }))
        .await
    }

    /// Does what was prepared, all at once. The state is what Terraform would keep; what failed is said.
    pub async fn carry_out(
        &mut self,
        run: &Run,
        prepared: Vec<Result<Prepared, Failure>>,
    ) -> Vec<Failure> {
        let outcomes = at_once(prepared.into_iter().map(|prepared| {
            let (run, type_name) = (Rc::clone(run), self.type_name.clone());
            async move { run.carry_out(&type_name, prepared?).await }
        }))
        .await;
        let mut failures = Vec::new();
        for (state, outcome) in self.states.iter_mut().zip(outcomes) {
            match outcome {
                Ok(instance) => *state = instance,
                Err(failure) => {
                    if let Failure::Refused { left, .. } = &failure {
                        *state = left.as_deref().cloned();
                    }
                    failures.push(failure);
                }
            }
        }
        failures
    }

    /// A whole run without a disturbance between its halves.
    pub async fn apply(&mut self) -> Vec<Failure> {
        let run = self.stage.run();
        let prepared = self.prepare(&run).await;
        self.carry_out(&run, prepared).await
    }

    /// Refreshes all of them at once.
    pub async fn refresh(&self, run: &Run) -> Vec<Result<Option<Instance>, Failure>> {
        at_once(self.states.iter().flatten().map(|state| {
            let (run, type_name) = (Rc::clone(run), self.type_name.clone());
            let state = state.clone();
            async move { run.refresh(&type_name, state).await }
        }))
        .await
    }

    /// Imports all of them at once by their ids.
    pub async fn import(&self, run: &Run) -> Vec<Result<Instance, Failure>> {
        at_once(self.states.iter().flatten().map(|state| {
            let (run, type_name) = (Rc::clone(run), self.type_name.clone());
            let id = state.stored.state.get("id").as_str().expect("an id").to_owned();
            async move { run.import(&type_name, &id).await }
        }))
        .await
    }

    /// What the next plan would do; nothing, if all is well.
    pub async fn left_to_do(&self) -> Vec<String> {
        let run = self.stage.run();
        let plans = self.prepare(&run).await;
        let words = plans.into_iter().enumerate().filter_map(|(number, plan)| match plan {
            Ok(Prepared { todo: Todo::Nothing, .. }) => None,
            Ok(Prepared { todo: Todo::Destroy, .. }) => Some(format!("{number}: destroy")),
            Ok(Prepared { todo: Todo::Apply(plan, _), .. }) => {
                Some(format!("{number}: {:?}", plan.action))
            }
            Err(failure) => Some(format!("{number}: {failure}")),
        });
        words.collect()
    }

    /// The lines the cloud shows.
    pub async fn shown(&self) -> Vec<String> {
        let mut lines = (self.role.shown)(&self.stage.outsider.look().await);
        lines.sort_unstable();
        lines
    }
}

/// Whether the failure is a diagnostic that names one of the causes; what is wrong with it otherwise.
pub fn fault_of(failure: &Failure, causes: &[&str]) -> Option<String> {
    let Failure::Refused { problems, .. } = failure else { return Some(failure.to_string()) };
    let words: String = problems
        .iter()
        .filter(|problem| is_error(problem))
        .map(|problem| format!("{}\n{}\n", problem.summary, problem.detail))
        .collect();
    let is_named = causes.iter().any(|cause| words.contains(cause));
    (!is_named).then(|| format!("none of {causes:?} is named: {words}"))
}

async fn at_once<F: Future + 'static>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let tasks: Vec<_> = futures.map(tokio::task::spawn_local).collect();
    let mut outputs = Vec::with_capacity(tasks.len());
    for task in tasks {
        outputs.push(task.await.expect("no task panics"));
    }
    outputs
}

pub fn started() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "how long the matrix takes is printed")]
    Instant::now()
}
