//! Functions for configurations: each a signature around one function of `network`. None sees the cloud.

pub mod cidr_contains;
pub mod cidr_overlaps;

use crate::{
    framework::{FunctionError, Value},
    network::Cidr,
};

/// Reads an argument, or an element of one, as a range.
fn cidr(value: &Value, argument: usize) -> Result<Cidr, FunctionError> {
    let text = value.as_str().unwrap_or_default();
    text.parse().map_err(|error: crate::network::InvalidCidr| FunctionError {
        text: error.to_string(),
        argument: Some(argument),
    })
}
