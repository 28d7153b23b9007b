//! Which faults hit which calls.

use std::fmt;

use serde_json::{Value as Json, json};

use super::{
    cast::Role,
    faults::{self, Fault, Verb},
};

/// How much of the matrix is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What differs most, in seconds.
    Essence,
    /// Everything, in minutes.
    Whole,
}

/// A fault on a verb, and which calls it is to hit.
pub struct Order {
    pub verb: Verb,
    pub fault: Fault,
    pub on_writes: bool,
    pub which: Json,
}

/// One object: its first call or its second one. Many at once: the first three calls, or a part of all.
pub fn orders(role: &Role, verb: Verb, count: usize, retries: u32, extent: Extent) -> Vec<Order> {
    let which = match (count, retries) {
        (1, 0) => vec![json!({}), json!({ "skip": 1 })],
        (1, _) => vec![json!({})],
        (_, 0) => vec![json!({ "times": 3 })],
        (_, _) => vec![json!({ "share": 0.3, "seed": 7 })],
    };
    let mut orders = Vec::new();
    for which in which {
        for on_writes in [false, true] {
            if on_writes && !verb.writes() {
                continue;
            }
            let is_alone = count == 1 && role.in_one == 1;
            let more = match (on_writes, is_alone) {
                (false, _) => Vec::new(),
                (true, true) => faults::of_late_reads(),
                (true, false) => faults::of_writes(),
            };
            for fault in faults::of_any_call().into_iter().chain(more) {
                orders.push(Order { verb, fault, on_writes, which: which.clone() });
            }
        }
    }
    if extent == Extent::Essence {
        orders.retain(|order| order.is_essential(count, retries));
        // Sets write through the same writer as single routes.
        let differing = ["500", "cut after", "garbage", "delay", "at most 1 entry"];
        orders.retain(|order| role.in_one == 1 || differing.contains(&order.fault.name));
    }
    orders
}

impl Order {
    fn is_essential(&self, count: usize, retries: u32) -> bool {
        let is_one_of = |names: &[&str]| names.contains(&self.fault.name);
        let is_first = self.which.get("skip").is_none();
        match (count, self.verb) {
            (1, Verb::Read | Verb::Import) => retries == 0 && is_first,
            (1, _) if self.on_writes && retries == 0 => {
                is_first || is_one_of(&["500", "cut before", "cut after", "garbage"])
            }
            (1, _) if self.on_writes => is_one_of(&[
                "500",
                "409",
                "cut before",
                "cut after",
                "expired",
                "stale for 3 reads",
            ]),
            (1, _) => is_first && retries == 0 && is_one_of(&["500", "404 and a page", "garbage"]),
            (_, Verb::Create) if self.on_writes && retries > 0 => is_one_of(&[
                "cut after",
                "stale for 3 reads",
                "at most 7 entries",
                "simultaneous: 409",
            ]),
            (_, Verb::Update | Verb::Delete) => {
                self.on_writes && retries == 0 && is_one_of(&["500", "cut after"])
            }
            (_, Verb::Read) => !self.on_writes && retries == 0 && is_one_of(&["garbage"]),
            _ => false,
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.on_writes { "writes" } else { "reads" };
        write!(f, "{} on {what} {}", self.fault.name, self.which)
    }
}
