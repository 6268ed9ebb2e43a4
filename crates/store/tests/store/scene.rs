//! A database in a directory of its own, with a repository in it.

use std::path::{Path, PathBuf};

use herder_domain::capacity::{Admission, Capacity};
use herder_domain::effect::Effect;
use herder_domain::event::{Event, Repo, What};
use herder_domain::forge::Home;
use herder_domain::gate::Refusal;
use herder_domain::goal::{Goal, GoalState, GoalText};
use herder_domain::judge::Policy;
use herder_domain::outcome::{FailureCause, Outcome};
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::run::{Harvest, ProcessName, Run, RunState};
use herder_store::{AppendError, NewGoal, Settings, Store};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

/// The repository of most tests.
pub fn app() -> RepoId {
    "acme/app".parse().unwrap()
}

/// A moment, in seconds after a fixed one.
pub fn at(seconds: i64) -> Timestamp {
    "2026-11-22T20:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

/// As an operator would have it by default.
pub fn settings() -> Settings {
    Settings {
        capacity: Capacity { max: 2, admission: Admission::Open },
        policy: Policy::default(),
        default_agent: "claude".into(),
        only: None,
        max_in: std::collections::BTreeMap::new(),
        hours: herder_domain::hours::Hours::default(),
        starts_on_red: std::collections::BTreeSet::new(),
        purse: herder_domain::purse::Purse::default(),
        shares: herder_domain::share::Shares::default(),
        past_gate: std::collections::BTreeSet::new(),
        room: None,
    }
}

/// A repository as it is registered.
pub fn registered(id: &RepoId) -> Event {
    let url = format!("https://{id}.git");
    Event::RepoAdded {
        repo: Repo { id: id.clone(), url, base_branch: "main".into(), pushes: true, home: Home::Local },
    }
}

/// A goal's text; `head` stands above the objective.
pub fn text(repo: &RepoId, title: &str, head: &str) -> GoalText {
    let body = format!("{head}\n\n## Objective\n{title}.\n\n## Acceptance\n- it works\n");
    GoalText::read(repo, title, &body).unwrap()
}

/// A goal that is queued at once.
pub fn queued(text: GoalText) -> NewGoal {
    NewGoal { text, story: None, depends: Vec::new(), wants_spot_check: false, is_queued: true }
}

pub struct Scene {
    pub store: Store,
    pub dir: TempDir,
}

impl Scene {
    /// An open database with one repository.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("herder.db")).unwrap();
        store.append(&registered(&app()), at(0)).unwrap();
        Self { store, dir }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("herder.db")
    }

    /// Another handle on the same database.
    pub fn second(&self) -> Store {
        Store::open(&self.path()).unwrap()
    }

    /// SQLite's own view of the same database.
    pub fn sqlite(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    pub fn queue(&mut self, title: &str, seconds: i64) -> GoalRef {
        self.store.create_goal(&app(), queued(text(&app(), title, "")), at(seconds)).unwrap()
    }

    pub fn goal(&self, id: &GoalRef) -> Goal {
        self.store.goal(id).unwrap().unwrap()
    }

    pub fn word(&self, id: &GoalRef) -> &'static str {
        self.goal(id).state.word()
    }

    pub fn append(&mut self, goal: &GoalRef, what: What, seconds: i64) -> Result<(), AppendError> {
        self.store.append(&Event::of(goal, what), at(seconds)).map(|_| ())
    }

    /// Plans and carries out what is due, as though all went well, until the run is at work.
    pub fn launch(&mut self, goal: &GoalRef, seconds: i64) -> Run {
        work(&mut self.store, at(seconds), Fate::Green);
        let GoalState::Running { run } = self.goal(goal).state else {
            panic!("{goal} is not running");
        };
        let run = self.store.run(&run).unwrap().unwrap();
        assert!(matches!(run.state, RunState::Launched { .. }), "{run:?}");
        run
    }

    /// Ends a goal's run at work, and carries out what follows.
    pub fn end(&mut self, goal: &GoalRef, outcome: Outcome, fate: Fate, seconds: i64) {
        let run = self.launch(goal, seconds).id;
        self.append(goal, What::RunReported { run, outcome }, seconds).unwrap();
        work(&mut self.store, at(seconds), fate);
    }
}

