//! Facts that nobody knows, tried every way: what is the same whichever holds is certain.

use std::collections::BTreeSet;

use super::{
    Flow,
    known::Paths,
    outcome::{Explanation, Key, Outcome, Stop, Verdict},
    walk,
};

/// Something that decides and may not be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    pub what: What,
    /// Of which interface's server, or of which rule (its position in its filter).
    pub at: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Forwarding,
    EngineVersion,
    GatewayMode,
    Masquerade,
    ForwardPolicy,
    PublishedPorts,
    /// Whether the cloud's check looks at destinations.
    DestinationCheck,
    /// What security groups that may not be read let through.
    GroupRules,
    /// Whether an address group of a rule holds the address.
    AddressGroup,
}

/// The walk stops until one of these many values is assumed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unknown {
    pub(super) fact: Fact,
    pub(super) values: u8,
}

/// What is assumed where it is not known.
#[derive(Debug, Clone, Default)]
pub(super) struct Assumed(Vec<(Fact, u8)>);

impl Assumed {
    /// The value that is known, or the one that is assumed of these; the most favourable comes first.
    pub(super) fn value<T: Copy>(
        &self,
        fact: Fact,
        known: Option<T>,
        values: &[T],
    ) -> Result<T, Unknown> {
        if let Some(known) = known {
            return Ok(known);
        }
        let assumed = self.0.iter().find(|(it, _)| *it == fact);
        let value = assumed.and_then(|(_, position)| values.get(usize::from(*position)).copied());
        value.ok_or(Unknown { fact, values: u8::try_from(values.len()).unwrap_or(u8::MAX) })
    }
}

/// The flow in every world that the unknown facts leave open.
pub(super) fn explain(paths: &Paths<'_>, flow: &Flow) -> Explanation {
    // Most flows are of servers that are known.
    if let Ok(outcome) = walk::run(paths, flow, &Assumed::default(), Detail::Everything) {
        return Explanation::of(outcome.key().verdict, vec![outcome], BTreeSet::new());
    }
    let mut open = Open::of(paths, flow, Detail::Everything);
    let keys = open.every_way();
    let verdict = common(keys.iter().map(|key| key.verdict));
    Explanation::of(verdict, open.outcomes, open.missing)
}

/// The verdict alone, with why not in the most favourable world: as soon as two worlds differ, the others are not looked
/// at.
pub(super) fn verdict(paths: &Paths<'_>, flow: &Flow) -> (Verdict, Option<Stop>) {
    if let Ok(outcome) = walk::run(paths, flow, &Assumed::default(), Detail::Verdict) {
        return (outcome.key().verdict, outcome.stop);
    }
    let mut open = Open::of(paths, flow, Detail::Verdict);
    let keys = open.every_way();
    let verdict = common(keys.iter().map(|key| key.verdict));
    let best = open.outcomes.first().and_then(|best| best.stop);
    (verdict, best.filter(|_| verdict != Verdict::Reachable))
}

fn common(mut verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let first = verdicts.next();
    first.filter(|first| verdicts.all(|it| it == *first)).unwrap_or(Verdict::Undetermined)
}

/// How much is wanted of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    Everything,
    Verdict,
}

struct Open<'o, 'p> {
    paths: &'o Paths<'p>,
    flow: &'o Flow,
    detail: Detail,
    assumed: Assumed,
    /// All that are different; where only a verdict is wanted, the first of each verdict.
    outcomes: Vec<Outcome>,
    missing: BTreeSet<Fact>,
}

impl<'o, 'p> Open<'o, 'p> {
    fn of(paths: &'o Paths<'p>, flow: &'o Flow, detail: Detail) -> Self {
        let (assumed, outcomes, missing) = (Assumed::default(), Vec::new(), BTreeSet::new());
        Self { paths, flow, detail, assumed, outcomes, missing }
    }

    fn every_way(&mut self) -> BTreeSet<Key> {
        let unknown = match walk::run(self.paths, self.flow, &self.assumed, self.detail) {
            Ok(outcome) => {
                let key = outcome.key();
                let is_known = |it: &Outcome| match self.detail {
                    Detail::Everything => *it == outcome,
                    Detail::Verdict => it.key().verdict == key.verdict,
                };
                if !self.outcomes.iter().any(is_known) {
                    self.outcomes.push(outcome);
                }
                return BTreeSet::from([key]);
            }
            Err(unknown) => unknown,
        };
        let mut found: Vec<BTreeSet<Key>> = Vec::with_capacity(usize::from(unknown.values));
        for value in 0..unknown.values {
            if self.detail == Detail::Verdict && self.outcomes.len() > 1 {
                break;
            }
            self.assumed.0.push((unknown.fact, value));
            let keys = self.every_way();
            self.assumed.0.pop();
            found.push(keys);
        }
        if found.windows(2).any(|two| two[0] != two[1]) {
            self.missing.insert(unknown.fact);
        }
        found.into_iter().flatten().collect()
    }
}
