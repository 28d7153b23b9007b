//! The query of a request: filters, all of them known, and the page that is asked for.

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::emulator::world::{
    Refusal,
    page::{LARGEST_PAGE, Page, Window, page},
};

/// How the API that was asked refuses a parameter.
pub(super) type Invalid = fn(&str) -> Refusal;

#[derive(Debug, Clone, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(raw: &str) -> Self {
        // `+` means itself in a signed query; only forms use it for a blank.
        let raw = raw.replace('+', "%2B");
        Self(form_urlencoded::parse(raw.as_bytes()).into_owned().collect())
    }

    /// Refuses keys the call does not have. A misspelt filter must not look like an unfiltered list.
    pub(super) fn only(&self, known: &[&str], invalid: Invalid) -> Result<&Self, Refusal> {
        match self.0.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            Some((key, _)) => Err(invalid(&format!("query parameter {key} is not supported."))),
            None => Ok(self),
        }
    }

    pub(super) fn one(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.one(key).is_some()
    }

    /// Whether something with this value passes the filter: it is not given, or one of its values matches.
    pub(super) fn fits(&self, key: &str, value: &str) -> bool {
        self.fits_with(key, |wanted| wanted == value)
    }

    pub(super) fn fits_with(&self, key: &str, matches: impl Fn(&str) -> bool) -> bool {
        !self.has(key) || self.all(key).any(matches)
    }

    /// The enterprise project filter, which has a word for all.
    pub(super) fn fits_enterprise_project(&self, value: &str) -> bool {
        let key = "enterprise_project_id";
        self.fits_with(key, |wanted| wanted == "all_granted_eps" || wanted == value)
    }

    pub(super) fn page<'a, T>(
        &self,
        all: Vec<&'a T>,
        id_of: fn(&T) -> &str,
        invalid: Invalid,
    ) -> Result<Page<'a, T>, Refusal> {
        let limit = self.number("limit", invalid)?.unwrap_or(LARGEST_PAGE);
        if !(1..=LARGEST_PAGE).contains(&limit) {
            return Err(invalid("limit must be 1 to 2000."));
        }
        let window = Window { limit, marker: self.one("marker").map(str::to_owned) };
        page(all, id_of, &window).ok_or_else(|| invalid("marker is not found."))
    }

    pub(super) fn number(&self, key: &str, invalid: Invalid) -> Result<Option<usize>, Refusal> {
        let number = |text: &str| {
            text.parse().map_err(|_| invalid(&format!("query parameter {key} is no number.")))
        };
        self.one(key).map(number).transpose()
    }
}

/// What VPC v3 says about a page.
pub(super) fn page_info<T>(page: &Page<'_, T>, id_of: fn(&T) -> &str) -> Value {
    let mut info = json!({ "current_count": page.items.len() });
    if let Some(first) = page.items.first() {
        info["previous_marker"] = id_of(first).into();
    }
    if let Some(last) = page.items.last().filter(|_| page.more) {
        info["next_marker"] = id_of(last).into();
    }
    info
}
