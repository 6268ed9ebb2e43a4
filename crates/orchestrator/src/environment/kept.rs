//! What set-ups have made, kept to be copied: `node_modules` and the like.
//!
//! An entry is made right after `.ralph/setup` ran on clean files of the base, before any agent has seen
//! them, and no job can reach it. Runs and gates have entries of their own.

use std::fs::File;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use herder_domain::setup;
use herder_workspace::{Cached, Hold, copy_tree, remove_tree, try_hold};

use crate::act::ActError;

/// So many entries are kept; those that were not used for the longest time go.
const ENTRIES_MAX: usize = 4;

/// The file in an entry that says it is complete.
const COMPLETE: &str = "complete";

/// The directory in an entry that holds what was made.
const MADE: &str = "made";

/// Between two looks at an entry that somebody else makes.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// An entry by its name, and the directories that it is made of.
pub(super) struct Wanted<'a> {
    pub key: &'a str,
    pub keep: &'a [String],
}

/// The entries of one repository and one set of jobs.
pub(crate) struct Kept {
    pub(super) dir: PathBuf,
}

impl Kept {
    /// Copies an entry into `tree`, where nobody works. If there is none, `make` makes it in a directory of
    /// its choice and gives that; what is to be kept of it becomes the entry. Whoever asks for the same one
    /// meanwhile waits, as long as `go_on` lets it.
    pub(super) fn furnish(
        &self,
        wanted: &Wanted<'_>,
        tree: &Path,
        go_on: impl Fn() -> Result<(), ActError>,
        make: impl FnOnce() -> Result<PathBuf, ActError>,
    ) -> Result<(), ActError> {
        if self.plant(wanted, tree, &go_on)? {
            return Ok(());
        }
        let entry = self.dir.join(wanted.key);
        let _held = until_held(&lock_of(&entry), Hold::Alone, &go_on)?;
        if !entry.join(COMPLETE).exists() {
            self.store(&entry, wanted.keep, &make()?)?;
            self.forget_old(&entry)?;
        }
        copy_all(&entry.join(MADE), wanted.keep, tree)
    }

    /// Copies an entry into `tree`, where nobody works, if there is one; gives whether there was.
    pub(super) fn plant(
        &self,
        wanted: &Wanted<'_>,
        tree: &Path,
        go_on: impl Fn() -> Result<(), ActError>,
    ) -> Result<bool, ActError> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        let entry = self.dir.join(wanted.key);
        // While it is held nobody clears it away.
        let _held = until_held(&lock_of(&entry), Hold::Shared, go_on)?;
        let is_there = entry.join(COMPLETE).exists();
        if is_there {
            copy_all(&entry.join(MADE), wanted.keep, tree)?;
        }
        Ok(is_there)
    }

    /// Where the directories `keep` of an entry are to be had, if it is there.
    pub(super) fn entry(&self, key: &str, keep: &[String]) -> setup::Kept {
        let entry = self.dir.join(key);
        setup::Kept {
            dir: entry.join(MADE),
            lock: lock_of(&entry),
            whole: entry.join(COMPLETE),
            names: keep.to_vec(),
        }
    }

    /// What there is in `dir`.
    pub(crate) fn all(dir: &Path) -> io::Result<Vec<Cached>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            let path = entry?.path();
            if path.is_dir() {
                let lock = lock_of(&path);
                found.push(Cached {
                    name: path.display().to_string(),
                    lock: lock.clone(),
                    paths: vec![path, lock],
                });
            }
        }
        Ok(found)
    }

    fn store(&self, entry: &Path, keep: &[String], made: &Path) -> Result<(), ActError> {
        remove_tree(&self.dir, entry)?;
        fs_err::create_dir_all(entry.join(MADE))?;
        copy_all(made, keep, &entry.join(MADE))?;
        Ok(fs_err::write(entry.join(COMPLETE), "")?)
    }

    fn forget_old(&self, but: &Path) -> Result<(), ActError> {
        let others =
            Self::all(&self.dir)?.into_iter().filter(|entry| !entry.paths.iter().any(|path| path == but));
        let mut others: Vec<_> = others.map(|entry| (entry.last_used(), entry)).collect();
        others.sort_by_key(|(used, _)| *used);
        let excess = (others.len() + 1).saturating_sub(ENTRIES_MAX);
        for (_, entry) in others.into_iter().take(excess) {
            // One that is being copied is left for another time.
            if let Some(_held) = entry.hold_unused(SystemTime::now())? {
                entry.paths.iter().try_for_each(|path| remove_tree(&self.dir, path))?;
            }
        }
        Ok(())
    }
}

