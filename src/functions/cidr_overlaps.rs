//! `cidr_overlaps`: every pair of ranges in a list that share an address.

use std::collections::BTreeMap;

use super::cidrs;
use crate::{
    framework::{Function, FunctionError, Kind, Parameter, Signature, Value},
    network::cidr::overlapping_pairs,
};

pub struct CidrOverlaps;

/// How many pairs are returned: more than anybody reads, and few enough for a list in which everything overlaps.
const MOST: usize = 1000;

impl Function for CidrOverlaps {
    fn signature(&self) -> &'static Signature {
        &Signature {
            name: "cidr_overlaps",
            summary: "Pairs of ranges that overlap",
            description: "Returns each pair of ranges that have an address in common, as objects with the members `a` \
                          and `b`, in the order of the list. An empty result means that all ranges are disjoint, which \
                          suits a `precondition` or a variable's `validation`. Where there are more than 1000 pairs, \
                          1000 of them are returned.",
            parameters: &[Parameter {
                name: "cidrs",
                about: "Ranges in CIDR form, IPv4 and IPv6 as you like.",
                kind: Kind::List(&Kind::String),
            }],
            returns: Kind::List(&Kind::Object(&[("a", Kind::String), ("b", Kind::String)])),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let ranges = cidrs(arguments.first().unwrap_or(&Value::Null), 0)?;
        let pair = |(a, b): (usize, usize)| {
            let member = |name: &str, position: usize| {
                (name.to_owned(), Value::from(ranges[position].to_string()))
            };
            Value::Map(BTreeMap::from([member("a", a), member("b", b)]))
        };
        Ok(Value::Seq(overlapping_pairs(&ranges, MOST).into_iter().map(pair).collect()))
    }
}
