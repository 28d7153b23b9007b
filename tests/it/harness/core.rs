//! Terraform's course through the life of one object: validate, upgrade, read, plan, plan again, apply, read
//! again, and find that nothing is left to do.
//!
//! Nothing is remembered but what an answer returned, as in Terraform: private data or an identity that an answer
//! leaves out are lost. Every answer is held to the [`rules`](super::rules) and to what follows from them; a
//! broken rule ends the story.

use std::fmt;

use huaweivpc::framework::{
    ApplyRequest, ImportBy, Path, PlanRequest, Planned, Problem, Schema, Stored, Value, json,
};

use super::{
    config::{lookup, refusals, with},
    plugin::{Answer, NOTHING, PlanAnswer, Plugin, is_error},
    proposed::proposed_new,
    rules::{Violation, agreement, check_applied, check_plan, check_stored, misfits},
};

/// An object in Terraform's state.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Instance {
    pub(crate) stored: Stored,
    /// Creating it failed half-way: the next apply replaces it.
    pub(crate) tainted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    NoOp,
    Create,
    Update,
    Replace,
}

/// What an apply came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) action: Action,
    pub(crate) instance: Instance,
    pub(crate) warnings: Vec<Problem>,
}

/// Why a story cannot go on.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The provider said no, which is its right. `left` is what Terraform has in its state after that.
    Refused { problems: Vec<Problem>, left: Option<Box<Instance>> },
    /// The provider broke the contract.
    Broken(Vec<Violation>),
}

/// A plan that Terraform would show.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) action: Action,
    pub(crate) planned: Planned,
    pub(crate) warnings: Vec<Problem>,
}

pub(crate) struct Core<P> {
    pub(crate) plugin: P,
}

impl<P: Plugin> Core<P> {
    /// `terraform apply` of one resource. `early` is the configuration while planning, `config` the same with
    /// everything known.
    pub(crate) async fn apply(
        &self,
        type_name: &str,
        current: Option<Instance>,
        early: &Value,
        config: &Value,
    ) -> Result<Outcome, Failure> {
        let prior = match current {
            Some(instance) => self.refresh(type_name, instance).await?,
            None => None,
        };
        let plan = self.plan(type_name, prior.as_ref(), early).await?;
        if let (Action::NoOp, Some(instance)) = (plan.action, &prior) {
            let instance = instance.clone();
            return Ok(Outcome { action: Action::NoOp, instance, warnings: plan.warnings });
        }
        self.validate(type_name, config).await.map_err(|failure| failure.leaving(&prior))?;
        let prior = match (plan.action, prior) {
            (Action::Replace, Some(doomed)) => {
                self.delete(type_name, doomed, plan.planned.private.clone()).await?;
                None
            }
            (_, prior) => prior,
        };
        let instance = self.apply_planned(type_name, prior, &plan.planned, config).await?;
        self.settle(type_name, &instance, config).await?;
        Ok(Outcome { action: plan.action, instance, warnings: plan.warnings })
    }

    /// The second plan, in the process that applies, and the apply itself.
    async fn apply_planned(
        &self,
        type_name: &str,
        prior: Option<Instance>,
        first: &Planned,
        config: &Value,
    ) -> Result<Instance, Failure> {
        let schema = self.plugin.resource_schema(type_name);
        let request = request(schema, prior.as_ref(), config);
        let last =
            self.ask_plan(type_name, &request).await.map_err(|failure| failure.leaving(&prior))?;
        broken(relabelled("final plan", agreement(schema, &first.state, &last.planned.state)))?;
        let apply = ApplyRequest {
            prior: request.prior.clone(),
            planned: last.planned.state.clone(),
            private: last.planned.private,
        };
        let answer = self.plugin.apply(type_name, &apply, config).await;
        if answer.problems.iter().any(is_error) {
            let left = if answer.stored.state.is_null() {
                prior
            } else {
                broken(check_half_made(schema, &answer.stored))?;
                Some(Instance { stored: answer.stored, tainted: request.prior.is_null() })
            };
            return Err(Failure::Refused { problems: answer.problems, left: left.map(Box::new) });
        }
        broken(check_applied(schema, &apply.planned, &answer.stored))?;
        if let Some(before) = prior.and_then(|prior| prior.stored.identity) {
            broken(same_identity(&before, &answer.stored))?;
        }
        Ok(Instance { stored: answer.stored, tainted: false })
    }

