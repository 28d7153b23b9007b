//! What Terraform asks before it changes anything, and what it makes of the answers.

use huaweivpc::framework::{Path, PlanRequest, Planned, Schema, Stored, Value};

use super::{
    super::{
        config::{lookup, refusals, with},
        plugin::{NOTHING, PlanAnswer, Plugin, is_error},
        proposed::proposed_new,
        rules::{Violation, agreement, check_plan},
    },
    Action, Core, Failure, Instance, Plan,
    verdict::{broken, check_paths, differing, relabelled, root},
};

impl<P: Plugin> Core<P> {
    /// `terraform plan`, with what is asked before it and, for a replacement, after it.
    pub async fn plan(
        &self,
        type_name: &str,
        current: Option<&Instance>,
        config: &Value,
    ) -> Result<Plan, Failure> {
        let schema = self.plugin.resource_schema(type_name);
        let left = current.cloned();
        self.validate(type_name, config).await.map_err(|failure| failure.leaving(&left))?;
        // A tainted object is planned as if it were not there, and then replaced.
        let tainted = current.is_some_and(|instance| instance.tainted);
        let known = current.filter(|instance| !instance.tainted);
        let request = request(schema, known, config);
        let answer = self
            .ask_plan(type_name, current, &request)
            .await
            .map_err(|failure| failure.leaving(&left))?;
        let action = match action(&request.prior, &answer.planned) {
            Action::Create if tainted => Action::Replace,
            action => action,
        };
        let answer = if action == Action::Replace && !tainted {
            let second = self.plan_replacement(type_name, known, &answer.planned, config).await;
            second.map_err(|failure| failure.leaving(&left))?
        } else {
            answer
        };
        let PlanAnswer { problems: warnings, planned, .. } = answer;
        self.rehearse(type_name, current, config).await?;
        self.plugin.begin_anew().await;
        Ok(Plan { action, planned, warnings })
    }

    /// What one run says of several new objects, planned one after the other. None of them is made.
    pub async fn plan_together(&self, creations: &[(String, Value)]) -> Vec<PlanAnswer> {
        self.plugin.begin_anew().await;
        self.plan_further(creations).await
    }

    /// The same in the run that is under way.
    pub async fn plan_further(&self, creations: &[(String, Value)]) -> Vec<PlanAnswer> {
        let mut answers = Vec::new();
        for (type_name, config) in creations {
            let request = request(self.plugin.resource_schema(type_name), None, config);
            answers.push(self.plugin.plan(type_name, &request).await);
        }
        answers
    }

    /// The second question of a replacement: null where the object was, but the private data and the identity of
    /// the first answer. It has to be planned as what it is, a creation.
    async fn plan_replacement(
        &self,
        type_name: &str,
        doomed: Option<&Instance>,
        first: &Planned,
        config: &Value,
    ) -> Result<PlanAnswer, Failure> {
        let schema = self.plugin.resource_schema(type_name);
        let creation = request(schema, None, config);
        let second = PlanRequest {
            private: first.private.clone(),
            prior_identity: first.identity.clone(),
            ..creation.clone()
        };
        let answer = self.ask_plan(type_name, doomed, &second).await?;
        let planned = &answer.planned;
        let fresh = self.ask_plan(type_name, doomed, &creation).await?.planned;
        broken(differing("replacement", &fresh.state, &planned.state))?;
        if planned.private != first.private && !first.private.is_empty() {
            // Terraform hands the private data of this answer to the deletion.
            let detail = "the private data of the object to delete is lost";
            broken(vec![Violation::new("replacement", root(), detail)])?;
        }
        Ok(answer)
    }

    /// Plans with each configured attribute in turn not yet known: it has to be accepted, and the plan that
    /// follows once it is known has to agree.
    async fn rehearse(
        &self,
        type_name: &str,
        current: Option<&Instance>,
        config: &Value,
    ) -> Result<(), Failure> {
        for (name, value) in config.as_map().into_iter().flatten() {
            if !matches!(value, Value::Null | Value::Unknown(_)) {
                let early = with(config, name, Value::UNKNOWN);
                self.plan_early(type_name, current, &early, config).await?;
            }
        }
        Ok(())
    }

