//! Four goals of four kinds, two of them a story, and what is theirs: a home, an origin with a set-up, a queue, and a
//! way to tell a person.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use herder_domain::goal::GoalText;
use herder_domain::repo::{GoalRef, RepoId};
use herder_orchestrator::{AddRepo, add_repo};
use herder_record::StateDir;
use herder_store::{NewGoal, Store};
use herder_testkit::{TargetRepo, TempHome};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The gate wants every `*.txt` to be one line `ok`, and what the set-up makes. It starts no program: a thousand nights
/// ask it ten thousand times.
const GATE: &str = "read -r line <made.log; [ \"$line\" = ok ] || exit 2
for f in *.txt; do read -r line <\"$f\"; [ \"$line\" = ok ] || { echo \"$f is not ok\"; exit 1; }; done";

/// What each clone and each checkout of a landing gate is given.
const SETUP: &str = "#!/bin/sh\nset -eu\necho ok > made.log\n";

/// How a person is told: a line for each message. One that was cut short is none.
const NOTIFIER: &str = "printf '\\n%s .\\n' \"$HERDER_KEY\" >> \"$HOME/told\"";

/// The stage of one night.
pub struct Scene {
    pub home: TempHome,
    pub repo: TargetRepo,
    pub id: RepoId,
    pub story: GoalRef,
    pub goals: Vec<GoalRef>,
}

impl Scene {
    pub fn new() -> Self {
        let home = TempHome::within(&in_memory());
        home.write(".config/herder/config.toml", &config());
        let state = StateDir::at(home.state());
        state.create().unwrap();
        let mut store = Store::open(&state.database()).unwrap();
        // A short name, so that the threads of the daemon are named after effect, goal and attempt.
        let repo = TargetRepo::builder(home.path(), "r").file("first.txt", "ok\n");
        let repo = repo.file(".gitignore", "*.log\n").file(".ralph/setup", SETUP).gate(GATE).build();
        let order = AddRepo { what: repo.path().display().to_string(), ..AddRepo::default() };
        let id = add_repo(&mut store, &state, &order).unwrap().id;
        let story = store.create_story(&id, "Two", "", Timestamp::now()).unwrap();
        let mut scene = Self { home, repo, id, story, goals: Vec::new() };
        scene.queue(&mut store);
        scene
    }

    fn queue(&mut self, store: &mut Store) {
        let repaired = [session("b.txt", "bad\n"), session("b.txt", "ok\n")];
        let mut proposes = session("c.txt", "ok\n");
        proposes[1]["answer"]["follow_ups"] = json!([{"title": "More", "objective": "More of it."}]);
        let spent = [vec![json!({"cost_usd": 1.0}), answer("continue", "Spent it all.")]];
        self.goal(store, "Easy", "Story: #1", &[session("a.txt", "ok\n")], false);
        self.goal(store, "Repaired", "Story: #1", &repaired, false);
        self.goal(store, "Seen", "Depends: #2", &[proposes], true);
        self.goal(store, "Costs", "---\nbudget: 0.1\n---", &spent, false);
    }

    fn goal(&mut self, store: &mut Store, title: &str, head: &str, script: &[Vec<Value>], is_seen: bool) {
        let body = scripted(&format!("{head}\n## Objective\n{title}\n\n"), script);
        let text = GoalText::read(&self.id, title, body.trim_start()).unwrap();
        let (story, depends) = (text.story, text.depends.clone());
        let new = NewGoal { text, story, depends, wants_spot_check: is_seen, is_queued: true };
        self.goals.push(store.create_goal(&self.id, new, Timestamp::now()).unwrap());
    }

    pub fn state(&self) -> StateDir {
        StateDir::at(self.home.state())
    }

    pub fn store(&self) -> Store {
        Store::open(&self.state().database()).unwrap()
    }

    /// What a person was told, each in a line.
    pub fn told(&self) -> String {
        std::fs::read_to_string(self.home.path().join("home/told")).unwrap_or_default()
    }

    /// `up --once` in this scene.
    pub fn up(&self) -> Command {
        let log = self.home.path().join("up.log");
        let said = std::fs::File::options().create(true).append(true).open(log).unwrap();
        let mut command = self.home.herder(stand_in());
        command
            .env("PATH", path())
            .args(["up", "--once"])
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said);
        command
    }
}

/// A goal's text with another script.
pub fn scripted(body: &str, script: &[Vec<Value>]) -> String {
    let head = body.split("```").next().unwrap();
    format!("{head}```replay\n{}\n```\n", serde_json::to_string(script).unwrap())
}

fn config() -> String {
    format!(
        "agent = \"replay\"\nmax = 4\nsleep = \"allow\"\n[backoff]\nfirst = \"1s\"\n\
         [notify]\ncommand = [\"/bin/sh\", \"-c\", {NOTIFIER:?}]\n"
    )
}

fn session(path: &str, text: &str) -> Vec<Value> {
    vec![json!({"write": {"path": path, "text": text}}), answer("done", "Wrote the file.")]
}

fn answer(status: &str, summary: &str) -> Value {
    json!({"answer": {"status": status, "summary": summary}})
}

/// A directory in memory where there is one: what a process has written is there when it is killed, on
/// whatever disk, and a thousand nights wait for none.
fn in_memory() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

/// Where git and the shell's programs lie, and nothing else: a search in vain is a call that is held, too.
fn path() -> String {
    let all = std::env::var_os("PATH").unwrap();
    let git = std::env::split_paths(&all).find(|dir| dir.join("git").is_file()).unwrap();
    format!("{}:/usr/bin:/bin", git.display())
}

/// The example `night` beside this test.
fn stand_in() -> PathBuf {
    herder_testkit::example("night")
}
