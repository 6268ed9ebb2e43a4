//! A run in a person's own checkout, without an orchestrator.
//!
//! Snapshots go to a private git directory here too, so that nothing the agent does to `.git` runs in
//! the person's name. Their branch is moved once, at the end, and only if all is as it was.

use crate::bare::Bare;
use crate::error::{Result, WorkspaceError};
use crate::git::{Git, UserEnvironment, succeeded};
use crate::id::{CommitId, Identity, RunKey, Signature};
use crate::jobs_ground::JobsGround;
use crate::private::{EXCLUDED, PrivateGit};
use crate::writing::commit;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The file in the private git directory that holds [`Facts`].
const FACTS: &str = "herder.standalone.json";

/// A person's checkout as a run finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// The top of its work tree.
    pub top: PathBuf,
    /// Its git directory.
    pub git_dir: PathBuf,
    /// The commit that it is at.
    pub head: CommitId,
    /// The branch that it is on; `None` for a detached HEAD.
    pub branch: Option<String>,
}

/// A run in a person's checkout.
#[derive(Debug)]
pub struct Standalone {
    private: PrivateGit,
    facts: Facts,
}

/// What must still be so at the end.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Facts {
    checkout: Checkout,
    /// SHA-256 of all settings of the repository, those of included files and its hooks too.
    settings: String,
}

/// What became of the person's branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// It is at the run's commit now, and so is the index.
    Done,
    /// It is where it was: the run has changed nothing.
    Nothing,
    /// It was left alone. The work is in the private git directory.
    Not(WhyNotMoved),
}

/// Why a person's branch was left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNotMoved {
    /// The repository's settings are not what they were before the run.
    SettingsChanged,
    /// The branch is not where it was, or another one is checked out.
    BranchMoved,
    /// No branch was checked out.
    Detached,
    /// The run's commit does not contain the branch's.
    NotDescendant,
}

impl Checkout {
    /// Looks at the checkout that `path` (absolute) lies in, in the person's name: this is only right
    /// before an agent has worked there.
    ///
    /// # Errors
    /// It is no checkout, it or its repository lies where jobs write ([`JobsGround`]), it has no commit yet, or git
    /// cannot be run.
    pub fn inspect(path: &Path, user: &UserEnvironment) -> Result<Self> {
        JobsGround::refuse(path)?;
        let ask = |args: &[&str]| Git::outside("rev-parse", user).in_directory(path).args(args).line();
        // Another work tree of an agent's repository may lie anywhere.
        JobsGround::refuse(Path::new(&ask(&["--path-format=absolute", "--git-common-dir"])?))?;
        let top = PathBuf::from(ask(&["--show-toplevel"])?);
        let git_dir = PathBuf::from(ask(&["--absolute-git-dir"])?);
        let head = CommitId::parse(&ask(&["--verify", "HEAD^{commit}"])?)?;
        let branch = current_branch(&git_dir)?;
        Ok(Self { top, git_dir, head, branch })
    }

    /// Whether a file is changed or new, as the person's own `git status` sees it.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn is_dirty(&self, user: &UserEnvironment) -> Result<bool> {
        let git = Git::outside("status", user).in_directory(&self.top);
        let answer = git.args(["--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=dirty"]);
        answer.answer().map(|listed| !listed.is_empty())
    }

    /// Who the person is, as their commits would say; `None` if git does not know.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn identity(&self, user: &UserEnvironment) -> Result<Option<Identity>> {
        let finished = Git::outside("var", user).in_directory(&self.top).arg("GIT_AUTHOR_IDENT").finish()?;
        if !finished.status.success() {
            return Ok(None);
        }
        let text = finished.stdout.text();
        let parts = text.split_once(" <").and_then(|(name, rest)| Some((name, rest.split_once('>')?.0)));
        Ok(parts.map(|(name, email)| Identity { name: name.to_owned(), email: email.to_owned() }))
    }

    /// A sealed call in the person's repository. Its own settings apply; the caller has seen that they
    /// are the person's.
    pub(crate) fn git(&self, command: &str) -> Git {
        // Among the settings of a repository this one alone names a program that fetching would run.
        Git::sealed(command).repository(&self.git_dir).setting("core.alternateRefsCommand=true")
    }

    fn settings(&self) -> Result<String> {
        let listed = self.git("config").args(["--list", "--show-origin", "--includes", "-z"]).answer()?;
        let mut digest = Sha256::new();
        let mut fields = listed.split(|byte| *byte == 0);
        while let (Some(origin), Some(setting)) = (fields.next(), fields.next()) {
            // What this crate sets may differ from one version to the next.
            if !origin.starts_with(b"command line") {
                digest.update([origin, b"\0", setting, b"\0"].concat());
            }
        }
        // A hook is a setting, too: the person's own next commit would run it.
        for (name, content) in hooks(&self.git_dir)? {
            digest.update([name.as_os_str().as_encoded_bytes(), b"\0", content.as_slice(), b"\0"].concat());
        }
        Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// The repository's own hooks by name, with their content; what is no plain file stands by its name.
fn hooks(git_dir: &Path) -> Result<BTreeMap<OsString, Vec<u8>>> {
    let listed = match std::fs::read_dir(git_dir.join("hooks")) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.into()),
    };
    let mut hooks = BTreeMap::new();
    for entry in listed {
        let entry = entry?;
        let is_file = entry.file_type()?.is_file();
        let content = if is_file { std::fs::read(entry.path())? } else { Vec::new() };
        hooks.insert(entry.file_name(), content);
    }
    Ok(hooks)
}

