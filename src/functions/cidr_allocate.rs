//! `cidr_allocate`: a range for each host out of a pool.

use std::collections::BTreeMap;

use super::{cidr, cidrs};
use crate::{
    framework::{Function, FunctionError, Kind, Parameter, Signature, Value},
    network::pool::{Claim, Shortage, allocate},
};

pub struct CidrAllocate;

const POOL: usize = 0;
const PREFIX_LENGTH: usize = 1;
const HOSTS: usize = 2;
const TAKEN: usize = 3;

impl Function for CidrAllocate {
    fn signature(&self) -> &'static Signature {
        &Signature {
            name: "cidr_allocate",
            summary: "A range for each host out of a pool",
            description: "Gives each host a range of the wanted size out of the pool and returns them by the hosts' names. \
                          The ranges overlap neither each other nor those that are taken. IPv4 and IPv6.\n\nWrite \
                          `hosts` as a map of names to ranges, with `null` for those that need one. A function has no \
                          memory, and so you say which range a host has: it keeps that one, whoever comes or goes, and \
                          whatever becomes of the pool. The ranges can come from your configuration, or from the route \
                          table, which knows where each range leads; see the first example. What the hosts have may \
                          stand in `taken`, too: a range that is a host's in the map is not taken from it.\n\nA list of \
                          names is for ranges of which none is in use yet. A name alone leads to a place in the pool. \
                          Hosts choose in the order of the list; one that finds its place occupied takes the next one \
                          its name leads to. So with the same arguments a host added at the end never moves another. \
                          **Everything else may move hosts that are in use**: another pool or prefix length leads the \
                          names to other places; a range more in `taken` moves who has it, so a list of \
                          hosts with their own ranges among `taken` moves every one of them; a host that is removed, or \
                          added before others, moves those that stood aside for it, or have to now.",
            parameters: &[
                Parameter {
                    name: "pool",
                    about: "The range to take from, such as `10.0.0.0/16`.",
                    kind: Kind::String,
                },
                Parameter {
                    name: "prefix_length",
                    about: "The size of each host's range, such as `24`.",
                    kind: Kind::Number,
                },
                Parameter {
                    name: "hosts",
                    about: "The hosts: a list of names, each once; or a map of names to the ranges they have, `null` for \
                            none yet. A range that a host has is kept as it is, also outside the pool.",
                    kind: Kind::Dynamic,
                },
                Parameter {
                    name: "taken",
                    about: "Ranges that no host may be given: of subnets, of other networks. What the hosts have may be \
                            among them.",
                    kind: Kind::List(&Kind::String),
                },
            ],
            returns: Kind::Map(&Kind::String),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let argument = |position: usize| arguments.get(position).unwrap_or(&Value::Null);
        let pool = cidr(argument(POOL), POOL)?;
        let prefix_length = whole(argument(PREFIX_LENGTH))
            .ok_or_else(|| refusal(PREFIX_LENGTH, "A whole number is required, such as `24`."))?;
        let hosts = claims(argument(HOSTS))?;
        let taken = cidrs(argument(TAKEN), TAKEN)?;
        let ranges = allocate(pool, prefix_length, &hosts, &taken).map_err(|shortage| {
            let position = match shortage {
                Shortage::Misfit { .. } => PREFIX_LENGTH,
                Shortage::Repeated(_) | Shortage::Overlapping(..) => HOSTS,
                Shortage::Full { .. } => POOL,
            };
            refusal(position, &shortage.to_string())
        })?;
        let by_name = ranges.into_iter().map(|(name, range)| (name, range.to_string().into()));
        Ok(Value::Map(by_name.collect()))
    }
}

/// The hosts in the order of the list, or by name.
fn claims(hosts: &Value) -> Result<Vec<Claim>, FunctionError> {
    let hosts = match hosts {
        Value::Dynamic(_, hosts) => hosts,
        hosts => hosts,
    };
    let claims: Vec<Claim> = match hosts {
        Value::Seq(names) => names.iter().map(named).collect::<Result<_, _>>()?,
        Value::Map(hosts) => with_ranges(hosts)?,
        _ => return Err(refusal(HOSTS, FORMS)),
    };
    if claims.iter().any(|claim| claim.name.is_empty()) {
        return Err(refusal(HOSTS, "A host has an empty name. Write one."));
    }
    Ok(claims)
}

const FORMS: &str = "Write a list of names, such as `[\"ecs1\", \"ecs2\"]`, or a map of names to the ranges the hosts \
                     have, such as `{ ecs1 = \"10.0.2.0/24\", ecs2 = null }`.";

fn named(name: &Value) -> Result<Claim, FunctionError> {
    let name = name.as_str().ok_or_else(|| refusal(HOSTS, FORMS))?;
    Ok(Claim { name: name.to_owned(), present: None })
}

fn with_ranges(hosts: &BTreeMap<String, Value>) -> Result<Vec<Claim>, FunctionError> {
    let claim = |(name, range): (&String, &Value)| {
        let present = match range {
            Value::Null => None,
            Value::String(_) => Some(cidr(range, HOSTS).map_err(|error| FunctionError {
                text: format!("`{name}`: {}", error.text),
                ..error
            })?),
            _ => return Err(refusal(HOSTS, FORMS)),
        };
        Ok(Claim { name: name.clone(), present })
    };
    hosts.iter().map(claim).collect()
}

fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => u64::try_from(number.to_exact_i64()?).ok(),
        _ => None,
    }
}

fn refusal(argument: usize, text: &str) -> FunctionError {
    FunctionError { text: text.to_owned(), argument: Some(argument) }
}
