//! A configuration of which parts may not be known yet, as rules across attributes see it.

use std::str::FromStr;

use serde::de::DeserializeOwned;

use super::{record, value::Value};

/// What the user gave for an attribute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Given<'a> {
    /// Nothing.
    Absent,
    /// Something that is known only during apply.
    Unknown,
    Known(&'a Value),
}

/// An object of the configuration.
#[derive(Debug, Clone, Copy, Hash)]
pub struct Draft<'a>(&'a Value);

impl<'a> Draft<'a> {
    pub fn new(config: &'a Value) -> Self {
        Self(config)
    }

    pub fn given(&self, attribute: &str) -> Given<'a> {
        match self.0.get(attribute) {
            Value::Null => Given::Absent,
            Value::Unknown(_) => Given::Unknown,
            known => Given::Known(known),
        }
    }

    /// The text of an attribute that is present and known.
    pub fn text(&self, attribute: &str) -> Option<&'a str> {
        self.0.get(attribute).as_str()
    }

    /// The value of an attribute that is present, known and well formed.
    pub fn parsed<T: FromStr>(&self, attribute: &str) -> Option<T> {
        self.text(attribute)?.parse().ok()
    }

    /// The attribute is `true`, or may turn out to be.
    pub fn may_be_true(&self, attribute: &str) -> bool {
        matches!(self.0.get(attribute), Value::Bool(true) | Value::Unknown(_))
    }

    /// The same is given for the attribute in both. Unknown values are alike.
    pub fn agrees_with(&self, other: Draft<'_>, attribute: &str) -> bool {
        self.0.get(attribute) == other.0.get(attribute)
    }

    /// The object may be one of this configuration: what is written there, it has.
    pub fn may_describe(&self, object: &Value) -> bool {
        may_describe(self.0, object)
    }

    /// The object as its struct with its memory, where enough of it is known for one. What is not known is `None` there.
    pub fn object<T: DeserializeOwned>(&self, private: &[u8]) -> Option<T> {
        record::to_struct(self.0, private).ok()
    }

    /// The texts of a list or set that is present and wholly known.
    pub fn texts(&self, attribute: &str) -> Option<Vec<&'a str>> {
        match self.0.get(attribute) {
            Value::Seq(items) => items.iter().map(Value::as_str).collect(),
            _ => None,
        }
    }

    /// Of these attributes, the ones certainly present, and whether others may turn out to be.
    ///
    /// An unknown value may still become null, so it proves neither presence nor absence.
    pub fn certain<'n>(&self, attributes: &[&'n str]) -> (Vec<&'n str>, bool) {
        let known =
            attributes.iter().copied().filter(|name| matches!(self.given(name), Given::Known(_)));
        let open = attributes.iter().any(|name| self.given(name) == Given::Unknown);
        (known.collect(), open)
    }

    /// The members of a map attribute that is present and known, each as a draft of its own.
    pub fn members(&self, attribute: &str) -> impl Iterator<Item = (&'a str, Draft<'a>)> {
        self.0
            .get(attribute)
            .as_map()
            .into_iter()
            .flatten()
            .map(|(key, member)| (key.as_str(), Draft(member)))
    }
}

/// What is left open, or is not known yet, may be anything.
fn may_describe(written: &Value, object: &Value) -> bool {
    match (written, object) {
        (Value::Null | Value::Unknown(_), _) => true,
        (Value::Map(written), Value::Map(object)) => written.iter().all(|(name, value)| {
            object.get(name).map_or(value.is_null(), |object| may_describe(value, object))
        }),
        (Value::Seq(written), Value::Seq(object)) if written.len() == object.len() => {
            written.iter().zip(object).all(|(written, object)| may_describe(written, object))
        }
        (written, object) => written == object,
    }
}
