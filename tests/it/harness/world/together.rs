//! Several objects that one run plans.

use huaweivpc::framework::{Problem, Value};
use serde_json::Value as Json;

use super::{
    World,
    told::{Object, prefixed},
};
use crate::harness::{config::config, plugin::Plugin};

impl World {
    /// What one run says of several new objects that it plans one after the other. Another run says the same.
    pub async fn plan_together(&self, creations: &[(&str, Json)]) -> Vec<Vec<Problem>> {
        let first = self.core.plan_together(&self.full(creations)).await;
        first.into_iter().map(|answer| answer.problems).collect()
    }

    /// What a run says of new objects that has refreshed another one, of which it has planned nothing yet.
    pub async fn plan_beside(
        &self,
        held: &Object,
        creations: &[(&str, Json)],
    ) -> Vec<Vec<Problem>> {
        self.refreshed(held).await;
        let answers = self.core.plan_further(&self.full(creations)).await;
        answers.into_iter().map(|answer| answer.problems).collect()
    }

    fn full(&self, creations: &[(&str, Json)]) -> Vec<(String, Value)> {
        let full = |(name, early): &(&str, Json)| {
            let type_name = prefixed(name);
            let schema = self.core.plugin.resource_schema(&type_name);
            (type_name, config(schema, early))
        };
        creations.iter().map(full).collect()
    }
}
