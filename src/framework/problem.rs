//! What went wrong, where in the configuration, and what to do about it.

use std::fmt;

use super::request::Stored;

/// The result of every handler: one way out, `?` does the rest.
pub type Result<T> = std::result::Result<T, Problems>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

/// One thing a user should know. The summary is short and holds no values; the detail holds the values, what is
/// wrong with them and what to write instead.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub severity: Severity,
    pub path: Path,
    pub summary: String,
    pub detail: String,
    /// Nothing can be applied while this lasts: found while a plan is examined, it is more than a look that failed.
    pub stops_plans: bool,
}

impl Problem {
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            path: Path::default(),
            summary: summary.into(),
            detail: detail.into(),
            stops_plans: false,
        }
    }

    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(summary, detail) }
    }

    /// A mistake of ours, which the user can only report.
    pub fn bug(what: impl fmt::Display) -> Self {
        Self::error(
            "Bug in the provider",
            format!(
                "{what}\n\nThis is a mistake in the provider, not in your configuration. Please report it."
            ),
        )
    }

    /// The same, as what no apply can succeed with.
    pub fn stopping_plans(self) -> Self {
        Self { stops_plans: true, ..self }
    }

    /// Points the problem at a place in the configuration.
    pub fn at(mut self, path: impl Into<Path>) -> Self {
        self.path = path.into();
        self
    }
}

/// Why a handler could not do what was asked: at least one problem, and what exists nevertheless.
#[derive(Debug, Clone)]
pub struct Problems {
    pub(super) list: Vec<Problem>,
    /// The object as far as it was made. Terraform records it, so that nothing is lost and the next apply goes on.
    pub(super) kept: Option<Box<Stored>>,
    /// The object as its struct, before the framework has given it the form that is stored.
    pub(super) half_made: Option<serde_json::Value>,
}

impl Problems {
    /// `None` where there is no problem.
    pub fn from_list(list: Vec<Problem>) -> Option<Self> {
        (!list.is_empty()).then_some(Self { list, kept: None, half_made: None })
    }

    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// Points every problem that has no place yet at `path`.
    pub fn at(mut self, path: impl Into<Path>) -> Self {
        let path = path.into();
        for problem in self.list.iter_mut().filter(|problem| problem.path.is_root()) {
            problem.path = path.clone();
        }
        self
    }

    pub fn extend(&mut self, more: Problems) {
        self.list.extend(more.list);
    }

    /// Says that `object` exists in spite of the failure and has to be recorded.
    pub fn keeping(mut self, object: &impl serde::Serialize) -> Self {
        match serde_json::to_value(object) {
            Ok(object) => self.half_made = Some(object),
            Err(error) => self.list.push(Problem::bug(error)),
        }
        self
    }

    /// An object exists in spite of the failure.
    pub fn keeps_something(&self) -> bool {
        self.half_made.is_some() || self.kept.is_some()
    }

    /// What Terraform has to record, and the problems to show.
    pub fn into_parts(self) -> (Vec<Problem>, Option<Stored>) {
        (self.list, self.kept.map(|kept| *kept))
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self { list: vec![problem], kept: None, half_made: None }
    }
}

/// A place in a configuration, from the body of the resource (or provider, data source) down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Attribute(String),
    /// Element of a map.
    Key(String),
    /// Element of a list.
    Index(i64),
}

impl Path {
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub fn attribute(mut self, name: &str) -> Self {
        self.0.push(Step::Attribute(name.to_owned()));
        self
    }

    pub fn key(mut self, key: &str) -> Self {
        self.0.push(Step::Key(key.to_owned()));
        self
    }

    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)));
        self
    }
}

impl From<&str> for Path {
    fn from(attribute: &str) -> Self {
        Path::default().attribute(attribute)
    }
}

impl fmt::Display for Path {
    /// As a user would write it: `hosts["a"].container_cidr`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => write!(f, "{name}")?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Names as a text shows them.
pub fn quoted(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("`{name}`")).collect()
}

/// Words as a sentence lists them: `a, b and c`.
pub fn all_of(words: &[String]) -> String {
    listed(words, "and")
}

/// The same where one is to be chosen: `a, b or c`.
pub fn one_of(words: &[String]) -> String {
    listed(words, "or")
}

fn listed(words: &[String], conjunction: &str) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => {
            format!("{} {conjunction} {last}", rest.join(", "))
        }
        _ => words.concat(),
    }
}