    /// Plans with an `early` form of a configuration, of which less is known, and holds it against the plan that
    /// follows.
    pub async fn plan_early(
        &self,
        type_name: &str,
        current: Option<&Instance>,
        early: &Value,
        config: &Value,
    ) -> Result<(), Failure> {
        let schema = self.plugin.resource_schema(type_name);
        let place = || {
            let names = early.as_map().into_iter().flatten().map(|(name, _)| name.as_str());
            let mut names = names.filter(|name| early.get(name) != config.get(name));
            names.next().map_or_else(root, Path::from)
        };
        let refusals = self.plugin.validate(type_name, early).await;
        if let Some(refusal) = refusals.iter().find(|problem| is_error(problem)) {
            let detail = format!("refused while it is unknown: {refusal:?}");
            return broken(vec![Violation::new("unknown", place(), detail)]);
        }
        let known = current.filter(|instance| !instance.tainted);
        for prior in [None].into_iter().chain(known.map(Some)) {
            let (before, after) = (request(schema, prior, early), request(schema, prior, config));
            let first = self.ask_plan(type_name, current, &before).await;
            let last = self.ask_plan(type_name, current, &after).await;
            let (first, last) = match (first, last) {
                // Nobody asked to make it a second time, so it may well be refused.
                (Err(Failure::Refused { .. }), _) | (_, Err(Failure::Refused { .. }))
                    if prior.is_none() && known.is_some() =>
                {
                    continue;
                }
                (first, last) => (first?.planned, last?.planned),
            };
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

    /// Asks for a plan, in two runs of which each has seen what is in the state: the answers have to be the same, and to
    /// keep the rules.
    pub(super) async fn ask_plan(
        &self,
        type_name: &str,
        current: Option<&Instance>,
        request: &PlanRequest,
    ) -> Result<PlanAnswer, Failure> {
        let answer = self.ask_plan_once(type_name, current, request).await?;
        if self.ask_plan_once(type_name, current, request).await? != answer {
            let detail = "the same request was planned in two ways";
            broken(vec![Violation::new("determinism", root(), detail)])?;
        }
        self.accept(type_name, request, answer)
    }

    /// Asks for a plan once, in the run that is under way.
    pub async fn plan_in_run(
        &self,
        type_name: &str,
        request: &PlanRequest,
    ) -> Result<PlanAnswer, Failure> {
        let answer = self.plugin.plan(type_name, request).await;
        self.accept(type_name, request, answer)
    }

    /// A plan that keeps the rules and is no error.
    fn accept(
        &self,
        type_name: &str,
        request: &PlanRequest,
        answer: PlanAnswer,
    ) -> Result<PlanAnswer, Failure> {
        if answer.problems.iter().any(is_error) {
            return Err(Failure::Refused { problems: answer.problems, left: None });
        }
        let schema = self.plugin.resource_schema(type_name);
        broken(check_plan(schema, request, &answer.planned, answer.deferred))?;
        Ok(answer)
    }

    async fn ask_plan_once(
        &self,
        type_name: &str,
        current: Option<&Instance>,
        request: &PlanRequest,
    ) -> Result<PlanAnswer, Failure> {
        self.plugin.begin_anew().await;
        if let Some(instance) = current {
            self.show(type_name, instance).await?;
        }
        Ok(self.plugin.plan(type_name, request).await)
    }

    /// Terraform's own checks and the provider's.
    pub(super) async fn validate(&self, type_name: &str, config: &Value) -> Result<(), Failure> {
        let mut problems = refusals(self.plugin.resource_schema(type_name), config);
        if problems.is_empty() {
            problems = self.plugin.validate(type_name, config).await;
            broken(check_paths(config, &problems))?;
        }
        if problems.iter().any(is_error) {
            return Err(Failure::Refused { problems, left: None });
        }
        Ok(())
    }
}

/// What Terraform asks to plan.
pub fn request(schema: &Schema, current: Option<&Instance>, config: &Value) -> PlanRequest {
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
pub fn action(prior: &Value, planned: &Planned) -> Action {
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
