//! Files in memory, in place of the disk.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use huaweivpc::provider::Files;

/// A disk that holds what it was given. It has no folders but those made.
#[derive(Default)]
pub struct Memory(Mutex<Held>);

#[derive(Default)]
struct Held {
    folders: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, Vec<u8>>,
    looks: usize,
}

impl Held {
    /// The working directory is always there.
    fn is_folder(&self, path: Option<&Path>) -> bool {
        path.is_some_and(|path| path.as_os_str().is_empty() || self.folders.contains(path))
    }
}

impl Memory {
    /// With a folder in it.
    pub fn with(folder: &str) -> Self {
        let memory = Self::default();
        memory.held().folders.insert(folder.into());
        memory
    }

    pub fn put(&self, file: &str, content: &str) {
        self.held().files.insert(file.into(), content.into());
    }

    /// The paths of all files.
    pub fn paths(&self) -> Vec<String> {
        self.held().files.keys().map(|path| path.display().to_string()).collect()
    }

    /// The contents of all files.
    pub fn contents(&self) -> Vec<String> {
        let held = self.held();
        held.files.values().map(|content| String::from_utf8_lossy(content).into_owned()).collect()
    }

    /// How often files were read and folders looked into, since this was last asked.
    pub fn looks(&self) -> usize {
        std::mem::take(&mut self.held().looks)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.0.lock().expect("nobody panicked with it")
    }
}

impl Files for Memory {
    fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        let mut held = self.held();
        held.looks += 1;
        held.files.get(file).cloned().ok_or_else(missing)
    }

    fn read_own(&self, file: &Path) -> io::Result<Vec<u8>> {
        self.read(file)
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut held = self.held();
        held.looks += 1;
        if !held.folders.contains(folder) {
            return Err(missing());
        }
        let inside = held.files.keys().filter(|file| file.parent() == Some(folder));
        let name = |file: &PathBuf| file.file_name().map(|name| name.to_string_lossy().into());
        Ok(inside.filter_map(name).collect())
    }

    fn check_folder(&self, folder: &Path) -> io::Result<()> {
        self.held().is_folder(Some(folder)).then_some(()).ok_or_else(missing)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        let mut held = self.held();
        if !held.is_folder(folder.parent()) {
            return Err(missing());
        }
        held.folders.insert(folder.to_owned());
        Ok(())
    }

    fn write(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        let mut held = self.held();
        if !held.is_folder(file.parent()) {
            return Err(missing());
        }
        held.files.insert(file.to_owned(), content.to_owned());
        Ok(())
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        self.held().files.remove(file).map(drop).ok_or_else(missing)
    }
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}
