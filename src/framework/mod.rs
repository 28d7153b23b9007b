//! What a resource, a data source and a function are, for any provider.
//!
//! Nothing here knows a cloud, gRPC or msgpack. A resource is a struct that is its own state, a constant
//! [`Schema`] and a few verbs ([`Resource`]); planning, importing, identities, timeouts and the rule that
//! half-made objects are kept are written once, here, and driven by the schema. What tells one instance of the state
//! from another is in its private data.
//!
//! Reading order: [`value`] (what travels), [`schema`] (what is declared), [`problem`] (what went wrong),
//! [`plan`] (what will change), [`foresight`] (what speaks against it), [`resource`], [`data_source`], [`function`], [`provider`].

mod alike;
mod damage;
pub mod data_source;
pub mod draft;
mod drift;
pub mod foresight;
pub mod function;
mod generation;
pub mod json;
pub mod plan;
mod private;
pub mod problem;
pub mod provider;
pub mod record;
mod request;
pub mod resource;
pub mod schema;
mod session;
mod upgrade;
pub mod validate;
pub mod value;

pub use alike::{MOST_TOLD, most_alone};
pub use data_source::{AnyDataSource, DataSource, Noted};
pub use draft::{Draft, Given};
pub use foresight::{Change, ChangeKind, Foresight, Run};
pub use function::{Function, FunctionError, Parameter, Signature};
pub use plan::{PlanRequest, Planned};
pub use private::InstanceId;
pub use problem::{Path, Problem, Problems, Result, Severity, Step, all_of, one_of, quoted};
pub use provider::{Configured, Provider};
pub use record::{key_from_id, to_struct};
pub use request::{ApplyRequest, BoxFuture, ImportBy, Stored};
pub use resource::{AnyResource, Resource};
pub use schema::{Attribute, Block, Default, Kind, Nesting, Schema, Timeouts, Usage};
pub use session::{Bounded, Session};
pub use upgrade::Attributes;
pub use value::{Number, Refinement, Type, Value};
