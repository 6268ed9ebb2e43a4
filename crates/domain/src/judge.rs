//! What follows from the end of a run, or from a bounce.

mod hand;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::goal::{Charge, Goal, SpotCheckReason, StuckCause};
use crate::landing::Bounce;
use crate::outcome::{FailureCause, Interruption, Outcome};
use crate::run::{Harvest, RetryContext, RunId};

pub use hand::{judge_by_hand, judge_taken_over};

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "judgement", rename_all = "snake_case")]
pub enum Judgement {
    /// The work goes to its landing.
    Land,
    /// A person is to look first.
    SpotCheck {
        /// Why.
        why: Vec<SpotCheckReason>,
    },
    /// Another run.
    Requeue {
        /// Whose fault it was.
        charge: Charge,
        /// Not before this.
        retry_at: Option<Timestamp>,
        /// For the next prompt.
        context: RetryContext,
    },
    /// No other run until a person acts.
    Stuck {
        /// Whose fault it was.
        charge: Charge,
        /// Why.
        cause: StuckCause,
        /// One sentence.
        detail: String,
        /// For the next prompt, should a person retry.
        context: RetryContext,
    },
    /// The goal has to be written anew.
    Draft {
        /// Why.
        note: String,
    },
    /// The goal stands again where it stood when a person took it.
    PutBack,
    /// The goal was closed in between; nothing follows.
    Nothing,
}

/// The numbers behind the judgements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The failed run of a series that makes the goal stuck.
    pub failed_max: u32,
    /// The crash that does.
    pub crashed_max: u32,
    /// The kill for memory that does.
    pub out_of_memory_max: u32,
    /// The absence of provider, network or host that does.
    pub unreachable_max: u32,
    /// The conflict that does.
    pub conflicts_max: u32,
    /// The review with wishes that does.
    pub changes_max: u32,
    /// The wait after the first failure; doubles with each.
    pub backoff_first: Duration,
    /// The longest wait.
    pub backoff_longest: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            failed_max: 3,
            crashed_max: 3,
            out_of_memory_max: 2,
            unreachable_max: 10,
            conflicts_max: 5,
            changes_max: 5,
            backoff_first: Duration::from_secs(30),
            backoff_longest: Duration::from_secs(30 * 60),
        }
    }
}

impl Policy {
    /// The wait before attempt `count + 1`, with +-20% that depend on the run alone, so that goals
    /// that failed together do not come back together.
    pub fn backoff(&self, count: u32, run: &RunId) -> Duration {
        let doubled =
            self.backoff_first.saturating_mul(1u32.checked_shl(count.saturating_sub(1)).unwrap_or(u32::MAX));
        doubled.min(self.backoff_longest).mul_f64(spread(run))
    }

    /// When an account at its usage limit is worth another try: when the agent said, or after the longest
    /// wait where it did not say; in any case not at once, for the hour that it named may be past already.
    pub fn lifted_at(&self, resets_at: Option<Timestamp>, run: &RunId, now: Timestamp) -> Option<Timestamp> {
        let wait = |of: Duration| now.checked_add(of.mul_f64(spread(run))).ok();
        resets_at.or_else(|| wait(self.backoff_longest)).max(wait(self.backoff_first))
    }

    fn cap(&self, charge: Charge) -> Option<(u32, StuckCause)> {
        match charge {
            Charge::Failed => Some((self.failed_max, StuckCause::Failed)),
            Charge::Crashed => Some((self.crashed_max, StuckCause::Crashed)),
            Charge::OutOfMemory => Some((self.out_of_memory_max, StuckCause::TooBig)),
            Charge::Unreachable => Some((self.unreachable_max, StuckCause::Unreachable)),
            Charge::Conflict => Some((self.conflicts_max, StuckCause::Conflicts)),
            Charge::Changes => Some((self.changes_max, StuckCause::Changes)),
            Charge::Nothing => None,
        }
    }
}

/// Between 0.8 and 1.2, by the run alone.
fn spread(run: &RunId) -> f64 {
    let sum = run.as_str().bytes().fold(7, |sum: u32, b| sum.wrapping_mul(31).wrapping_add(b.into()));
    0.8 + f64::from(sum % 401) / 1000.0
}

