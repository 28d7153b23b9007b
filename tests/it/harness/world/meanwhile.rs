//! Stories in which others do something between a plan and its apply.

use huaweivpc::framework::Value;
use serde_json::Value as Json;

use super::{Object, Refusal, World};
use crate::harness::{
    config::{config, patched},
    plugin::Plugin,
};

impl World {
    /// Plans a change of some arguments, lets others do something, and carries that plan out.
    pub async fn apply_after(
        &self,
        object: &Object,
        patch: Json,
        meanwhile: impl Future<Output = ()>,
    ) -> Result<Object, Refusal> {
        let object = Object { config: patched(&object.config, &patch), ..object.clone() };
        let config = config(self.core.plugin.resource_schema(&object.type_name), &object.config);
        self.carry_out_after(object, &config, meanwhile).await
    }

    /// The same for a destruction.
    pub async fn destroy_after(
        &self,
        object: &Object,
        meanwhile: impl Future<Output = ()>,
    ) -> Result<Object, Refusal> {
        self.carry_out_after(object.clone(), &Value::Null, meanwhile).await
    }

    async fn carry_out_after(
        &self,
        object: Object,
        config: &Value,
        meanwhile: impl Future<Output = ()>,
    ) -> Result<Object, Refusal> {
        self.core.plugin.begin_anew().await;
        let type_name = &object.type_name;
        let prepared = self.core.prepare(type_name, object.instance.clone(), config).await;
        let prepared = prepared.unwrap_or_else(|failure| panic!("{failure}"));
        meanwhile.await;
        match self.core.carry_out(type_name, prepared).await {
            Ok(instance) => Ok(Object { instance, ..object }),
            Err(failure) => Err(object.refused(failure)),
        }
    }
}
