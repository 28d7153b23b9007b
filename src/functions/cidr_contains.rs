//! `cidr_contains`: whether one range lies wholly inside another.

use super::cidr;
use crate::framework::{Function, FunctionError, Kind, Parameter, Signature, Value};

pub struct CidrContains;

impl Function for CidrContains {
    fn signature(&self) -> &'static Signature {
        &Signature {
            name: "cidr_contains",
            summary: "Whether a range lies inside another",
            description: "Returns `true` if every address of `inner` is also in `outer`. Ranges of different address \
                          families never contain each other.",
            parameters: &[
                Parameter {
                    name: "outer",
                    about: "The range that may contain the other, such as `10.0.0.0/8`.",
                    kind: Kind::String,
                },
                Parameter {
                    name: "inner",
                    about: "The range that may lie inside, such as `10.0.2.0/24`.",
                    kind: Kind::String,
                },
            ],
            returns: Kind::Bool,
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let range =
            |position: usize| cidr(arguments.get(position).unwrap_or(&Value::Null), position);
        Ok(Value::Bool(range(0)?.contains(range(1)?)))
    }
}
