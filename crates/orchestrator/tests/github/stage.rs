//! A GitHub with the repository `acme/app`, a home whose herder has a token for it, and people.

#[path = "../night/stage/orchestrator.rs"]
#[allow(dead_code, reason = "other nights need more of it")]
mod orchestrator;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use herder_domain::goal::Goal;
use herder_domain::repo::{GoalRef, RepoId};
use herder_fakehub::op::{self, issue::IssueEdit, label::LabelEdit};
use herder_fakehub::state::Reason;
use herder_fakehub::{Hub, Permission};
use herder_forge::write::label::{LABELS, LabelSpec};
use herder_record::StateDir;
use herder_store::Store;
use herder_testkit::{TempHome, until};

pub use orchestrator::Orchestrator;

/// A bound on waiting that only a hopeless test reaches.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A gate that wants every `*.txt` to end in `ok`, and at least one.
pub const GATE: &str = "#!/bin/sh\nfor f in *.txt; do tail -n 1 \"$f\" | grep -qx ok || { echo \"$f is not ok\"; exit 1; }; done\n";

/// `acme/app`.
pub const APP: &str = "acme/app";

/// Ada owns the repository, Bob writes to it, Eve only sorts what is there; herder works as `herder`.
pub struct Stage {
    pub hub: Hub,
    pub home: TempHome,
    pub token: String,
}

impl Stage {
    /// With `acme/app` registered.
    pub fn new() -> Self {
        let stage = Self::unregistered();
        stage.must(&["add", APP]);
        stage
    }

    /// With nothing registered.
    pub fn unregistered() -> Self {
        let hub = Hub::start();
        for login in ["ada", "bob", "eve"] {
            hub.user(login);
        }
        let token = hub.user("herder");
        let stage = Self { home: home_of(&hub), hub, token };
        stage.repo(APP);
        stage
    }

    /// Puts a repository on the hub, with a gate and herder's labels.
    pub fn repo(&self, slug: &str) {
        self.hub
            .repo(slug)
            .grant("ada", Permission::Admin)
            .grant("bob", Permission::Write)
            .grant("eve", Permission::Triage)
            .grant("herder", Permission::Write)
            .file("first.txt", "ok\n")
            .file(".ralph/check", GATE)
            .create();
        for LabelSpec { name, color, description } in LABELS {
            let edit = LabelEdit {
                name: Some(name.to_owned()),
                color: Some(color.to_owned()),
                description: Some(description.to_owned()),
            };
            self.hub.act("ada", |ctx| op::label::create(ctx, slug, edit));
        }
    }

    /// Changes the settings: what stands first in the file, what is added to the host's table, and one text by another.
    pub fn configure(&self, first: &str, table: &str, (old, new): (&str, &str)) {
        let path = self.home.home().join(".config/herder/config.toml");
        let text = std::fs::read_to_string(path).unwrap();
        self.home
            .write(".config/herder/config.toml", &format!("{first}{}{table}", text.replacen(old, new, 1)));
    }

    /// Another machine with the same repository, whose herder uses the same account.
    pub fn other_machine(&self) -> TempHome {
        let home = home_of(&self.hub);
        let mut add = home.herder(stand_in());
        assert!(add.args(["add", APP]).env("APP_TOKEN", &self.token).status().unwrap().success());
        home
    }

    /// An orchestrator on another machine.
    pub fn up_on(&self, home: &TempHome) -> Orchestrator {
        let mut up = home.herder(stand_in());
        up.arg("up").env("APP_TOKEN", &self.token);
        Orchestrator::start_command(up, home)
    }

    pub fn app() -> RepoId {
        "github.com/acme/app".parse().unwrap()
    }

    pub fn state(&self) -> StateDir {
        StateDir::at(self.home.state())
    }

    pub fn store(&self) -> Store {
        Store::open(&self.state().database()).unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.home.herder(stand_in());
        command.args(args).env("APP_TOKEN", &self.token);
        command
    }

