//! A courtesy to the agent: its `.git` knows the last snapshot, so that `git status` and `git reset`
//! in the clone mean what they seem to.
//!
//! The agent may have put anything there. No git runs in it; plain files are written into plain
//! directories, each as a new file renamed over the old name, and whatever looks odd ends the attempt.

use super::vetted_pack::VettedPack;
use crate::clone_git::pack_range;
use crate::contained::Dir;
use crate::error::Result;
use crate::id::CommitId;
use crate::objects::copy_packs_into;
use crate::private::{PrivateGit, REFRESHED};
use crate::ref_files::{read_ref, write_ref};
use crate::scratch::Scratch;
use rustix::fs::Mode;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Whether the clone's `.git` was brought up to the last snapshot.
#[derive(Debug)]
pub enum Refreshed {
    /// It was, or is there already.
    Done,
    /// It was left as it is; nothing depends on it.
    LeftAlone {
        /// Why.
        reason: String,
    },
}

impl PrivateGit {
    /// Brings the clone's own `.git` up to the last snapshot, if it is still what it was made as.
    pub fn refresh_clone_git(&self) -> Refreshed {
        match self.try_refresh() {
            Ok(()) => Refreshed::Done,
            Err(error) => Refreshed::LeftAlone { reason: error.to_string() },
        }
    }

    fn try_refresh(&self) -> Result<()> {
        let Some(tip) = self.tip()? else { return Ok(()) };
        let before = read_ref(self.bare(), REFRESHED)?;
        let git_dir = Dir::root(self.clone_dir())?.child(".git".as_ref())?;
        if before.as_ref() != Some(&tip) {
            let packs = Dir::root(self.clone_dir())?.descend(Path::new(".git/objects/pack"))?;
            self.bring(before.as_ref(), &tip, &packs)?;
        }
        let heads = Dir::root(self.clone_dir())?.descend(Path::new(".git/refs/heads"))?;
        heads.replace_file(self.key().branch().as_ref(), PLAIN, |file| writeln!(file, "{tip}"))?;
        let head = format!("ref: {}\n", self.key().branch_ref());
        git_dir.replace_file("HEAD".as_ref(), PLAIN, |file| file.write_all(head.as_bytes()))?;
        let mut index = File::open(self.bare().path().join("index"))?;
        git_dir.replace_file("index".as_ref(), PLAIN, |file| std::io::copy(&mut index, file).map(drop))?;
        write_ref(self.bare(), REFRESHED, &tip)
    }

    /// Copies what `tip` adds to `before`.
    fn bring(&self, before: Option<&CommitId>, tip: &CommitId, packs: &Dir) -> Result<()> {
        if let Some(kept) = before.and_then(|before| VettedPack::find(self, before, tip)) {
            copy_packs_into(kept.directory(), packs)?;
            return VettedPack::forget(self);
        }
        let scratch = Scratch::within(self.bare().path(), "refresh")?;
        pack_range(self.bare(), before, tip, scratch.path())?;
        copy_packs_into(scratch.path(), packs)
    }
}

/// The mode of the files written, before the umask.
const PLAIN: Mode = Mode::from_bits_retain(0o666);
