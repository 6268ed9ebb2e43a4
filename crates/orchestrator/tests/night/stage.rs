//! A home, a repository, a database, and the stand-in for herder.

use std::path::PathBuf;
use std::process::{Command, Output};

use herder_domain::goal::{Goal, GoalText};
use herder_domain::repo::GoalRef;
use herder_orchestrator::{AddRepo, add_repo};
use herder_record::{StateDir, StatsFile, StatsRow};
use herder_store::{NewGoal, Store};
use herder_testkit::{TargetRepo, TempHome};
use jiff::Timestamp;

/// A gate that wants every `*.txt` to end in `ok`, and at least one.
pub const GATE: &str = "#!/bin/sh\nfor f in *.txt; do tail -n 1 \"$f\" | grep -qx ok || { echo \"$f is not ok\"; exit 1; }; done\n";

/// The settings that make a night short.
const CONFIG: &str = "agent = \"replay\"\nmax = 3\n[agents.replay]\nkind = \"replay\"\n[backoff]\nfirst = \"1s\"\n";

pub struct Stage {
    pub home: TempHome,
    pub repo: TargetRepo,
    pub store: Store,
    pub id: herder_domain::repo::RepoId,
}

impl Stage {
    pub fn new(gate: Option<&str>) -> Self {
        let home = TempHome::new();
        let mut builder = TargetRepo::builder(home.path(), "toy").file("first.txt", "ok\n");
        if let Some(gate) = gate {
            builder = builder.gate(gate);
        }
        let repo = builder.build();
        let config = home.home().join(".config/herder/config.toml");
        fs_err::create_dir_all(config.parent().unwrap()).unwrap();
        fs_err::write(config, CONFIG).unwrap();
        let state = StateDir::at(home.state());
        state.create().unwrap();
        let mut store = Store::open(&state.database()).unwrap();
        let what = repo.path().display().to_string();
        let added = add_repo(&mut store, &state, &AddRepo { what, ..AddRepo::default() }).unwrap();
        Self { home, repo, store, id: added.id }
    }

    pub fn state(&self) -> StateDir {
        StateDir::at(self.home.state())
    }

    /// A queued goal whose agent plays `script`; `head` stands before the objective.
    pub fn goal(&mut self, title: &str, head: &str, script: &str) -> GoalRef {
        let body = format!("{head}\n## Objective\n{title}\n\n```replay\n{script}\n```\n");
        let text = GoalText::read(&self.id, title, &body).unwrap();
        let new = NewGoal { text, story: None, depends: Vec::new(), wants_spot_check: false, is_queued: true };
        self.store.create_goal(&self.id, new, Timestamp::now()).unwrap()
    }

    pub fn herder(&self, args: &[&str]) -> Command {
        let mut command = self.home.herder(stand_in());
        command.args(args);
        command
    }

    /// Works until nothing is left to do.
    pub fn night(&self) -> Output {
        let output = self.herder(&["up", "--once"]).output().unwrap();
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    pub fn found(&self, goal: &GoalRef) -> Goal {
        self.store.goal(goal).unwrap().unwrap()
    }

    pub fn word(&self, goal: &GoalRef) -> &'static str {
        self.found(goal).state.word()
    }

    pub fn rows(&self) -> Vec<StatsRow> {
        StatsFile::at(self.state().stats()).read().unwrap().rows
    }
}

/// The example `night` beside this test.
fn stand_in() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    let program = profile.join("examples/night");
    assert!(program.is_file(), "{} is missing: build the examples first", program.display());
    program
}
