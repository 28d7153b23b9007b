//! What a data source is: a query that fills in its own answer.

use std::{future::Future, marker::PhantomData};

use serde::{Serialize, de::DeserializeOwned};
use tokio_util::sync::CancellationToken;

use super::{
    draft::Draft,
    problem::{Problem, Result},
    record,
    request::BoxFuture,
    schema::{Schema, Timeouts},
    session::Session,
    validate,
    value::Value,
};

/// A struct with one field per attribute of its schema; computed ones are `Option` and `None` in the query.
pub trait DataSource<C: Session>: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Without the provider's prefix.
    const NAME: &'static str;
    const SCHEMA: Schema;

    /// Rules across attributes that need no cloud.
    fn check(config: Draft<'_>) -> Vec<Problem> {
        let _ = config;
        Vec::new()
    }

    fn read(self, cloud: &C) -> impl Future<Output = Result<Noted<Self>>> + Send;
}

/// A result, and what the user should know about it all the same.
#[derive(Debug, Clone)]
pub struct Noted<T> {
    pub value: T,
    pub warnings: Vec<Problem>,
}

/// A [`DataSource`] of whatever type, as the tables and the protocol see it.
pub trait AnyDataSource<C>: Send + Sync {
    fn name(&self) -> &'static str;
    fn schema(&self) -> &'static Schema;
    fn validate(&self, config: &Value) -> Vec<Problem>;
    fn read<'a>(
        &'a self,
        config: Value,
        cloud: &'a C,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Noted<Value>>>;
}

/// Makes an [`AnyDataSource`] of a [`DataSource`], for the table.
pub struct Entry<D>(PhantomData<fn() -> D>);

impl<D> Entry<D> {
    pub const NEW: Self = Self(PhantomData);
}

impl<C: Session, D: DataSource<C>> AnyDataSource<C> for Entry<D> {
    fn name(&self) -> &'static str {
        D::NAME
    }

    fn schema(&self) -> &'static Schema {
        const { &D::SCHEMA }
    }

    fn validate(&self, config: &Value) -> Vec<Problem> {
        let mut problems = validate::validate(&D::SCHEMA, config);
        problems.extend(D::check(Draft::new(config)));
        problems
    }

    fn read<'a>(
        &'a self,
        config: Value,
        cloud: &'a C,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Noted<Value>>> {
        Box::pin(async move {
            let cloud = cloud.bounded(Timeouts::MINUTES_5.read, stop);
            let query: D = record::to_query(&record::with_defaults(&D::SCHEMA, config))?;
            let Noted { value, warnings } = query.read(&cloud).await?;
            Ok(Noted { value: record::to_value(&value, &D::SCHEMA)?, warnings })
        })
    }
}
