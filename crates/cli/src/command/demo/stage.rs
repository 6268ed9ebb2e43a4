//! Where the demo takes place: one directory with the repository, herder's state and the clones.

use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use herder_domain::repo::RepoId;
use herder_orchestrator::{AddRepo, add_repo};
use herder_record::StateDir;
use herder_store::Store;
use serde_json::json;

use super::cast::Cast;
use super::git::git;
use crate::args::{Demo, Player};
use crate::command::repo::not_added;
use crate::failure::Failure;

/// The directory of the clones.
const CLONES: &str = "clones";

/// How many ralphs work at once.
pub const RALPHS: usize = 3;

/// The files of the repository: its functions, its tests, its gate.
const FILES: [(&str, &str); 6] = [
    ("README.md", include_str!("textkit/README.md")),
    (".ralph/check", include_str!("textkit/.ralph/check")),
    ("lib/upper.sh", include_str!("textkit/lib/upper.sh")),
    ("tests/expect.sh", include_str!("textkit/tests/expect.sh")),
    ("tests/run", include_str!("textkit/tests/run")),
    ("tests/upper_test.sh", include_str!("textkit/tests/upper_test.sh")),
];

/// Where the demo takes place.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The directory that holds everything.
    pub dir: PathBuf,
    /// herder's state directory.
    pub state: StateDir,
    /// The settings.
    pub config: PathBuf,
    /// The bare repository that finished work is pushed to.
    pub origin: PathBuf,
    /// Its name.
    pub repo: RepoId,
}

impl Stage {
    /// Makes the directory with a repository, settings and a database that knows the repository.
    pub fn build(args: &Demo, cast: &Cast) -> Result<(Self, Store), Failure> {
        let dir = match &args.dir {
            Some(dir) => empty(dir)?,
            None => temporary()?,
        };
        let origin = repository(&dir)?;
        let config = dir.join("config.toml");
        write(&config, &settings(&dir, cast))?;
        let state = StateDir::at(dir.join("state"));
        state.create()?;
        let mut store = Store::open(&state.database())?;
        let order =
            AddRepo { what: origin.display().to_string(), name: Some(name_in(&dir)), ..AddRepo::default() };
        let repo = add_repo(&mut store, &state, &order).map_err(not_added)?.id;
        Ok((Self { dir, state, config, origin, repo }, store))
    }

    /// What is said first.
    pub fn opening(&self, cast: &Cast) -> String {
        let who = match cast.player {
            Player::Replay => "Their agent plays scripts; git, gates, sandbox and processes are real.",
            Player::Claude => "Their agent is claude, and it spends money.",
        };
        format!(
            "A small repository with real tests as its gate is at {}.\n\
             {} goals in 2 stories are queued; {RALPHS} ralphs work them off at once. {who}\n\
             In the middle the orchestrator is killed with -9 and started again.",
            self.origin.display(),
            cast.len()
        )
    }

    /// Where the clones lie.
    pub fn clones(&self) -> PathBuf {
        self.dir.join(CLONES)
    }

    /// How to call herder on this state directory.
    pub fn command(&self) -> String {
        format!("RALPH_DIR={} {}", self.state.root().display(), program())
    }

    /// The same with the demo's settings.
    pub fn command_with_settings(&self) -> String {
        format!("HERDER_CONFIG={} {}", self.config.display(), self.command())
    }

    /// Removes the directory.
    pub fn remove(&self) -> Result<(), Failure> {
        std::fs::remove_dir_all(&self.dir).map_err(|error| failed("remove", &self.dir, &error))
    }
}

/// herder as whoever sits here called it.
fn program() -> String {
    let called = std::env::args_os().next().map(PathBuf::from).filter(|path| path.components().count() > 1);
    called.map_or_else(|| "herder".to_owned(), |path| path.display().to_string())
}

/// The repository's name, which tells two demos apart that are played at once: the processes of a run are
/// known by the run's name, and that follows from the repository's.
fn name_in(dir: &Path) -> String {
    format!("demo-{}/textkit", herder_domain::fnv::short_name(dir.as_os_str().as_encoded_bytes()))
}

/// The settings of the demo: nothing of the user's has a say.
fn settings(dir: &Path, cast: &Cast) -> String {
    let root = json!(dir.join(CLONES).display().to_string());
    match cast.player {
        Player::Replay => format!(
            "root = {root}\nagent = \"replay\"\n\n[agents.replay]\nmodel = \"scripted\"\n\n[budget]\n\
             iterations = 3\n\n[backoff]\nfirst = \"1s\"\nlongest = \"4s\"\n"
        ),
        Player::Claude => format!(
            "root = {root}\nagent = \"claude\"\nduration = \"10m\"\n\n[budget]\niterations = 5\nusd = 1.0\n\n\
             [backoff]\nfirst = \"5s\"\nlongest = \"1m\"\n"
        ),
    }
}

/// A directory that a person chose.
fn empty(dir: &Path) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(dir).map_err(|error| failed("make", dir, &error))?;
    let mut entries = std::fs::read_dir(dir).map_err(|error| failed("read", dir, &error))?;
    if entries.next().is_some() {
        return Err(Failure::usage(format!("{} is not empty", dir.display()))
            .hint("the demo takes place in a directory of its own: name another with --dir, or none"));
    }
    dir.canonicalize().map_err(|error| failed("find", dir, &error))
}

/// A new directory, private to the user. Its path is short: sockets below it have 108 bytes (unix(7)).
fn temporary() -> Result<PathBuf, Failure> {
    const TRIES: u32 = 1000;
    let base = std::env::temp_dir();
    let mut number = std::process::id();
    for _ in 0..TRIES {
        let dir = base.join(format!("herder-demo-{number}"));
        // Whoever made one of this name before us must not own where we work.
        match std::fs::DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => return dir.canonicalize().map_err(|error| failed("find", &dir, &error)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number = number.wrapping_add(1),
            Err(error) => return Err(failed("make", &dir, &error)),
        }
    }
    Err(Failure::environment(format!("failed to make a new directory in {}", base.display()))
        .hint("name one with --dir"))
}

/// A bare repository with one commit.
fn repository(dir: &Path) -> Result<PathBuf, Failure> {
    let (first, origin) = (dir.join("first"), dir.join("textkit.git"));
    for (path, text) in FILES {
        write(&first.join(path), text)?;
    }
    git(&first, ["init", "--quiet", "--initial-branch=main", "."])?;
    git(&first, ["add", "--all", "."])?;
    git(&first, ["commit", "--quiet", "--message=Begin textkit"])?;
    git(dir, ["clone", "--quiet", "--bare", "first", "textkit.git"])?;
    git(&origin, ["remote", "remove", "origin"])?;
    std::fs::remove_dir_all(&first).map_err(|error| failed("remove", &first, &error))?;
    Ok(origin)
}

/// Writes a file and makes its parents. What begins with `#!` can be executed.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
    let parents = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    parents
        .and_then(|()| std::fs::write(path, text))
        .and_then(|()| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)))
        .map_err(|error| failed("write", path, &error))
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::environment(format!("failed to {what} {}: {error}", path.display()))
        .hint("TMPDIR says where temporary files lie, --dir where the demo takes place")
}
