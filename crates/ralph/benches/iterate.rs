//! What an iteration costs beside the agent: the snapshot and its check, the clone's own `.git` brought up to
//! it, and what is written into the run directory, for work trees of 100, 5,000 and 50,000 files.
//!
//! The peer is the least that keeps the same: `git add -A` with an index of its own, `write-tree`,
//! `commit-tree` and `update-ref`. It checks nothing, syncs nothing and tells nobody.
//!
//! `cargo bench -p herder-ralph --bench iterate`; `HERDER_BENCH_DIR` names a directory on the file system to
//! measure.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use herder_domain::iteration::{Iteration, Progress};
use herder_domain::run::RunSpec;
use herder_record::{Redactor, RunDir, RunLock, RunWriter, StateDir};
use herder_testkit::bulk::{CountedGit, done, make_origin, place, text};
use herder_testkit::pairs::{Bar, Failure, Figure, interleaved, is_quick, pairs, seconds};
use herder_workspace::{
    CommitId, Identity, Mirror, PrepareOrder, PrivateGit, RunKey, Signature, SnapshotLimits, SnapshotOrder,
    Templates, UserEnvironment, Vault, prepare,
};
use jiff::Timestamp;
use serde_json::json;

/// Files of each work tree.
const SIZES: [usize; 3] = [100, 5_000, 50_000];
/// Bytes of each file.
const BYTES: usize = 1_000;
/// How many files an agent changes in an iteration; it makes one more.
const CHANGED: usize = 3;

/// Runs this program again to do one iteration with a git that counts its calls.
const COUNTED: &str = "HERDER_BENCH_COUNTED";

#[expect(clippy::print_stdout, reason = "figures are all that it is for")]
fn main() -> Result<(), Failure> {
    if let Some(top) = std::env::var_os(COUNTED) {
        return Ralph::at(Path::new(&top))?.iterate(COUNTED_ITERATION);
    }
    let dir = std::env::var_os("HERDER_BENCH_DIR").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    for files in if is_quick() { &SIZES[..1] } else { &SIZES[..] } {
        let dir = tempfile::tempdir_in(&dir)?;
        make_origin(dir.path(), *files, BYTES)?;
        make_run(dir.path())?;
        println!("an iteration, {files} files: {} calls of git", counted(dir.path())?);
        figure(dir.path(), *files)?.tell()?;
    }
    Ok(())
}

const COUNTED_ITERATION: u32 = 1;

fn figure(top: &Path, files: usize) -> Result<Figure, Failure> {
    let (ralph, bare) = (Ralph::at(top)?, BareGit::clone(top)?);
    let (mut ours, mut theirs) = (COUNTED_ITERATION, 0);
    let pairs = interleaved(
        pairs(),
        || {
            ours += 1;
            work(&ralph.clone_dir(), ours, files)?;
            Ok(1_000.0 * seconds(|| ralph.iterate(ours))?)
        },
        || {
            theirs += 1;
            work(&bare.tree, theirs, files)?;
            Ok(1_000.0 * seconds(|| bare.iterate())?)
        },
    )?;
    let name = format!("an iteration, {files} files");
    Ok(Figure::new(name, "ms", "four bare calls of git", pairs).aiming_at(Bar::RatioAtMost(1.5)))
}

/// What an agent does.
fn work(tree: &Path, iteration: u32, files: usize) -> Result<(), Failure> {
    for number in (0..files).step_by(files / CHANGED + 1) {
        let mut file = fs_err::OpenOptions::new().append(true).open(tree.join(place(number)))?;
        writeln!(file, "// iteration {iteration}")?;
    }
    let new = format!("d{}/new{iteration}.txt", iteration % 20);
    Ok(fs_err::write(tree.join(new), text(iteration as usize, BYTES))?)
}

/// How many times git is started for one iteration.
fn counted(top: &Path) -> Result<usize, Failure> {
    work(&top.join("clone"), COUNTED_ITERATION, 100)?;
    let git = CountedGit::install(top)?;
    let mut again = Command::new(std::env::current_exe()?);
    done(again.env("PATH", git.path()?).env(COUNTED, top))?;
    git.calls()
}

/// A ralph between two calls of its agent.
struct Ralph {
    git: PrivateGit,
    writer: RunWriter,
}

impl Ralph {
    fn at(top: &Path) -> Result<Self, Failure> {
        let run = RunDir::at(&top.join("state/runs/app-1-1-abcdef")).ok_or("no run directory")?;
        let lock = RunLock::try_take(&run)?.ok_or("the run is taken")?;
        let git = PrivateGit::at(&run.git_dir(), &top.join("clone"), key()?);
        let redactor = Arc::new(Redactor::new(["hunter2-secret-value"])?);
        Ok(Self { git, writer: RunWriter::new(run, lock, redactor) })
    }

    fn clone_dir(&self) -> PathBuf {
        self.git.clone_dir().to_owned()
    }

