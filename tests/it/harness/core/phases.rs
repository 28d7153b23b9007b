//! One run of Terraform in its two halves and nothing else: no rehearsals, no look afterwards. For tests that let
//! something happen between the halves, or in one of them.

use huaweivpc::framework::{PlanRequest, Value};

use super::{
    Action, Core, Failure, Instance, Plan,
    planning::{action, request},
};
use crate::harness::plugin::{PlanAnswer, Plugin};

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
                let planned = PlanRequest {
                    prior: instance.stored.state.clone(),
                    proposed: Value::Null,
                    config: Value::Null,
                    private: instance.stored.private.clone(),
                    prior_identity: instance.stored.identity.clone(),
                };
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
