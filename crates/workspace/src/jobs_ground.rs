//! Places below a clones' root where jobs write. Git is never run there through what lies in them: settings,
//! attributes and refs are an agent's.

use crate::error::{Result, WorkspaceError};
use std::fmt;
use std::path::{Component, Path, PathBuf};

/// The file in a clones' root that names the state directory which it belongs to. Nothing that a job may write
/// lies above a clone, so none can make or remove this one.
pub const ROOT_OWNER: &str = ".owner";

/// The directories of a root that are jobs' own beside clones: HOME, TMPDIR, checkouts; package caches.
const ROOMS: [&str; 2] = [".run", ".cache"];

/// A place where jobs write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobsGround {
    /// The clone of a run, by its top.
    Clone(PathBuf),
    /// HOME, TMPDIR, a checkout for a gate, or package caches.
    Room,
}

impl JobsGround {
    /// The place of jobs that a directory lies in, if it does. It is told by the path alone, links resolved.
    pub fn around(path: &Path) -> Option<Self> {
        let path = fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut ancestors: Vec<&Path> = path.ancestors().collect();
        // The outermost root counts: what lies in a clone is an agent's, such a file as well.
        ancestors.reverse();
        ancestors.into_iter().filter(|root| is_root(root)).find_map(|root| below(root, &path))
    }

    /// Refuses a directory where jobs write.
    pub(crate) fn refuse(path: &Path) -> Result<()> {
        match Self::around(path) {
            Some(ground) => Err(WorkspaceError::JobsGround { path: path.to_owned(), ground }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for JobsGround {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clone(_) => "the clone of a run",
            Self::Room => "a directory of herder's jobs",
        })
    }
}

fn is_root(path: &Path) -> bool {
    std::fs::symlink_metadata(path.join(ROOT_OWNER)).is_ok_and(|file| file.is_file())
}

fn below(root: &Path, path: &Path) -> Option<JobsGround> {
    let mut names = path.strip_prefix(root).ok()?.components().filter_map(|component| match component {
        Component::Normal(name) => name.to_str(),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
    });
    let first = names.next()?;
    if ROOMS.contains(&first) {
        return Some(JobsGround::Room);
    }
    let (owner, name, run) = (names.next()?, names.next()?, names.next()?);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_run = run.split_once('-').is_some_and(|(goal, attempt)| is_number(goal) && is_number(attempt));
    is_run.then(|| JobsGround::Clone(root.join(first).join(owner).join(name).join(run)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;

    fn made(root: &Path, path: &str) -> PathBuf {
        let path = root.join(path);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn what_jobs_write_is_told_from_what_a_person_has_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let clone = Place::new("github.com", "acme", "a b").clone_dir(&root, 12, 3);
        std::fs::create_dir_all(clone.join("src/deep")).unwrap();
        assert_eq!(JobsGround::around(&clone), None, "that is nobody's root");
        std::fs::write(root.join(ROOT_OWNER), "/state").unwrap();
        for path in [clone.clone(), clone.join("src/deep")] {
            assert_eq!(JobsGround::around(&path), Some(JobsGround::Clone(clone.clone())));
        }
        for path in [".run/ab12cd34/home", ".cache/ab12cd34/runs"] {
            assert_eq!(JobsGround::around(&made(&root, path)), Some(JobsGround::Room));
        }
        for path in ["github.com/acme/app", "github.com/acme/app/src", "app"] {
            assert_eq!(JobsGround::around(&made(&root, path)), None, "{path}");
        }
    }

    #[test]
    fn a_link_and_a_root_of_an_agents_own_hide_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("root");
        let clone = made(&root, "h/o/n/1-1");
        std::fs::write(root.join(ROOT_OWNER), "/state").unwrap();
        let inner = made(&clone, "x/h/o/n/2-1");
        std::fs::write(clone.join("x").join(ROOT_OWNER), "/state").unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&inner, &link).unwrap();
        assert_eq!(JobsGround::around(&link), Some(JobsGround::Clone(clone)));
    }
}
