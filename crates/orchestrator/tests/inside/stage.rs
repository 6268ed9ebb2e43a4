//! A home with secrets in it, repositories, a database, the stand-in for herder, and questions asked from inside an
//! agent's sandbox.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use herder_domain::event::{Event, What};
use herder_domain::goal::{Goal, GoalText};
use herder_domain::repo::{GoalRef, RepoId};
use herder_orchestrator::{AddRepo, add_repo};
use herder_record::{RunDir, StateDir};
use herder_store::{NewGoal, Store};
use herder_testkit::{TargetRepo, TempHome, processes, until};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Beyond anything that these nights do, on a busy machine too.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The settings that make a night short.
const CONFIG: &str =
    "agent = \"replay\"\nmax = 3\n[agents.replay]\nkind = \"replay\"\n[backoff]\nfirst = \"1s\"\n";

pub struct Stage {
    pub home: TempHome,
    pub repo: TargetRepo,
    pub store: Store,
    pub id: RepoId,
}

impl Stage {
    /// A repository with a gate; `config` is added to the settings.
    pub fn new(gate: &str, config: &str) -> Self {
        let home = TempHome::new();
        home.write(".config/herder/config.toml", &format!("{CONFIG}{config}"));
        let state = StateDir::at(home.state());
        state.create().unwrap();
        let mut store = Store::open(&state.database()).unwrap();
        let (repo, id) = registered(&home, &mut store, "toy", gate);
        Self { home, repo, store, id }
    }

    /// Another repository beside the first.
    pub fn another(&mut self, name: &str, gate: &str) -> (TargetRepo, RepoId) {
        registered(&self.home, &mut self.store, name, gate)
    }

    pub fn state(&self) -> StateDir {
        StateDir::at(self.home.state())
    }

    /// A queued goal in the first repository whose agent plays `sessions`.
    pub fn goal(&mut self, title: &str, sessions: &Value) -> GoalRef {
        let id = self.id.clone();
        self.goal_in(&id, title, sessions)
    }

    pub fn goal_in(&mut self, id: &RepoId, title: &str, sessions: &Value) -> GoalRef {
        let body = format!("## Objective\n{title}\n\n```replay\n{sessions}\n```\n");
        let text = GoalText::read(id, title, &body).unwrap();
        let new =
            NewGoal { text, story: None, depends: Vec::new(), wants_spot_check: false, is_queued: true };
        self.store.create_goal(id, new, Timestamp::now()).unwrap()
    }

    pub fn herder(&self, args: &[&str]) -> Command {
        let mut command = self.home.herder(stand_in());
        command.args(args);
        command
    }

    /// Works until nothing is left to do.
    pub fn night(&self) -> Output {
        self.night_with(&[])
    }

    /// The same, with more in the orchestrator's environment.
    pub fn night_with(&self, env: &[(&str, &str)]) -> Output {
        let output = self.herder(&["up", "--once"]).envs(env.iter().copied()).output().unwrap();
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "the night ended with {}", output.status);
        output
    }

    /// Works until it is told to stop.
    pub fn up(&self) -> Up {
        Up(self.herder(&["up"]).stdout(Stdio::null()).spawn().unwrap())
    }

    /// Waits until a goal's first run has written `path` into its clone.
    pub fn await_file(&self, goal: &GoalRef, path: &str) -> PathBuf {
        until(&format!("{path} of {goal}"), PATIENCE, || {
            let clone = self.runs(goal).first()?.spec().ok()??.setup.clone;
            clone.join(path).exists().then_some(clone)
        })
    }

    pub fn await_word(&self, goal: &GoalRef, word: &str) {
        until(&format!("{goal} to be {word}"), PATIENCE, || (self.word(goal) == word).then_some(()));
    }

    /// A person lets a goal's work land.
    pub fn approve(&mut self, goal: &GoalRef) {
        self.store.append(&Event::of(goal, What::GoalApproved), Timestamp::now()).unwrap();
    }

    pub fn found(&self, goal: &GoalRef) -> Goal {
        self.store.goal(goal).unwrap().unwrap()
    }

    pub fn word(&self, goal: &GoalRef) -> &'static str {
        self.found(goal).state.word()
    }

    /// The run directories of a goal, oldest first.
    pub fn runs(&self, goal: &GoalRef) -> Vec<RunDir> {
        let runs = self.store.runs_of(goal).unwrap();
        runs.into_iter().map(|run| RunDir::of(&self.state(), run.id)).collect()
    }

    /// # Panics
    /// When mirror or vault of a repository is damaged.
    #[track_caller]
    pub fn assert_sound(&self, id: &RepoId) {
        for path in [self.state().mirror(id), self.state().vault(id)] {
            let mut git = self.home.herder("git");
            let output = git.args(["fsck", "--strict", "--no-dangling"]).current_dir(&path).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{} is damaged: {said}", path.display());
        }
    }
}