    /// Runs a command of herder; gives what it said where it failed.
    pub fn herder(&self, args: &[&str]) -> Result<(), String> {
        let output = self.command(args).output().unwrap();
        if output.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    #[track_caller]
    pub fn must(&self, args: &[&str]) {
        if let Err(said) = self.herder(args) {
            panic!("herder {args:?}: {said}");
        }
    }

    /// Opens an issue whose goal's agent plays `script`.
    pub fn issue(&self, by: &str, title: &str, script: &str, labels: &[&str]) -> u64 {
        self.issue_in(APP, (by, title), script, labels)
    }

    /// The same in another repository.
    pub fn issue_in(&self, slug: &str, (by, title): (&str, &str), script: &str, labels: &[&str]) -> u64 {
        let body = format!("## Objective\n{title}\n\n```replay\n{script}\n```\n");
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        let edit = IssueEdit {
            title: Some(title.to_owned()),
            body: Some(body),
            labels: Some(labels),
            ..IssueEdit::default()
        };
        self.hub.act(by, |ctx| op::issue::create(ctx, slug, edit)).number
    }

    /// Puts a label on an issue, some time after whatever was done before: GitHub's times are whole seconds.
    pub fn label(&self, by: &str, issue: u64, label: &str) {
        self.label_in(APP, (by, issue), label);
    }

    /// The same in another repository.
    pub fn label_in(&self, slug: &str, (by, issue): (&str, u64), label: &str) {
        self.hub.move_clock(jiff::SignedDuration::from_secs(2));
        self.hub.act(by, |ctx| op::issue::add_labels(ctx, slug, issue, &[label.to_owned()]));
    }

    pub fn close(&self, by: &str, issue: u64, reason: &str) {
        let edit = IssueEdit { is_open: Some(false), reason: Reason::parse(reason), ..IssueEdit::default() };
        self.hub.act(by, |ctx| op::issue::edit(ctx, APP, issue, edit));
    }

    /// Waits until an issue has exactly these labels.
    #[track_caller]
    pub fn until_labels(&self, issue: u64, labels: &[&str]) {
        until(&format!("#{issue} to have {labels:?}"), PATIENCE, || {
            (self.labels(issue) == labels).then_some(())
        });
    }

    fn labels(&self, issue: u64) -> Vec<String> {
        self.hub.look(|state| {
            let repo = state.repo(APP).unwrap();
            let labels = &repo.issues[&issue].labels;
            let mut names: Vec<_> = labels.iter().map(|id| repo.labels[id].name.clone()).collect();
            names.sort();
            names
        })
    }

    /// What was said on an issue, oldest first.
    pub fn comments(&self, issue: u64) -> Vec<String> {
        self.hub.look(|state| {
            let comments = &state.repo(APP).unwrap().issues[&issue].comments;
            comments.iter().map(|comment| comment.body.clone()).collect()
        })
    }

    pub fn goal(&self, issue: u64) -> Goal {
        self.store().goal(&GoalRef::new(Self::app(), issue)).unwrap().unwrap()
    }

    /// An orchestrator that stays.
    pub fn up(&self) -> Orchestrator {
        Orchestrator::start_command(self.command(&["up"]), &self.home)
    }
}

/// A home whose herder knows the hub.
fn home_of(hub: &Hub) -> TempHome {
    let home = TempHome::new();
    let url = hub.url();
    // Backoffs are short, so that nights are.
    let config = format!(
        "agent = \"replay\"\n[backoff]\nfirst = \"1s\"\n[forge.\"github.com\"]\napi = \"{url}\"\n\
         graphql = \"{url}/graphql\"\ngit = \"{url}\"\ntoken = \"APP_TOKEN\"\npoll = \"1s\"\n"
    );
    home.write(".config/herder/config.toml", &config);
    StateDir::at(home.state()).create().unwrap();
    home
}

impl Drop for Stage {
    /// A test ends with nothing unread: no request that a well-behaved client would not have made.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.hub.log();
            log.iter()
                .for_each(|entry| eprintln!("{} {} {} {}", entry.at, entry.method, entry.path, entry.status));
        } else {
            let unexpected: Vec<_> = self.hub.unexpected().iter().map(|entry| format!("{entry:?}")).collect();
            assert_eq!(unexpected, [""; 0]);
            self.home.assert_no_process_left();
        }
    }
}

/// The example `night` beside these tests.
pub fn stand_in() -> PathBuf {
    herder_testkit::example("night")
}
