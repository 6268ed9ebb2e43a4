//! A home, a scripted model, a copy of this project's own repository, and the real herder with the real Claude Code.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use herder_record::{RunDir, StateDir, StatsFile, StatsRow};
use herder_testkit::{ModelServer, Reply, TargetRepo, TempHome, Tokens};
use serde_json::{Value, json};

/// A gate that wants a file, with nothing but the line `good` in it.
pub const GATE: &str = "test -f notes.txt || { echo 'notes.txt is missing'; exit 1; }\n! grep -vqx good notes.txt || { echo 'notes.txt is not good'; exit 1; }";

/// What Claude Code is to use, and what it is given.
pub const API_KEY: (&str, &str) = ("ANTHROPIC_API_KEY", "sk-dummy-key-of-a-test");
pub const TOKEN: (&str, &str) = ("CLAUDE_CODE_OAUTH_TOKEN", "dummy-token-of-a-test");
/// Keeps a fault that stays short: three attempts in two seconds instead of eleven in minutes.
const FEW_RETRIES: (&str, &str) = ("CLAUDE_CODE_MAX_RETRIES", "2");

pub struct Stage {
    pub home: TempHome,
    pub server: ModelServer,
    pub repo: TargetRepo,
    credential: (&'static str, &'static str),
}

impl Stage {
    /// A copy of this project with a gate on top, worked at by Claude Code with an API key.
    pub fn new(gate: &str) -> Self {
        Self::with(gate, API_KEY, "")
    }

    /// The same with another credential and more settings.
    pub fn with(gate: &str, credential: (&'static str, &'static str), settings: &str) -> Self {
        let home = TempHome::new();
        let server = ModelServer::start();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let repo = TargetRepo::copy_of(root, home.path(), "project");
        let check = format!("#!/bin/sh\nset -eu\n{gate}\n");
        repo.push("main", "Add a gate", &[(".ralph/check", Some(&check))]);
        let config = format!(
            "agent = \"claude\"\nmodel = \"sonnet\"\n{settings}\n[backoff]\nfirst = \"1s\"\n\
             [sandbox]\nenv = [\"{}\"]\n[agents.claude]\nkind = \"claude\"\nprogram = \"{}\"\nbase_url = \"{}\"\n\
             credential = \"{}\"\n",
            FEW_RETRIES.0,
            claude().display(),
            server.url(),
            credential.0,
        );
        home.write(".config/herder/config.toml", &config);
        let stage = Self { home, server, repo, credential };
        stage.herder(&["repo", "add", &stage.repo.path().display().to_string()], "");
        stage
    }

    /// What the model does about the goal of this title, one step a request.
    pub fn script(&self, title: &str, steps: impl IntoIterator<Item = Reply>) {
        self.server.script(title, steps.into_iter().collect());
    }

    /// A queued goal; its title is what its script is found by.
    pub fn goal(&self, title: &str) {
        self.goal_with("", title);
    }

    /// The same with a front matter.
    pub fn goal_with(&self, front: &str, title: &str) {
        let body = format!("{front}## Objective\nWrite the notes.\n");
        self.herder(&["goal", "create", "--queue", "--title", title], &body);
    }

    /// A command that has to succeed; what it printed.
    pub fn herder(&self, args: &[&str], input: &str) -> Value {
        let output = self.call(args, input);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "herder {args:?}: {printed}");
        serde_json::from_str(&printed).unwrap()
    }

    fn call(&self, args: &[&str], input: &str) -> Output {
        let mut command = self.home.herder(env!("CARGO_BIN_EXE_herder"));
        command.arg("--json").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Works until nothing is left to do; the exit code.
    pub fn night(&self) -> i32 {
        let output = self.night_command().output().unwrap();
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        eprint!("{}", String::from_utf8_lossy(&output.stdout));
        output.status.code().unwrap()
    }

    pub fn night_command(&self) -> Command {
        let mut command: Command = self.home.herder(env!("CARGO_BIN_EXE_herder"));
        command.args(["up", "--once"]).envs([self.credential, FEW_RETRIES]);
        command
    }

    /// How a goal stands, by `herder goal list`.
    pub fn status(&self, title: &str) -> String {
        let list = self.herder(&["goal", "list"], "");
        let items = list["items"].as_array().unwrap();
        let goal = items.iter().find(|goal| goal["title"] == title).unwrap();
        goal["status"].as_str().unwrap().to_owned()
    }

    /// The rows of all runs.
    pub fn rows(&self) -> Vec<StatsRow> {
        StatsFile::at(self.state().stats()).read().unwrap().rows
    }

    /// The only row of a goal, by its title's run.
    pub fn row(&self) -> StatsRow {
        let mut rows = self.rows();
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    /// The directories of all runs.
    pub fn runs(&self) -> Vec<RunDir> {
        let entries = fs_err::read_dir(self.state().runs()).into_iter().flatten().flatten();
        entries.filter_map(|entry| RunDir::at(&entry.path())).collect()
    }

    /// The directory of a row's run.
    pub fn run(&self, row: &StatsRow) -> RunDir {
        RunDir::of(&self.state(), row.run.clone().unwrap())
    }

    fn state(&self) -> StateDir {
        StateDir::at(self.home.state())
    }

    /// # Panics
    /// When a request came that no script foresaw, something is left running, or a repository is damaged.
    #[track_caller]
    pub fn assert_all_is_well(&self) {
        assert_eq!(self.server.unforeseen(), Vec::<String>::new());
        self.home.assert_no_process_left();
        self.repo.assert_sound();
    }
}

/// # Panics
/// When a row tells of other tokens than were sent.
#[track_caller]
pub fn assert_tokens(row: &StatsRow, sent: Tokens) {
    let told = row.tokens.unwrap();
    let told = [told.input, told.output, told.cache_read, told.cache_create];
    assert_eq!(told, [sent.input, sent.output, sent.cache_read, sent.cache_create]);
}

fn claude() -> PathBuf {
    let named = std::env::var_os("HERDER_TEST_CLAUDE");
    named.expect("these tests need HERDER_TEST_CLAUDE, the path of the native claude binary").into()
}

pub fn good() -> Reply {
    Reply::write("notes.txt", "good\n")
}

pub fn read(path: &str) -> Reply {
    Reply::tool("Read", json!({"file_path": format!("{{cwd}}/{path}")}))
}

pub fn edit(path: &str, old: &str, new: &str) -> Reply {
    let place = format!("{{cwd}}/{path}");
    Reply::tool("Edit", json!({"file_path": place, "old_string": old, "new_string": new}))
}

pub fn done() -> Reply {
    Reply::answer("done", "The notes are written. They are good.")
}
