//! Reading what the cloud writes: leniently where its documents and its answers disagree, strictly where a wrong
//! guess would be believed.

use std::{collections::BTreeMap, fmt, net::IpAddr, time::SystemTime};

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use super::{
    error::{Error, Result},
    words::{Words, read_words},
};
use crate::{network::Cidr, untrusted};

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) operation: String,
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    /// The token IAM hands out in a header.
    pub(crate) subject_token: Option<SecretString>,
    pub(crate) body: Vec<u8>,
    /// The body holds secrets: not even a complaint about it may quote it.
    pub(crate) confidential: bool,
}

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Where the next page begins; `None` on the last one.
    pub(crate) next: Option<String>,
}

impl Answer {
    /// The object under the name `wrapper`, or the whole body where the cloud forgets the wrapper.
    pub(crate) fn object<T: DeserializeOwned>(&self, wrapper: &str) -> Result<T> {
        match self.members()?.get(wrapper) {
            Some(object) => self.read(object),
            None => self.body(),
        }
    }

    /// The same, if it is the object with this id: what is said of another one must not be taken for it.
    pub(crate) fn object_with_id<T: DeserializeOwned>(&self, wrapper: &str, id: &str) -> Result<T> {
        let members = self.members()?;
        let named = match members.get(wrapper) {
            Some(object) => text_at(object, "id"),
            None => members.get("id").and_then(|id| serde_json::from_str(id.get()).ok()),
        };
        match named.filter(|named| named != id) {
            None => self.object(wrapper),
            Some(other) => {
                let other = untrusted::name(&other);
                let message = format!("the answer is about another object, {other}");
                let words = Words { message, request_id: self.request_id.clone(), code: None };
                Err(Error::unreadable(&self.operation, self.status, words))
            }
        }
    }

    /// The whole body.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| self.unreadable_because(error))
    }

    /// The elements of the list `wrapper`, of which `limit` were asked for.
    pub(crate) fn page<T: DeserializeOwned>(&self, wrapper: &str, limit: usize) -> Result<Page<T>> {
        let members = self.members()?;
        let list = members.get(wrapper).ok_or_else(|| self.unreadable())?;
        let items: Vec<&RawValue> =
            serde_json::from_str(list.get()).map_err(|_| self.unreadable())?;
        let next = match members.get("page_info") {
            Some(page_info) => text_at(page_info, "next_marker"),
            None if items.len() >= limit => items.last().and_then(|item| text_at(item, "id")),
            None => None,
        };
        let items = items.into_iter().map(|item| self.read(item)).collect::<Result<_>>()?;
        Ok(Page { items, next })
    }

    /// The body as it is written, member by member: a list of a thousand elements is read one element at a time.
    fn members(&self) -> Result<BTreeMap<String, &RawValue>> {
        serde_json::from_slice(&self.body).map_err(|error| self.unreadable_because(error))
    }

    fn read<T: DeserializeOwned>(&self, value: &RawValue) -> Result<T> {
        serde_json::from_str(value.get()).map_err(|error| self.unreadable_because(error))
    }

    fn unreadable_because(&self, error: serde_json::Error) -> Error {
        let unreadable = self.unreadable();
        if self.confidential { unreadable } else { unreadable.caused_by(error) }
    }

    /// One page of a list that has no end.
    pub(crate) fn endless(&self) -> Error {
        let message = "the list has no end: after each page the cloud names another one".into();
        let words = Words { message, request_id: self.request_id.clone(), ..Words::default() };
        Error::unreadable(&self.operation, self.status, words)
    }

    /// A success that does not hold what it should. Some tell why in an error's words, as a dry run does.
    pub(crate) fn unreadable(&self) -> Error {
        let mut words = read_words(&self.body);
        words.request_id = words.request_id.or_else(|| self.request_id.clone());
        if words.code.is_none() {
            words.message =
                "the cloud accepted the call, but its answer is not as documented".into();
        }
        Error::unreadable(&self.operation, self.status, words)
    }
}

/// The text of a member. v3 says in one where the next page begins; v1 leaves it to the reader: a full page may have a
/// successor, which begins after its last element.
fn text_at(object: &RawValue, member: &str) -> Option<String> {
    let object: Value = serde_json::from_str(object.get()).ok()?;
    object.get(member)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// For `#[serde(default, deserialize_with)]`: null is the same as absent.
pub(crate) fn or_default<'de, T, D>(deserializer: D) -> std::result::Result<T, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Null, absent and `""` are all no text.
pub(crate) fn text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// Texts without the empty ones and the nulls among them.
pub(crate) fn texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<String>, D::Error> {
    let texts: Vec<Option<String>> = or_default(deserializer)?;
    Ok(texts.into_iter().flatten().filter(|text| !text.is_empty()).collect())
}

/// An id that may be missing, or empty, which is the same.
pub(crate) fn optional_id<'de, Id, D>(deserializer: D) -> std::result::Result<Option<Id>, D::Error>
where
    Id: TryFrom<String, Error: fmt::Display>,
    D: Deserializer<'de>,
{
    text(deserializer)?.map(Id::try_from).transpose().map_err(serde::de::Error::custom)
}

/// A point in time such as `2026-01-02T04:04:05.000000Z`.
pub(crate) fn moment<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse::<jiff::Timestamp>().map(SystemTime::from).map_err(serde::de::Error::custom)
}

pub(crate) fn secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// As [`text`], where some clouds write a number.
pub(crate) fn text_or_number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(serde::de::Error::custom("neither a text nor a number")),
    }
}

/// As [`text_or_number`], read as a whole number.
pub(crate) fn whole_number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<i64>, D::Error> {
    text_or_number(deserializer)?
        .map(|text| text.parse().map_err(|_| serde::de::Error::custom("not a whole number")))
        .transpose()
}

/// A range in any spelling; empty or absent for a subnet without one.
pub(crate) fn range<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Cidr>, D::Error> {
    text(deserializer)?
        .map(|text| {
            Cidr::lenient(&text).ok_or_else(|| serde::de::Error::custom("not a CIDR range"))
        })
        .transpose()
}

/// As [`range`], many of them; `None` where the cloud does not list any kind of them.
pub(crate) fn some_ranges<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Vec<Cidr>>, D::Error> {
    let read = |text: &String| {
        Cidr::lenient(text).ok_or_else(|| serde::de::Error::custom("not a CIDR range"))
    };
    let texts = Option::<Vec<String>>::deserialize(deserializer)?;
    texts.map(|texts| texts.iter().map(read).collect()).transpose()
}

/// Tags as VPC v3 has them, `{"key", "value"}`, and as ECS has them, `key=value` or in older regions `key.value`.
pub(crate) fn tags<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Tag {
        Pair { key: String, value: Option<String> },
        Text(String),
    }
    let pair = |tag| match tag {
        Tag::Pair { key, value } => (key, value.unwrap_or_default()),
        Tag::Text(text) => {
            let parts = text.split_once('=').or_else(|| text.split_once('.'));
            let (key, value) = parts.unwrap_or((&text, ""));
            (key.to_owned(), value.to_owned())
        }
    };
    Ok(or_default::<Vec<Tag>, D>(deserializer)?.into_iter().map(pair).collect())
}

/// An address as ports and servers list it. Those that are none (a prefix, a placeholder) are left out: they can
/// be no next hop.
pub(crate) fn addresses(texts: &[String]) -> Vec<IpAddr> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}
