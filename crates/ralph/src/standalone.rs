//! A ralph without an orchestrator: one goal file in a person's own checkout.
//!
//! The person's branch is moved once, at the end, and only for work that was accepted. Whatever else
//! happens, the files lie in the checkout as the agent left them, every iteration is a snapshot in the
//! run directory, and `--continue` goes on from there.

mod earlier;
mod occupancy;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use earlier::Earlier;
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::run::{RunId, RunSpec};
use herder_domain::setup::{GateSetup, Setup};
use herder_record::run::{PROMPT_FILE, PROMPT_MAX, prompt_hash};
use herder_record::{
    Abandoned, Ending, Redactor, RunDir, RunLock, RunWriter, StateDir, StatsFile, StatsRow, sweep,
};
use herder_workspace::{Checkout, CommitId, Identity, Moved, Signature, Standalone, UserEnvironment};
use jiff::Timestamp;
use occupancy::Occupancy;

use crate::error::RalphError;
use crate::start::{Order, run};

/// How many bytes of a title stand in a commit's subject.
const SUBJECT_MAX: usize = 72;

/// Longer than any limit that a provider sets.
const ANY_WAIT: Duration = Duration::from_secs(366 * 24 * 3600);

/// What a standalone run is asked.
pub struct Alone<'a> {
    /// The state directory.
    pub state: &'a StateDir,
    /// A directory in the checkout.
    pub checkout: &'a Path,
    /// The file that holds the goal's text.
    pub goal_file: &'a Path,
    /// That text.
    pub goal: &'a str,
    /// What is asked, all but what the checkout says: `base_commit`, `base_branch`, clone and gate are
    /// filled in here.
    pub spec: RunSpec,
    /// Whether a tree with changes is taken as it is.
    pub continues: bool,
    /// Hides secrets.
    pub redactor: &'a Arc<Redactor>,
}

/// A standalone run, ready to work.
#[derive(Debug)]
pub struct AloneRun {
    /// Its run directory.
    pub dir: RunDir,
    git: Standalone,
    goal_file: PathBuf,
    person: Option<Identity>,
    _occupancy: Occupancy,
}

/// How a standalone run ended.
#[derive(Debug)]
pub struct AloneEnd {
    /// What it came to.
    pub ending: Ending,
    /// What became of the person's branch; nothing was tried where the work was not accepted.
    pub moved: Option<Moved>,
}

impl AloneRun {
    /// Makes the run directory, the private git directory and the gate's copy. Nothing of the checkout
    /// is changed.
    ///
    /// # Errors
    /// It is no checkout, another ralph works there, it has changes and `continues` is not said, or something cannot be written.
    pub fn prepare(order: Alone<'_>) -> Result<Self, RalphError> {
        let user = UserEnvironment::of_this_process();
        let checkout = Checkout::inspect(order.checkout, &user)?;
        let occupancy = Occupancy::take(&checkout.top, order.state)?;
        let is_dirty = checkout.is_dirty(&user)?;
        if is_dirty && !order.continues {
            return Err(RalphError::Dirty { checkout: checkout.top.display().to_string() });
        }
        let person = checkout.identity(&user)?;
        order.state.create()?;
        let earlier = match order.continues {
            true => Earlier::last_in(order.state, &checkout.top)?,
            false => None,
        };
        let dir = RunDir::of(order.state, order.spec.run.clone());
        fs_err::create_dir_all(dir.path())?;
        let (head, top) = (checkout.head.clone(), checkout.top.clone());
        let branch = checkout.branch.clone().unwrap_or_default();
        let git = Standalone::begin(checkout, &dir.git_dir(), order.spec.run.as_str(), !is_dirty, &user)?;
        let gate = materialize_gate(&git, &head, &order)?;
        let prompt_hash = keep_prompt(&git, &head, &dir, order.redactor)?;
        let mut setup = Setup { clone: top, gate, ..order.spec.setup.clone() };
        // Nobody would start it again after the limit, so it waits for any.
        setup.clocks.wait = setup.clocks.wait.max(ANY_WAIT);
        let context = earlier.as_ref().map(Earlier::context).transpose()?.unwrap_or_default();
        let base_commit = head.to_string();
        let spec = RunSpec { base_commit, base_branch: branch, setup, context, prompt_hash, ..order.spec };
        let dir = RunDir::create(order.state, &spec, order.goal, order.redactor)?;
        if let Some(memory) = earlier.as_ref().map(Earlier::memory).transpose()?.flatten() {
            carry_over(&dir, &memory, order.redactor)?;
        }
        Ok(Self { dir, git, goal_file: order.goal_file.to_owned(), person, _occupancy: occupancy })
    }

    /// Works, moves the person's branch where the work was accepted, and leaves a row of statistics.
    ///
    /// # Errors
    /// As [`run`]; or the branch or the row cannot be written.
    pub fn work(
        &self,
        order: &Order<'_>,
        state: &StateDir,
        redactor: &Redactor,
    ) -> Result<AloneEnd, RalphError> {
        let ending = run(order)?;
        let moved = match ending.outcome {
            Outcome::Accepted { .. } => Some(self.move_branch(&ending)),
            Outcome::Undecided { .. }
            | Outcome::NeedsReview { .. }
            | Outcome::Blocked { .. }
            | Outcome::Failed { .. }
            | Outcome::Interrupted { .. }
            | Outcome::BudgetSpent { .. }
            | Outcome::Misconfigured { .. }
            | Outcome::ByHand { .. } => None,
        };
        // However the branch fares, the run was one.
        record(state, &self.dir, &ending, &self.goal_file, redactor)?;
        Ok(AloneEnd { ending, moved: moved.transpose()? })
    }

