//! Unix sockets: safe from other users by the permissions of their file.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
};

use tokio::net::UnixSocket;
use uuid::Uuid;

use super::{Listener, Socket, Unbound};
use crate::protocol::handshake::Address;

/// What the operating system takes as the path of a unix socket.
const LONGEST_PATH: usize = 107;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 128;

/// The file of a unix socket, removed on drop.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // If it is gone already there is nothing left to do.
        let _ = fs::remove_file(&self.0);
    }
}

/// A socket under a name of its own in `directory`.
pub(super) fn bind(directory: &Path, group: Option<&str>) -> Result<Listener, Unbound> {
    let name = Uuid::new_v4().simple().to_string();
    let path = directory.join(format!("plugin-{}", &name[..16]));
    let address = path.display().to_string();
    if path.as_os_str().len() > LONGEST_PATH {
        return Err(Unbound::PathTooLong(address));
    }
    let failed = |error| Unbound::Socket(address.clone(), error);
    let socket = UnixSocket::new_stream().map_err(failed)?;
    socket.bind(&path).map_err(failed)?;
    let file = SocketFile(path);
    // Nobody can connect before `listen`, so the permissions hold from the first moment on.
    restrict(&file.0, group, &failed)?;
    let socket = socket.listen(BACKLOG).map_err(failed)?;
    let address = Address::UnixSocket(address.clone());
    Ok(Listener { socket: Socket::Unix(socket), address, file: Some(file) })
}

/// Lets the user connect, and the group where there is one.
fn restrict(
    path: &Path,
    group: Option<&str>,
    failed: &dyn Fn(io::Error) -> Unbound,
) -> Result<(), Unbound> {
    let mode = match group {
        None => 0o600,
        Some(group) => {
            let groups = fs::read_to_string("/etc/group").unwrap_or_default();
            let id = group_id(&groups, group).ok_or_else(|| Unbound::UnknownGroup(group.into()))?;
            chown(path, None, Some(id)).map_err(failed)?;
            0o660
        }
    };
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)
}

/// The number of a group given by number or, as in `/etc/group`, by name.
fn group_id(groups: &str, group: &str) -> Option<u32> {
    group.parse().ok().or_else(|| {
        // sudo:x:27:alice,bob
        groups.lines().find_map(|line| match line.split(':').collect::<Vec<_>>()[..] {
            [name, _, id, ..] if name == group => id.parse().ok(),
            _ => None,
        })
    })
}