    /// What `herder_ralph` does once an agent has ended, but for what is said to a person.
    fn iterate(&self, iteration: u32) -> Result<(), Failure> {
        let taken = self.git.snapshot(&SnapshotOrder {
            iteration,
            message: format!("app-1-1-abcdef iteration {iteration}\n\nMeasure it"),
            signature: signature(),
            limits: SnapshotLimits::default(),
        })?;
        if !taken.changed {
            return Err("nothing has changed".into());
        }
        match self.git.refresh_clone_git() {
            herder_workspace::Refreshed::Done => {}
            herder_workspace::Refreshed::LeftAlone { reason } => return Err(reason.into()),
        }
        let timestamp = Timestamp::now();
        self.writer.progress(&Progress { iteration, timestamp, progress: "It goes on.".into() })?;
        self.writer.log(&format!("-- iteration {iteration}"))?;
        Ok(self.writer.iteration(&row(iteration, &taken.commit)?)?)
    }
}

fn row(iteration: u32, commit: &CommitId) -> Result<Iteration, Failure> {
    Ok(serde_json::from_value(json!({
        "iteration": iteration, "started_at": "2026-11-01T22:00:00Z", "ended_at": "2026-11-01T22:01:00Z",
        "status": "continue", "ending": "answered", "gate": null, "flake": null,
        "spend": herder_domain::ledger::Spend::default(), "snapshot": commit.as_str(), "follow_ups": [],
    }))?)
}

fn key() -> Result<RunKey, Failure> {
    Ok(RunKey::new(1, "app-1-1-abcdef")?)
}

fn signature() -> Signature {
    let who = Identity { name: "bench".into(), email: "bench@localhost".into() };
    Signature { who, at: Timestamp::UNIX_EPOCH }
}

/// A run, as an orchestrator prepares it.
fn make_run(top: &Path) -> Result<(), Failure> {
    let (user, url) = (UserEnvironment::of_this_process(), top.join("origin").display().to_string());
    let mirror = Mirror::open_or_create(&top.join("state/mirror.git"), &url, &user)?;
    mirror.fetch(&user)?;
    let state = StateDir::at(top.join("state"));
    state.create()?;
    let run = RunDir::create(&state, &order()?, "## Objective\nDo it.\n", &Redactor::new::<&str>([])?)?;
    prepare(&PrepareOrder {
        mirror: &mirror,
        templates: &Templates::at(top.join("state/templates")),
        vault: &Vault::open_or_create(&top.join("state/vault.git"), &mirror)?,
        base_branch: "main",
        base: mirror.tip("main")?,
        root: top,
        clone: &top.join("clone"),
        private: &run.git_dir(),
        key: key()?,
        goal_text: "Measure it.\n",
        signature: signature(),
    })?;
    Ok(())
}

fn order() -> Result<RunSpec, Failure> {
    let clocks = serde_json::to_value(herder_domain::setup::Clocks::default())?;
    Ok(serde_json::from_value(json!({
        "schema": RunSpec::SCHEMA, "run": "app-1-1-abcdef", "goal": null, "title": "T", "story": null, "attempt": 1,
        "agent": "command", "model": "", "reasoning": "med",
        "budget": {"duration": 60.0, "iterations": null, "tokens": null, "usd": null},
        "base_branch": "main", "base_commit": "5bd86d40fc891b4a6a50df4db4d66a3a47469a4d",
        "created_at": "2026-11-01T22:00:00Z", "queue_seconds": 0.0,
        "context": {"is_resumed": false, "conflicts": []},
        "setup": {
            "clone": "/c", "room": "/r", "caches": "/k", "clocks": clocks,
            "agent": {"kind": "command", "program": null, "args": [], "base_url": null, "credential": null,
                "summarizer": null},
            "gate": {"gate": "missing"}, "read": [], "write": [], "pass": [], "secrets": [],
            "author": {"name": "herder", "email": "herder@localhost"},
        },
    }))?)
}

/// A clone with an index of its own.
struct BareGit {
    tree: PathBuf,
    index: PathBuf,
}

impl BareGit {
    fn clone(top: &Path) -> Result<Self, Failure> {
        let bare = Self { tree: top.join("bare"), index: top.join("bare-index") };
        let mut git = Command::new("git");
        git.args(["clone", "-q", "--no-hardlinks", "-b", "main"]).arg(top.join("origin"));
        done(git.arg(&bare.tree))?;
        bare.ask(&["read-tree", "HEAD"])?;
        // The index knows no times yet; the first refresh is not what is measured.
        bare.ask(&["update-index", "-q", "--refresh"])?;
        Ok(bare)
    }

    fn iterate(&self) -> Result<(), Failure> {
        self.ask(&["add", "-A"])?;
        let tree = self.ask(&["write-tree"])?;
        let commit = self.ask(&["commit-tree", &tree, "-p", "HEAD", "-m", "Iteration"])?;
        self.ask(&["update-ref", "HEAD", &commit]).map(drop)
    }

    fn ask(&self, args: &[&str]) -> Result<String, Failure> {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0"]);
        let output = git.args(args).current_dir(&self.tree).env("GIT_INDEX_FILE", &self.index).output()?;
        if !output.status.success() {
            return Err(format!("git {args:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}
