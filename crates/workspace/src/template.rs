//! Templates: ready-made clones that the clones of runs and the checkouts of gates are copied from.
//!
//! There is one for each base branch: the files of its tip, a `.git` with the mirror's objects, and an empty
//! private git directory. Copying it costs little more than writing the files does, and starts no git.
//! When the branch moves, only what has changed is written anew. A template is a cache: it may be deleted
//! at any time, is made again when it is missing or broken, and no job ever sees it.

use crate::bare::Bare;
use crate::cached::{Cached, Hold, hold, try_hold};
use crate::copying::{copy_directory, copy_work_tree};
use crate::error::Result;
use crate::git::Git;
use crate::id::CommitId;
use crate::index_file::IndexFile;
use crate::lfs::{Lfs, Missing};
use crate::mirror::Mirror;
use crate::objects::{Guard, copy_all, forget_gathered, lock};
use crate::place::safe_name;
use crate::private::EXCLUDED;
use crate::ref_files::refs_below;
use crate::removal::remove_tree;
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The file in a template that says it is complete, and of which commit it is.
const FACTS: &str = "template.json";

/// The directory of a template that is there, that of one in the making, and what their users hold.
const NOW: &str = "now";
const NEW: &str = "new";
const LOCK: &str = "lock";

/// The index of a template's files, beside its `.git`: a copy gets another one.
const INDEX: &str = "index";

/// The templates of one repository.
#[derive(Debug, Clone)]
pub struct Templates {
    dir: PathBuf,
}

/// A template that stays as it is for as long as this lives.
pub(crate) struct Template {
    dir: PathBuf,
    /// The commit whose files it has.
    commit: CommitId,
    _unchanged: File,
}

/// What [`FACTS`] holds.
#[derive(Debug, Serialize, Deserialize)]
struct Facts {
    commit: CommitId,
    /// Whether its files have the contents that Git LFS keeps.
    #[serde(default)]
    has_contents: bool,
}

impl Templates {
    /// The templates in `dir`, which nobody but herder may reach; nothing is made yet.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The templates that there are, one for each branch that was ever worked on.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn all(&self) -> Result<Vec<Cached>> {
        let mut found = Vec::new();
        for entry in fs_err::read_dir(&self.dir)? {
            let top = entry?.path();
            let paths: Vec<PathBuf> =
                [NOW, NEW].map(|name| top.join(name)).into_iter().filter(|path| path.is_dir()).collect();
            if !paths.is_empty() {
                found.push(Cached { name: top.display().to_string(), lock: top.join(LOCK), paths });
            }
        }
        Ok(found)
    }

    /// Removes what a process that was killed has left half made: it is no template, and is made anew when one is needed.
    ///
    /// # Errors
    /// Something cannot be read or removed.
    pub fn sweep(&self) -> Result<()> {
        if !self.dir.is_dir() {
            return Ok(());
        }
        for entry in fs_err::read_dir(&self.dir)? {
            let top = entry?.path();
            let is_left =
                top.join(NEW).is_dir() || (top.join(NOW).is_dir() && facts(&top.join(NOW)).is_none());
            if !is_left {
                continue;
            }
            let Some(_alone) = try_hold(&top.join(LOCK), Hold::Alone)? else { continue };
            remove_tree(&top, &top.join(NEW))?;
            if facts(&top.join(NOW)).is_none() {
                remove_tree(&top, &top.join(NOW))?;
            }
        }
        Ok(())
    }

    /// Brings the template of `branch` to `commit`, which the mirror holds, where there is one that nobody is at: whoever
    /// needs it next does not wait for that. Not where Git LFS keeps contents, which are only made ready for who needs them.
    ///
    /// # Errors
    /// It cannot be brought there; it is made anew when it is needed.
    pub fn keep_up(&self, mirror: &Mirror, branch: &str, commit: &CommitId) -> Result<()> {
        let top = self.dir.join(safe_name(branch));
        let dir = top.join(NOW);
        if !dir.is_dir() || Lfs::is_marked(mirror.bare().path())? {
            return Ok(());
        }
        let Some(_alone) = try_hold(&top.join(LOCK), Hold::Alone)? else { return Ok(()) };
        if is_of(&dir, commit, false) {
            return Ok(());
        }
        Making { top: &top, dir: &dir, mirror, branch, commit, lfs: None }.advance()
    }

    /// The template of `branch` at `commit`, which the mirror holds. It is made, or brought there, if
    /// need be.
    pub(crate) fn ready(&self, mirror: &Mirror, branch: &str, commit: &CommitId) -> Result<Template> {
        let top = self.dir.join(safe_name(branch));
        make_private(&top)?;
        let dir = top.join(NOW);
        let template = |lock| Template { dir: dir.clone(), commit: commit.clone(), _unchanged: lock };
        let shared = hold(&top.join(LOCK), Hold::Shared)?;
        let has_contents = Lfs::is_marked(mirror.bare().path())?;
        if is_of(&dir, commit, has_contents) {
            return Ok(template(shared));
        }
        drop(shared);
        // Kept while it is copied, so that nobody can bring it elsewhere in between.
        let alone = hold(&top.join(LOCK), Hold::Alone)?;
        if !is_of(&dir, commit, has_contents) {
            let lfs = Lfs::of(mirror.bare().path())?;
            let making = Making { top: &top, dir: &dir, mirror, branch, commit, lfs };
            making.advance().or_else(|_| making.begin())?;
        }
        Ok(template(alone))
    }
}