/// Decides what follows from a run's end.
pub fn judge_run(
    goal: &Goal,
    run: &RunId,
    outcome: &Outcome,
    harvest: &Harvest,
    policy: &Policy,
    now: Timestamp,
) -> Judgement {
    // A run that was cut off before its first answer has written no progress.
    let has_answered = harvest.last_progress.is_some();
    let context = || context(goal, outcome.sentence(), harvest, has_answered);
    let again = |charge, not_before| {
        requeue(goal, run, Again { charge, not_before, context: context() }, policy, now)
    };
    match outcome {
        Outcome::Accepted { gated } => {
            let ungated = (!*gated && !harvest.waives_gate).then_some(SpotCheckReason::NoGate);
            claimed(goal, ungated, harvest)
        }
        Outcome::Undecided { .. } => claimed(goal, Some(SpotCheckReason::BaseRed), harvest),
        Outcome::NeedsReview { summary } => {
            look(SpotCheckReason::NeedsReview { summary: summary.clone() }, harvest)
        }
        Outcome::Blocked { question } => {
            look(SpotCheckReason::Question { question: question.clone() }, harvest)
        }
        Outcome::Failed { .. } => again(Charge::Failed, None),
        Outcome::Interrupted { cause, .. } => match cause {
            Interruption::Stopped => again(Charge::Nothing, None),
            // The account parks. Should the goal's next run spend from another one after all, that must not
            // become a hot loop.
            Interruption::LoginFailed => again(Charge::Nothing, policy.lifted_at(Some(now), run, now)),
            Interruption::UsageLimit { resets_at } => {
                again(Charge::Nothing, policy.lifted_at(*resets_at, run, now))
            }
            Interruption::Unreachable | Interruption::HostRestarted => again(Charge::Unreachable, None),
            Interruption::Crashed | Interruption::SetupFailed => again(Charge::Crashed, None),
            Interruption::OutOfMemory => again(Charge::OutOfMemory, None),
        },
        Outcome::BudgetSpent { detail } => Judgement::Stuck {
            charge: Charge::Nothing,
            cause: StuckCause::BudgetSpent,
            detail: detail.clone(),
            context: context(),
        },
        Outcome::Misconfigured { detail } => Judgement::Draft { note: detail.clone() },
        // No ralph ends so: what it wrote is not to be believed.
        Outcome::ByHand { .. } => again(Charge::Crashed, None),
    }
}

/// What is said of a pull request that a person closed.
pub(crate) const CLOSED_UNMERGED: &str = "a person closed its pull request without merging it";

/// Decides what follows from a bounce.
pub fn judge_bounce(goal: &Goal, run: &RunId, bounce: &Bounce, policy: &Policy, now: Timestamp) -> Judgement {
    let (charge, sentence, refusal) = match bounce {
        Bounce::Empty => return Judgement::SpotCheck { why: vec![SpotCheckReason::NoDiff] },
        Bounce::Undeliverable { why } => {
            return given_up(goal, StuckCause::Undeliverable, format!("the landing was given up: {why}"));
        }
        Bounce::ClosedUnmerged => {
            return given_up(goal, StuckCause::ClosedUnmerged, CLOSED_UNMERGED.to_owned());
        }
        Bounce::ChangesRequested { words } => return changes_requested(goal, run, words, policy, now),
        Bounce::ChecksRed(refusal) => {
            let names = refusal.in_a_line();
            let detail = format!("checks of the pull request are red: {names}");
            let cause = FailureCause::ChecksRed;
            (Charge::Failed, Outcome::Failed { cause, detail }.sentence(), Some(refusal.clone()))
        }
        Bounce::Undecided(_) => return Judgement::SpotCheck { why: vec![SpotCheckReason::BaseRed] },
        Bounce::Red(refusal) => {
            let cause = FailureCause::GateRed;
            let mut detail = "the landing gate was red on a clean checkout of the rebased work".to_owned();
            if !refusal.failures.is_empty() {
                detail.push_str(&format!(" (failing: {})", refusal.in_a_line()));
            }
            (Charge::Failed, Outcome::Failed { cause, detail }.sentence(), Some(refusal.clone()))
        }
        Bounce::Conflict { files } => {
            let files = files.join(", ");
            (Charge::Conflict, format!("the work conflicts with what landed in between, in {files}"), None)
        }
        Bounce::NoContents { files } => {
            let files = files.join(", ");
            let sentence = format!(
                "the work has pointers of Git LFS to contents that nobody has, in {files}: write the contents \
                 themselves into these files, or keep them out of Git LFS in .gitattributes"
            );
            (Charge::Failed, sentence, None)
        }
    };
    let mut harvest = has_worked();
    if let Some(refusal) = refusal {
        (harvest.gate_tail, harvest.gate_failures) = (Some(refusal.tail), refusal.failures);
    }
    let again = Again { charge, not_before: None, context: context(goal, sentence, &harvest, true) };
    requeue(goal, run, again, policy, now)
}

