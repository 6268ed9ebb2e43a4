//! The end of the demo: the ledger, what landed, what waits for a person, and whether all is as it should be.

use herder_domain::goal::GoalState;
use herder_domain::ledger::Cost;
use herder_domain::run::Run;
use herder_record::stats::Sum;
use herder_record::{StatsFile, StatsRow, Totals};
use herder_store::Store;
use serde::Serialize;

use super::audit::audit;
use super::cast::Queued;
use super::git::git;
use super::night::Played;
use super::proof::Evidence;
use super::stage::Stage;
use crate::failure::Failure;

/// A goal at the end, and what it cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GoalItem {
    /// Its number.
    pub number: u64,
    /// One line.
    pub title: String,
    /// Its state, by its word.
    pub state: &'static str,
    /// Why it is not done.
    pub why: Option<String>,
    /// What a person may answer where it asks something.
    #[serde(skip)]
    pub answer: Option<&'static str>,
    /// How many runs it took.
    pub runs: usize,
    /// Iterations that counted.
    pub iterations: u64,
    /// Tokens of all kinds; absent where nobody counted those of a run.
    pub tokens: Option<u64>,
    /// US dollars.
    pub cost_usd: Cost,
    /// The model thinks or writes, seconds.
    pub llm_seconds: f64,
    /// Tools run, the gate included, seconds.
    pub tools_seconds: f64,
    /// Waiting for a limit, seconds.
    pub waiting_seconds: f64,
}

/// A commit that landed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// Its short id.
    pub commit: String,
    /// Its first line.
    pub subject: String,
    /// Its trailers, in one line.
    pub trailers: String,
}

/// The end of the demo.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Where it took place.
    pub dir: String,
    /// How long it took, seconds.
    pub seconds: f64,
    /// The runs whose ralphs outlived their orchestrator.
    pub adopted: Vec<String>,
    /// The ledger.
    pub goals: Vec<GoalItem>,
    /// What it comes to.
    pub totals: Sum,
    /// What landed, newest first.
    pub landed: Vec<Commit>,
    /// What happened on the way, by goal.
    pub notes: Vec<String>,
    /// What is not as it should be.
    pub problems: Vec<String>,
}

/// A goal with its runs, as the database has it.
struct Found<'a> {
    queued: &'a Queued,
    state: GoalState,
    runs: Vec<Run>,
}

impl Report {
    /// Looks at everything.
    pub fn of(stage: &Stage, store: &Store, goals: &[Queued], played: &Played) -> Result<Self, Failure> {
        let stats = StatsFile::at(stage.state.stats()).read()?;
        let landed = landed(stage)?;
        let mut problems = played.problems.clone();
        let mut notes = Vec::new();
        let mut items = Vec::new();
        let mut all_runs = Vec::new();
        for queued in goals {
            let found = Found::of(store, queued)?;
            let rows = found.rows(&stats.rows);
            let item = found.item(&rows);
            let evidence = Evidence {
                queued,
                goal: &item,
                state: &found.state,
                runs: &found.runs,
                rows: &rows,
                landed: &landed,
                store,
                dir: &stage.state,
            };
            problems.extend(evidence.problems(&mut notes)?);
            items.push(item);
            all_runs.extend(found.runs);
        }
        problems.extend(audit(stage, store, &all_runs, &stats.rows, &played.adopted)?);
        Ok(Self {
            dir: stage.dir.display().to_string(),
            seconds: rounded(played.elapsed.as_secs_f64()),
            adopted: played.adopted.iter().map(ToString::to_string).collect(),
            goals: items,
            totals: Totals::of(&stats.rows).all,
            landed,
            notes,
            problems,
        })
    }
}

impl<'a> Found<'a> {
    fn of(store: &Store, queued: &'a Queued) -> Result<Self, Failure> {
        let gone = || Failure::not_found(format!("there is no goal {} any more", queued.id));
        let goal = store.goal(&queued.id)?.ok_or_else(gone)?;
        Ok(Self { queued, state: goal.state, runs: store.runs_of(&queued.id)? })
    }

    fn rows<'r>(&self, all: &'r [StatsRow]) -> Vec<&'r StatsRow> {
        let is_mine = |row: &&StatsRow| self.runs.iter().any(|run| row.run.as_ref() == Some(&run.id));
        all.iter().filter(is_mine).collect()
    }

    fn item(&self, rows: &[&StatsRow]) -> GoalItem {
        let sum = Totals::of(rows.iter().copied()).all;
        GoalItem {
            number: self.queued.id.number.0,
            title: self.queued.part.title.to_owned(),
            state: self.state.word(),
            why: why(&self.state),
            answer: self.queued.part.expected.proof.answer(),
            runs: self.runs.len(),
            iterations: sum.iterations,
            tokens: sum.known_tokens().map(|tokens| tokens.total()),
            cost_usd: sum.cost(),
            llm_seconds: rounded(sum.time_seconds.llm),
            tools_seconds: rounded(sum.time_seconds.tools),
            waiting_seconds: rounded(sum.waiting_seconds),
        }
    }
}

fn why(state: &GoalState) -> Option<String> {
    match state {
        GoalState::Stuck { cause, detail } => Some(format!("{}; the last one: {detail}", cause.as_str())),
        GoalState::SpotCheck { why, .. } => {
            Some(why.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
        GoalState::Draft { note } => note.clone(),
        GoalState::Queued { .. }
        | GoalState::Running { .. }
        | GoalState::Offered { .. }
        | GoalState::Done { .. }
        | GoalState::Cancelled
        | GoalState::Resolved => None,
    }
}

/// Tenths of a second are enough to look at.
fn rounded(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}

/// The commits of the origin, newest first.
fn landed(stage: &Stage) -> Result<Vec<Commit>, Failure> {
    let format = "--format=%h%x1f%s%x1f%(trailers:only,unfold,separator=%x2C%x20)";
    let text = git(&stage.origin, ["log", format, "main"])?;
    let commit = |line: &str| {
        let mut fields = line.split('\u{1f}').map(str::to_owned);
        Some(Commit { commit: fields.next()?, subject: fields.next()?, trailers: fields.next()? })
    };
    Ok(text.lines().filter_map(commit).collect())
}
