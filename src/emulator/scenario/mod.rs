//! What an emulator starts from: one JSON file that names things as people do.
//!
//! Every mistake is reported with its place, all at once.

mod limits;
mod names;
mod people;
mod reader;
mod topology;
mod variants;

use std::fmt;

use super::{auth::Directory, http::is_family, world::World};
use reader::{Errors, Fields};

pub(super) use variants::{GatewayCodes, OptionalKeys, Variants};

/// A scenario that was read, checked and turned into a world.
#[derive(Debug)]
pub struct Scenario {
    pub(super) world: World,
    pub(super) directory: Directory,
    pub(super) metadata: Metadata,
    /// Families of the API, or first parts of their names, that answer as if they did not exist.
    pub(super) unpublished: Vec<String>,
    pub(super) variants: Variants,
}

/// What the metadata service of the emulator knows.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub(super) agency: Option<String>,
    pub(super) token_mode: TokenMode,
}

/// Whether the metadata service wants a session token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum TokenMode {
    Off,
    #[default]
    Optional,
    Required,
}

/// One mistake in a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError {
    /// Where it is, such as `servers[1].nics[0].subnet`. Empty for the file as a whole.
    pub path: String,
    pub problem: String,
}

/// All mistakes in a scenario, in the order they were found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ScenarioErrors(pub Vec<ScenarioError>);

impl Scenario {
    pub fn parse(text: &str) -> Result<Self, ScenarioErrors> {
        let value = serde_json::from_str(text).map_err(|error| {
            let problem = format!("the scenario is no JSON: {error}");
            ScenarioErrors(vec![ScenarioError { path: String::new(), problem }])
        })?;
        let errors = Errors::default();
        let scenario = Self::read(Fields::root(value, &errors), &errors);
        match errors.take() {
            none if none.is_empty() => Ok(scenario),
            errors => Err(ScenarioErrors(errors)),
        }
    }

    fn read(mut root: Fields<'_>, errors: &Errors) -> Self {
        let region = root.text("region");
        let directory = people::directory(&mut root, &region, errors);
        let metadata = people::metadata(&mut root, &directory);
        let unpublished = root.texts("unpublished").unwrap_or_default();
        for (index, name) in unpublished.iter().enumerate() {
            if !is_family(name) {
                let path = format!("unpublished[{index}]");
                errors.add(path, format!("`{name}` is no family of the API"));
            }
        }
        let (variants, around_local) = variants::variants(&mut root);
        let project = &directory.project.id;
        let world = topology::world(&mut root, &region, project, around_local, errors);
        Self { world, directory, metadata, unpublished, variants }
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.is_empty() {
            true => f.write_str(&self.problem),
            false => write!(f, "{}: {}", self.path, self.problem),
        }
    }
}

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}
