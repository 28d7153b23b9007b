//! The world on disk, so that it survives a restart.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::world::World;

#[derive(Debug, thiserror::Error)]
pub enum StateFileError {
    #[error("the state file {} cannot be read", .0.display())]
    Read(PathBuf, #[source] io::Error),
    #[error("the state file {} does not hold a world of this emulator", .0.display())]
    Parse(PathBuf, #[source] serde_json::Error),
    #[error("the state file {} belongs to project {}, the scenario to {}", .0.display(), .1, .2)]
    OtherProject(PathBuf, String, String),
    #[error("the state file {} cannot be written", .0.display())]
    Write(PathBuf, #[source] io::Error),
}

/// The world in the file, or `None` if there is no such file yet.
pub(super) fn load(path: &Path, project_id: &str) -> Result<Option<World>, StateFileError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StateFileError::Read(path.to_owned(), error)),
    };
    let world: World = serde_json::from_slice(&bytes)
        .map_err(|error| StateFileError::Parse(path.to_owned(), error))?;
    if world.project_id != project_id {
        let (found, wanted) = (world.project_id, project_id.to_owned());
        return Err(StateFileError::OtherProject(path.to_owned(), found, wanted));
    }
    Ok(Some(world))
}

/// Writes a neighbour of the file and renames it, so that the file is whole at every moment.
pub(super) fn save(path: &Path, world: &World) -> Result<(), StateFileError> {
    let failed = |error| StateFileError::Write(path.to_owned(), error);
    let bytes = serde_json::to_vec_pretty(world).map_err(|error| failed(error.into()))?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let neighbour = path.with_file_name(name);
    fs::write(&neighbour, bytes).map_err(failed)?;
    fs::rename(&neighbour, path).map_err(failed)
}
