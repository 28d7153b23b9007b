//! Where notes of intent lie: one file each in `huaweivpc/notes` below Terraform's data directory.
//!
//! A file is written whole or not at all and nobody waits for anybody, so any number of providers may run at once. What
//! lies there is looked at once in a process: notes of earlier runs are all that matters, besides its own. Where there
//! is no data directory, or it cannot be written to, there are no notes; the directory itself is Terraform's to make.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use serde_json::Value;
use tracing::debug;

mod note;

use self::note::{Note, is_name, name_of, state_in_use};
use super::{
    Environment,
    data_directory::{DataDirectory, Folder},
};
use crate::cloud::Notes;

pub(super) struct NoteFiles {
    data: DataDirectory,
    folder: Folder,
    now: fn() -> SystemTime,
    workspace: Option<String>,
    /// Whose notes ours are.
    state: OnceLock<Value>,
    /// By the name of the file; `None` before the first look.
    known: Mutex<Option<HashMap<String, Note>>>,
}

impl NoteFiles {
    /// Nothing is read before somebody asks for a note.
    pub(super) fn new(environment: &Environment) -> Self {
        let data = DataDirectory::of(environment);
        Self {
            folder: data.folder("notes"),
            data,
            now: environment.now,
            workspace: environment.variable_with_text("TF_WORKSPACE"),
            state: OnceLock::new(),
            known: Mutex::default(),
        }
    }

    /// What is done with the notes that are known, read first if that has not been done yet.
    fn with_known<T>(&self, act: impl FnOnce(&mut HashMap<String, Note>) -> T) -> T {
        // A panic elsewhere leaves the map as it was between two statements, which is in order.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        act(known.get_or_insert_with(|| self.read_all()))
    }

    fn name_of(&self, about: &Value) -> String {
        let state = self.state.get_or_init(|| {
            let read = |name| self.data.read(name);
            state_in_use(self.workspace.as_deref(), read("environment"), read("terraform.tfstate"))
        });
        name_of(state, about)
    }

    fn read_all(&self) -> HashMap<String, Note> {
        let mut notes = HashMap::new();
        for (name, content) in self.folder.read_all().filter(|(name, _)| is_name(name)) {
            match content.as_deref().and_then(Note::parse) {
                Some(note) if note.is_current((self.now)()) => drop(notes.insert(name, note)),
                // Too old, or of no use to anybody.
                Some(_) | None => self.remove(&name),
            }
        }
        notes
    }

    fn remove(&self, name: &str) {
        if let Err(error) = self.folder.remove(name) {
            debug!(%error, name, "a note of intent could not be removed");
        }
    }
}

impl Notes for NoteFiles {
    fn leave(&self, about: &Value, intent: &Value) {
        let note = Note::new(about, intent, (self.now)());
        let name = self.name_of(about);
        self.with_known(|known| match self.folder.write(&name, &note.content()) {
            Ok(()) => drop(known.insert(name, note)),
            Err(error) => debug!(%error, %about, "no note of intent could be left"),
        });
    }

    fn find(&self, about: &Value) -> Option<Value> {
        let note = self.with_known(|known| match known.is_empty() {
            true => None,
            false => known.get(&self.name_of(about)).cloned(),
        })?;
        note.is_current((self.now)()).then_some(note.intent)
    }

    fn settle(&self, about: &Value) {
        self.with_known(|known| {
            if !known.is_empty() {
                let name = self.name_of(about);
                if known.remove(&name).is_some() {
                    self.remove(&name);
                }
            }
        });
    }
}

impl fmt::Debug for NoteFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteFiles").field("folder", &self.folder.path()).finish_non_exhaustive()
    }
}
