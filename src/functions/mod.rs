//! Functions for configurations: each a signature around one function of `network`. None sees the cloud.

pub mod cidr_aggregate;
pub mod cidr_allocate;
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

/// Reads an argument as a list of ranges.
fn cidrs(value: &Value, argument: usize) -> Result<Vec<Cidr>, FunctionError> {
    match value {
        Value::Seq(texts) => texts.iter().map(|text| cidr(text, argument)).collect(),
        _ => Err(FunctionError {
            text: "A list of ranges is required.".to_owned(),
            argument: Some(argument),
        }),
    }
}
