//! Where notes of intent lie: one file each in `huaweivpc/notes` below Terraform's data directory, which is
//! `TF_DATA_DIR` or `.terraform` in the working directory.
//!
//! A file is written whole or not at all and nobody waits for anybody, so any number of providers may run at once. What
//! lies there is looked at once in a process: notes of earlier runs are all that matters, besides its own. Where there
//! is no data directory, or it cannot be written to, there are no notes; the directory itself is Terraform's to make.

use std::{
    collections::HashMap,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use serde_json::Value;
use tracing::debug;

mod note;

use self::note::{Note, is_name, name_of, state_in_use};
use super::{Environment, Files};
use crate::cloud::Notes;

pub(super) struct NoteFiles {
    files: Arc<dyn Files>,
    now: fn() -> SystemTime,
    /// Terraform's data directory.
    data: PathBuf,
    folder: PathBuf,
    workspace: Option<String>,
    /// Whose notes ours are.
    state: OnceLock<Value>,
    /// By the name of the file; `None` before the first look.
    known: Mutex<Option<HashMap<String, Note>>>,
}

impl NoteFiles {
    /// Nothing is read before somebody asks for a note.
    pub(super) fn new(environment: &Environment) -> Self {
        let variable = |name: &str| (environment.variable)(name).filter(|text| !text.is_empty());
        let data = variable("TF_DATA_DIR").unwrap_or_else(|| ".terraform".to_owned());
        let data = PathBuf::from(data);
        Self {
            files: Arc::clone(&environment.files),
            now: environment.now,
            folder: data.join("huaweivpc").join("notes"),
            data,
            workspace: variable("TF_WORKSPACE"),
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
            let read = |name: &str| self.files.read(&self.data.join(name)).ok();
            state_in_use(self.workspace.as_deref(), read("environment"), read("terraform.tfstate"))
        });
        name_of(state, about)
    }

    fn read_all(&self) -> HashMap<String, Note> {
        let mut notes = HashMap::new();
        let names = self.files.names(&self.folder).unwrap_or_default();
        for name in names.into_iter().filter(|name| is_name(name)) {
            let content = self.files.read(&self.folder.join(&name)).ok();
            match content.as_deref().and_then(Note::parse) {
                Some(note) if note.is_current((self.now)()) => drop(notes.insert(name, note)),
                // Too old, or of no use to anybody.
                Some(_) | None => self.remove(&name),
            }
        }
        notes
    }

    fn write(&self, name: &str, note: &Note) -> std::io::Result<()> {
        let (file, content) = (self.folder.join(name), note.content());
        // The folder is there but for the first time.
        self.files.write(&file, &content).or_else(|_| {
            let folders = [self.folder.parent(), Some(&self.folder)].into_iter().flatten();
            folders.for_each(|folder| drop(self.files.make_folder(folder)));
            self.files.write(&file, &content)
        })
    }

    fn remove(&self, name: &str) {
        if let Err(error) = self.files.remove(&self.folder.join(name)) {
            debug!(%error, name, "a note of intent could not be removed");
        }
    }
}

impl Notes for NoteFiles {
    fn leave(&self, about: &Value, intent: &Value) {
        let note = Note::new(about, intent, (self.now)());
        let name = self.name_of(about);
        self.with_known(|known| match self.write(&name, &note) {
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
        f.debug_struct("NoteFiles").field("folder", &self.folder).finish_non_exhaustive()
    }
}
