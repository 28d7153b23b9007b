//! The one object a look-up means, or why there is none.

use std::fmt::Display;

use crate::framework::{Draft, Problem, Result, all_of, one_of, quoted};

/// What to do where something was deleted by hand and all is to go: a refresh before a destroy reads data sources, too,
/// and nothing tells that it is one.
pub(super) const BEFORE_A_DESTROY: &str = "Where it was deleted by hand and the rest is to go, too, use `terraform destroy -refresh=false`.";

/// What a look-up seeks, as its user wrote it.
pub(super) struct Sought {
    /// Such as `VPC`, and of several of them.
    kind: (&'static str, &'static str),
    /// The attributes given, and what each says of the object.
    terms: Vec<(&'static str, String)>,
}

impl Sought {
    pub(super) fn new(kind: &'static str, plural: &'static str) -> Self {
        Self { kind: (kind, plural), terms: Vec::new() }
    }

    /// Adds what `attribute` asks for, where it was given: ``the name `a` ``.
    pub(super) fn by(
        mut self,
        attribute: &'static str,
        words: &str,
        value: Option<&impl Display>,
    ) -> Self {
        self.terms.extend(value.map(|value| (attribute, format!("{words} `{value}`"))));
        self
    }

    /// What is sought by id and name, perhaps in one enterprise project only.
    pub(super) fn in_project(
        kind: &'static str,
        plural: &'static str,
        id: Option<&impl Display>,
        name: Option<&String>,
        project: Option<&String>,
    ) -> Self {
        Self::new(kind, plural).by("id", "the id", id).by("name", "the name", name).by(
            "enterprise_project_id",
            "the enterprise project",
            project,
        )
    }

    /// The one that was meant.
    ///
    /// # Errors
    /// There is none, or there are several; on the attribute that decided it.
    pub(super) fn one_of<T, Id: Display>(
        &self,
        mut found: Vec<T>,
        id_of: impl Fn(&T) -> &Id,
    ) -> Result<T> {
        let count = found.len();
        match found.pop() {
            Some(only) if count == 1 => Ok(only),
            None => Err(self.none().into()),
            Some(last) => {
                found.push(last);
                let mut ids: Vec<String> =
                    found.iter().map(|it| format!("`{}`", id_of(it))).collect();
                ids.sort_unstable();
                Err(self.several(&ids).into())
            }
        }
    }

    /// The object was asked for by its id.
    pub(super) fn the<T>(&self, found: Option<T>) -> Result<T> {
        Ok(found.ok_or_else(|| self.none())?)
    }

    /// Nothing is as the attributes ask.
    pub(super) fn none(&self) -> Problem {
        let (kind, _) = self.kind;
        let detail = format!(
            "No {kind} has {}. Check {}, and the region and the project of the provider.\n\n{BEFORE_A_DESTROY}",
            self.words(),
            all_of(&self.names())
        );
        Problem::error(format!("{} not found", capital(kind)), detail).at(self.attribute())
    }

    fn several(&self, ids: &[String]) -> Problem {
        let (_, plural) = self.kind;
        let tells = if self.terms.len() > 1 { "do" } else { "does" };
        let detail = format!(
            "{} {plural} have {}: {}. So {} {tells} not tell which is meant; write its `id`.",
            ids.len(),
            self.words(),
            all_of(ids),
            all_of(&self.names())
        );
        Problem::error(format!("Several {plural} match"), detail).at(self.attribute())
    }

    fn names(&self) -> Vec<String> {
        self.terms.iter().map(|(name, _)| format!("`{name}`")).collect()
    }

    fn words(&self) -> String {
        let words: Vec<String> = self.terms.iter().map(|(_, words)| words.clone()).collect();
        all_of(&words)
    }

    /// The first one given: they are listed from the most to the least telling.
    fn attribute(&self) -> &'static str {
        self.terms.first().map_or("id", |(name, _)| name)
    }
}

/// What is wrong if none of these attributes is given.
pub(super) fn unsought(config: Draft<'_>, kind: &str, attributes: &[&str]) -> Vec<Problem> {
    let unnamed = config.certain(attributes) == (Vec::new(), false);
    let flaw = unnamed.then(|| {
        let names = one_of(&quoted(attributes));
        let detail = format!("Nothing says which {kind} to look for. Set {names}.");
        Problem::error("Nothing to look for", detail)
    });
    flaw.into_iter().collect()
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
