//! Whether this machine's git is good enough.

use crate::error::{Result, WorkspaceError};
use crate::git::{Git, unparsable};

/// The oldest git that works: `merge-tree --write-tree` came with it.
const OLDEST: (u32, u32) = (2, 38);

/// Looks for git and returns its version, for example `2.47.3`.
///
/// # Errors
/// Git is missing or too old.
pub fn check() -> Result<String> {
    let line = Git::sealed("version").line()?;
    let version = line.strip_prefix("git version ").and_then(|rest| rest.split(' ').next());
    let version = version.ok_or_else(|| unparsable("version", line.as_bytes()))?;
    let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < OLDEST {
        let needed = format!("{}.{}", OLDEST.0, OLDEST.1);
        return Err(WorkspaceError::GitTooOld { found: version.to_owned(), needed });
    }
    Ok(version.to_owned())
}
