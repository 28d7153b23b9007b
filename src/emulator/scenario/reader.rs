//! Reads a scenario's JSON and remembers where it was. Goes on after a mistake, so that all of them are reported.

use std::{cell::RefCell, collections::BTreeMap};

use serde_json::{Map, Value};

use super::ScenarioError;

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(super) struct Errors(RefCell<Vec<ScenarioError>>);

/// One object. What is still in it when it is dropped has no meaning and is a mistake.
pub(super) struct Fields<'a> {
    path: String,
    object: Map<String, Value>,
    errors: &'a Errors,
}

impl Errors {
    pub(super) fn add(&self, path: impl Into<String>, problem: impl Into<String>) {
        let error = ScenarioError { path: path.into(), problem: problem.into() };
        self.0.borrow_mut().push(error);
    }

    pub(super) fn take(&self) -> Vec<ScenarioError> {
        self.0.take()
    }
}

impl<'a> Fields<'a> {
    pub(super) fn root(value: Value, errors: &'a Errors) -> Self {
        Self::new(String::new(), value, errors)
    }

    fn new(path: String, value: Value, errors: &'a Errors) -> Self {
        let object = match value {
            Value::Object(object) => object,
            other => {
                errors.add(path.clone(), format!("expected an object, found {}", kind(&other)));
                Map::new()
            }
        };
        Self { path, object, errors }
    }

    /// Where a field of this object is, such as `servers[1].nics[0].subnet`.
    pub(super) fn path(&self, key: &str) -> String {
        match self.path.is_empty() {
            true => key.to_owned(),
            false => format!("{}.{key}", self.path),
        }
    }

    /// Where this object is.
    pub(super) fn here(&self) -> &str {
        &self.path
    }

    pub(super) fn problem(&self, key: &str, problem: impl Into<String>) {
        self.errors.add(self.path(key), problem);
    }

    /// A text that must be there. Empty, and a mistake, if it is not.
    pub(super) fn text(&mut self, key: &str) -> String {
        if !self.object.contains_key(key) {
            self.problem(key, "is missing");
        }
        self.optional_text(key).unwrap_or_default()
    }

    pub(super) fn optional_text(&mut self, key: &str) -> Option<String> {
        match self.object.remove(key)? {
            Value::String(text) => Some(text),
            other => self.unexpected(key, "a text", &other),
        }
    }

    /// A text of a certain form, such as an address.
    pub(super) fn parsed<T: std::str::FromStr>(&mut self, key: &str, form: &str) -> Option<T> {
        let text = self.optional_text(key)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.problem(key, format!("`{text}` is no {form}"));
        }
        parsed
    }

    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        match self.object.remove(key)? {
            Value::Bool(flag) => Some(flag),
            other => self.unexpected(key, "true or false", &other),
        }
    }

    pub(super) fn number(&mut self, key: &str) -> Option<u32> {
        let value = self.object.remove(key)?;
        match value.as_u64().and_then(|number| u32::try_from(number).ok()) {
            Some(number) => Some(number),
            None => self.unexpected(key, "a number from 0", &value),
        }
    }

    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        let values = self.array(key)?;
        let mut texts = Vec::new();
        for (index, value) in values.into_iter().enumerate() {
            match value {
                Value::String(text) => texts.push(text),
                other => {
                    let problem = format!("expected a text, found {}", kind(&other));
                    self.problem(&format!("{key}[{index}]"), problem);
                }
            }
        }
        Some(texts)
    }

    /// An object of texts, such as tags.
    pub(super) fn text_map(&mut self, key: &str) -> BTreeMap<String, String> {
        let Some(mut fields) = self.object(key) else { return BTreeMap::new() };
        let keys: Vec<String> = fields.object.keys().cloned().collect();
        keys.into_iter()
            .filter_map(|key| fields.optional_text(&key).map(|text| (key, text)))
            .collect()
    }

    pub(super) fn object(&mut self, key: &str) -> Option<Fields<'a>> {
        let value = self.object.remove(key)?;
        Some(Self::new(self.path(key), value, self.errors))
    }

    /// A list of objects; empty if it is not there.
    pub(super) fn list(&mut self, key: &str) -> Vec<Fields<'a>> {
        let values = self.array(key).unwrap_or_default();
        values
            .into_iter()
            .enumerate()
            .map(|(index, value)| {
                Self::new(format!("{}[{index}]", self.path(key)), value, self.errors)
            })
            .collect()
    }

    fn array(&mut self, key: &str) -> Option<Vec<Value>> {
        match self.object.remove(key)? {
            Value::Array(values) => Some(values),
            other => self.unexpected(key, "a list", &other),
        }
    }

    fn unexpected<T>(&self, key: &str, expected: &str, found: &Value) -> Option<T> {
        self.problem(key, format!("expected {expected}, found {}", kind(found)));
        None
    }
}

impl Drop for Fields<'_> {
    fn drop(&mut self) {
        for key in self.object.keys() {
            self.problem(key, "is not a field of a scenario");
        }
    }
}

/// What a value is, without showing it: it may be a secret.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
