//! What follows from the way an iteration ended.

use herder_agent::Ending;
use herder_domain::agent::{Answer, Status};
use herder_domain::gate::{Refusal, Verdict};
use herder_domain::goal::SpotCheckReason;
use herder_domain::outcome::{FailureCause, Interruption, Outcome};
use herder_gate::Findings;
use jiff::Timestamp;

use super::{Work, stopped};
use crate::call::{Called, Cut};
use crate::error::RalphError;
use crate::voice;

/// So many failures of the agent in a row end the run.
const FAILURES_MAX: u32 = 5;

/// What an iteration is told where nothing tells its failures from those of the base branch.
const DOUBT: &str = "(The check says no of the base branch itself, too, and does not name what fails, so nobody \
    knows whether this is about your work. Repair what is. If nothing is, answer `done` again: a person will look.)";

/// Whether an iteration was told that the gate cannot tell whose failures it sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// The gate can tell, or was not asked yet.
    #[default]
    None,
    /// It was told.
    Told,
}

/// The end of a run of which the gate cannot tell.
fn undecided() -> Outcome {
    Outcome::Undecided { detail: SpotCheckReason::BaseRed.to_string() }
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Step {
    /// Another iteration.
    Again,
    /// Another iteration after a wait; this one does not count.
    WaitUntil(Timestamp, String),
    /// The end of the run.
    End(Outcome),
}

impl Step {
    /// Whether the iteration counts.
    pub(super) fn counts(&self) -> bool {
        match self {
            Self::Again => true,
            Self::WaitUntil(..) => false,
            Self::End(outcome) => match outcome {
                Outcome::Interrupted { .. } | Outcome::Misconfigured { .. } => false,
                Outcome::Accepted { .. }
                | Outcome::Undecided { .. }
                | Outcome::NeedsReview { .. }
                | Outcome::Blocked { .. }
                | Outcome::Failed { .. }
                | Outcome::BudgetSpent { .. }
                | Outcome::ByHand { .. } => true,
            },
        }
    }
}

impl Step {
    /// Whether the evidence of its iteration may end the run: it counted, and nothing better ends it.
    pub(super) fn may_break(&self) -> bool {
        match self {
            Self::Again => true,
            Self::End(Outcome::Failed { cause, .. }) => *cause == FailureCause::AgentFailed,
            Self::WaitUntil(..) | Self::End(_) => false,
        }
    }
}

impl Work {
    /// Decides; asks the gate where the agent claims to be done.
    pub(super) fn conclude(&mut self, called: &Called) -> Result<(Step, Option<Findings>), RalphError> {
        self.writer.log(&epitaph(self.next_number(), called))?;
        if matches!(called.ending, Ending::Answered(_)) {
            // An iteration that was cut off has not answered what the gate said.
            self.refusal = None;
        }
        if self.stop.is_ordered() {
            return Ok((Step::End(stopped()), None));
        }
        if let Some(outcome) = lost(called) {
            return Ok((Step::End(outcome), None));
        }
        let step = match &called.ending {
            Ending::Answered(answer) => {
                self.failures = 0;
                self.waits = 0;
                match answer.status {
                    Status::Continue => Step::Again,
                    Status::Blocked => Step::End(Outcome::Blocked { question: answer.summary.clone() }),
                    Status::NeedsReview => {
                        Step::End(Outcome::NeedsReview { summary: answer.summary.clone() })
                    }
                    Status::Done => return self.claimed_done(),
                }
            }
            Ending::UsageLimit { resets_at } => self.limited(*resets_at),
            // A connection that was lost while the agent stood still is nobody's fault.
            Ending::Overloaded { .. } | Ending::Unreachable { .. } if !called.frozen.is_zero() => {
                Step::WaitUntil(Timestamp::now(), "a connection that a freeze has cut".into())
            }
            Ending::Overloaded { detail } | Ending::Unreachable { detail } => {
                self.back_off(detail, Interruption::Unreachable)
            }
            Ending::LoginFailed { hint } => interrupted(Interruption::LoginFailed, hint.clone()),
            Ending::ModelRefused { model } => Step::End(Outcome::Misconfigured {
                detail: format!("{} has no model {model:?}", self.spec.agent),
            }),
            Ending::BudgetSpent => {
                Step::End(Outcome::BudgetSpent { detail: "the agent has spent what the run may cost".into() })
            }
            Ending::Replied(_)
            | Ending::Invalid { .. }
            | Ending::PermissionDenied { .. }
            | Ending::TurnsSpent
            | Ending::ContextFull
            | Ending::Crashed { .. }
            | Ending::Aborted => self.failed(called),
        };
        Ok((step, None))
    }

    /// `done` is a claim: the gate decides.
    fn claimed_done(&mut self) -> Result<(Step, Option<Findings>), RalphError> {
        if self.gate.is_some() && self.account.working_left(&self.spec.budget).is_zero() {
            // No time is left to ask; the loop's own look at the budget ends the run.
            return Ok((Step::Again, None));
        }
        let findings = self.ask_gate()?;
        if self.stop.is_ordered() {
            // A gate that was stopped has said nothing.
            return Ok((Step::End(stopped()), None));
        }
        let step = match &findings.verdict {
            Verdict::Green | Verdict::NoNewFailure { .. } => Step::End(Outcome::Accepted { gated: true }),
            Verdict::Missing => Step::End(Outcome::Accepted { gated: false }),
            // It was told before, and still says that this is not about its work: that is for a person.
            Verdict::Undecided(_) if self.doubt == Doubt::Told => Step::End(undecided()),
            Verdict::Undecided(refusal) => {
                let tail = format!("{}\n{DOUBT}", refusal.tail);
                self.refusal = Some(Refusal { tail, ..refusal.clone() });
                self.doubt = Doubt::Told;
                Step::Again
            }
            Verdict::Red(refusal) => {
                self.refusal = Some(refusal.clone());
                self.doubt = Doubt::None;
                Step::Again
            }
        };
        Ok((step, Some(findings)))
    }

    /// The outcome of a spent budget, if one is. A claim that the gate could not tell about is no failure.
    pub(super) fn exhausted(&self) -> Option<Outcome> {
        let outcome = self.account.exhausted(&self.spec.budget)?;
        let is_in_doubt = self.doubt == Doubt::Told && self.refusal.is_some();
        Some(if is_in_doubt && outcome.is_failure() { undecided() } else { outcome })
    }

    fn failed(&mut self, called: &Called) -> Step {
        let sentence = failure(called);
        match called.cut {
            // The loop's own look at the budget says it in its own words.
            Some(Cut::TimeSpent | Cut::TokensSpent | Cut::TooOld) => return Step::Again,
            Some(Cut::Silent | Cut::ToolTooLong | Cut::IterationTooLong | Cut::Lingering) | None => {}
        }
        self.failures += 1;
        if self.failures >= FAILURES_MAX {
            let detail = format!("the agent failed {FAILURES_MAX} times in a row, at last: {sentence}");
            return Step::End(Outcome::Failed { cause: FailureCause::AgentFailed, detail });
        }
        Step::Again
    }
}

fn interrupted(cause: Interruption, detail: String) -> Step {
    Step::End(Outcome::Interrupted { cause, detail })
}

/// A keeper that was killed, or an agent that the kernel killed for memory: nobody's fault.
fn lost(called: &Called) -> Option<Outcome> {
    let Some(measured) = &called.measured else {
        let detail = "the agent's keeper was killed".into();
        return Some(Outcome::Interrupted { cause: Interruption::Crashed, detail });
    };
    let was_killed = matches!(called.exit, Some(herder_agent::Exit::Signal(9)));
    if was_killed && measured.out_of_memory_kills.is_some_and(|kills| kills > 0) {
        let detail = match measured.memory_bound_hit {
            Some(bound) => format!(
                "the kernel killed it at the {} MiB that it may take (limits.memory_mib)",
                bound >> 20
            ),
            None => format!("the kernel killed it for memory at {} MiB", measured.peak_memory.bytes() >> 20),
        };
        return Some(Outcome::Interrupted { cause: Interruption::OutOfMemory, detail });
    }
    None
}

/// The valid answer, where there was one.
pub(super) fn answer(ending: &Ending) -> Option<&Answer> {
    match ending {
        Ending::Answered(answer) => Some(answer),
        Ending::Replied(_)
        | Ending::Invalid { .. }
        | Ending::UsageLimit { .. }
        | Ending::Overloaded { .. }
        | Ending::Unreachable { .. }
        | Ending::LoginFailed { .. }
        | Ending::PermissionDenied { .. }
        | Ending::BudgetSpent
        | Ending::TurnsSpent
        | Ending::ModelRefused { .. }
        | Ending::ContextFull
        | Ending::Crashed { .. }
        | Ending::Aborted => None,
    }
}

/// The answer's word, where there was a valid answer.
pub(super) fn status(ending: &Ending) -> Option<Status> {
    answer(ending).map(|answer| answer.status)
}

/// The error that an iteration ended with: the agent's, the gate's, or that of its last tool.
pub(super) fn error(called: &Called, gate: Option<&Verdict>) -> Option<String> {
    if let Some(Cut::TimeSpent | Cut::TokensSpent | Cut::TooOld) = called.cut {
        return None;
    }
    if answer(&called.ending).is_none() {
        return Some(failure(called));
    }
    let refusal = gate.and_then(Verdict::refusal);
    refusal.map(|refusal| refusal.tail.clone()).or_else(|| called.tool_error.clone())
}

/// What the next iterations are told of this one.
pub(super) fn progress(called: &Called, gate: Option<&Verdict>) -> String {
    let said =
        answer(&called.ending).map_or_else(|| format!("({})", failure(called)), |said| said.summary.clone());
    let Some(refusal) = gate.and_then(Verdict::refusal) else {
        return said;
    };
    let names = refusal.in_a_line();
    let last = || refusal.tail.lines().rev().map(str::trim).find(|line| !line.is_empty());
    let why = if names.is_empty() { last().unwrap_or_default() } else { names.as_str() };
    format!("{said} (It claimed to be done; the check said no: {why})")
}

/// The iteration's end in the log.
fn epitaph(number: u32, called: &Called) -> String {
    match answer(&called.ending) {
        Some(answer) => voice::answered(number, answer),
        None => voice::failed(number, &failure(called)),
    }
}

fn failure(called: &Called) -> String {
    let why = match (called.cut, &called.ending) {
        (Some(cut), _) => return cut.sentence().into(),
        (None, Ending::Invalid { problem }) => return format!("the agent gave no valid answer: {problem}"),
        (None, Ending::Crashed { detail }) => return format!("the agent failed: {detail}"),
        (None, Ending::PermissionDenied { tools }) => {
            return format!("the agent was refused {}", tools.join(", "));
        }
        (None, Ending::Overloaded { detail } | Ending::Unreachable { detail }) => detail.clone(),
        (None, Ending::LoginFailed { hint }) => hint.clone(),
        (None, Ending::ModelRefused { model }) => format!("{model:?}"),
        (None, Ending::UsageLimit { resets_at }) => {
            resets_at.map(|at| format!("until {at:.0}")).unwrap_or_default()
        }
        (
            None,
            Ending::Answered(_)
            | Ending::Replied(_)
            | Ending::BudgetSpent
            | Ending::TurnsSpent
            | Ending::ContextFull
            | Ending::Aborted,
        ) => String::new(),
    };
    let gap = if why.is_empty() { "" } else { ": " };
    format!("the agent ended without an answer: {}{gap}{why}", called.ending.word())
}
