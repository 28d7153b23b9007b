//! Our folders below Terraform's data directory, which is `TF_DATA_DIR` or `.terraform` in the working directory.
//!
//! They are made when something is first written to them. The data directory itself is Terraform's to make: without it
//! nothing can be written, and there is nothing to read.
//!
//! Whatever else lies in our folders stays there: nothing is removed, replaced or added to unless both its name and its
//! content are ours.

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
    ours: Ours,
}

/// What the files of a folder are told by.
pub(super) struct Ours {
    pub(super) is_name: fn(&str) -> bool,
    pub(super) is_content: fn(&[u8]) -> bool,
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

    pub(super) fn folder(&self, name: &str, ours: Ours) -> Folder {
        let path = self.path.join("huaweivpc").join(name);
        Folder { files: Arc::clone(&self.files), path, ours }
    }
}

impl Folder {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The names of our files in it. What is left of files half-written goes.
    pub(super) fn names(&self) -> Vec<String> {
        let names = self.check().and_then(|()| self.files.names(&self.path)).unwrap_or_default();
        let (ours, others): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|name| (self.ours.is_name)(name));
        let leftovers = others.iter().filter(|name| self.is_leftover(name));
        leftovers.for_each(|name| drop(self.files.remove(&self.path.join(name))));
        ours
    }

    /// What is in a file of ours.
    pub(super) fn read(&self, name: &str) -> Option<Vec<u8>> {
        self.read_own(name).ok()
    }

    /// Writes a file whole or not at all.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.prepare(name)?;
        let write = || self.files.write(&self.path.join(name), content);
        // Another process may have taken for a leftover what was about to become the file.
        write().or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => write(),
            _ => Err(error),
        })
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        self.read_own(name)?;
        self.files.remove(&self.path.join(name))
    }

    /// Makes the folder where it is missing, and refuses to touch a file of that name which is not ours.
    fn prepare(&self, name: &str) -> io::Result<()> {
        self.folders().try_for_each(|folder| self.files.make_folder(folder))?;
        match self.read_own(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn read_own(&self, name: &str) -> io::Result<Vec<u8>> {
        self.check()?;
        let content = self.files.read_own(&self.path.join(name))?;
        match (self.ours.is_name)(name) && (self.ours.is_content)(&content) {
            true => Ok(content),
            false => Err(io::Error::other("it is not a file of the provider's")),
        }
    }

    fn check(&self) -> io::Result<()> {
        self.folders().try_for_each(|folder| self.files.check_folder(folder))
    }

    fn folders(&self) -> impl Iterator<Item = &Path> {
        [self.path.parent(), Some(&*self.path)].into_iter().flatten()
    }

    /// Whether a process was killed while it wrote this.
    fn is_leftover(&self, name: &str) -> bool {
        let parts = name.strip_suffix(".part").and_then(|name| name.rsplit_once('.'));
        parts.is_some_and(|(file, number)| (self.ours.is_name)(file) && is_hex(number, 16))
    }
}

/// Whether this is a number as our programs write it, with so many digits.
pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A time as our files write it: in seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