    /// Right after an apply a refresh changes nothing and the next plan is empty.
    async fn settle(
        &self,
        type_name: &str,
        instance: &Instance,
        config: &Value,
    ) -> Result<(), Failure> {
        let Some(refreshed) = self.refresh(type_name, instance.clone()).await? else {
            return broken(vec![Violation::new("refresh", root(), "gone right after the apply")]);
        };
        broken(differences("refresh", &instance.stored, &refreshed.stored))?;
        self.expect_nothing_to_do(type_name, &refreshed, config).await
    }

    /// The plan for an object that is as configured changes nothing.
    pub(crate) async fn expect_nothing_to_do(
        &self,
        type_name: &str,
        instance: &Instance,
        config: &Value,
    ) -> Result<(), Failure> {
        let plan = self.plan(type_name, Some(instance), config).await?;
        let mut found = differing("empty plan", &instance.stored.state, &plan.planned.state);
        if found.is_empty() && plan.action != Action::NoOp {
            found.push(Violation::new("empty plan", root(), format!("{:?}", plan.action)));
        }
        broken(found)
    }

    /// `terraform destroy`. Deleting what is gone has to succeed, so it is deleted a second time.
    pub(crate) async fn destroy(&self, type_name: &str, instance: Instance) -> Result<(), Failure> {
        let Some(instance) = self.refresh(type_name, instance).await? else { return Ok(()) };
        let request = PlanRequest {
            prior: instance.stored.state.clone(),
            proposed: Value::Null,
            config: Value::Null,
            private: instance.stored.private.clone(),
            prior_identity: instance.stored.identity.clone(),
        };
        let answer = self
            .ask_plan(type_name, &request)
            .await
            .map_err(|failure| failure.leaving(&Some(instance.clone())))?;
        self.delete(type_name, instance.clone(), answer.planned.private.clone()).await?;
        self.delete(type_name, instance, answer.planned.private).await.map_err(|failure| {
            Failure::Broken(vec![Violation::new("delete twice", root(), failure.to_string())])
        })
    }

    async fn delete(
        &self,
        type_name: &str,
        instance: Instance,
        private: Vec<u8>,
    ) -> Result<(), Failure> {
        let schema = self.plugin.resource_schema(type_name);
        let prior = instance.stored.state.clone();
        let apply = ApplyRequest { prior, planned: Value::Null, private };
        let Answer { problems, stored, .. } =
            self.plugin.apply(type_name, &apply, &Value::Null).await;
        if problems.iter().any(is_error) {
            let left = if stored.state.is_null() {
                instance
            } else {
                broken(check_half_made(schema, &stored))?;
                Instance { stored, ..instance }
            };
            return Err(Failure::Refused { problems, left: Some(Box::new(left)) });
        }
        broken(check_applied(schema, &Value::Null, &stored))
    }

    /// What starts every plan: the stored object goes through the upgrade and is read. `None` if it is gone.
    pub(crate) async fn refresh(
        &self,
        type_name: &str,
        instance: Instance,
    ) -> Result<Option<Instance>, Failure> {
        let schema = self.plugin.resource_schema(type_name);
        let file = json::write(&instance.stored.state);
        let upgraded = self.plugin.upgrade(type_name, schema.version, &file).await;
        broken(differing("upgrade", &instance.stored.state, &upgraded.value))?;
        let Answer { problems, stored, deferred } =
            self.plugin.read(type_name, &instance.stored).await;
        if problems.iter().any(is_error) {
            return Err(Failure::Refused { problems, left: Some(Box::new(instance)) });
        }
        if deferred {
            return broken(vec![Violation::new("P14", root(), "a read was deferred")]).map(|()| None);
        }
        if stored.state.is_null() {
            return Ok(None);
        }
        broken(relabelled("read", check_stored(schema, "identity", &stored)))?;
        if let Some(before) = &instance.stored.identity {
            broken(same_identity(before, &stored))?;
        }
        Ok(Some(Instance { stored, ..instance }))
    }

