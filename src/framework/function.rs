//! What a provider-defined function is: pure, offline, without a session.

use super::{schema::Kind, value::Value};

pub trait Function: Send + Sync {
    fn signature(&self) -> &'static Signature;

    /// `arguments` are of the declared types, known and not null; variadic ones follow the others.
    ///
    /// # Errors
    /// What is wrong with which argument.
    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError>;
}

#[derive(Debug, Clone, Copy)]
pub struct Signature {
    pub name: &'static str,
    pub summary: &'static str,
    pub description: &'static str,
    pub parameters: &'static [Parameter],
    pub returns: Kind,
}

#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    pub name: &'static str,
    pub about: &'static str,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionError {
    pub text: String,
    /// Position of the argument at fault, from 0.
    pub argument: Option<usize>,
}