fn registered(home: &TempHome, store: &mut Store, name: &str, gate: &str) -> (TargetRepo, RepoId) {
    let repo = TargetRepo::builder(home.path(), name).file("first.txt", "first\n").gate(gate).build();
    let what = repo.path().display().to_string();
    let order = AddRepo { what, ..AddRepo::default() };
    let id = add_repo(store, &StateDir::at(home.state()), &order).unwrap().id;
    (repo, id)
}

/// An orchestrator at work. It is told to stop at the end.
pub struct Up(Child);

impl Up {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Stops it and its ralphs in order.
    pub fn end(mut self) {
        processes::kill(self.0.id(), rustix::process::Signal::TERM);
        let status = until("herder to go down", PATIENCE, || self.0.try_wait().unwrap());
        assert!(status.success(), "herder ended with {status}");
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // Without effect on one that has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The only session of an agent that runs one script and says that it is done.
pub fn script(text: &str) -> Value {
    json!([[{"run": text}, answer("done")]])
}

pub fn answer(status: &str) -> Value {
    json!({"answer": {"status": status, "summary": "Played the script to its end."}})
}

/// Attempts from inside: each is a command of the agent's shell, and its success or failure is noted in a file.
#[derive(Default)]
pub struct Attempts {
    names: Vec<String>,
    script: String,
}

/// The file in the clone in which the attempts are noted.
pub const NOTES: &str = "notes";

impl Attempts {
    /// Attempts that may speak of `$PLAYER`, `$KEEPER` and `$RALPH`: the process ids above the shell.
    pub fn new() -> Self {
        let script = format!(
            "parent() {{ sed -n 's/^PPid:[[:space:]]*//p' /proc/$1/status; }}\n\
             export PLAYER=$(parent $$); export KEEPER=$(parent $PLAYER); export RALPH=$(parent $KEEPER)\n\
             attempt() {{\n\
             if said=$(sh -c \"$2\" 2>&1 </dev/null); then how=done; else how=refused; fi\n\
             echo \"$1|$how|$(echo \"$said\" | tr '\\n' ' ' | head -c 300)\" >>{NOTES}\n}}\n"
        );
        Self { names: Vec::new(), script }
    }

    /// Adds one.
    pub fn try_to(mut self, name: &str, command: &str) -> Self {
        self.names.push(name.to_owned());
        self.script.push_str(&format!("attempt '{name}' '{}'\n", command.replace('\'', "'\\''")));
        self
    }

    /// The script for the agent's shell.
    pub fn script(&self) -> &str {
        &self.script
    }

    /// # Panics
    /// When one succeeded, was not made, or failed for another reason than a refusal.
    #[track_caller]
    pub fn assert_all_refused(&self, notes: &str) {
        let words = ["denied", "not permitted", "cross-device", "superuser", "only root"];
        let is_refused =
            |line: &str| line.contains("|refused|") && words.iter().any(|word| line.contains(word));
        let wrong: Vec<&str> = notes.lines().filter(|line| !is_refused(line)).collect();
        assert!(wrong.is_empty(), "not refused:\n{}", wrong.join("\n"));
        let made: Vec<&str> = notes.lines().filter_map(|line| line.split('|').next()).collect();
        assert_eq!(made, self.names);
    }
}

/// The example `night` beside this test.
fn stand_in() -> PathBuf {
    herder_testkit::example("night")
}