    /// `terraform import`, first by id and then by the identity that came of it. Both have to find the same.
    pub(crate) async fn import(&self, type_name: &str, id: &str) -> Result<Instance, Failure> {
        let found = self.import_by(type_name, &ImportBy::Id(id.to_owned())).await?;
        if let Some(identity) = &found.stored.identity {
            let again = self.import_by(type_name, &ImportBy::Identity(identity.clone())).await?;
            broken(differences("import by identity", &found.stored, &again.stored))?;
        }
        Ok(found)
    }

    async fn import_by(&self, type_name: &str, by: &ImportBy) -> Result<Instance, Failure> {
        let schema = self.plugin.resource_schema(type_name);
        let answers = self.plugin.import(type_name, by).await;
        if let Some(refusal) =
            answers.iter().find(|answer| answer.problems.iter().any(is_error))
        {
            return Err(Failure::Refused { problems: refusal.problems.clone(), left: None });
        }
        let [answer] = answers.as_slice() else {
            let detail = format!("{} objects", answers.len());
            return Err(Failure::Broken(vec![Violation::new("import", root(), detail)]));
        };
        let mut found = Vec::new();
        misfits("import", &schema.value_type(), &answer.stored.state, &root(), &mut found);
        if !answer.stored.state.is_wholly_known() || answer.stored.state.is_null() {
            found.push(Violation::new("import", root(), "an imported object is known"));
        }
        if matches!(by, ImportBy::Identity(_)) && answer.stored.identity.is_none() {
            found.push(Violation::new("import", root(), "imported by identity, returned without"));
        }
        broken(found)?;
        let instance = Instance { stored: answer.stored.clone(), tainted: false };
        self.refresh(type_name, instance).await?.ok_or_else(|| Failure::Refused {
            problems: vec![Problem::error(
                "Cannot import non-existent remote object",
                "The provider found no object of this id.",
            )],
            left: None,
        })
    }

    /// `terraform plan`, with what is asked before it and, for a replacement, after it.
    pub(crate) async fn plan(
        &self,
        type_name: &str,
        current: Option<&Instance>,
        config: &Value,
    ) -> Result<Plan, Failure> {
        let schema = self.plugin.resource_schema(type_name);
        let left = current.cloned();
        let warnings =
            self.validate(type_name, config).await.map_err(|failure| failure.leaving(&left))?;
        // A tainted object is planned as if it were not there, and then replaced.
        let tainted = current.is_some_and(|instance| instance.tainted);
        let known = current.filter(|instance| !instance.tainted);
        let request = request(schema, known, config);
        let answer =
            self.ask_plan(type_name, &request).await.map_err(|failure| failure.leaving(&left))?;
        let action = match action(&request.prior, &answer.planned) {
            Action::Create if tainted => Action::Replace,
            action => action,
        };
        let warnings = [warnings, answer.problems].concat();
        let planned = if action == Action::Replace && !tainted {
            self.plan_replacement(type_name, &answer.planned, config).await?
        } else {
            answer.planned
        };
        self.rehearse(type_name, known, config).await?;
        Ok(Plan { action, planned, warnings })
    }

    /// The second question of a replacement: null where the object was, but the private data and the identity of
    /// the first answer. It has to be planned as what it is, a creation.
    async fn plan_replacement(
        &self,
        type_name: &str,
        first: &Planned,
        config: &Value,
    ) -> Result<Planned, Failure> {
        let schema = self.plugin.resource_schema(type_name);
        let creation = request(schema, None, config);
        let second = PlanRequest {
            private: first.private.clone(),
            prior_identity: first.identity.clone(),
            ..creation.clone()
        };
        let planned = self.ask_plan(type_name, &second).await?.planned;
        let fresh = self.ask_plan(type_name, &creation).await?.planned;
        broken(differing("replacement", &fresh.state, &planned.state))?;
        if planned.private != first.private {
            // Terraform hands the private data of this answer to the deletion.
            let detail = "the private data of the object to delete is lost";
            broken(vec![Violation::new("replacement", root(), detail)])?;
        }
        Ok(planned)
    }

    /// Plans with each configured attribute in turn not yet known: it has to be accepted, and the plan that
    /// follows once it is known has to agree.
    async fn rehearse(
        &self,
        type_name: &str,
        current: Option<&Instance>,
        config: &Value,
    ) -> Result<(), Failure> {
        let schema = self.plugin.resource_schema(type_name);
        for name in config.as_map().into_iter().flat_map(|members| members.keys()) {
            if !matches!(config.get(name), Value::Null | Value::Unknown(_)) {
                let early = with(config, name, Value::UNKNOWN);
                self.rehearse_one(type_name, schema, name, current, &early, config).await?;
            }
        }
        Ok(())
    }

