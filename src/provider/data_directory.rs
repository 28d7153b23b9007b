//! Our folders below Terraform's data directory, which is `TF_DATA_DIR` or `.terraform` in the working directory.
//!
//! They are made when something is first written to them. The data directory itself is Terraform's to make: without it
//! nothing can be written, and there is nothing to read.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{Environment, Files};

pub(super) struct DataDirectory {
    files: Arc<dyn Files>,
    path: PathBuf,
}

/// One of our folders.
pub(super) struct Folder {
    files: Arc<dyn Files>,
    path: PathBuf,
}

impl DataDirectory {
    pub(super) fn of(environment: &Environment) -> Self {
        let path = environment.variable_with_text("TF_DATA_DIR");
        let path = path.unwrap_or_else(|| ".terraform".to_owned()).into();
        Self { files: Arc::clone(&environment.files), path }
    }

    /// A file of Terraform's own.
    pub(super) fn read(&self, name: &str) -> Option<Vec<u8>> {
        self.files.read(&self.path.join(name)).ok()
    }

    pub(super) fn folder(&self, name: &str) -> Folder {
        Folder { files: Arc::clone(&self.files), path: self.path.join("huaweivpc").join(name) }
    }
}

impl Folder {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the files in it.
    pub(super) fn names(&self) -> Vec<String> {
        self.files.names(&self.path).unwrap_or_default()
    }

    pub(super) fn read(&self, name: &str) -> Option<Vec<u8>> {
        self.files.read(&self.path.join(name)).ok()
    }

    /// Writes a file whole or not at all.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.with_folder(|| self.files.write(&self.path.join(name), content))
    }

    pub(super) fn append(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.with_folder(|| self.files.append(&self.path.join(name), content))
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        self.files.remove(&self.path.join(name))
    }

    /// The folder is there but for the first time.
    fn with_folder(&self, act: impl Fn() -> io::Result<()>) -> io::Result<()> {
        act().or_else(|_| {
            let folders = [self.path.parent(), Some(&self.path)].into_iter().flatten();
            folders.for_each(|folder| drop(self.files.make_folder(folder)));
            act()
        })
    }
}

/// A time as our files write it: in seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
