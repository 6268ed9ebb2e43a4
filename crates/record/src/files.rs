//! Private files: whatever the umask, directories are 0700 and files 0600.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{During, RecordError};
use crate::redact::{Redacted, Redactor};

/// Whether a replaced file must outlive a power failure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// File and directory are synced.
    Synced,
    /// The file is synced; its name is with the next one that is synced in the same directory.
    SyncedWithTheNext,
    /// The rename is atomic for readers, and that is enough.
    Lazy,
}

/// Makes a directory and its missing parents, private. What exists keeps its mode: it may be
/// somebody's own directory.
pub(crate) fn make_dir(path: &Path) -> Result<(), RecordError> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_dir(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        // A umask may have taken bits away from the owner.
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o700)).during("set the mode of", path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error).during("create directory", path),
    }
}

/// Opens a file for appending and reading, and makes it when it is missing.
pub(crate) fn open_append(path: &Path) -> Result<File, RecordError> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .read(true)
        .mode(0o600)
        .open(path)
        .during("open for appending", path)?;
    set_private(&file, path)?;
    Ok(file)
}

fn set_private(file: &File, path: &Path) -> Result<(), RecordError> {
    let mode = file.metadata().during("look at", path)?.permissions().mode() & 0o7777;
    if mode == 0o600 {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(0o600)).during("set the mode of", path)
}

/// Replaces a file by rename: a reader sees the old text or the new one, never a part.
pub(crate) fn replace(path: &Path, text: &Redacted<'_>, durability: Durability) -> Result<(), RecordError> {
    let fresh = beside(path);
    let written = write_fresh(&fresh, text, durability)
        .and_then(|()| fs::rename(&fresh, path).during("rename a new file to", path));
    if written.is_err() {
        // The error that counts is the one above; a file left behind is only litter.
        let _ = fs::remove_file(&fresh);
    }
    written?;
    if durability == Durability::Synced {
        sync_parent(path)?;
    }
    Ok(())
}

fn write_fresh(path: &Path, text: &Redacted<'_>, durability: Durability) -> Result<(), RecordError> {
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).during("create", path)?;
    set_private(&file, path)?;
    file.write_all(text.as_str().as_bytes()).during("write", path)?;
    match durability {
        Durability::Synced | Durability::SyncedWithTheNext => file.sync_all().during("sync", path),
        Durability::Lazy => Ok(()),
    }
}

/// What a new file's name ends with until it is complete.
const DRAFT: &str = ".new";

/// Removes files in a directory that were to be renamed and never were. Nobody may be writing there.
pub(crate) fn remove_drafts(dir: &Path) -> Result<(), RecordError> {
    remove_drafts_of(dir, "")
}

/// The same of the one file whose name begins so.
pub(crate) fn remove_drafts_of(dir: &Path, file: &str) -> Result<(), RecordError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.during("look through", dir)?,
    };
    for entry in entries {
        let entry = entry.during("look through", dir)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_meant = name.strip_prefix('.').is_some_and(|name| name.starts_with(file));
        if is_meant && name.ends_with(DRAFT) && entry.path().is_file() {
            fs::remove_file(entry.path()).during("remove", &entry.path())?;
        }
    }
    Ok(())
}

/// A name in the same directory that no other writer uses.
fn beside(path: &Path) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}-{count}{DRAFT}", process::id()))
}

fn sync_parent(path: &Path) -> Result<(), RecordError> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    File::open(parent).and_then(|dir| dir.sync_all()).during("sync", parent)
}

/// Replaces a file by one line of JSON.
pub(crate) fn replace_json<T: Serialize>(
    path: &Path,
    value: &T,
    redactor: &Redactor,
    durability: Durability,
) -> Result<(), RecordError> {
    let mut text = redactor.json(value)?;
    text.end_line();
    replace(path, &text, durability)
}

/// The names in a directory; none where it is missing. What is not UTF-8 is none of ours.
pub(crate) fn names(path: &Path) -> Result<Vec<String>, RecordError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error).during("list", path),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.during("list", path)?.file_name().into_string().ok());
    }
    Ok(names)
}

/// Reads a whole text; `None` where there is no such file.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, RecordError> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)) {
        Ok(_) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).during("read", path),
    }
}

/// Reads a file of JSON; `None` where there is no such file.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, RecordError> {
    let Some(text) = read_text(path)? else { return Ok(None) };
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|source| RecordError::Malformed { path: path.into(), source })
}
