//! Where notes of intent lie: one file each in `huaweivpc/notes` below Terraform's data directory, which is
//! `TF_DATA_DIR` or `.terraform` in the working directory.
//!
//! A file is written whole or not at all and nobody waits for anybody, so any number of providers may run at once. Which
//! notes lie there is looked up once in a process: notes of earlier runs are all that matters, besides its own. What one
//! says is read when it is asked for. Where there is no data directory, or it cannot be written to, there are no notes;
//! the directory itself is Terraform's to make.

use std::{
    collections::HashSet,
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
    /// The names of the files; `None` before the first look.
    known: Mutex<Option<HashSet<String>>>,
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

    /// What is done with the notes that are known, looked up first if that has not been done yet.
    fn with_known<T>(&self, act: impl FnOnce(&mut HashSet<String>) -> T) -> T {
        // A panic elsewhere leaves the set as it was between two statements, which is in order.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        act(known.get_or_insert_with(|| self.current()))
    }

    fn name_of(&self, about: &Value) -> String {
        let state = self.state.get_or_init(|| {
            let read = |name: &str| self.files.read(&self.data.join(name)).ok();
            state_in_use(self.workspace.as_deref(), read("environment"), read("terraform.tfstate"))
        });
        name_of(state, about)
    }

    /// The names of all notes that count. The others are removed.
    fn current(&self) -> HashSet<String> {
        let names = self.files.names(&self.folder).unwrap_or_default().into_iter();
        let (current, others): (HashSet<String>, HashSet<String>) =
            names.filter(|name| is_name(name)).partition(|name| self.read(name).is_some());
        others.iter().for_each(|name| self.remove(name));
        current
    }

    /// `None` if it is too old, or of no use to anybody.
    fn read(&self, name: &str) -> Option<Note> {
        let content = self.files.read(&self.folder.join(name)).ok()?;
        Note::parse(&content).filter(|note| note.is_current((self.now)()))
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
            Ok(()) => drop(known.insert(name)),
            Err(error) => debug!(%error, %about, "no note of intent could be left"),
        });
    }

    fn find(&self, about: &Value) -> Option<Value> {
        let name = self.with_known(|known| match known.is_empty() {
            true => None,
            false => known.get(&self.name_of(about)).cloned(),
        })?;
        Some(self.read(&name)?.intent)
    }

    fn settle(&self, about: &Value) {
        self.with_known(|known| {
            if !known.is_empty() {
                let name = self.name_of(about);
                if known.remove(&name) {
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
