//! What should go wrong, and when: a list of faults and a pure choice among them. What comes of the choice is done at
//! the gate.

use std::{collections::BTreeMap, time::Duration};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod choice;

pub use choice::Asked;

/// One ordered misbehaviour: the requests it is about, which of them it hits, and exactly one effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Any method if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A path in which `*` stands for one segment, and `**` at the end for any number of them.
    pub path: String,
    /// How many matching requests pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// How many matching requests are then hit. If absent, one; without end where `every`, `share`, `most_entries` or
    /// `refuse_simultaneous` say which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// After those skipped, each n-th only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    /// After those skipped, this part of them only, above 0 and at most 1. Which ones follows from `seed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    #[serde(default)]
    pub seed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<CannedAnswer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Span>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spoil: Option<Spoil>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<Stale>,
    /// The answer to a write that comes while another one to the same path is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuse_simultaneous: Option<CannedAnswer>,
    /// A change of a route table that carries more entries than this is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_entries: Option<usize>,
    /// Credentials that do not last (a token, or keys with a security token) are refused as if their time were over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expire: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<Foreign>,
    /// Requests that could have been hit so far, after those skipped.
    #[serde(skip)]
    seen: u32,
}

/// An answer given instead of doing what was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CannedAnswer {
    pub status: u16,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A text is sent as it is, anything else as JSON.
    #[serde(default)]
    pub body: Value,
}

/// When the connection is closed without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cut {
    /// The request has no effect.
    Before,
    /// The request has its effect.
    After,
}

/// What becomes of the body of the answer. Request, status and headers are as they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spoil {
    /// Only the first half is sent.
    Truncate,
    /// Bytes that mean nothing are sent instead.
    Garbage,
}

/// How long reads show the world as it was before the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stale {
    Reads(u32),
    For(Span),
}

/// Somebody else changes something, directly before or after the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Foreign {
    pub when: When,
    pub calls: Vec<ForeignCall>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    Before,
    After,
}

/// A call of the emulated API that needs no credentials. `{project}` in the path is filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignCall {
    pub method: String,
    pub path: String,
    #[serde(default)]
    pub body: Value,
}

/// A length of time, written as `200ms` or `2s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub Duration);

/// What happens to one request.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Answer(CannedAnswer),
    Delay(Span),
    Cut(Cut),
    Spoil(Spoil),
    Stale(Stale),
    RefuseSimultaneous(CannedAnswer),
    /// Refuses more entries than this.
    MostEntries(usize),
    Expire,
    Foreign(Foreign),
}

/// The faults in force, in the order they were asked for.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

/// More are a mistake of whoever orders them.
const MOST_FAULTS: usize = 1000;

const EFFECTS: &str = "give exactly one of `answer`, `delay`, `cut`, `spoil`, `stale`, `refuse_simultaneous`, \
                       `most_entries`, `expire` and `foreign`";

impl Fault {
    /// The canned answer, whenever it is given.
    pub fn canned(&self) -> Option<&CannedAnswer> {
        self.answer.as_ref().or(self.refuse_simultaneous.as_ref())
    }

    /// `None` unless exactly one effect is given.
    fn effect(&self) -> Option<Effect> {
        let mut effects = [
            self.answer.clone().map(Effect::Answer),
            self.delay.map(Effect::Delay),
            self.cut.map(Effect::Cut),
            self.spoil.map(Effect::Spoil),
            self.stale.map(Effect::Stale),
            self.refuse_simultaneous.clone().map(Effect::RefuseSimultaneous),
            self.most_entries.map(Effect::MostEntries),
            self.expire.then_some(Effect::Expire),
            self.foreign.clone().map(Effect::Foreign),
        ]
        .into_iter()
        .flatten();
        let effect = effects.next();
        if effects.next().is_none() { effect } else { None }
    }

    /// What is wrong with it, with the place.
    fn mistake(&self) -> Option<String> {
        if self.effect().is_none() {
            return Some(format!(": {EFFECTS}"));
        }
        if self.every.is_some() && self.share.is_some() {
            return Some(": give `every` or `share`, not both".to_owned());
        }
        if self.every == Some(0) {
            return Some(".every: 1 is the least".to_owned());
        }
        if self.times == Some(0) {
            return Some(".times: 1 is the least".to_owned());
        }
        if let Some(share) = self.share
            && !(share > 0.0 && share <= 1.0)
        {
            return Some(format!(".share: {share} is not above 0 and at most 1"));
        }
        if let Some(answer) = self.canned()
            && !(200..=599).contains(&answer.status)
        {
            let name = if self.answer.is_some() { "answer" } else { "refuse_simultaneous" };
            return Some(format!(".{name}.status: {} is no status", answer.status));
        }
        let calls = self.foreign.iter().flat_map(|foreign| &foreign.calls).enumerate();
        for (index, call) in calls {
            if !call.path.starts_with('/') || call.path.starts_with("/_emulator/") {
                let path = &call.path;
                return Some(format!(
                    ".foreign.calls[{index}].path: `{path}` is no path of the API"
                ));
            }
        }
        None
    }
}

impl Faults {
    /// Adds faults behind those already there. Says which one has no clear meaning; then none is added.
    pub fn add(&mut self, new: Vec<Fault>) -> Result<(), String> {
        for (index, fault) in new.iter().enumerate() {
            if let Some(mistake) = fault.mistake() {
                return Err(format!("[{index}]{mistake}"));
            }
        }
        if self.0.len() + new.len() > MOST_FAULTS {
            return Err(format!(": at most {MOST_FAULTS} faults can be pending"));
        }
        self.0.extend(new);
        Ok(())
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The faults that can still hit something, with what is left of their counts.
    pub fn pending(&self) -> &[Fault] {
        &self.0
    }

    /// What happens to this request. The first fault about it decides and is used up by one.
    pub fn take(&mut self, asked: &Asked<'_>) -> Option<Effect> {
        let fault = self.0.iter_mut().find(|fault| fault.is_about(asked))?;
        let effect = fault.hit();
        self.0.retain(|fault| fault.times != Some(0));
        effect
    }
}

impl Effect {
    /// For the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Answer(_) => "answer",
            Self::Delay(_) => "delay",
            Self::Cut(Cut::Before) => "cut before",
            Self::Cut(Cut::After) => "cut after",
            Self::Spoil(Spoil::Truncate) => "truncated",
            Self::Spoil(Spoil::Garbage) => "garbage",
            Self::Stale(_) => "stale",
            Self::RefuseSimultaneous(_) => "simultaneous",
            Self::MostEntries(_) => "too many entries",
            Self::Expire => "expired",
            Self::Foreign(Foreign { when: When::Before, .. }) => "foreign before",
            Self::Foreign(Foreign { when: When::After, .. }) => "foreign after",
        }
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parsed = text.parse::<SignedDuration>().ok().and_then(|span| span.try_into().ok());
        parsed
            .map(Self)
            .ok_or_else(|| format!("`{text}` is no length of time, such as `200ms` or `2s`"))
    }
}

impl From<Span> for String {
    fn from(Span(duration): Span) -> Self {
        format!("{}ms", duration.as_millis())
    }
}