fn current_branch(git_dir: &Path) -> Result<Option<String>> {
    let finished = Git::sealed("symbolic-ref").repository(git_dir).args(["--quiet", "HEAD"]).finish()?;
    Ok(finished.stdout.text().strip_prefix("refs/heads/").map(str::to_owned))
}

impl Standalone {
    /// Makes the private git directory `private` for a run in `checkout`. What the person's git
    /// ignores, the run's ignores; files that only their filters call unchanged (LFS) are left alone,
    /// provided that the checkout `is_clean` in their eyes.
    ///
    /// # Errors
    /// The directory exists, or git cannot be run.
    pub fn begin(
        checkout: Checkout,
        private: &Path,
        run: &str,
        is_clean: bool,
        user: &UserEnvironment,
    ) -> Result<Self> {
        if private.exists() {
            return Err(WorkspaceError::NotEmpty { path: private.to_owned() });
        }
        let key = RunKey::new(0, run)?;
        let facts = Facts { settings: checkout.settings()?, checkout };
        let bare = Bare::create(private, facts.checkout.head.object_format())?;
        let git = PrivateGit::at(private, &facts.checkout.top, key);
        fetch_into(&bare, &facts.checkout, &facts.checkout.head, &git.key().branch_ref())?;
        fs_err::write(private.join("HEAD"), format!("ref: {}\n", git.key().branch_ref()))?;
        fs_err::create_dir_all(private.join("info"))?;
        fs_err::write(private.join("info/exclude"), excludes(&facts.checkout, user)?)?;
        git.git("read-tree")?.arg(facts.checkout.head.as_str()).done()?;
        // It ends with 1 if some files differ, which is for the snapshot to see.
        git.git("update-index")?.args(["-q", "--refresh"]).finish()?;
        if is_clean {
            overlook_filtered(&git)?;
        }
        let text = serde_json::to_vec_pretty(&facts).map_err(std::io::Error::from)?;
        fs_err::write(private.join(FACTS), text)?;
        Ok(Self { private: git, facts })
    }

    /// Opens the run whose private git directory is `private`, to go on with it.
    ///
    /// # Errors
    /// There is no such run.
    pub fn resume(private: &Path, run: &str) -> Result<Self> {
        let text = fs_err::read(private.join(FACTS))?;
        let facts: Facts = serde_json::from_slice(&text).map_err(std::io::Error::from)?;
        let private = PrivateGit::at(private, &facts.checkout.top, RunKey::new(0, run)?);
        Ok(Self { private, facts })
    }

    /// Brings another commit of the person's repository, with its history, into the private git directory.
    ///
    /// # Errors
    /// The repository has no such commit, or git cannot be run.
    pub fn take(&self, commit: &CommitId) -> Result<()> {
        fetch_into(self.private.bare(), &self.facts.checkout, commit, &format!("refs/herder/taken/{commit}"))
    }

    /// The private git directory, for snapshots.
    pub fn private(&self) -> &PrivateGit {
        &self.private
    }

    /// The checkout as the run found it.
    pub fn checkout(&self) -> &Checkout {
        &self.facts.checkout
    }

