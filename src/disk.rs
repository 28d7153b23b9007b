//! The files of this machine.
//!
//! What the provider keeps lies below a folder that others write to as well. So only what it could have made itself is
//! touched: folders and regular files of the user that runs it, reached through no link.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read, Write},
    path::Path,
};

use crate::provider::Files;

/// Nothing that the provider reads is nearly as long.
const LONGEST: u64 = 16 << 20;

#[derive(Debug, Clone, Copy)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        read(file, nonblocking(OpenOptions::new().read(true)))
    }

    fn read_own(&self, file: &Path) -> io::Result<Vec<u8>> {
        check_file(file)?;
        read(file, unlinked(OpenOptions::new().read(true)))
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name()));
        names.map(|name| name.map(|name| name.to_string_lossy().into_owned())).collect()
    }

    fn check_folder(&self, folder: &Path) -> io::Result<()> {
        let metadata = fs::symlink_metadata(folder)?;
        match metadata.is_dir() {
            true => check_owner(&metadata),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => self.check_folder(folder)?,
        }
        // There are file systems without permissions.
        #[cfg(unix)]
        drop(fs::set_permissions(folder, private(0o700)));
        Ok(())
    }

    fn write(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        if fs::symlink_metadata(file).is_ok() {
            check_file(file)?;
        }
        let mut neighbour = file.as_os_str().to_owned();
        neighbour.push(format!(".{:016x}.part", rand::random::<u64>()));
        let neighbour = Path::new(&neighbour);
        let mut options = OpenOptions::new();
        open_own(neighbour, options.write(true).create_new(true))
            .and_then(|mut new| new.write_all(content))
            .and_then(|()| fs::rename(neighbour, file))
            // The disk may be full.
            .inspect_err(|_| drop(fs::remove_file(neighbour)))
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        check_file(file)?;
        fs::remove_file(file)
    }
}

/// Opens a file of ours for writing, which nobody else may read afterwards.
fn open_own(file: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = unlinked(options).open(file)?;
    check_regular(&file.metadata()?)?;
    #[cfg(unix)]
    drop(file.set_permissions(private(0o600)));
    Ok(file)
}

fn read(file: &Path, options: &OpenOptions) -> io::Result<Vec<u8>> {
    let file = options.open(file)?;
    check_regular(&file.metadata()?)?;
    let mut content = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut content)?;
    match content.len() as u64 > LONGEST {
        true => Err(io::Error::other(format!("it is longer than {} MB", LONGEST >> 20))),
        false => Ok(content),
    }
}

fn check_file(file: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(file)?;
    check_regular(&metadata)?;
    check_owner(&metadata)
}

fn check_regular(metadata: &Metadata) -> io::Result<()> {
    match metadata.is_file() {
        true => Ok(()),
        false => Err(io::Error::other("it is not a regular file")),
    }
}

#[cfg(unix)]
fn check_owner(metadata: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    match metadata.uid() == rustix::process::geteuid().as_raw() {
        true => Ok(()),
        false => Err(io::Error::other("it belongs to another user")),
    }
}

#[cfg(not(unix))]
fn check_owner(_: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn private(mode: u32) -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

/// Opening a named pipe waits for its other end, unless told not to.
fn nonblocking(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    return with_flags(options, rustix::fs::OFlags::NONBLOCK);
    #[cfg(not(unix))]
    options
}

fn unlinked(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    return with_flags(options, rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW);
    #[cfg(not(unix))]
    options
}

#[cfg(unix)]
fn with_flags(options: &mut OpenOptions, flags: rustix::fs::OFlags) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    // Flags are small numbers, in C an `int`.
    options.mode(0o600).custom_flags(flags.bits().cast_signed())
}
