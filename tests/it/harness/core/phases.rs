//! One run of Terraform in its two halves and nothing else: no rehearsals, no look afterwards. For tests that let
//! something happen between the halves, or in one of them.

use huaweivpc::framework::{PlanRequest, Planned, Value};

use super::{
    Action, Core, Failure, Instance, Plan,
    planning::{action, request},
    verdict::{broken, relabelled},
};
use crate::harness::{
    plugin::{PlanAnswer, Plugin},
    rules::agreement,
};

/// What the first half came to: the object as a refresh found it, and what is to become of it.
pub struct Prepared {
    pub prior: Option<Instance>,
    pub todo: Todo,
}

pub enum Todo {
    Apply(Box<Plan>, Value),
    Destroy,
    Nothing,
}

impl<P: Plugin> Core<P> {
    /// Refreshes and plans. A null configuration stands for `terraform destroy`.
    pub async fn prepare(
        &self,
        type_name: &str,
        current: Option<Instance>,
        config: &Value,
    ) -> Result<Prepared, Failure> {
        let prior = match current {
            Some(instance) => self.refresh(type_name, instance).await?,
            None => None,
        };
        if config.is_null() {
            let todo = if prior.is_some() { Todo::Destroy } else { Todo::Nothing };
            return Ok(Prepared { prior, todo });
        }
        let known = prior.as_ref().filter(|instance| !instance.tainted);
        let schema = self.plugin.resource_schema(type_name);
        let request = request(schema, known, config);
        let answer = self.ask_plan(type_name, prior.as_ref(), &request).await?;
        let PlanAnswer { problems: warnings, planned, .. } = answer;
        let action = match action(&request.prior, &planned) {
            Action::Create if prior.is_some() => Action::Replace,
            action => action,
        };
        let todo = match action {
            Action::NoOp => Todo::Nothing,
            _ => Todo::Apply(Box::new(Plan { action, planned, warnings }), config.clone()),
        };
        Ok(Prepared { prior, todo })
    }

    /// The second plan, held against the first one, and the apply, both in the run that is under way.
    pub async fn apply_in_run(
        &self,
        type_name: &str,
        prior: Option<Instance>,
        first: &Planned,
        config: &Value,
    ) -> Result<Instance, Failure> {
        let schema = self.plugin.resource_schema(type_name);
        let request = request(schema, prior.as_ref(), config);
        let last = self.plan_in_run(type_name, &request).await;
        let last = last.map_err(|failure| failure.leaving(&prior))?.planned;
        broken(relabelled("final plan", agreement(schema, &first.state, &last.state)))?;
        self.apply_last(type_name, &request, prior, last, config).await
    }

    /// Plans a destruction, in the run that is under way. Returns the private data of the plan.
    pub async fn plan_destruction_in_run(
        &self,
        type_name: &str,
        instance: &Instance,
    ) -> Result<Vec<u8>, Failure> {
        let answer = self.plan_in_run(type_name, &destruction(instance)).await?;
        Ok(answer.planned.private)
    }

    /// Does what was prepared. What is left in the state after a failure is in the failure.
    pub async fn carry_out(
        &self,
        type_name: &str,
        prepared: Prepared,
    ) -> Result<Option<Instance>, Failure> {
        let Prepared { prior, todo } = prepared;
        match (todo, prior) {
            (Todo::Nothing, prior) => Ok(prior),
            (Todo::Destroy, None) => Ok(None),
            (Todo::Destroy, Some(instance)) => {
                let planned = destruction(&instance);
                let answer = self.ask_plan(type_name, Some(&instance), &planned).await?;
                let private = answer.planned.private;
                self.delete(type_name, instance, private).await.map(|()| None)
            }
            (Todo::Apply(plan, config), prior) => {
                let prior = match (plan.action, prior) {
                    (Action::Replace, Some(doomed)) => {
                        let private = doomed.stored.private.clone();
                        self.delete(type_name, doomed, private).await?;
                        None
                    }
                    (_, prior) => prior,
                };
                self.apply_planned(type_name, prior, &plan.planned, &config).await.map(Some)
            }
        }
    }
}

/// What Terraform asks to plan for an object that is to go.
pub(super) fn destruction(instance: &Instance) -> PlanRequest {
    PlanRequest {
        prior: instance.stored.state.clone(),
        proposed: Value::Null,
        config: Value::Null,
        private: instance.stored.private.clone(),
        prior_identity: instance.stored.identity.clone(),
    }
}
