//! Giving clean files of the base what a run's clone was given, so that the gate says of them what it would have
//! said of that clone before anybody worked in it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use herder_domain::setup::{Furnished, Kept, SubmodulesFrom};
use herder_workspace::{
    Bare, CommitId, Hold, UserEnvironment, copy_tree, fill_submodules, make_parents, try_hold,
};

use crate::GateError;

/// The largest file of a person's that is copied, in bytes: these are settings, not data.
const MAX: u64 = 16 << 20;

/// Copies a file of a person's to a path in `tree`, where nobody works. What lies there goes.
///
/// # Errors
/// It cannot be read, is no settings file by its size, or a directory on the way to its path is a link.
pub fn place_file(source: &Path, tree: &Path, path: &Path) -> io::Result<()> {
    let bytes = read(source)?;
    let target = tree.join(path);
    make_parents(tree, &target).map_err(io::Error::other)?;
    match fs_err::remove_file(&target) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&target)?;
    file.write_all(&bytes)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX {
        return Err(io::Error::other(format!("it has more than {MAX} bytes")));
    }
    Ok(bytes)
}

/// Whether `.ralph/setup` has still to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetUp {
    /// What it makes was copied.
    Done,
    /// It has.
    Due,
}

/// Furnishes `tree`, clean files of the base, in which nobody works.
pub(crate) fn furnish(
    furnished: &Furnished,
    tree: &Path,
    (bare, base): (&Bare, &CommitId),
) -> Result<SetUp, GateError> {
    if let Some(SubmodulesFrom { url, mirrors }) = &furnished.submodules {
        // All that is pinned was fetched when the clone was made; this only reads.
        fill_submodules(&bare.submodules(base, url)?, tree, mirrors, &UserEnvironment::of_this_process())?;
    }
    for (path, source) in &furnished.files {
        place_file(source, tree, path).map_err(|error| not_had(source, &error))?;
    }
    let made = furnished.made.as_ref().map(|made| copy(made, tree)).transpose()?;
    if let Some(seed) = &furnished.seed {
        copy(seed, tree)?;
    }
    Ok(if made == Some(true) { SetUp::Done } else { SetUp::Due })
}

/// Copies what is kept; whether it was there, whole.
fn copy(kept: &Kept, tree: &Path) -> Result<bool, GateError> {
    if !kept.whole.exists() {
        return Ok(false);
    }
    let Some(_held) = try_hold(&kept.lock, Hold::Shared)? else {
        return Err(not_had(&kept.dir, &io::Error::other("it is being made anew")));
    };
    if !kept.whole.exists() {
        return Ok(false);
    }
    for name in &kept.names {
        copy_tree((&kept.dir, tree), Path::new(name))?;
    }
    Ok(true)
}

fn not_had(what: &Path, error: &io::Error) -> GateError {
    GateError::NotFurnished(format!("{}: {error}", what.display()))
}