/// How landings end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Green,
    Red,
    Conflict,
    Postponed,
}

/// Plans and carries out what is due until nothing is.
pub fn work(store: &mut Store, now: Timestamp, fate: Fate) {
    for _ in 0..200 {
        let stepped = store.step(&settings(), now).unwrap();
        assert_eq!(stepped.refusals, []);
        let due = store.due_effects(now).unwrap();
        if due.is_empty() {
            return;
        }
        for open in due {
            let events = results(&open.effect, fate, now);
            store.finish(&open.key, &events, now).unwrap();
        }
    }
    panic!("work does not come to an end");
}

/// The events that an effect ends in.
pub fn results(effect: &Effect, fate: Fate, now: Timestamp) -> Vec<Event> {
    let run = |run: &herder_domain::run::RunId| run.clone();
    let what = match effect {
        Effect::Claim { run: id, .. } => What::RunClaimed { run: run(id) },
        Effect::Prepare { run: id, .. } => {
            What::RunPrepared { run: run(id), base_branch: "main".into(), agent: "claude".into() }
        }
        Effect::Launch { run: id, .. } => What::RunLaunched { run: run(id), process: process() },
        Effect::Stop { run: id, .. } => What::RunReported { run: run(id), outcome: failed() },
        Effect::Collect { run: id, .. } => What::RunCollected { run: run(id), harvest: harvest() },
        Effect::Land { run: id, .. } => landing(run(id), fate, now),
        Effect::Revert { run: id, .. } => What::Undone { run: run(id), commit: "decaff".into() },
        Effect::Clean { run: id, .. } => What::RunClosed { run: run(id) },
        Effect::Tell { .. }
        | Effect::Freeze { .. }
        | Effect::Thaw { .. }
        | Effect::Propose { .. }
        | Effect::WriteStats { .. }
        | Effect::FollowLanding { .. }
        | Effect::Comment { .. }
        | Effect::SumUp { .. }
        | Effect::ShowState { .. }
        | Effect::Announce { .. }
        | Effect::Notify { .. } => return Vec::new(),
    };
    vec![Event::of(effect.goal(), what)]
}

fn landing(run: herder_domain::run::RunId, fate: Fate, now: Timestamp) -> What {
    use herder_domain::landing::Bounce;
    match fate {
        Fate::Green => What::Landed { run, commit: "c0ffee".into(), known: Vec::new() },
        Fate::Red => What::LandingBounced { run, bounce: Bounce::Red(Refusal::unnamed("1 failed")) },
        Fate::Conflict => {
            What::LandingBounced { run, bounce: Bounce::Conflict { files: vec!["a.rs".into()] } }
        }
        Fate::Postponed => What::LandingPostponed {
            run,
            until: now + SignedDuration::from_secs(60),
            why: "somebody else pushed".into(),
        },
    }
}

pub fn process() -> ProcessName {
    ProcessName { pid: 4242, start_time: 99, boot_id: "b".into() }
}

pub fn harvest() -> Harvest {
    Harvest { tip: Some("7199".into()), lines_added: 3, files_changed: 1, ..Harvest::default() }
}

pub fn accepted() -> Outcome {
    Outcome::Accepted { gated: true }
}

pub fn failed() -> Outcome {
    Outcome::Failed { cause: FailureCause::TimedOut, detail: "4h were spent".into() }
}

/// This test program, to be started with one ignored test that plays another process.
pub fn child(test: &str, db: &Path) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "--nocapture", test]).env("STORE_TEST_DB", db);
    command
}

/// The database of a child; absent where the ignored test was not started by another one.
pub fn child_db() -> Option<PathBuf> {
    std::env::var_os("STORE_TEST_DB").map(PathBuf::from)
}

pub fn number(n: u64) -> Number {
    Number(n)
}
