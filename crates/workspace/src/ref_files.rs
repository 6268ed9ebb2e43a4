//! Refs of our own bare repositories as the files that they are (gitrepository-layout(5)): starting git for
//! each costs more than all else that a prepared run needs.
//!
//! Only where herder alone writes, and never for a ref that another git may be writing at the same time.

use crate::bare::Bare;
use crate::error::{Result, WorkspaceError};
use crate::id::CommitId;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The commit that a ref names, if there is such a ref. Whether the commit is there is not looked at.
///
/// # Errors
/// The ref names another ref or nothing that git would have written, or a file cannot be read.
pub(crate) fn read_ref(bare: &Bare, name: &str) -> Result<Option<CommitId>> {
    if let Some(text) = read(&bare.path().join(name))? {
        return CommitId::parse(text.trim_end()).map(Some);
    }
    let packed = read(&bare.path().join("packed-refs"))?.unwrap_or_default();
    let line = packed.lines().find_map(|line| line.split_once(' ').filter(|(_, found)| *found == name));
    line.map(|(id, _)| CommitId::parse(id)).transpose()
}

fn read(path: &Path) -> Result<Option<String>> {
    match fs_err::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes or moves a ref that nobody else writes.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write_ref(bare: &Bare, name: &str, commit: &CommitId) -> Result<()> {
    let path = bare.path().join(name);
    let Some(parent) = path.parent() else {
        return Err(WorkspaceError::BadName { text: name.to_owned(), what: "a ref" });
    };
    fs_err::create_dir_all(parent)?;
    // A file that a killed herder leaves here has a name that git takes for no ref.
    let mut file = tempfile::Builder::new().prefix(".").suffix(".lock").tempfile_in(parent)?;
    writeln!(file, "{commit}")?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
