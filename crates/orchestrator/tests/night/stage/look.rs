//! Questions about what the night came to.

use std::path::PathBuf;

use herder_domain::capacity::{Admission, Capacity};
use herder_domain::event::{Event, What};
use herder_domain::goal::{Goal, GoalState, SpotCheckReason};
use herder_domain::judge::Policy;
use herder_domain::repo::GoalRef;
use herder_domain::run::{Run, RunId};
use herder_domain::why::why;
use herder_record::{LiveStatus, RunDir, StatsFile, StatsRow};
use herder_store::Settings;
use herder_testkit::until;
use herder_workspace::Vault;
use jiff::Timestamp;

use super::{PATIENCE, Stage};

/// What a planner of these nights looks at beside the database.
pub fn settings() -> Settings {
    Settings {
        capacity: Capacity { max: 3, admission: Admission::Open },
        policy: Policy::default(),
        default_agent: "replay".into(),
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

impl Stage {
    pub fn found(&self, goal: &GoalRef) -> Goal {
        self.store.goal(goal).unwrap().unwrap()
    }

    pub fn word(&self, goal: &GoalRef) -> &'static str {
        self.found(goal).state.word()
    }

    /// Waits until the goal's label is this.
    #[track_caller]
    pub fn until_word(&self, goal: &GoalRef, word: &str) {
        until(&format!("{goal} to be {word}"), PATIENCE, || (self.word(goal) == word).then_some(()));
    }

    /// What happened to a goal, in order.
    pub fn happened(&self, goal: &GoalRef) -> Vec<(Timestamp, What)> {
        self.journal().into_iter().filter(|(_, of, _)| of == goal).map(|(at, _, what)| (at, what)).collect()
    }

    /// What happened to all goals, in order.
    pub fn journal(&self) -> Vec<(Timestamp, GoalRef, What)> {
        let entries = self.store.journal(0, 100_000).unwrap();
        let of_goal = entries.into_iter().filter_map(|entry| {
            let Event::Goal(happening) = entry.event else { return None };
            Some((entry.at, happening.goal, happening.what))
        });
        of_goal.collect()
    }

    /// Waits until something has happened to a goal.
    #[track_caller]
    pub fn until_happened<T>(&self, what: &str, goal: &GoalRef, look: impl Fn(&What) -> Option<T>) -> T {
        until(what, PATIENCE, || self.happened(goal).iter().find_map(|(_, what)| look(what)))
    }

    /// How the goal's runs ended, in order.
    pub fn outcomes(&self, goal: &GoalRef) -> Vec<String> {
        let ended = self.happened(goal).into_iter().filter_map(|(_, what)| {
            let What::RunReported { outcome, .. } = what else { return None };
            Some(outcome.word().to_owned())
        });
        ended.collect()
    }

    /// Why a person is to look at the goal's work.
    #[track_caller]
    pub fn spot_check(&self, goal: &GoalRef) -> Vec<SpotCheckReason> {
        match self.found(goal).state {
            GoalState::SpotCheck { why, .. } => why,
            other => panic!("{goal} is {}", other.word()),
        }
    }

    /// What herder has to say about a goal.
    pub fn why(&self, goal: &GoalRef) -> String {
        let answer = why(&self.store.world(&settings()).unwrap(), goal, Timestamp::now()).unwrap();
        format!("{}\n{}", answer.standing, answer.reasons.join("\n"))
    }

    /// Texts of the comments that herder wrote.
    pub fn comments(&self, goal: &GoalRef) -> Vec<String> {
        self.store.comments(goal).unwrap().into_iter().map(|comment| comment.text).collect()
    }

    /// The rows of stats.jsonl, by run.
    pub fn rows(&self) -> Vec<StatsRow> {
        StatsFile::at(self.state().stats()).read().unwrap().rows
    }

    /// The goal's row of a run.
    #[track_caller]
    pub fn row(&self, goal: &GoalRef, attempt: u32) -> StatsRow {
        let run = RunId::of(goal, attempt);
        let mut rows: Vec<_> = self.rows().into_iter().filter(|row| row.run.as_ref() == Some(&run)).collect();
        assert_eq!(rows.len(), 1, "rows of {run}");
        rows.remove(0)
    }

    pub fn run(&self, goal: &GoalRef, attempt: u32) -> Run {
        self.store.run(&RunId::of(goal, attempt)).unwrap().unwrap()
    }

    pub fn run_dir(&self, goal: &GoalRef, attempt: u32) -> RunDir {
        RunDir::of(&self.state(), RunId::of(goal, attempt))
    }

    pub fn clone_of(&self, goal: &GoalRef, attempt: u32) -> PathBuf {
        self.run_dir(goal, attempt).spec().unwrap().unwrap().setup.clone
    }

    pub fn status(&self, goal: &GoalRef, attempt: u32) -> Option<LiveStatus> {
        self.run_dir(goal, attempt).status().unwrap()
    }

    /// The progress that a run wrote down.
    pub fn progress(&self, goal: &GoalRef, attempt: u32) -> Vec<String> {
        let progress = self.run_dir(goal, attempt).progress().unwrap();
        progress.into_iter().map(|entry| entry.progress).collect()
    }

    /// A file of a commit that the vault keeps under a ref.
    pub fn vault_file(&self, name: &str, path: &str) -> Option<String> {
        let vault = Vault::at(&self.state().vault(&self.id));
        let commit = vault.bare().resolve(name).unwrap()?;
        let bytes = vault.bare().read_file(&commit, path, 1 << 20).unwrap()?;
        Some(String::from_utf8(bytes).unwrap())
    }

    /// Waits until the agent of a run has made a file in its clone.
    #[track_caller]
    pub fn until_file(&self, goal: &GoalRef, attempt: u32, path: &str) {
        until(&format!("{path} of {goal}, attempt {attempt}"), PATIENCE, || {
            let spec = self.run_dir(goal, attempt).spec().ok().flatten()?;
            spec.setup.clone.join(path).exists().then_some(())
        });
    }

    /// Waits until the agent of a run waits (`script::waits`).
    #[track_caller]
    pub fn until_waiting(&self, goal: &GoalRef, attempt: u32) {
        self.until_file(goal, attempt, ".herder/waiting");
    }

    /// Lets a waiting agent go on.
    pub fn let_go(&self, goal: &GoalRef, attempt: u32) {
        fs_err::write(self.clone_of(goal, attempt).join(".herder/go"), "").unwrap();
    }
}
