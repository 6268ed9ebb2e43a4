//! What a night has come to: what must be the same after every night.

use std::collections::{BTreeMap, BTreeSet};

use herder_domain::outcome::Outcome;
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_record::{StatsFile, StatsRow};
use herder_store::Store;

use crate::scene::Scene;

/// What must be the same after every night, however it was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub goals: Vec<GoalSeen>,
    /// The story's state, and how often something was written on it: what it came to.
    pub story: String,
    /// The titles of the drafts that agents proposed.
    pub proposed: Vec<String>,
    /// The commits of the base branch, sorted: the order of goals that do not wait for each other is free.
    pub commits: Vec<String>,
    /// The files of the base branch.
    pub files: BTreeMap<String, String>,
    /// What a person was told, without the names of runs; each at least once.
    pub told: BTreeSet<String>,
}

/// What is seen of a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalSeen {
    pub label: &'static str,
    /// What its series has counted against it that was its own.
    pub failed: u32,
    /// How its runs ended, but for those that nobody was to blame for: a night that is cut has more of them.
    pub attempts: Vec<&'static str>,
    /// The rows of these runs in stats.jsonl.
    pub rows: Vec<String>,
    /// What a person said to it.
    pub heard: Vec<String>,
    /// What was said of it, without the names of runs and what is told of those left out above.
    pub comments: Vec<String>,
}

/// Looks at a night that is over.
pub fn seen(scene: &Scene) -> Seen {
    let store = scene.store();
    let rows = StatsFile::at(scene.state().stats()).read().unwrap().rows;
    let mut commits: Vec<String> = scene.repo.log();
    let goals = scene.repo.commits_with_trailer("Herder-Goal");
    let runs = scene.repo.commits_with_trailer("Herder-Run");
    commits.push(format!("{} trailers of goals, {} of runs", goals.len(), runs.len()));
    commits.sort();
    let files = scene.repo.contents_at("main");
    let goals = scene.goals.iter().map(|goal| goal_seen(&store, goal, &rows)).collect();
    let (story, proposed) = (story_seen(&store, &scene.story), proposed(&store, &scene.goals));
    Seen { goals, story, proposed, commits, files, told: told(scene, &store) }
}

/// What a person was told, as `NUMBER/KEY`.
fn told(scene: &Scene, store: &Store) -> BTreeSet<String> {
    let ended: Vec<_> = scene.goals.iter().flat_map(|goal| ended(store, goal)).collect();
    let keys = scene.told();
    let keys = keys.lines().filter_map(|line| line.strip_suffix(" .")?.split_once('#'));
    keys.map(|(_, key)| plain(key, &ended)).collect()
}

fn story_seen(store: &Store, id: &GoalRef) -> String {
    let story = store.stories(Some(&id.repo)).unwrap().into_iter().find(|story| story.id == *id).unwrap();
    format!("{:?} with {} comments", story.state, store.comments(id).unwrap().len())
}

fn proposed(store: &Store, goals: &[GoalRef]) -> Vec<String> {
    let drafts = goals.iter().flat_map(|goal| store.proposals_of(goal).unwrap());
    drafts.map(|draft| store.goal(&draft).unwrap().unwrap().title).collect()
}

fn goal_seen(store: &Store, id: &GoalRef, rows: &[StatsRow]) -> GoalSeen {
    let goal = store.goal(id).unwrap().unwrap();
    let ended = ended(store, id);
    let own: Vec<_> = ended.iter().filter(|(_, outcome)| !is_nobodys_fault(outcome)).collect();
    let row = |run: &RunId| rows.iter().find(|row| row.run.as_ref() == Some(run)).map(row_seen);
    GoalSeen {
        label: goal.state.word(),
        failed: goal.series.failed,
        attempts: own.iter().map(|(_, outcome)| outcome.word()).collect(),
        rows: own.iter().filter_map(|(run, _)| row(run)).collect(),
        heard: goal.told.iter().map(|told| told.text.clone()).collect(),
        comments: store.comments(id).unwrap().iter().map(|comment| plain(&comment.text, &ended)).collect(),
    }
}

/// How the runs of a goal ended, in order.
fn ended(store: &Store, goal: &GoalRef) -> Vec<(RunId, Outcome)> {
    let runs = store.runs_of(goal).unwrap().into_iter();
    runs.filter_map(|run| Some((run.id.clone(), run.result?.outcome))).collect()
}

/// Whether a run ended by what befell the machine: it is not counted against its goal.
fn is_nobodys_fault(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Interrupted { .. })
}

impl Seen {
    /// How another night differs, in words.
    pub fn difference(&self, other: &Self) -> Vec<String> {
        let pairs = self.goals.iter().zip(&other.goals).enumerate();
        let mut words: Vec<String> = pairs
            .filter(|(_, (own, other))| own != other)
            .map(|(index, (own, other))| format!("goal {} is {other:?} instead of {own:?}", index + 1))
            .collect();
        if (&self.story, &self.proposed) != (&other.story, &other.proposed) {
            words.push(format!("the story is {}, proposed is {:?}", other.story, other.proposed));
        }
        if (&self.commits, &self.files) != (&other.commits, &other.files) {
            words.push(format!("the base has {:?} and {:?}", other.commits, other.files));
        }
        if self.told != other.told {
            words.push(format!("a person was told {:?}", other.told));
        }
        words
    }
}

fn row_seen(row: &StatsRow) -> String {
    format!(
        "{} {} {:?} {:?}",
        row.name.as_deref().unwrap_or_default(),
        row.exit_reason,
        row.lines_added,
        row.lines_deleted
    )
}

/// A comment without the names of runs and commits, and without the lines about runs that nobody was to blame for.
fn plain(text: &str, ended: &[(RunId, Outcome)]) -> String {
    let is_told = |line: &&str| {
        !ended.iter().any(|(run, outcome)| is_nobodys_fault(outcome) && line.contains(run.as_str()))
    };
    let mut text = text.lines().filter(is_told).collect::<Vec<_>>().join("\n");
    for (run, _) in ended {
        text = text.replace(run.as_str(), "RUN");
    }
    let words = text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
    words.map(|word| if is_commit(word) { "COMMIT " } else { word }).collect()
}

fn is_commit(word: &str) -> bool {
    let word = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
    word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}
