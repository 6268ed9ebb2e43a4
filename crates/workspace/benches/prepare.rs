//! A workspace for a run, for small, middle and large repositories, beside `git clone --no-hardlinks` from
//! the same mirror and beside extracting the same files from a tar, which is the limit. One at a time and
//! ten at once, in turns, for machines are noisy: what counts is the ratio.
//!
//! `cargo bench -p herder-workspace`; `HERDER_BENCH_DIR` names a directory on the file system to measure, and
//! `--bench prepare -- large` measures one size.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use herder_testkit::bulk::{CountedGit, done, make_origin};
use herder_testkit::pairs::{Bar, Failure, Figure, interleaved, is_quick, milliseconds, pairs};
use herder_workspace::{
    CommitId, Identity, Mirror, PrepareOrder, RunKey, Signature, Templates, UserEnvironment, Vault, prepare,
};
use jiff::Timestamp;

type Result<T> = std::result::Result<T, Failure>;

const AT_ONCE: u64 = 10;

/// Name, files, bytes of each.
const SIZES: [(&str, usize, usize); 3] =
    [("small", 10, 1_000), ("middle", 2_000, 4_000), ("large", 20_000, 4_000)];

/// Runs this program again to do one preparation with a git that counts its calls.
const COUNTED: &str = "HERDER_BENCH_COUNTED";

#[expect(clippy::print_stdout, reason = "figures are all that it is for")]
fn main() -> Result<()> {
    if let Some(top) = std::env::var_os(COUNTED) {
        return Scene::at(Path::new(&top))?.prepare(1_000_001);
    }
    let place = std::env::var_os("HERDER_BENCH_DIR").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is_asked = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
    let sizes = if is_quick() { &SIZES[..1] } else { &SIZES[..] };
    for (name, files, bytes) in sizes.iter().filter(|(name, ..)| is_asked(name)) {
        let dir = tempfile::tempdir_in(&place)?;
        let origin = make_origin(dir.path(), *files, *bytes)?;
        let archive = ["archive", "--format=tar", "-o", "../tree.tar", "main"];
        done(Command::new("git").arg("-C").arg(origin).args(archive))?;
        let scene = Scene::at(dir.path())?;
        show_branch_to_clones(&scene.mirror, &scene.tip)?;
        let begun = Instant::now();
        scene.prepare(1)?;
        let first = milliseconds(begun.elapsed());
        let calls = scene.counted()?;
        println!("{name}, {files} files: the first workspace {first:.1} ms; then {calls} calls of git each");
        scene.measure(name, 1)?;
        scene.measure(&format!("{name}, ten at once"), AT_ONCE)?;
    }
    Ok(())
}

/// A mirror has its branches as those of `origin`, and a clone takes branches of its own: for the peer it gets one
/// with all that the base branch has.
fn show_branch_to_clones(mirror: &Mirror, tip: &CommitId) -> Result<()> {
    let git = || {
        let mut git = Command::new("git");
        git.arg("--git-dir").arg(mirror.bare().path());
        git
    };
    done(git().args(["update-ref", "refs/heads/main", tip.as_str()]))?;
    done(git().args(["symbolic-ref", "HEAD", "refs/heads/main"]))
}

/// A repository with its mirror, vault and templates.
struct Scene {
    top: PathBuf,
    mirror: Mirror,
    vault: Vault,
    templates: Templates,
    tip: CommitId,
}

impl Scene {
    fn at(top: &Path) -> Result<Self> {
        let user = UserEnvironment::of_this_process();
        let url = top.join("origin").display().to_string();
        let mirror = Mirror::open_or_create(&top.join("state/mirror.git"), &url, &user)?;
        if mirror.age().is_none() {
            mirror.fetch(&user)?;
        }
        let vault = Vault::open_or_create(&top.join("state/vault.git"), &mirror)?;
        let tip = mirror.tip("main")?;
        let templates = Templates::at(top.join("state/templates"));
        Ok(Self { top: top.into(), mirror, vault, templates, tip })
    }

    fn root(&self) -> PathBuf {
        self.top.join("clones")
    }

    fn prepare(&self, goal: u64) -> Result<()> {
        let key = RunKey::new(goal, &format!("run-{goal}"))?;
        prepare(&PrepareOrder {
            mirror: &self.mirror,
            templates: &self.templates,
            vault: &self.vault,
            base_branch: "main",
            base: self.tip.clone(),
            root: &self.root(),
            clone: &self.root().join(goal.to_string()),
            private: &self.top.join("state/runs").join(key.run()),
            key,
            goal_text: "Measure it.\n",
            signature: Signature {
                who: Identity { name: "bench".into(), email: "bench@localhost".into() },
                at: Timestamp::UNIX_EPOCH,
            },
        })?;
        Ok(())
    }

    fn clone_by_git(&self, goal: u64) -> Result<()> {
        let mut git = Command::new("git");
        git.args(["clone", "-q", "--no-hardlinks", "-b", "main"]).arg(self.mirror.bare().path());
        done(git.arg(self.root().join(format!("git-{goal}"))))
    }

    fn extract(&self, goal: u64) -> Result<()> {
        let dest = self.root().join(format!("tar-{goal}"));
        fs::create_dir_all(&dest)?;
        done(Command::new("tar").arg("-xf").arg(self.top.join("tree.tar")).arg("-C").arg(dest))
    }

    /// How many times git is started for one run.
    fn counted(&self) -> Result<usize> {
        let git = CountedGit::install(&self.top)?;
        let mut again = Command::new(std::env::current_exe()?);
        done(again.env("PATH", git.path()?).env(COUNTED, &self.top))?;
        git.calls()
    }

    fn measure(&self, name: &str, at_once: u64) -> Result<()> {
        let name = format!("workspace, {name}");
        let ours = || self.timed(at_once, |goal| self.prepare(goal));
        let beside = interleaved(pairs(), ours, || self.timed(at_once, |goal| self.extract(goal)))?;
        Figure::new(&name, "ms", "tar", beside).aiming_at(Bar::RatioAtMost(1.5)).tell()?;
        let beside = interleaved(pairs(), ours, || self.timed(at_once, |goal| self.clone_by_git(goal)))?;
        Figure::new(&name, "ms", "git clone --no-hardlinks of the mirror", beside).tell()
    }

    /// Milliseconds until so many are done at once; what they made is removed off the clock.
    fn timed(&self, at_once: u64, act: impl Fn(u64) -> Result<()> + Sync) -> Result<f64> {
        static GOALS: AtomicU64 = AtomicU64::new(2);
        let first = GOALS.fetch_add(at_once, Ordering::Relaxed);
        let begun = Instant::now();
        let act = &|goal| act(goal).map_err(|error| error.to_string());
        std::thread::scope(|scope| {
            let all: Vec<_> = (first..first + at_once).map(|goal| scope.spawn(move || act(goal))).collect();
            all.into_iter().try_for_each(|one| one.join().unwrap_or_else(|_| Err("a thread panicked".into())))
        })?;
        let taken = milliseconds(begun.elapsed());
        fs::remove_dir_all(self.root())?;
        fs::create_dir_all(self.root())?;
        Ok(taken)
    }
}
