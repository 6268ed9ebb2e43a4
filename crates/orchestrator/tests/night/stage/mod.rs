//! A home, a repository, a database, and the stand-in for herder.

pub mod gates;
mod git;
pub mod killing;
pub mod look;
pub mod moments;
mod orchestrator;
pub mod script;

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use herder_domain::event::{Event, What};
use herder_domain::goal::GoalText;
use herder_domain::repo::{GoalRef, RepoId};
use herder_orchestrator::{AddRepo, add_repo, wake};
use herder_record::StateDir;
use herder_store::{NewGoal, Store};
use herder_testkit::{TargetRepo, TempHome, until};
use jiff::Timestamp;

pub use git::Moment;
pub use orchestrator::Orchestrator;

/// A bound on waiting that only a hopeless test reaches.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A gate that wants every `*.txt` to end in `ok`, and at least one.
pub const GATE: &str =
    "for f in *.txt; do tail -n 1 \"$f\" | grep -qx ok || { echo \"$f is not ok\"; exit 1; }; done";

/// What a stage is made of.
pub struct Plan {
    gate: Option<String>,
    max: u32,
    config: String,
    files: Vec<(String, String)>,
}

pub struct Stage {
    pub home: TempHome,
    pub repo: TargetRepo,
    pub store: Store,
    pub id: RepoId,
}

impl Plan {
    pub fn gate(gate: &str) -> Self {
        Self { gate: Some(gate.into()), ..Self::without_gate() }
    }

    pub fn without_gate() -> Self {
        Self { gate: None, max: 3, config: String::new(), files: Vec::new() }
    }

    pub fn max(self, max: u32) -> Self {
        Self { max, ..self }
    }

    /// Adds to the user's configuration.
    pub fn config(mut self, text: &str) -> Self {
        self.config.push_str(text);
        self.config.push('\n');
        self
    }

    /// Adds a file to the repository.
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.into(), text.into()));
        self
    }

    pub fn build(self) -> Stage {
        let home = TempHome::new();
        // Backoffs are short, so that nights are.
        let config = format!(
            "agent = \"replay\"\nmax = {}\n[backoff]\nfirst = \"1s\"\n[agents.other]\nkind = \"replay\"\n{}",
            self.max, self.config
        );
        home.write(".config/herder/config.toml", &config);
        let state = StateDir::at(home.state());
        state.create().unwrap();
        let mut store = Store::open(&state.database()).unwrap();
        let (repo, id) = register(&home, &mut store, "toy", self.gate.as_deref(), &self.files);
        Stage { home, repo, store, id }
    }
}

fn register(
    home: &TempHome,
    store: &mut Store,
    name: &str,
    gate: Option<&str>,
    files: &[(String, String)],
) -> (TargetRepo, RepoId) {
    let begun = TargetRepo::builder(home.path(), name).file("first.txt", "ok\n");
    let begun = files.iter().fold(begun, |builder, (path, text)| builder.file(path, text));
    let repo = gate.into_iter().fold(begun, |builder, gate| builder.gate(gate)).build();
    let what = repo.path().display().to_string();
    let order = AddRepo { what, ..AddRepo::default() };
    let added = add_repo(store, &StateDir::at(home.state()), &order).unwrap();
    (repo, added.id)
}

impl Stage {
    pub fn new(gate: &str) -> Self {
        Plan::gate(gate).build()
    }

    fn config_path(&self) -> PathBuf {
        self.home.home().join(".config/herder/config.toml")
    }

    /// The user's configuration.
    pub fn config(&self) -> String {
        fs_err::read_to_string(self.config_path()).unwrap()
    }

    /// Replaces the user's configuration.
    pub fn configure(&self, text: &str) {
        fs_err::write(self.config_path(), text).unwrap();
    }

    pub fn state(&self) -> StateDir {
        StateDir::at(self.home.state())
    }

    /// Registers another repository.
    pub fn another(&mut self, name: &str, gate: &str) -> (TargetRepo, RepoId) {
        register(&self.home, &mut self.store, name, Some(gate), &[])
    }

    /// A queued goal whose agent plays `script`; `head` stands before the objective.
    pub fn goal(&mut self, title: &str, head: &str, script: &str) -> GoalRef {
        self.goal_in(&self.id.clone(), title, head, script)
    }

    pub fn goal_in(&mut self, repo: &RepoId, title: &str, head: &str, script: &str) -> GoalRef {
        self.create(repo, title, head, script, |_| {})
    }

    /// A queued goal whose work a person wants to see.
    pub fn goal_to_see(&mut self, title: &str, script: &str) -> GoalRef {
        self.create(&self.id.clone(), title, "", script, |new| new.wants_spot_check = true)
    }

    /// A goal that is not queued yet.
    pub fn draft(&mut self, title: &str, script: &str) -> GoalRef {
        self.create(&self.id.clone(), title, "", script, |new| new.is_queued = false)
    }

    fn create(
        &mut self,
        repo: &RepoId,
        title: &str,
        head: &str,
        script: &str,
        change: impl FnOnce(&mut NewGoal),
    ) -> GoalRef {
        let body = format!("{head}\n## Objective\n{title}\n\n```replay\n{script}\n```\n");
        let body = body.trim_start();
        let text = GoalText::read(repo, title, body).unwrap();
        let depends = text.depends.clone();
        let mut new = NewGoal { text, story: None, depends, wants_spot_check: false, is_queued: true };
        change(&mut new);
        self.store.create_goal(repo, new, Timestamp::now()).unwrap()
    }

    /// What a person does to a goal.
    pub fn person(&mut self, goal: &GoalRef, what: What) {
        self.store.append(&Event::of(goal, what), Timestamp::now()).unwrap();
        wake(&self.state());
    }

    /// What a person says of the orchestrator as a whole.
    pub fn says(&mut self, event: &Event) {
        self.store.append(event, Timestamp::now()).unwrap();
        wake(&self.state());
    }

    /// A story in the first repository.
    pub fn story(&mut self, title: &str) -> GoalRef {
        self.store.create_story(&self.id, title, "", Timestamp::now()).unwrap()
    }

    /// Kills an orchestrator and starts the next one.
    pub fn next_up(&self, up: Orchestrator) -> Orchestrator {
        let said = up.said().len();
        up.kill();
        let next = self.up();
        let is_up = || next.said()[said..].contains("herder is up").then_some(());
        until("the next to be up", PATIENCE, is_up);
        next
    }

    /// An orchestrator that stays.
    pub fn up(&self) -> Orchestrator {
        Orchestrator::start(&self.home, &["up"])
    }

    /// An orchestrator that ends when nothing can start without a person.
    pub fn up_once(&self) -> Orchestrator {
        Orchestrator::start(&self.home, &["up", "--once"])
    }

    /// Works until nothing is left to do.
    pub fn night(&self) -> ExitStatus {
        self.up_once().finish()
    }

    /// A night that ends well and leaves nothing behind.
    pub fn good_night(&self) {
        assert!(self.night().success());
        self.repo.assert_sound();
        self.home.assert_no_process_left();
    }
}

/// The example `night` beside this test.
pub fn stand_in() -> PathBuf {
    herder_testkit::example("night")
}
