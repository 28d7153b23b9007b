//! Where notes of intent lie: one file each in `huaweivpc/notes` below Terraform's data directory. Beside them, in
//! `huaweivpc/plans`, one file for each state and provider block holds what the last process that planned has seen.
//!
//! A file is written whole or not at all and nobody waits for anybody, so any number of providers may run at once. Which
//! notes lie there is looked up once in a process: notes of earlier runs are all that matters, besides its own. What one
//! says is read when it is asked for. Where there is no data directory, or it cannot be written to, there are no notes;
//! the directory itself is Terraform's to make.

use std::{
    collections::HashSet,
    fmt,
    sync::{Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use serde_json::Value;
use tracing::debug;

mod note;

use self::note::{Note, is_content, is_name, name_of, state_in_use};
use super::{
    Environment,
    data_directory::{DataDirectory, Folder, Ours},
};
use crate::cloud::Notes;

pub(super) struct NoteFiles {
    data: DataDirectory,
    folder: Folder,
    plans: Folder,
    /// The provider block in use. Another one may lead to another cloud.
    block: Value,
    now: fn() -> SystemTime,
    workspace: Option<String>,
    /// Whose notes ours are.
    state: OnceLock<Value>,
    /// The names of the files; `None` before the first look.
    known: Mutex<Option<HashSet<String>>>,
}

impl NoteFiles {
    /// Nothing is read before somebody asks for a note.
    pub(super) fn new(environment: &Environment, block: Value) -> Self {
        let data = DataDirectory::of(environment);
        Self {
            folder: data.folder("notes", Ours { is_name, is_content }),
            plans: data.folder("plans", Ours { is_name, is_content }),
            block,
            data,
            now: environment.now,
            workspace: environment.variable_with_text("TF_WORKSPACE"),
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
        name_of(self.state(), about)
    }

    fn state(&self) -> &Value {
        self.state.get_or_init(|| {
            let read = |name| self.data.read(name);
            state_in_use(self.workspace.as_deref(), read("environment"), read("terraform.tfstate"))
        })
    }

    /// The names of all notes that count. The others are removed.
    fn current(&self) -> HashSet<String> {
        let names = self.folder.names().into_iter();
        let (current, others): (HashSet<String>, HashSet<String>) =
            names.partition(|name| self.read(name).is_some());
        others.iter().for_each(|name| self.remove(name));
        current
    }

    fn note(&self, about: &Value) -> Option<Note> {
        let name = self.with_known(|known| match known.is_empty() {
            true => None,
            false => known.get(&self.name_of(about)).cloned(),
        })?;
        self.read(&name)
    }

    /// `None` if it is too old, or of no use to anybody.
    fn read(&self, name: &str) -> Option<Note> {
        Note::parse(&self.folder.read(name)?).filter(|note| note.is_current((self.now)()))
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
            Ok(()) => drop(known.insert(name)),
            Err(error) => debug!(%error, %about, "no note of intent could be left"),
        });
    }

    fn find(&self, about: &Value) -> Option<Value> {
        Some(self.note(about)?.intent)
    }

    fn is_fresh(&self, about: &Value) -> bool {
        self.note(about).is_some_and(|note| note.is_fresh((self.now)()))
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

    fn leave_snapshot(&self, snapshot: &Value) {
        let file = Note::new(&self.block, snapshot, (self.now)());
        if let Err(error) = self.plans.write(&self.name_of(&self.block), &file.content()) {
            debug!(%error, "what the plan has seen could not be left for its apply");
        }
    }

    fn find_snapshot(&self) -> Option<Value> {
        let file = Note::parse(&self.plans.read(&self.name_of(&self.block))?)?;
        file.is_current((self.now)()).then_some(file.intent)
    }
}

impl fmt::Debug for NoteFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteFiles").field("folder", &self.folder.path()).finish_non_exhaustive()
    }
}
