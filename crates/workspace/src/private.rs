//! The private git directory of a run: herder's own view of the clone.
//!
//! It lies outside the clone, where no agent writes, and has the clone as its work tree. All git that
//! runs in herder's name for a clone uses it; the clone's own `.git` is for the agent to look at.

use crate::bare::Bare;
use crate::contained::{Dir, plain_names};
use crate::error::{Result, WorkspaceError};
use crate::git::Git;
use crate::id::{CommitId, RunKey};
use crate::ref_files::read_ref;
use crate::snapshot::list;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Upstream objects that git's check refuses and that we did not make, one id a line.
const SKIP_LIST: &str = "herder.skiplist";

/// What both git directories exclude: the goal's text and whatever else herder shows the agent.
pub(crate) const EXCLUDED: &str = "/.herder/\n";

/// The file in the private git directory that names further paths which no snapshot takes, one a line.
const LEFT_OUT: &str = "herder.left-out";

/// The ref up to which the clone's own `.git` was brought.
pub(crate) const REFRESHED: &str = "refs/herder/refreshed";

/// A run's private git directory.
#[derive(Debug, Clone)]
pub struct PrivateGit {
    bare: Bare,
    clone: PathBuf,
    key: RunKey,
    patience: Option<Duration>,
}

impl PrivateGit {
    /// Opens the private git directory `path` of the run `key` with `clone` as its work tree.
    pub fn at(path: &Path, clone: &Path, key: RunKey) -> Self {
        Self { bare: Bare::at(path), clone: clone.to_owned(), key, patience: None }
    }

    /// The git directory, for questions.
    pub fn bare(&self) -> &Bare {
        &self.bare
    }

    /// The work tree.
    pub fn clone_dir(&self) -> &Path {
        &self.clone
    }

    /// The run.
    pub fn key(&self) -> &RunKey {
        &self.key
    }

    /// The last snapshot, or the commit that the run began at.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn tip(&self) -> Result<Option<CommitId>> {
        read_ref(&self.bare, &self.key.branch_ref())
    }

    /// Writes `.herder/<name>` in the clone, for the agent to read; whatever it has put in its place is
    /// replaced, no link is followed.
    ///
    /// # Errors
    /// `.herder` is no plain directory any more, `name` is not a plain name, or the disk refuses.
    pub fn show(&self, name: &str, text: &str) -> Result<()> {
        show(&self.clone, name, text)
    }

    /// Has git, here and in the clone, leave out files that are not the run's work. To be called before an
    /// agent has seen the clone.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn leave_out<'p>(&self, paths: impl IntoIterator<Item = &'p Path>) -> Result<()> {
        let (mut names, mut excludes) = (Vec::new(), EXCLUDED.as_bytes().to_vec());
        for path in paths {
            let path = path.as_os_str().as_bytes();
            names.extend([path, b"\n"].concat());
            excludes.push(b'/');
            // What a pattern would take for more than itself (gitignore(5)).
            for byte in path {
                if b"\\*?[ !#".contains(byte) {
                    excludes.push(b'\\');
                }
                excludes.push(*byte);
            }
            excludes.push(b'\n');
        }
        fs_err::write(self.bare.path().join(LEFT_OUT), names)?;
        fs_err::write(self.bare.path().join("info/exclude"), &excludes)?;
        Ok(fs_err::write(self.clone.join(".git/info/exclude"), excludes)?)
    }

    /// The pathspecs of what is left out whatever a `.gitignore` says.
    pub(crate) fn left_out(&self) -> Result<Vec<OsString>> {
        let names = match fs_err::read(self.bare.path().join(LEFT_OUT)) {
            Ok(names) => names,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let names = names.split(|byte| *byte == b'\n').filter(|name| !name.is_empty());
        let specs = names.map(|name| OsString::from_vec([b":(exclude,top,literal)", name].concat()));
        Ok(std::iter::once(OsString::from(":(exclude,top).herder")).chain(specs).collect())
    }

    /// What in the clone differs from the last snapshot, or would be new in the next one.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn differences(&self) -> Result<Vec<PathBuf>> {
        let listing = list(self, &["--others", "--modified", "--deleted"])?;
        let paths = listing.paths.into_iter().map(|path| PathBuf::from(OsString::from_vec(path)));
        Ok(paths.collect())
    }

    /// A sealed call with the clone as work tree.
    ///
    /// # Errors
    /// Those of [`Bare::git_on`].
    pub(crate) fn git(&self, command: &str) -> Result<Git> {
        let git = self.bare.git_on(&self.clone, command)?;
        Ok(match self.patience {
            Some(limit) => git.time_limit(limit),
            None => git,
        })
    }

    /// The same, with a limit of its own for every call that looks at the clone.
    pub(crate) fn with_patience(&self, limit: Duration) -> Self {
        Self { patience: Some(limit), ..self.clone() }
    }

    pub(crate) fn skip_list(&self) -> PathBuf {
        self.bare.path().join(SKIP_LIST)
    }

    /// Removes the locks that a killed git left behind. Only one ralph at a time works here, and it asks.
    pub(crate) fn unlock(&self) -> Result<()> {
        let index = self.bare.path().join("index.lock");
        if index.exists() {
            fs_err::remove_file(index)?;
        }
        self.bare.alone().map(drop)
    }
}

/// Lets the private git directory `path` borrow the objects in `lender`, and has it leave out what herder
/// shows the agent.
pub(crate) fn lend_all(path: &Path, lender: &Path) -> Result<()> {
    let mut alternates = lender.as_os_str().to_owned();
    alternates.push("\n");
    fs_err::write(path.join("objects/info/alternates"), alternates.as_encoded_bytes())?;
    fs_err::create_dir_all(path.join("info"))?;
    fs_err::write(path.join("info/exclude"), EXCLUDED)?;
    Ok(())
}

/// Has one private git directory leave out what another one does, and check what it checks.
pub(crate) fn copy_exclusions(from: &Path, to: &Path) -> Result<()> {
    for name in ["info/exclude", LEFT_OUT, SKIP_LIST] {
        if from.join(name).exists() {
            fs_err::copy(from.join(name), to.join(name))?;
        }
    }
    Ok(())
}

/// See [`PrivateGit::show`].
pub(crate) fn show(clone: &Path, name: &str, text: &str) -> Result<()> {
    if plain_names(Path::new(name), clone)?.len() != 1 {
        return Err(WorkspaceError::Outside { path: clone.join(name), root: clone.to_owned() });
    }
    let directory = Dir::root(clone)?.child_made(".herder".as_ref())?;
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    directory.replace_file(name.as_ref(), mode, |file| file.write_all(text.as_bytes()))
}
