//! The names and ids of a scenario: what is called what, and whether anything is called twice.

use std::collections::{BTreeMap, BTreeSet};

use super::reader::{Errors, Fields};
use crate::emulator::world::id;

pub(super) struct Names<'e> {
    project_id: String,
    /// Kind and name to id.
    known: BTreeMap<(&'static str, String), String>,
    ids: BTreeSet<String>,
    errors: &'e Errors,
}

impl<'e> Names<'e> {
    pub(super) fn new(project_id: &str, errors: &'e Errors) -> Self {
        let project_id = project_id.to_owned();
        Self { project_id, known: BTreeMap::new(), ids: BTreeSet::new(), errors }
    }

    /// The id of a thing of the scenario: the one given, or one derived from its name.
    pub(super) fn id(&mut self, fields: &mut Fields<'_>, kind: &'static str, name: &str) -> String {
        let id = match fields.optional_text("id") {
            Some(id) => id,
            None => self.derived_id(kind, name),
        };
        self.claim(fields, &id);
        if self.known.insert((kind, name.to_owned()), id.clone()).is_some() {
            fields.problem("name", format!("`{name}` is already taken"));
        }
        id
    }

    /// The id of a thing that the scenario does not name; `None` if it does.
    pub(super) fn unclaimed_id(&mut self, kind: &'static str, name: &str) -> Option<String> {
        let id = self.derived_id(kind, name);
        let key = (kind, name.to_owned());
        if self.known.contains_key(&key) {
            return None;
        }
        self.known.insert(key, id.clone());
        self.ids.insert(id.clone());
        Some(id)
    }

    /// Notes that an id is used; twice is a mistake, and so is a form the cloud does not have.
    pub(super) fn claim(&mut self, fields: &Fields<'_>, id: &str) {
        if uuid::Uuid::try_parse(id).is_err() || id != id.to_lowercase() {
            fields.problem("id", format!("`{id}` is no UUID in lower case"));
        }
        if !self.ids.insert(id.to_owned()) {
            fields.problem("id", format!("`{id}` is already taken"));
        }
    }

    /// An id that depends on nothing but the project and what is named.
    pub(super) fn derived_id(&self, kind: &str, name: &str) -> String {
        id::uuid(kind, &format!("{}/{name}", self.project_id))
    }

    /// The id of what a field names.
    pub(super) fn reference(
        &self,
        fields: &mut Fields<'_>,
        key: &'static str,
        kind: &'static str,
    ) -> Option<String> {
        let name = fields.text(key);
        match name.is_empty() {
            true => None,
            false => self.find(kind, &name, || fields.path(key)),
        }
    }

    /// The id of what a name means; a mistake at `path` if it means nothing.
    pub(super) fn find(
        &self,
        kind: &'static str,
        name: &str,
        path: impl Fn() -> String,
    ) -> Option<String> {
        let found = self.known.get(&(kind, name.to_owned())).cloned();
        if found.is_none() {
            let kind = kind.replace('_', " ");
            self.errors.add(path(), format!("no {kind} named `{name}`"));
        }
        found
    }
}