/// The file that the users of an entry hold.
fn lock_of(entry: &Path) -> PathBuf {
    entry.with_extension("lock")
}

/// Waits for a lock. Not in the kernel: whoever is called off meanwhile waits no longer.
fn until_held(lock: &Path, how: Hold, go_on: impl Fn() -> Result<(), ActError>) -> Result<File, ActError> {
    loop {
        if let Some(held) = try_hold(lock, how)? {
            return Ok(held);
        }
        go_on()?;
        thread::sleep(LOOK_AGAIN);
    }
}

/// Copies the directories `names` that are there. What the target has already is its own.
pub(super) fn copy_all(from: &Path, names: &[String], to: &Path) -> Result<(), ActError> {
    for name in names {
        copy_tree((from, to), Path::new(name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn furnished(kept: &Kept, key: &str, made: &Cell<u32>) -> PathBuf {
        let tree = tempfile::tempdir().unwrap().keep();
        let keep = ["a/deps".to_owned(), "missing".to_owned()];
        let make = || {
            made.set(made.get() + 1);
            let scratch = tempfile::tempdir().unwrap().keep();
            fs_err::create_dir_all(scratch.join("a/deps"))?;
            fs_err::write(scratch.join("a/deps/one"), key)?;
            Ok(scratch)
        };
        kept.furnish(&Wanted { key, keep: &keep }, &tree, || Ok(()), make).unwrap();
        tree
    }

    #[test]
    fn what_was_made_once_is_copied_and_the_copy_is_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept { dir: dir.path().join("kept") };
        let made = Cell::new(0);
        let first = furnished(&kept, "k", &made);
        fs_err::write(first.join("a/deps/one"), "poisoned").unwrap();
        let second = furnished(&kept, "k", &made);
        assert_eq!(fs_err::read_to_string(second.join("a/deps/one")).unwrap(), "k");
        assert!(!second.join("missing").exists());
        assert_eq!(made.get(), 1);
    }

    #[test]
    fn what_is_there_is_planted_and_what_is_not_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let (kept, keep) = (Kept { dir: dir.path().join("kept") }, ["a/deps".to_owned()]);
        let tree = tempfile::tempdir().unwrap();
        let wanted = Wanted { key: "k", keep: &keep };
        assert!(!kept.plant(&wanted, tree.path(), || Ok(())).unwrap());
        assert!(!tree.path().join("a").exists() && Kept::all(&kept.dir).unwrap().is_empty());
        furnished(&kept, "k", &Cell::new(0));
        assert!(kept.plant(&wanted, tree.path(), || Ok(())).unwrap());
        assert_eq!(fs_err::read_to_string(tree.path().join("a/deps/one")).unwrap(), "k");
    }

    #[test]
    fn whoever_waits_for_an_entry_waits_no_longer_than_it_is_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept { dir: dir.path().to_owned() };
        let _maker = try_hold(&lock_of(&kept.dir.join("k")), Hold::Alone).unwrap().unwrap();
        let looks = Cell::new(0);
        let go_on = || {
            looks.set(looks.get() + 1);
            if looks.get() < 3 { Ok(()) } else { Err(ActError::CalledOff) }
        };
        let wanted = Wanted { key: "k", keep: &[] };
        let waited = kept.furnish(&wanted, dir.path(), go_on, || panic!("another one makes it"));
        assert!(matches!(waited, Err(ActError::CalledOff)) && looks.get() == 3);
    }

    #[test]
    fn entries_that_nobody_uses_go() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept { dir: dir.path().join("kept") };
        let made = Cell::new(0);
        for key in ["1", "2", "3", "4", "1", "5"] {
            furnished(&kept, key, &made);
        }
        let is_there = |key: &str| kept.dir.join(key).is_dir();
        assert_eq!(["1", "2", "3", "4", "5"].map(is_there), [true, false, true, true, true]);
        assert!(!lock_of(&kept.dir.join("2")).exists(), "nothing of it is left");
    }

    #[test]
    fn an_entry_that_was_cut_short_is_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept { dir: dir.path().join("kept") };
        let made = Cell::new(0);
        furnished(&kept, "k", &made);
        fs_err::remove_file(kept.dir.join("k/complete")).unwrap();
        fs_err::write(kept.dir.join("k/made/a/deps/half"), "").unwrap();
        let again = furnished(&kept, "k", &made);
        assert!(!again.join("a/deps/half").exists() && made.get() == 2);
    }
}