    fn move_branch(&self, ending: &Ending) -> Result<Moved, RalphError> {
        let spec = self.dir.spec()?;
        let author = spec.as_ref().map(|spec| spec.setup.author.clone());
        let fallback = author.map(|author| Identity { name: author.name, email: author.email });
        let who = self.person.clone().or(fallback);
        let who = who.unwrap_or_else(|| Identity { name: "herder".into(), email: "herder@localhost".into() });
        let message = message(spec.as_ref(), &self.dir)?;
        let signature = Signature { who, at: ending.ended_at };
        match self.git.one_commit(&message, &signature)? {
            Some(tip) => Ok(self.git.finish(&tip)?),
            None => Ok(Moved::Nothing),
        }
    }
}

fn message(spec: Option<&RunSpec>, dir: &RunDir) -> Result<String, RalphError> {
    let title = spec.map(|spec| spec.title.as_str()).unwrap_or("Work of a ralph");
    let subject = &title[..title.floor_char_boundary(SUBJECT_MAX)];
    let said = dir.progress()?.pop().map(|last| last.progress).unwrap_or_default();
    Ok(format!("{subject}\n\n{said}\n\nHerder-Run: {}\n", dir.run()))
}

/// Lets a run begin with what another remembered.
fn carry_over(dir: &RunDir, memory: &str, redactor: &Arc<Redactor>) -> Result<(), RalphError> {
    let taken = || RalphError::Taken { run: dir.run().to_string() };
    let lock = RunLock::try_take(dir)?.ok_or_else(taken)?;
    Ok(RunWriter::new(dir.clone(), lock, Arc::clone(redactor)).carry_over(memory)?)
}

/// Keeps the repository's own prompt for the run, where it has one; gives its hash.
fn keep_prompt(
    git: &Standalone,
    head: &CommitId,
    dir: &RunDir,
    redactor: &Redactor,
) -> Result<Option<String>, RalphError> {
    let bytes = git.private().bare().read_file(head, PROMPT_FILE, PROMPT_MAX)?;
    let Some(text) = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()) else { return Ok(None) };
    dir.keep_prompt(&text, redactor)?;
    Ok(Some(prompt_hash(&text)))
}

fn materialize_gate(git: &Standalone, head: &CommitId, order: &Alone<'_>) -> Result<GateSetup, RalphError> {
    let (bare, room) = (git.private().bare(), &order.spec.setup.room);
    let dir = room.join("gate");
    fs_err::create_dir_all(room)?;
    let has_gate = bare.has_path(head, ".ralph/check")? && bare.materialize_dir(head, ".ralph", &dir)?;
    Ok(if has_gate { GateSetup::At { dir, said: Some(order.state.gates()) } } else { GateSetup::Missing })
}

/// One row of statistics for a run outside any orchestrator.
fn record(
    state: &StateDir,
    dir: &RunDir,
    ending: &Ending,
    goal_file: &Path,
    redactor: &Redactor,
) -> Result<(), RalphError> {
    let Some(spec) = dir.spec()? else {
        return Ok(());
    };
    let mut row = StatsRow::of(&spec, ending, goal_file.display().to_string());
    row.host = Some(rustix::system::uname().nodename().to_string_lossy().into_owned());
    row.commit_end.clone_from(&ending.snapshot);
    // Lines that cannot be counted any more are unknown; the row is owed all the same.
    if let Some(tip) = &ending.snapshot
        && let (Ok(base), Ok(tip)) = (CommitId::parse(&spec.base_commit), CommitId::parse(tip))
        && let Ok(facts) = herder_workspace::Bare::at(dir.git_dir()).diff(&base, &tip)
    {
        row.lines_added = Some(facts.lines_added);
        row.lines_deleted = Some(facts.lines_deleted);
    }
    StatsFile::at(state.stats()).append_once(&row, redactor)?;
    Ok(dir.mark_recorded()?)
}

/// Settles standalone runs whose ralph was killed: what they left running is ended, they get an outcome
/// and a row. Every herder command does this first; it costs a listing where there is nothing to do.
///
/// # Errors
/// The state directory cannot be listed, or some run could not be settled; all others were.
pub fn sweep_standalone(state: &StateDir, redactor: &Redactor) -> Result<Vec<RunId>, RalphError> {
    // One that cannot be settled holds up no other; the next sweep sees it again.
    let mut trouble = None;
    for dir in sweep::unsettled(state)? {
        trouble = settle(dir, redactor).err().or(trouble);
    }
    let mut settled = Vec::new();
    for dir in sweep::unrecorded(state)? {
        let recorded = dir.ending().map_err(RalphError::from).and_then(|ending| match ending {
            Some(ending) => record(state, &dir, &ending, &dir.goal_path(), redactor),
            None => Ok(()),
        });
        match recorded {
            Ok(()) => settled.push(dir.run().clone()),
            Err(error) => trouble = Some(error),
        }
    }
    trouble.map_or(Ok(settled), Err)
}

/// Gives a run whose ralph was killed its outcome.
fn settle(dir: RunDir, redactor: &Redactor) -> Result<(), RalphError> {
    let Some(abandoned) = Abandoned::take(dir.clone())? else {
        return Ok(());
    };
    // Nothing of it may go on spending; what cannot be ended now is found again by its marker.
    let _ = herder_executor::end_strays(&dir.mark());
    let detail = "its ralph died without a word".to_owned();
    let outcome = Outcome::Interrupted { cause: Interruption::Crashed, detail };
    let spec = dir.spec()?;
    abandoned.settle(outcome, Timestamp::now(), redactor)?;
    if let Some(root) = spec.as_ref().and_then(|spec| spec.setup.room.parent())
        && let Some(spec) = &spec
    {
        herder_workspace::remove_tree(root, &spec.setup.room)?;
    }
    Ok(())
}
