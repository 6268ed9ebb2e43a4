//! Seeds: the build directories of the last landing gate, copied into the next checkouts and clones.
//!
//! Only what a gate's checkout left, and only once its work has landed, becomes a seed: nothing that a run
//! writes ever reaches a gate. Files keep their times, so a tool that goes by times builds only what changed.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use herder_domain::fnv;
use herder_domain::run::RunId;
use herder_domain::setup;
use herder_workspace::{Cached, Hold, hold, remove_tree};

use super::kept::copy_all;
use crate::act::ActError;

/// The directory of the seeds among what set-ups have made.
const SEEDS: &str = "seeds";

/// What the directories begin with that are put aside for runs.
const ASIDE: &str = "aside-";

/// The seed of one base branch.
pub(crate) struct Seed {
    dir: PathBuf,
}

impl Seed {
    /// The seed of a branch below `setups`, a repository's directory that no job reaches.
    pub(crate) fn of(setups: &Path, base_branch: &str) -> Self {
        Self { dir: setups.join(SEEDS).join(fnv::short_name(base_branch.as_bytes())) }
    }

    /// Copies the directories `names` of it into `tree`, where nobody works; what is there already stays.
    pub(crate) fn plant(&self, names: &[String], tree: &Path) -> Result<(), ActError> {
        if names.is_empty() || !self.ripe().is_dir() {
            return Ok(());
        }
        let _held = hold(&self.lock_path(), Hold::Shared)?;
        copy_all(&self.ripe(), names, tree)
    }

    /// Where the directories `names` of it are to be had, if it is there.
    pub(crate) fn ready(&self, names: &[String]) -> setup::Kept {
        let (dir, lock, names) = (self.ripe(), self.lock_path(), names.to_vec());
        setup::Kept { whole: dir.clone(), dir, lock, names }
    }

    /// Puts the directories `names` of a checkout aside, in case the work of `run` lands.
    pub(crate) fn put_aside(&self, run: &RunId, names: &[String], checkout: &Path) -> Result<(), ActError> {
        if names.is_empty() {
            return Ok(());
        }
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        self.forget(run)?;
        fs_err::create_dir(self.aside(run))?;
        copy_all(checkout, names, &self.aside(run))
    }

    /// The work of `run` has landed: what was put aside is the seed from now on.
    pub(crate) fn ripen(&self, run: &RunId) -> Result<(), ActError> {
        if !self.aside(run).is_dir() {
            return Ok(());
        }
        let _held = hold(&self.lock_path(), Hold::Alone)?;
        remove_tree(&self.dir, &self.ripe())?;
        Ok(fs_err::rename(self.aside(run), self.ripe())?)
    }

    /// Drops what was put aside for `run`.
    pub(crate) fn forget(&self, run: &RunId) -> Result<(), ActError> {
        if !self.dir.is_dir() {
            return Ok(());
        }
        Ok(remove_tree(&self.dir, &self.aside(run))?)
    }

    /// The seeds below a repository's `setups`.
    pub(crate) fn all(setups: &Path) -> io::Result<Vec<Cached>> {
        let tops = std::fs::read_dir(setups.join(SEEDS)).into_iter().flatten();
        let seeds = tops.map(|top| Ok(Self { dir: top?.path() })).collect::<io::Result<Vec<_>>>()?;
        let ripe = seeds.into_iter().filter(|seed| seed.ripe().is_dir());
        let cached = ripe.map(|seed| Cached {
            name: seed.ripe().display().to_string(),
            lock: seed.lock_path(),
            paths: vec![seed.ripe()],
        });
        Ok(cached.collect())
    }

    /// What was put aside below a repository's `setups` for runs other than these.
    pub(crate) fn left_aside(setups: &Path, but: &[RunId]) -> io::Result<Vec<PathBuf>> {
        let needed: Vec<String> = but.iter().map(aside_name).collect();
        let mut found = Vec::new();
        for top in std::fs::read_dir(setups.join(SEEDS)).into_iter().flatten() {
            for entry in std::fs::read_dir(top?.path())? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with(ASIDE) && !needed.contains(&name) {
                    found.push(entry.path());
                }
            }
        }
        Ok(found)
    }

    fn ripe(&self) -> PathBuf {
        self.dir.join("ripe")
    }

    fn aside(&self, run: &RunId) -> PathBuf {
        self.dir.join(aside_name(run))
    }

    fn lock_path(&self) -> PathBuf {
        self.dir.join("lock")
    }
}

fn aside_name(run: &RunId) -> String {
    format!("{ASIDE}{}", fnv::short_name(run.as_str().as_bytes()))
}
