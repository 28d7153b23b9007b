//! What Terraform asks of a resource, and what it stores of one.

use std::{future::Future, pin::Pin};

use super::value::Value;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An object as Terraform stores it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    pub state: Value,
    pub private: Vec<u8>,
    pub identity: Option<Value>,
}

/// Null `prior` is a creation, null `planned` a destruction.
#[derive(Debug, Clone)]
pub struct ApplyRequest {
    pub prior: Value,
    pub planned: Value,
    /// The private data of the plan.
    pub private: Vec<u8>,
}

#[derive(Debug, Clone)]
pub enum ImportBy {
    Id(String),
    Identity(Value),
}
