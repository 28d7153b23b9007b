//! What has been examined for the Terraform that started this process, by the processes that it started before.
//!
//! Terraform starts a provider to answer what it shows to the user, and once more for what it applies, and lets the second
//! one plan everything again. All that the two have in common is who started them, and the data directory. So there is a
//! file for each Terraform in `huaweivpc/examined`, to which each examined change adds a line. They hold no names and no
//! values, and count for ten minutes: who thinks about a plan for longer has it examined anew. Without files, and where
//! it cannot be told who started the process, everything is examined twice.

use std::{
    collections::HashSet,
    path::Path,
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use tracing::debug;

use super::{
    Environment,
    data_directory::{DataDirectory, Folder, Ours, seconds},
};
use crate::framework::Examined;

/// Longer than anybody reads a plan that they are about to accept, and too short for much to change.
const COUNTS_FOR: Duration = Duration::from_secs(600);

pub(super) struct ExaminedFiles {
    folder: Folder,
    now: fn() -> SystemTime,
    /// The file of the Terraform that started this process.
    file: Option<String>,
    /// What stood there before this process added anything.
    before: OnceLock<HashSet<u64>>,
}

impl ExaminedFiles {
    /// No file of ours is read before the first change is examined.
    pub(super) fn new(environment: &Environment) -> Self {
        let started = |id: u32| {
            let statistics = environment.files.read(Path::new(&format!("/proc/{id}/stat")));
            start_time(&String::from_utf8_lossy(&statistics.ok()?)).map(ToOwned::to_owned)
        };
        Self {
            folder: DataDirectory::of(environment).folder("examined", Ours { is_name, is_content }),
            now: environment.now,
            file: environment.parent.map(|id| file_of(id, started(id).as_deref())),
            before: OnceLock::new(),
        }
    }

    fn before(&self) -> &HashSet<u64> {
        self.before.get_or_init(|| {
            let mut ours = HashSet::new();
            for name in self.folder.names() {
                let Some(content) = self.folder.read(&name) else { continue };
                let current = current(&content, (self.now)());
                if current.is_empty() {
                    drop(self.folder.remove(&name));
                } else if Some(&name) == self.file.as_ref() {
                    ours = current;
                }
            }
            ours
        })
    }
}

impl Examined for ExaminedFiles {
    fn knows(&self, fingerprint: u64) -> bool {
        self.before().contains(&fingerprint)
    }

    fn add(&self, fingerprint: u64) {
        let Some(file) = &self.file else { return };
        if let Err(error) = self.folder.append(file, line(fingerprint, (self.now)()).as_bytes()) {
            debug!(%error, "what was examined could not be noted");
        }
    }

    fn forget(&self) {
        // Most often there is nothing yet, and what stays is no more than a word that comes late.
        drop(self.file.as_ref().map(|file| self.folder.remove(file)));
    }
}

/// The number of a process may be another one's tomorrow, and is a small one in every container; when it was started
/// tells them apart, where the system says so.
fn file_of(process: u32, started: Option<&str>) -> String {
    format!("{process}-{}", started.unwrap_or("unknown"))
}

fn is_name(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    name.split_once('-').is_some_and(|(process, started)| {
        is_number(process) && (is_number(started) || started == "unknown")
    })
}

/// Whether that may be lines of ours, whole or not.
fn is_content(content: &[u8]) -> bool {
    content.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b' ' | b'\n'))
}

/// When a process was started, in ticks since the machine was: the 22nd field of what Linux says of it. The second one is
/// the name in parentheses, which may hold anything.
fn start_time(statistics: &str) -> Option<&str> {
    let (_, after_the_name) = statistics.rsplit_once(')')?;
    after_the_name.split_whitespace().nth(22 - 3)
}

fn line(fingerprint: u64, now: SystemTime) -> String {
    format!("{} {fingerprint:016x}\n", seconds(now))
}

/// What was added to a file in the last minutes. What is left of a damaged line matches nothing.
fn current(content: &[u8], now: SystemTime) -> HashSet<u64> {
    let fingerprint = |line: &str| {
        let (added, fingerprint) = line.split_once(' ')?;
        let age = seconds(now).abs_diff(added.parse().ok()?);
        let fingerprint = u64::from_str_radix(fingerprint, 16).ok()?;
        (age < COUNTS_FOR.as_secs()).then_some(fingerprint)
    };
    String::from_utf8_lossy(content).lines().filter_map(fingerprint).collect()
}
