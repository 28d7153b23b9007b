//! One note: what stands in its file, what the file is called, and for how long it counts. Pure.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    cloud::sign::sha256,
    provider::data_directory::{is_hex, seconds},
};

/// After that an object that is as it was meant to be is more likely to be somebody else's.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// So long may a cloud go on to show that there is no such object, if it answers from several places.
const UNSEEN: Duration = Duration::from_secs(120);

/// What stands in the file, for the program and for whoever wonders what the file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    pub(super) about: Value,
    pub(super) intent: Value,
    /// In seconds since 1970.
    left: u64,
}

impl Note {
    pub(super) fn new(about: &Value, intent: &Value, now: SystemTime) -> Self {
        Self { about: about.clone(), intent: intent.clone(), left: seconds(now) }
    }

    pub(super) fn parse(content: &[u8]) -> Option<Self> {
        serde_json::from_slice(content).ok()
    }

    pub(super) fn content(&self) -> Vec<u8> {
        format!("{:#}\n", json!(self)).into_bytes()
    }

    /// A clock that was set back a little does not make it old; a date far ahead is no date.
    pub(super) fn is_current(&self, now: SystemTime) -> bool {
        seconds(now).abs_diff(self.left) < LIFETIME.as_secs()
    }

    pub(super) fn is_fresh(&self, now: SystemTime) -> bool {
        seconds(now).saturating_sub(self.left) < UNSEEN.as_secs()
    }
}

const SUFFIX: &str = ".json";

/// The file's name. Objects of another state have other names: to it ours are a stranger's.
pub(super) fn name_of(state: &Value, about: &Value) -> String {
    sha256(json!([state, about]).to_string().as_bytes()) + SUFFIX
}

/// Whether a file of this name may be one, and not one half-written.
pub(super) fn is_name(name: &str) -> bool {
    name.strip_suffix(SUFFIX).is_some_and(|hash| is_hex(hash, 64))
}

/// Whether that may stand in one: a note, or what a power cut leaves of it.
pub(super) fn is_content(content: &[u8]) -> bool {
    content.iter().all(|byte| *byte == 0) || Note::parse(content).is_some()
}

/// Which of the states that share a data directory is in use: the workspace's, where the backend keeps it. As little
/// of Terraform's files is read as tells them apart.
pub(super) fn state_in_use(
    workspace_variable: Option<&str>,
    workspace_file: Option<Vec<u8>>,
    backend_file: Option<Vec<u8>>,
) -> Value {
    let of_file = || str::from_utf8(workspace_file.as_deref()?).ok().map(str::trim);
    let workspace = workspace_variable.or_else(of_file).filter(|name| !name.is_empty());
    let backend = backend_file.and_then(|content| serde_json::from_slice::<Value>(&content).ok());
    let backend = |member: &str| backend.as_ref().map(|file| file["backend"][member].clone());
    json!([workspace.unwrap_or("default"), backend("type"), backend("config")])
}
