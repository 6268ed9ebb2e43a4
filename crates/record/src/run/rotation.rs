//! Files that are bounded by being two: the newer one grows, the older one is what it was before.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{During, RecordError};

/// The older part of a file.
pub(super) fn older(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".1");
    path.with_file_name(name)
}

/// Makes the file its own older part, and drops the one before. Whoever follows it by its name reads it to
/// its end and goes on with the next file of the name.
pub(super) fn rotate(path: &Path) -> Result<(), RecordError> {
    fs::rename(path, older(path)).during("rotate", path)
}