    async fn rehearse_one(
        &self,
        type_name: &str,
        schema: &Schema,
        name: &str,
        current: Option<&Instance>,
        early: &Value,
        config: &Value,
    ) -> Result<(), Failure> {
        let place = || Path::from(name);
        let refusals = self.plugin.validate(type_name, early).await;
        if let Some(refusal) = refusals.iter().find(|problem| is_error(problem)) {
            let detail = format!("refused while it is unknown: {refusal:?}");
            return broken(vec![Violation::new("unknown", place(), detail)]);
        }
        for current in [None, current].into_iter().take(1 + usize::from(current.is_some())) {
            let (before, after) =
                (request(schema, current, early), request(schema, current, config));
            let first = self.ask_plan(type_name, &before).await?.planned;
            let last = self.ask_plan(type_name, &after).await?.planned;
            match (action(&before.prior, &first), action(&after.prior, &last)) {
                // Then the object is deleted before anything is planned again: the other round.
                (Action::Replace, _) => {}
                (one, other) if one == other || other == Action::NoOp => {
                    broken(relabelled("final plan", agreement(schema, &first.state, &last.state)))?;
                }
                (one, other) => {
                    let detail = format!("{one:?} became {other:?} once it was known");
                    broken(vec![Violation::new("final plan", place(), detail)])?;
                }
            }
        }
        Ok(())
    }

    /// Asks for a plan, twice: the answers have to be the same, and to keep the rules.
    async fn ask_plan(
        &self,
        type_name: &str,
        request: &PlanRequest,
    ) -> Result<PlanAnswer, Failure> {
        let answer = self.plugin.plan(type_name, request).await;
        if self.plugin.plan(type_name, request).await != answer {
            let detail = "the same request was planned in two ways";
            broken(vec![Violation::new("determinism", root(), detail)])?;
        }
        if answer.problems.iter().any(is_error) {
            return Err(Failure::Refused { problems: answer.problems, left: None });
        }
        let schema = self.plugin.resource_schema(type_name);
        broken(check_plan(schema, request, &answer.planned, answer.deferred))?;
        Ok(answer)
    }

    /// Terraform's own checks and the provider's. Returns the warnings.
    async fn validate(&self, type_name: &str, config: &Value) -> Result<Vec<Problem>, Failure> {
        let mut problems = refusals(self.plugin.resource_schema(type_name), config);
        if problems.is_empty() {
            problems = self.plugin.validate(type_name, config).await;
            broken(check_paths(config, &problems))?;
        }
        if problems.iter().any(is_error) {
            return Err(Failure::Refused { problems, left: None });
        }
        Ok(problems)
    }

    /// A data source: validate and read. Returns the result and the warnings.
    pub(crate) async fn read_data(
        &self,
        type_name: &str,
        config: &Value,
    ) -> Result<(Value, Vec<Problem>), Failure> {
        let schema = self.plugin.data_source_schema(type_name);
        let mut problems = refusals(schema, config);
        if problems.is_empty() {
            problems = self.plugin.validate_data(type_name, config).await;
        }
        let mut value = Value::Null;
        if !problems.iter().any(is_error) {
            let answer = self.plugin.read_data(type_name, config).await;
            problems.extend(answer.problems);
            value = answer.value;
        }
        broken(check_paths(config, &problems))?;
        if problems.iter().any(is_error) {
            return Err(Failure::Refused { problems, left: None });
        }
        let mut found = Vec::new();
        misfits("data", &schema.value_type(), &value, &root(), &mut found);
        if value.is_null() || !value.is_wholly_known() {
            found.push(Violation::new("data", root(), "a result is present and known"));
        }
        for attribute in schema.attributes {
            let configured = config.get(attribute.name);
            if !configured.is_null() && value.get(attribute.name) != configured {
                let detail = "the result is not what was configured";
                found.push(Violation::new("data", Path::from(attribute.name), detail));
            }
        }
        broken(found)?;
        Ok((value, problems))
    }
}

fn root() -> Path {
    Path::default()
}

