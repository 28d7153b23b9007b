//! What came of the cases, and the few words that compare.

use std::fmt;

use serde_json::Value as Json;

/// What came of some cases.
#[derive(Default)]
pub struct Tally {
    pub cases: usize,
    pub hit: usize,
    pub broken: Vec<String>,
}

pub fn differences(wanted: &[String], shown: &[String]) -> Vec<String> {
    let missing = wanted.iter().filter(|line| !shown.contains(line));
    let strange = shown.iter().filter(|line| !wanted.contains(line));
    let mut lines: Vec<String> = missing.map(|line| format!("missing: {line}")).collect();
    lines.extend(strange.map(|line| format!("strange: {line}")));
    if lines.is_empty() && wanted.len() != shown.len() {
        lines.push(format!("twice: {shown:?}"));
    }
    lines
}

pub fn expect(what: &str, wrong: Vec<String>) -> Result<(), String> {
    match wrong.first() {
        None => Ok(()),
        Some(first) => Err(format!("{what}: {} wrong, such as {first}", wrong.len())),
    }
}

pub fn merge(fault: &mut Json, more: &Json) {
    for (name, value) in more.as_object().into_iter().flatten() {
        fault[name] = value.clone();
    }
}

impl Tally {
    pub fn note(
        &mut self,
        context: &str,
        case: &impl fmt::Display,
        (hit, kept): (bool, Result<(), String>),
    ) {
        self.cases += 1;
        self.hit += usize::from(hit);
        if let Err(reason) = kept {
            self.broken.push(format!("{context}: {case}\n  {reason}"));
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { cases, hit, broken } = self;
        write!(f, "{cases} cases, something went wrong in {hit}, {} broke the law", broken.len())
    }
}
