//! A home with a registered repository, and what herder says in it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use herder_testkit::{TargetRepo, TempHome};
use serde_json::Value;

/// The program under test.
pub const HERDER: &str = env!("CARGO_BIN_EXE_herder");

/// A goal's text that is one.
pub const GOAL: &str = "## Objective\nSay hello.\n\n## Acceptance\n- hello is said\n";

/// Settings that need no account.
const CONFIG: &str = "agent = \"replay\"\n[backoff]\nfirst = \"1s\"\n";

pub struct Scene {
    pub home: TempHome,
    pub origin: TargetRepo,
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Scene {
    /// A home with the repository `acme/app` registered, whose gate wants a file `hello`.
    pub fn new() -> Self {
        let scene = Self::bare();
        scene.add(&scene.origin, "acme/app");
        scene
    }

    /// The same with nothing registered.
    pub fn bare() -> Self {
        let home = TempHome::new();
        home.write(".config/herder/config.toml", CONFIG);
        let origin = TargetRepo::builder(home.path(), "app").gate("test -f hello").build();
        Self { home, origin }
    }

    /// Another registered repository.
    pub fn second(&self, name: &str) -> TargetRepo {
        let origin =
            TargetRepo::builder(self.home.path(), &name.replace('/', "-")).file("README.md", "x\n").build();
        self.add(&origin, name);
        origin
    }

    /// Registers a repository as `name`, owner and name.
    #[track_caller]
    pub fn add(&self, origin: &TargetRepo, name: &str) {
        self.ok(&["repo", "add", origin.path().to_str().unwrap(), "--name", &self.full(name)]);
    }

    /// A repository's whole name. Its host is this scene's own: what is left of a run is found by the
    /// run's name, which is made of the repository's, and other tests run at the same time.
    pub fn full(&self, name: &str) -> String {
        format!("{}/{name}", self.home.marker())
    }

    /// Replaces the settings.
    pub fn config(&self, text: &str) {
        self.home.write(".config/herder/config.toml", text);
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.home.herder(HERDER);
        command.args(args);
        command
    }

    /// Carries a command out with this on its standard input.
    pub fn with(&self, args: &[&str], input: impl AsRef<[u8]>) -> Said {
        feed(self.command(args), input.as_ref())
    }

    pub fn run(&self, args: &[&str]) -> Said {
        self.with(args, "")
    }

    /// Carries a command out that must succeed, and gives what it printed.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        self.run(args).expect_ok(args)
    }

    /// The same with `--json`.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        let text = self.ok(&[args, &["--json"]].concat());
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(value["ok"], true, "{text}");
        value
    }

    /// Writes a goal and gives its number.
    #[track_caller]
    pub fn goal(&self, title: &str, more: &[&str]) -> u64 {
        self.goal_of(GOAL, title, more)
    }

    #[track_caller]
    pub fn goal_of(&self, body: &str, title: &str, more: &[&str]) -> u64 {
        let args = [&["goal", "create", "--json", "--title", title], more].concat();
        let text = self.with(&args, body).expect_ok(&args);
        serde_json::from_str::<Value>(&text).unwrap()["number"].as_u64().unwrap()
    }

    /// A goal's state, one word.
    #[track_caller]
    pub fn status(&self, number: u64) -> String {
        self.json(&["goal", "show", &number.to_string()])["status"].as_str().unwrap().to_owned()
    }

    /// A link with one of the journal's names.
    pub fn link(&self, name: &str) -> std::path::PathBuf {
        let path = self.home.bin().join(name);
        if !path.exists() {
            std::os::unix::fs::symlink(HERDER, &path).unwrap();
        }
        path
    }

    /// A clone of the origin, as a person has it.
    pub fn checkout(&self, name: &str) -> std::path::PathBuf {
        let path = self.home.home().join(name);
        let origin = self.origin.path().to_str().unwrap();
        let mut git = Command::new("git");
        git.args(["clone", "--quiet", origin, path.to_str().unwrap()]);
        assert!(git.env("GIT_CONFIG_GLOBAL", "/dev/null").status().unwrap().success());
        path
    }
}

impl Said {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub fn expect_ok(self, args: &[&str]) -> String {
        assert_eq!(self.code, 0, "{args:?}: {}{}", self.out, self.err);
        self.out
    }

    pub fn as_json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Carries a command out with this on its standard input.
pub fn feed(mut command: Command, input: &[u8]) -> Said {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A command that refuses early need not read all of it.
        scope.spawn(move || drop(stdin.write_all(input)));
        Said::of(child.wait_with_output().unwrap())
    })
}

/// git as nobody in particular.
pub fn git(dir: &Path, args: &[&str]) -> String {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]).args(args);
    let output = git.current_dir(dir).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
