//! A small world for tests: an origin, its mirror and vault, and runs that work in clones.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file uses its own part; a failed test may panic"
)]

use herder_oneshot::{Environment, OneShot};
use herder_workspace::*;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A person's repository and herder's directories for it.
pub struct Scene {
    _dir: tempfile::TempDir,
    pub top: PathBuf,
    pub origin: PathBuf,
    pub desk: PathBuf,
    pub mirror: Mirror,
    pub templates: Templates,
    pub vault: Vault,
    pub user: UserEnvironment,
}

/// A run under way.
pub struct Work {
    pub prepared: Prepared,
    pub clone: PathBuf,
    pub private: PathBuf,
    pub key: RunKey,
}

impl Scene {
    /// An origin whose `main` has `README.md`, `src/lib.txt` and the gate `.ralph/check`.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        let (origin, desk) = (top.join("origin.git"), top.join("desk"));
        git(&top, &["init", "-q", "--bare", "-b", "main", "origin.git"]);
        git(&top, &["init", "-q", "-b", "main", "desk"]);
        write(&desk.join("README.md"), "hello\n");
        write(&desk.join("src/lib.txt"), "one\ntwo\nthree\nfour\nfive\n");
        write(&desk.join(".ralph/check"), "#!/bin/sh\nexit 0\n");
        set_mode(&desk.join(".ralph/check"), 0o755);
        write(&desk.join(".gitignore"), "/target/\n");
        git(&desk, &["remote", "add", "origin", origin.to_str().unwrap()]);
        commit_all(&desk, "Begin");
        git(&desk, &["push", "-q", "origin", "main"]);
        let user = user_environment();
        let mirror =
            Mirror::open_or_create(&top.join("state/mirror.git"), origin.to_str().unwrap(), &user).unwrap();
        mirror.fetch(&user).unwrap();
        let vault = Vault::open_or_create(&top.join("state/vault.git"), &mirror).unwrap();
        let templates = Templates::at(top.join("state/templates"));
        Self { _dir: dir, top, origin, desk, mirror, templates, vault, user }
    }

    pub fn root(&self) -> PathBuf {
        self.top.join("ralphs")
    }

    /// Prepares the `attempt`-th run of a goal on the tip of `main` as the mirror knows it.
    pub fn prepare(&self, goal: u64, attempt: u32) -> Work {
        self.try_prepare(goal, attempt).unwrap()
    }

    pub fn try_prepare(&self, goal: u64, attempt: u32) -> Result<Work> {
        let key = RunKey::new(goal, &format!("app-{goal}-{attempt}")).unwrap();
        let root = self.root();
        let clone = Place::new("local", "me", "app").clone_dir(&root, goal, attempt);
        let private = self.top.join("state/runs").join(key.run()).join("git");
        let order = PrepareOrder {
            mirror: &self.mirror,
            templates: &self.templates,
            vault: &self.vault,
            key: key.clone(),
            base_branch: "main",
            base: self.mirror.tip("main").unwrap(),
            root: &root,
            clone: &clone,
            private: &private,
            goal_text: "# Do it\n",
            signature: signature(),
        };
        let prepared = prepare(&order)?;
        Ok(Work { prepared, clone, private, key })
    }

    /// Somebody pushes a change of `path` to the origin's `main`, and the mirror learns of it.
    pub fn pushes(&self, path: &str, text: &str) -> CommitId {
        git(&self.desk, &["pull", "-q", "--rebase", "origin", "main"]);
        write(&self.desk.join(path), text);
        commit_all(&self.desk, "Meanwhile");
        git(&self.desk, &["push", "-q", "origin", "main"]);
        self.mirror.fetch(&self.user).unwrap();
        self.mirror.tip("main").unwrap()
    }

    pub fn squash(&self, work: &Work, tip: &CommitId) -> Squash {
        let base_tip = self.mirror.tip("main").unwrap();
        self.vault.take(&self.mirror, &base_tip).unwrap();
        let message = LandingMessage {
            goal: work.key.goal(),
            title: "Do it".into(),
            run: work.key.run().into(),
            ..LandingMessage::default()
        };
        let order = SquashOrder {
            base_tip,
            work_base: work.prepared.base.clone(),
            tip: tip.clone(),
            message: message.text(),
            signature: signature(),
        };
        self.vault.squash(&order).unwrap()
    }

    /// Fails unless both bare repositories pass git's strict check.
    pub fn assert_sound(&self) {
        for bare in [self.mirror.bare().path(), self.vault.bare().path()] {
            git(bare, &["fsck", "--strict", "--full", "--no-dangling"]);
        }
    }
}

