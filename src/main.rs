//! The provider binary. With `bin/emulator.rs`, the only place that reads the environment and the clock, and
//! reads and writes files.

use std::{
    env, fs,
    io::{self, Read, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::SystemTime,
};

use huaweivpc::{
    protocol::lifecycle::{self, World},
    provider::{Environment, Files, provider},
};

#[expect(clippy::disallowed_methods, reason = "here the world is handed down from")]
fn main() -> ExitCode {
    let now = SystemTime::now;
    let (variables, files, parent) = (Box::new(variable), Arc::new(Disk), parent());
    let environment = Environment { variable: variables, files, now, parent };
    lifecycle::run(
        provider(environment),
        World { arguments: env::args().skip(1).collect(), environment: &variable, clock: now },
    )
}

#[expect(clippy::disallowed_methods, reason = "here the world is handed down from")]
fn variable(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

fn parent() -> Option<u32> {
    #[cfg(unix)]
    return Some(std::os::unix::process::parent_id());
    #[cfg(not(unix))]
    None
}

struct Disk;

/// What is read is a configuration, some certificates, or of our own making.
const LARGEST_FILE: u64 = 16 << 20;

impl Files for Disk {
    fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        fs::File::open(file)?.take(LARGEST_FILE + 1).read_to_end(&mut content)?;
        match u64::try_from(content.len()) {
            Ok(..=LARGEST_FILE) => Ok(content),
            _ => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 16 MiB")),
        }
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name()));
        names.map(|name| name.map(|name| name.to_string_lossy().into_owned())).collect()
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir(folder)
    }

    fn write(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        let neighbour = file.with_extension("part");
        fs::write(&neighbour, content)?;
        fs::rename(&neighbour, file)
    }

    fn append(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        fs::OpenOptions::new().append(true).create(true).open(file)?.write_all(content)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        fs::remove_file(file)
    }
}