    /// The run's work as a single commit on the checkout's; `None` if nothing has changed.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn one_commit(&self, message: &str, signature: &Signature) -> Result<Option<CommitId>> {
        let bare = self.private.bare();
        let head = &self.facts.checkout.head;
        let Some(tip) = self.private.tip()? else { return Ok(None) };
        let tree = bare.tree_of(&tip)?;
        if tree == bare.tree_of(head)? {
            return Ok(None);
        }
        commit(bare, &tree, Some(head), message, signature).map(Some)
    }

    /// Moves the person's branch and index to `tip`, which the private git directory has; files are not
    /// touched, they are there already. No hook runs.
    ///
    /// # Errors
    /// Git cannot be run, or the repository cannot be written.
    pub fn finish(&self, tip: &CommitId) -> Result<Moved> {
        let checkout = &self.facts.checkout;
        if *tip == checkout.head {
            return Ok(Moved::Nothing);
        }
        let Some(branch) = &checkout.branch else { return Ok(Moved::Not(WhyNotMoved::Detached)) };
        if checkout.settings().ok().as_ref() != Some(&self.facts.settings) {
            return Ok(Moved::Not(WhyNotMoved::SettingsChanged));
        }
        let name = format!("refs/heads/{branch}");
        let now = Bare::at(&checkout.git_dir).resolve(&name)?;
        if current_branch(&checkout.git_dir)?.as_ref() != Some(branch) || now.as_ref() != Some(&checkout.head)
        {
            return Ok(Moved::Not(WhyNotMoved::BranchMoved));
        }
        if !self.private.bare().is_ancestor(&checkout.head, tip)? {
            return Ok(Moved::Not(WhyNotMoved::NotDescendant));
        }
        let kept = self.bring(tip)?;
        checkout
            .git("update-ref")
            .args(["-m", "herder: work of a run", &name, tip.as_str(), checkout.head.as_str()])
            .done()?;
        checkout.git("update-ref").args(["-d", &kept, tip.as_str()]).done()?;
        checkout.git("read-tree").work_tree(&checkout.top).args(["--reset", "-i", tip.as_str()]).done()?;
        Ok(Moved::Done)
    }

    /// Fetches `tip` into the person's repository, held by a ref of its own that is returned.
    fn bring(&self, tip: &CommitId) -> Result<String> {
        let name = format!("refs/herder/standalone/{tip}");
        let git = self.facts.checkout.git("fetch").setting("protocol.version=2");
        let finished = git
            .args(["--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--"])
            .arg(self.private.bare().path())
            .arg(format!("{tip}:{name}"))
            .finish()?;
        succeeded(finished, "fetch")?;
        Ok(name)
    }
}

/// Fetches a commit of the person's into the private repository, as `name`.
fn fetch_into(bare: &Bare, from: &Checkout, commit: &CommitId, name: &str) -> Result<()> {
    bare.git("fetch")
        .setting("protocol.version=2")
        .args(["--quiet", "--no-tags", "--no-write-fetch-head", "--update-shallow", "--"])
        .arg(&from.git_dir)
        .arg(format!("{commit}:{name}"))
        .done()
}

/// What the person's git ignores beyond the `.gitignore` files, as patterns.
fn excludes(checkout: &Checkout, user: &UserEnvironment) -> Result<String> {
    let ask = |git: Git| -> Result<Option<PathBuf>> {
        let finished = git.in_directory(&checkout.top).finish()?;
        let text = finished.stdout.text();
        Ok(Some(PathBuf::from(text)).filter(|_| finished.status.success()))
    };
    let own =
        ask(Git::outside("rev-parse", user).args(["--path-format=absolute", "--git-path", "info/exclude"]))?;
    let configured = ask(Git::outside("config", user).args(["--type=path", "--get", "core.excludesFile"]))?;
    let everywhere = configured.or_else(|| user.configuration_home().map(|home| home.join("git/ignore")));
    let mut text = EXCLUDED.to_owned();
    for file in [everywhere, own].into_iter().flatten() {
        // A missing one excludes nothing.
        text.push_str(&std::fs::read_to_string(file).unwrap_or_default());
        text.push('\n');
    }
    Ok(text)
}

/// Tells the private index to overlook tracked files that differ now, although the person's git calls
/// the checkout clean: their content comes out of a filter that never runs in herder's name.
fn overlook_filtered(private: &PrivateGit) -> Result<()> {
    let differing = private.git("ls-files")?.args(["--modified", "-z"]).answer()?;
    if differing.is_empty() {
        return Ok(());
    }
    private.git("update-index")?.args(["--assume-unchanged", "-z", "--stdin"]).stdin(differing).done()
}