impl Work {
    pub fn git(&self) -> &PrivateGit {
        &self.prepared.private
    }

    pub fn write(&self, path: &str, text: &str) {
        write(&self.clone.join(path), text);
    }

    pub fn snapshot(&self, iteration: u32) -> Snapshot {
        self.try_snapshot(iteration).unwrap()
    }

    pub fn try_snapshot(&self, iteration: u32) -> Result<Snapshot> {
        self.snapshot_within(iteration, SnapshotLimits::default())
    }

    pub fn snapshot_within(&self, iteration: u32, limits: SnapshotLimits) -> Result<Snapshot> {
        self.git().snapshot(&SnapshotOrder {
            iteration,
            message: format!("Iteration {iteration}"),
            signature: signature(),
            limits,
        })
    }

    pub fn skipped(&self, snapshot: &Snapshot) -> Vec<String> {
        snapshot.skipped.iter().map(|skipped| skipped.path.to_string_lossy().into_owned()).collect()
    }
}

/// The paths in a commit.
pub fn paths(bare: &Bare, commit: &CommitId) -> Vec<String> {
    let listed = git_bytes(bare.path(), &["ls-tree", "-r", "-z", "--name-only", commit.as_str()]);
    let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

pub fn content(bare: &Bare, commit: &CommitId, path: &str) -> Option<String> {
    bare.read_file(commit, path, 1 << 20).unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
}

pub fn signature() -> Signature {
    let who = Identity { name: "herder".into(), email: "herder@example.org".into() };
    Signature { who, at: jiff::Timestamp::from_second(1_750_000_000).unwrap() }
}

/// What a person's git sees in tests: no configuration of the machine's.
pub fn user_environment() -> UserEnvironment {
    UserEnvironment::of(variables())
}

fn variables() -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut variables = vec![("PATH".into(), path)];
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "A Person"),
        ("GIT_AUTHOR_EMAIL", "person@example.org"),
        ("GIT_COMMITTER_NAME", "A Person"),
        ("GIT_COMMITTER_EMAIL", "person@example.org"),
    ] {
        variables.push((name.into(), value.into()));
    }
    variables
}

/// A person's git in `directory`; returns what it printed.
pub fn git(directory: &Path, args: &[&str]) -> String {
    String::from_utf8(git_bytes(directory, args)).unwrap().trim().to_owned()
}

fn git_bytes(directory: &Path, args: &[&str]) -> Vec<u8> {
    let shot = OneShot::new("git").directory(directory).args(["-c", "protocol.file.allow=always"]).args(args);
    shot.environment(Environment::Cleared(variables())).run_ok().unwrap().stdout.bytes
}

pub fn commit_all(directory: &Path, message: &str) -> String {
    git(directory, &["add", "-A"]);
    git(directory, &["commit", "-q", "-m", message]);
    git(directory, &["rev-parse", "HEAD"])
}

pub fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Changes a file as late as an agent would at the earliest. The times of files move in ticks, of four milliseconds
/// on most machines (CONFIG_HZ), and no agent starts that soon after the file was made.
pub fn write_a_tick_later(path: &Path, text: &str) {
    let changed = || path.metadata().map(|data| (data.ctime(), data.ctime_nsec())).unwrap();
    let before = changed();
    herder_testkit::until("the clock of the file system to move", Duration::from_secs(10), || {
        write(path, text);
        (changed() != before).then_some(())
    });
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

pub fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}