fn broken(found: Vec<Violation>) -> Result<(), Failure> {
    if found.is_empty() { Ok(()) } else { Err(Failure::Broken(found)) }
}

fn relabelled(rule: &'static str, found: Vec<Violation>) -> Vec<Violation> {
    found
        .into_iter()
        .map(|violation| Violation {
            rule,
            detail: format!("{}: {}", violation.rule, violation.detail),
            ..violation
        })
        .collect()
}

fn request(schema: &Schema, current: Option<&Instance>, config: &Value) -> PlanRequest {
    let Stored { state, private, identity } =
        current.map_or(NOTHING, |instance| instance.stored.clone());
    PlanRequest {
        proposed: proposed_new(schema, &state, config),
        prior: state,
        config: config.clone(),
        private,
        prior_identity: identity,
    }
}

/// What Terraform makes of a plan. A path that is said to replace counts only if the value there changes.
fn action(prior: &Value, planned: &Planned) -> Action {
    let changes = |path: &&Path| {
        let after = lookup(&planned.state, path);
        after.is_some_and(|value| !value.is_wholly_known()) || after != lookup(prior, path)
    };
    if prior.is_null() {
        Action::Create
    } else if planned.state == *prior {
        Action::NoOp
    } else if planned.replaces.iter().any(|path| changes(&path)) {
        Action::Replace
    } else {
        Action::Update
    }
}

/// What comes with an error is recorded too, so it has to be of its type and known.
fn check_half_made(schema: &Schema, stored: &Stored) -> Vec<Violation> {
    let mut found = check_stored(schema, "A8", stored);
    found.retain(|violation| violation.rule != "A8" || stored.identity.is_some());
    found
}

/// A problem points at a place of the configuration.
fn check_paths(config: &Value, problems: &[Problem]) -> Vec<Violation> {
    problems
        .iter()
        .filter(|problem| lookup(config, &problem.path).is_none())
        .map(|problem| Violation::new("problem", problem.path.clone(), "there is no such place"))
        .collect()
}

fn same_identity(before: &Value, stored: &Stored) -> Vec<Violation> {
    match &stored.identity {
        Some(identity) if identity == before => Vec::new(),
        other => {
            let detail = format!("was {before:?}, but now {other:?}");
            vec![Violation::new("identity", root(), detail)]
        }
    }
}

fn differences(rule: &'static str, before: &Stored, after: &Stored) -> Vec<Violation> {
    let mut found = differing(rule, &before.state, &after.state);
    if before.private != after.private {
        found.push(Violation::new(rule, root(), "the private data is another"));
    }
    if before.identity != after.identity {
        found.push(Violation::new(rule, root(), "the identity is another"));
    }
    found
}

/// The attributes in which two objects differ.
fn differing(rule: &'static str, before: &Value, after: &Value) -> Vec<Violation> {
    if before == after {
        return Vec::new();
    }
    let members = |value: &Value| value.as_map().cloned().unwrap_or_default();
    let mut names: Vec<String> =
        members(before).into_keys().chain(members(after).into_keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut found: Vec<Violation> = names
        .iter()
        .filter(|name| before.get(name) != after.get(name))
        .map(|name| {
            let detail = format!("was {:?}, but now {:?}", before.get(name), after.get(name));
            Violation::new(rule, Path::from(name.as_str()), detail)
        })
        .collect();
    if found.is_empty() {
        found.push(Violation::new(rule, root(), format!("was {before:?}, but now {after:?}")));
    }
    found
}

impl Failure {
    /// A refusal that leaves in the state what was there before.
    fn leaving(self, before: &Option<Instance>) -> Self {
        match self {
            Failure::Refused { problems, left: None } => {
                Failure::Refused { problems, left: before.clone().map(Box::new) }
            }
            other => other,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused { problems, .. } => {
                writeln!(f, "the provider refused:")?;
                for problem in problems {
                    let Problem { severity, path, summary, detail } = problem;
                    writeln!(f, "  {severity:?} at `{path}`: {summary}\n    {detail}")?;
                }
            }
            Failure::Broken(found) => {
                writeln!(f, "the provider broke the contract:")?;
                for violation in found {
                    writeln!(f, "  {violation}")?;
                }
            }
        }
        Ok(())
    }
}
