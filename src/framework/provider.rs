//! The provider as a whole: its own schema and the tables of what it offers.

use super::{
    data_source::AnyDataSource,
    draft::Draft,
    function::Function,
    problem::{Problem, Result},
    resource::AnyResource,
    schema::Schema,
    validate,
    value::Value,
};

/// Everything the protocol serves. `C` is the session of the provider's cloud.
pub struct Provider<C: 'static> {
    /// The type name, which prefixes those of resources and data sources.
    pub name: &'static str,
    /// Source address with host, as Terraform prints it.
    pub address: &'static str,
    pub version: &'static str,
    pub schema: &'static Schema,
    /// Rules for the provider block beyond its schema.
    pub check: fn(Draft<'_>) -> Vec<Problem>,
    pub resources: &'static [&'static dyn AnyResource<C>],
    pub data_sources: &'static [&'static dyn AnyDataSource<C>],
    pub functions: &'static [&'static dyn Function],
    /// Makes a session of the provider block, without touching the network.
    pub configure: Configure<C>,
}

pub type Configure<C> = Box<dyn Fn(&Value) -> Result<Configured<C>> + Send + Sync>;

/// The outcome of configuring.
#[derive(Debug, Clone)]
pub enum Configured<C> {
    Ready(C),
    /// Some of the configuration is not known yet. Planning goes on without a cloud; what needs one reports this.
    Waiting(Problem),
}

impl<C> Provider<C> {
    pub fn resource(&self, type_name: &str) -> Option<&'static dyn AnyResource<C>> {
        let name = self.local_name(type_name)?;
        self.resources.iter().copied().find(|resource| resource.name() == name)
    }

    pub fn data_source(&self, type_name: &str) -> Option<&'static dyn AnyDataSource<C>> {
        let name = self.local_name(type_name)?;
        self.data_sources.iter().copied().find(|data_source| data_source.name() == name)
    }

    pub fn function(&self, name: &str) -> Option<&'static dyn Function> {
        self.functions.iter().copied().find(|function| function.signature().name == name)
    }

    /// The name with the provider's prefix, as configurations write it.
    pub fn type_name(&self, local_name: &str) -> String {
        format!("{}_{local_name}", self.name)
    }

    pub fn validate(&self, config: &Value) -> Vec<Problem> {
        let mut problems = validate::validate(self.schema, config);
        problems.extend((self.check)(Draft::new(config)));
        problems
    }

    fn local_name<'n>(&self, type_name: &'n str) -> Option<&'n str> {
        type_name.strip_prefix(self.name)?.strip_prefix('_')
    }
}
