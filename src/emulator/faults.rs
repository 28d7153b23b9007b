//! What should go wrong, and when: a list of faults and a pure choice among them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One ordered misbehaviour. Exactly one of `answer` and `cut` must be given.
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
    /// How many matching requests are then hit.
    #[serde(default = "once")]
    pub times: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<CannedAnswer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
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

/// What happens to one request.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Answer(CannedAnswer),
    Cut(Cut),
}

/// The faults in force, in the order they were asked for.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Fault {
    fn effect(&self) -> Option<Effect> {
        match (&self.answer, self.cut) {
            (Some(answer), None) => Some(Effect::Answer(answer.clone())),
            (None, Some(cut)) => Some(Effect::Cut(cut)),
            _ => None,
        }
    }

    fn is_about(&self, method: &str, path: &str) -> bool {
        let method_fits =
            self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        method_fits && path_fits(&self.path, path)
    }
}

impl Faults {
    /// Adds faults behind those already there. Says which one has no clear effect.
    pub fn add(&mut self, new: Vec<Fault>) -> Result<(), String> {
        for (index, fault) in new.iter().enumerate() {
            if fault.effect().is_none() {
                return Err(format!("[{index}]: give exactly one of `answer` and `cut`"));
            }
            if let Some(answer) = &fault.answer
                && !(200..=599).contains(&answer.status)
            {
                return Err(format!("[{index}].answer.status: {} is no status", answer.status));
            }
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
    pub fn take(&mut self, method: &str, path: &str) -> Option<Effect> {
        let fault = self.0.iter_mut().find(|fault| fault.is_about(method, path))?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        let effect = fault.effect();
        fault.times = fault.times.saturating_sub(1);
        self.0.retain(|fault| fault.times > 0);
        effect
    }
}

fn once() -> u32 {
    1
}

fn path_fits(pattern: &str, path: &str) -> bool {
    let mut wanted = pattern.split('/');
    let mut actual = path.split('/');
    loop {
        match (wanted.next(), actual.next()) {
            (None, None) | (Some("**"), _) => return true,
            (Some("*"), Some(_)) => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}
