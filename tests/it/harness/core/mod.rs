//! Terraform's course through the life of one object: validate, upgrade, read, plan, plan again, apply, read
//! again, and find that nothing is left to do.
//!
//! Nothing is remembered but what an answer returned, as in Terraform: private data or an identity that an answer
//! leaves out are lost. Every answer is held to the [`rules`](super::rules) and to what follows from them; a
//! broken rule ends the story.

use std::fmt;

use huaweivpc::framework::{ApplyRequest, PlanRequest, Planned, Problem, Stored, Value};

use super::{
    plugin::{Answer, Plugin, is_error},
    rules::{Violation, agreement, check_applied, moves_identity, same_identity},
};
use planning::{action, request};
use verdict::{broken, check_half_made, check_paths, differences, differing, relabelled, root};

pub mod phases;
pub mod planning;
mod reading;
mod verdict;

/// An object in Terraform's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    pub stored: Stored,
    /// Creating it failed half-way: the next apply replaces it.
    pub tainted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    NoOp,
    Create,
    Update,
    Replace,
}

/// What an apply came to.
#[derive(Debug)]
pub struct Outcome {
    pub action: Action,
    pub instance: Instance,
}

/// Why a story cannot go on.
#[derive(Debug)]
pub enum Failure {
    /// The provider said no, which is its right. `left` is what Terraform has in its state after that.
    Refused { problems: Vec<Problem>, left: Option<Box<Instance>> },
    /// The provider broke the contract.
    Broken(Vec<Violation>),
}

/// A plan that Terraform would show.
#[derive(Debug, Clone)]
pub struct Plan {
    pub action: Action,
    pub planned: Planned,
    pub warnings: Vec<Problem>,
}

pub struct Core<P> {
    pub plugin: P,
}

impl<P: Plugin> Core<P> {
    /// `terraform apply` of one resource. `early` is the configuration while planning, `config` the same with
    /// everything known.
    pub async fn apply(
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
            return Ok(Outcome { action: Action::NoOp, instance });
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
        Ok(Outcome { action: plan.action, instance })
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
        let last = self.ask_plan(type_name, prior.as_ref(), &request).await;
        let last = last.map_err(|failure| failure.leaving(&prior))?;
        broken(relabelled("final plan", agreement(schema, &first.state, &last.planned.state)))?;
        self.apply_last(type_name, &request, prior, last.planned, config).await
    }

    /// Applies what the second plan came to.
    pub(super) async fn apply_last(
        &self,
        type_name: &str,
        request: &PlanRequest,
        prior: Option<Instance>,
        last: Planned,
        config: &Value,
    ) -> Result<Instance, Failure> {
        let schema = self.plugin.resource_schema(type_name);
        match (action(&request.prior, &last), &prior) {
            (Action::Replace, _) => {
                let detail = "an update became a replacement";
                return Err(Failure::Broken(vec![Violation::new("final plan", root(), detail)]));
            }
            // What was unknown turned out to be as it is.
            (Action::NoOp, Some(instance)) => return Ok(instance.clone()),
            _ => {}
        }
        let apply = ApplyRequest {
            prior: request.prior.clone(),
            planned: last.state.clone(),
            private: last.private,
        };
        let identity = last.identity.as_ref();
        let answer = self.plugin.apply(type_name, &apply, config, identity).await;
        broken(check_paths(config, &answer.problems))?;
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
        if !moves_identity(schema, &apply.prior, &answer.stored.state) {
            let before = request.prior_identity.as_ref();
            broken(same_identity(before, answer.stored.identity.as_ref()))?;
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
    pub async fn expect_nothing_to_do(
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
    pub async fn destroy(&self, type_name: &str, instance: Instance) -> Result<(), Failure> {
        match self.refresh(type_name, instance).await? {
            Some(instance) => self.destroy_unrefreshed(type_name, instance).await,
            None => Ok(()),
        }
    }

    /// The same for what the state says, whatever became of it.
    pub async fn destroy_unrefreshed(
        &self,
        type_name: &str,
        instance: Instance,
    ) -> Result<(), Failure> {
        let answer = self
            .ask_plan(type_name, Some(&instance), &phases::destruction(&instance))
            .await
            .map_err(|failure| failure.leaving(&Some(instance.clone())))?;
        self.delete(type_name, instance.clone(), answer.planned.private.clone()).await?;
        self.delete(type_name, instance, answer.planned.private).await.map_err(|failure| {
            Failure::Broken(vec![Violation::new("delete twice", root(), failure.to_string())])
        })
    }

    /// The destruction itself, with the private data of the plan.
    pub async fn delete(
        &self,
        type_name: &str,
        instance: Instance,
        private: Vec<u8>,
    ) -> Result<(), Failure> {
        let schema = self.plugin.resource_schema(type_name);
        let prior = instance.stored.state.clone();
        let apply = ApplyRequest { prior, planned: Value::Null, private };
        let Answer { problems, stored, .. } =
            self.plugin.apply(type_name, &apply, &Value::Null, None).await;
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
                    let Problem { severity, path, summary, detail, .. } = problem;
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