fn make_private(dir: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    Ok(std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?)
}

fn facts(dir: &Path) -> Option<Facts> {
    serde_json::from_slice(&std::fs::read(dir.join(FACTS)).ok()?).ok()
}

fn is_of(dir: &Path, commit: &CommitId, has_contents: bool) -> bool {
    facts(dir).is_some_and(|facts| facts.commit == *commit && facts.has_contents == has_contents)
}

/// A template in the making.
struct Making<'a> {
    top: &'a Path,
    dir: &'a Path,
    mirror: &'a Mirror,
    branch: &'a str,
    commit: &'a CommitId,
    lfs: Option<Lfs>,
}

impl Making<'_> {
    /// Makes it from nothing, beside its place.
    fn begin(&self) -> Result<()> {
        let new = self.top.join(NEW);
        remove_tree(self.top, &new)?;
        remove_tree(self.top, self.dir)?;
        fs_err::create_dir(&new)?;
        let tree = new.join("tree");
        let format = self.commit.object_format();
        Git::sealed("init")
            .args(["--quiet", "--template="])
            .arg(format!("--object-format={format}"))
            .arg("--")
            .arg(&tree)
            .done()?;
        Bare::create(&new.join("private"), format)?;
        copy_all(self.mirror.bare().path(), &tree.join(".git"))?;
        self.git(&new, "read-tree").arg(self.commit.as_str()).done()?;
        self.git(&new, "checkout-index").args(["--all", "--force", "--quiet", "--index"]).done()?;
        self.complete(&new)?;
        Ok(fs_err::rename(&new, self.dir)?)
    }

    /// Brings the one that is there to the commit. Until that is done it counts as broken.
    fn advance(&self) -> Result<()> {
        // One whose files have other contents is no use.
        let old = facts(self.dir).filter(|old| old.has_contents == self.lfs.is_some());
        let old = old.ok_or(std::io::Error::from(std::io::ErrorKind::NotFound))?.commit;
        fs_err::remove_file(self.dir.join(FACTS))?;
        let tree = self.dir.join("tree");
        let from = self.mirror.bare().path();
        // What is gathered between the copying and the forgetting would be in neither.
        let _unchanged = lock(from, Guard::Packs, FlockOperation::LockShared)?;
        copy_all(from, &tree.join(".git"))?;
        self.git(self.dir, "read-tree").args(["-m", "-u", old.as_str(), self.commit.as_str()]).done()?;
        forget_gathered(&tree.join(".git"), from)?;
        self.complete(self.dir)
    }

    /// A sealed call in a template.
    fn git(&self, template: &Path, command: &str) -> Git {
        let tree = template.join("tree");
        let git = Git::sealed(command).repository(&tree.join(".git")).work_tree(&tree);
        // Version 2 of the index is the one that is read here.
        let git = git.index(&template.join(INDEX)).setting("index.version=2");
        match &self.lfs {
            Some(lfs) => lfs.applied_to(git, Missing::Refused),
            None => git,
        }
    }

    fn complete(&self, dir: &Path) -> Result<()> {
        let git_dir = dir.join("tree/.git");
        fs_err::create_dir_all(git_dir.join("info"))?;
        fs_err::write(git_dir.join("info/exclude"), EXCLUDED)?;
        // The tags and what they point at directly, and the base branch as `origin` knows it.
        let mut refs = refs_below(self.mirror.bare(), "refs/tags")?;
        refs.push((format!("refs/remotes/origin/{}", self.branch), self.commit.clone()));
        fs_err::write(git_dir.join("packed-refs"), packed(refs))?;
        let facts = Facts { commit: self.commit.clone(), has_contents: self.lfs.is_some() };
        let text = serde_json::to_vec(&facts).map_err(std::io::Error::from)?;
        fs_err::write(dir.join(FACTS), text)?;
        Ok(())
    }
}

/// The lines of a file of packed refs.
fn packed(mut refs: Vec<(String, CommitId)>) -> String {
    refs.sort();
    refs.iter().map(|(name, id)| format!("{id} {name}\n")).collect()
}

impl Template {
    /// Copies it into the empty directory `to`: files and `.git`, with an index that fits the copy and a
    /// detached HEAD. Gives the index, too.
    pub(crate) fn copy_to(&self, to: &Path) -> Result<Vec<u8>> {
        let (from, git_dir) = (self.dir.join("tree"), to.join(".git"));
        let index = IndexFile::read(&self.dir.join(INDEX), self.commit.object_format())?;
        let index = copy_work_tree(index, &from, to)?;
        fs_err::create_dir(&git_dir)?;
        copy_directory(&from.join(".git"), &git_dir)?;
        fs_err::write(git_dir.join("index"), &index)?;
        fs_err::write(git_dir.join("HEAD"), format!("{}\n", self.commit))?;
        Ok(index)
    }

    /// Copies the empty private git directory to `to`, which must not be there.
    pub(crate) fn copy_private_to(&self, to: &Path) -> Result<()> {
        make_private(to)?;
        copy_directory(&self.dir.join("private"), to)
    }
}
