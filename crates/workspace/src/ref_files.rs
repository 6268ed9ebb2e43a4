//! Refs of our own bare repositories as the files that they are (gitrepository-layout(5)): starting git for
//! each costs more than all else that a prepared run needs.
//!
//! Only where herder alone writes, and never for a ref that another git may be writing at the same time.

use crate::bare::Bare;
use crate::error::{Result, WorkspaceError};
use crate::id::CommitId;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The commit that a ref names, if there is such a ref. Whether the commit is there is not looked at. A file
/// that a power cut has left empty is no ref.
///
/// # Errors
/// The ref names another ref or nothing that git would have written, or a file cannot be read.
pub(crate) fn read_ref(bare: &Bare, name: &str) -> Result<Option<CommitId>> {
    let text = read(&bare.path().join(name))?;
    if let Some(text) = text.filter(|text| text.bytes().any(|byte| byte != 0)) {
        return CommitId::parse(text.trim_end()).map(Some);
    }
    let packed = read(&bare.path().join("packed-refs"))?.unwrap_or_default();
    let line = packed.lines().find_map(|line| line.split_once(' ').filter(|(_, found)| *found == name));
    line.map(|(id, _)| CommitId::parse(id)).transpose()
}

/// The names of all refs below `prefix`, a whole number of components, with what they point at; in order. What
/// names another ref is left out, and what is broken, as git does.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn refs_below(bare: &Bare, prefix: &str) -> Result<Vec<(String, CommitId)>> {
    let prefix = prefix.trim_end_matches('/');
    let is_below = |name: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
    let mut refs: BTreeMap<String, CommitId> = BTreeMap::new();
    let mut waiting = vec![prefix.to_owned()];
    while let Some(directory) = waiting.pop() {
        for name in names(&bare.path().join(&directory))? {
            let name = format!("{directory}/{name}");
            match read(&bare.path().join(&name)) {
                Ok(Some(text)) => refs.extend(CommitId::parse(text.trim_end()).ok().map(|id| (name, id))),
                // It went meanwhile.
                Ok(None) => {}
                Err(WorkspaceError::Io(error)) if error.kind() == ErrorKind::IsADirectory => {
                    waiting.push(name)
                }
                Err(error) => return Err(error),
            }
        }
    }
    // Read after the files, which go when they have been gathered here; one that is there is newer.
    let packed = read(&bare.path().join("packed-refs"))?.unwrap_or_default();
    let lines = packed.lines().filter_map(|line| line.split_once(' '));
    let known = lines.filter(|(_, name)| is_below(name));
    let mut gathered: BTreeMap<String, CommitId> =
        known.filter_map(|(id, name)| Some((name.to_owned(), CommitId::parse(id).ok()?))).collect();
    gathered.append(&mut refs);
    Ok(gathered.into_iter().collect())
}

/// The names in a directory of refs, without those of files that are being written.
fn names(directory: &Path) -> Result<Vec<String>> {
    let entries = match fs_err::read_dir(directory) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string().ok());
    }
    names.retain(|name| !name.starts_with('.') && !name.ends_with(".lock"));
    Ok(names)
}

/// Removes a ref that nobody else writes, if it is a file of its own; gives whether that was it.
///
/// # Errors
/// A file cannot be read or removed.
pub(crate) fn remove_ref(bare: &Bare, name: &str) -> Result<bool> {
    let packed = read(&bare.path().join("packed-refs"))?.unwrap_or_default();
    if packed.lines().any(|line| line.ends_with(name)) {
        return Ok(false);
    }
    match fs_err::remove_file(bare.path().join(name)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(true),
    }
}

fn read(path: &Path) -> Result<Option<String>> {
    match fs_err::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes or moves a ref that nobody else writes. Not synced: a power cut may take it away again.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_that_a_power_cut_left_empty_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let bare = Bare::at(dir.path());
        let commit = CommitId::parse(&"1".repeat(40)).unwrap();
        write_ref(&bare, "refs/herder/a", &commit).unwrap();
        assert_eq!(read_ref(&bare, "refs/herder/a").unwrap(), Some(commit));
        for left in ["", "\0\0\0"] {
            std::fs::write(dir.path().join("refs/herder/a"), left).unwrap();
            assert_eq!(read_ref(&bare, "refs/herder/a").unwrap(), None);
            assert!(refs_below(&bare, "refs/herder").unwrap().is_empty());
        }
    }
}