fn look(reason: SpotCheckReason, harvest: &Harvest) -> Judgement {
    let mut why = vec![reason];
    why.extend(guarded(harvest));
    Judgement::SpotCheck { why }
}

fn given_up(goal: &Goal, cause: StuckCause, detail: String) -> Judgement {
    let context = context(goal, detail.clone(), &has_worked(), true);
    Judgement::Stuck { charge: Charge::Nothing, cause, detail, context }
}

/// Work of some kind lies on the goal's branch.
fn has_worked() -> Harvest {
    Harvest { tip: Some(String::new()), ..Harvest::default() }
}

/// A reviewer's words stand first in the next prompt, as those of a person who rejects work here.
fn changes_requested(goal: &Goal, run: &RunId, words: &str, policy: &Policy, now: Timestamp) -> Judgement {
    let sentence = "reviewers of the pull request want it otherwise".to_owned();
    let context =
        RetryContext { feedback: Some(words.to_owned()), ..context(goal, sentence, &has_worked(), true) };
    requeue(goal, run, Again { charge: Charge::Changes, not_before: None, context }, policy, now)
}

/// What follows from a claim to be done; `ungated` is why no gate stands behind it, if none does.
fn claimed(goal: &Goal, ungated: Option<SpotCheckReason>, harvest: &Harvest) -> Judgement {
    let mut why = Vec::new();
    if harvest.files_changed == 0 {
        why.push(SpotCheckReason::NoDiff);
    }
    if goal.wants_spot_check {
        why.push(SpotCheckReason::Requested);
    }
    why.extend(ungated);
    why.extend(guarded(harvest));
    if harvest.push_needs_leave {
        why.push(SpotCheckReason::PushNeedsLeave);
    }
    if why.is_empty() { Judgement::Land } else { Judgement::SpotCheck { why } }
}

/// Changes that a person is shown, whatever the run's end.
fn guarded(harvest: &Harvest) -> impl Iterator<Item = SpotCheckReason> {
    let named = |paths: &Vec<String>| (!paths.is_empty()).then(|| paths.clone());
    let protected = named(&harvest.protected).map(|paths| SpotCheckReason::ProtectedPaths { paths });
    let deleted = named(&harvest.deleted_tests).map(|paths| SpotCheckReason::DeletedTests { paths });
    let left_out = named(&harvest.left_out).map(|paths| SpotCheckReason::LeftOut { paths });
    protected.into_iter().chain(deleted).chain(left_out)
}

struct Again {
    charge: Charge,
    not_before: Option<Timestamp>,
    context: RetryContext,
}

fn requeue(goal: &Goal, run: &RunId, again: Again, policy: &Policy, now: Timestamp) -> Judgement {
    let Again { charge, not_before, context } = again;
    let count = goal.series.charged(charge).count(charge);
    if let Some((max, cause)) = policy.cap(charge)
        && count >= max
    {
        let detail = context.last_outcome.clone().unwrap_or_default();
        return Judgement::Stuck { charge, cause, detail, context };
    }
    let backoff = policy.cap(charge).and_then(|_| now.checked_add(policy.backoff(count, run)).ok());
    Judgement::Requeue { charge, retry_at: not_before.max(backoff), context }
}

/// What the next prompt says. A run that left nothing does not undo what earlier ones left, and what a gate
/// said stands until a run has answered it.
fn context(goal: &Goal, last_outcome: String, harvest: &Harvest, has_answered: bool) -> RetryContext {
    let earlier = &goal.context;
    let has_worked = harvest.tip.is_some();
    let (gate_output, gate_failures) = match &harvest.gate_tail {
        Some(tail) => (Some(tail.clone()), harvest.gate_failures.clone()),
        None if has_answered => (None, Vec::new()),
        None => (earlier.gate_output.clone(), earlier.gate_failures.clone()),
    };
    RetryContext {
        // A reviewer's words hold until a run has answered them.
        feedback: earlier.feedback.clone(),
        question: earlier.question.clone(),
        last_outcome: Some(last_outcome),
        earlier_outcomes: earlier.outcomes(),
        gate_output,
        gate_failures,
        last_progress: harvest.last_progress.clone().or_else(|| earlier.last_progress.clone()),
        is_resumed: has_worked || earlier.is_resumed,
        conflicts: Vec::new(),
    }
}
