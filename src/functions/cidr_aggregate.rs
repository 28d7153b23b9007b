//! `cidr_aggregate`: the fewest ranges that cover exactly the same addresses.

use super::cidrs;
use crate::{
    framework::{Function, FunctionError, Kind, Parameter, Signature, Value},
    network::aggregate::aggregate,
};

pub struct CidrAggregate;

impl Function for CidrAggregate {
    fn signature(&self) -> &'static Signature {
        &Signature {
            name: "cidr_aggregate",
            summary: "The fewest ranges that cover the same addresses",
            description: "Returns the fewest ranges that cover exactly the addresses of the given ones: two halves become \
                          their whole, and what lies inside another range is left out. No address is added. The result is \
                          sorted, IPv4 before IPv6, so that it depends on the addresses alone. It suits what is limited in \
                          number, such as the rules of a security group.",
            parameters: &[Parameter {
                name: "cidrs",
                about: "Ranges in CIDR form, IPv4 and IPv6 as you like, in any order.",
                kind: Kind::List(&Kind::String),
            }],
            returns: Kind::List(&Kind::String),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let ranges = cidrs(arguments.first().unwrap_or(&Value::Null), 0)?;
        let fewest = aggregate(&ranges).into_iter().map(|range| Value::from(range.to_string()));
        Ok(Value::Seq(fewest.collect()))
    }
}
