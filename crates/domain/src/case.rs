//! A goal with the run and the landing that an event is about, and how the event changes them.

mod claim_events;
mod curation;
mod frost_events;
mod goal_events;
mod hand_events;
mod messages;
mod offer_events;
mod run_events;
mod sight_events;

use jiff::Timestamp;

use crate::effect::Effect;
use crate::event::What;
use crate::goal::{Goal, GoalEvent};
use crate::illegal::IllegalEvent;
use crate::landing::Landing;
use crate::run::{Run, RunEvent, RunId};

/// A goal, the run that an event names (or else the goal's current one), and that run's landing.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The goal.
    pub goal: Goal,
    /// The run.
    pub run: Option<Run>,
    /// Its landing.
    pub landing: Option<Landing>,
}

/// What an event made of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// The case afterwards.
    pub case: Case,
    /// What the event itself calls for: a comment, a notification, a row of statistics.
    pub effects: Vec<Effect>,
}

impl Case {
    /// The run that has to stand in the case for `what` to be folded.
    pub fn run_for(goal: &Goal, what: &What) -> Option<RunId> {
        what.run().or_else(|| goal.current_run()).cloned()
    }

    /// Folds what happened into the case; an event that a machine refuses changes nothing.
    pub fn apply(mut self, what: &What, at: Timestamp) -> Result<Folded, IllegalEvent> {
        if let Some(run) = self.run.as_ref().filter(|run| run.goal != self.goal.id) {
            return Err(IllegalEvent { machine: "a run", state: run.state.word(), event: "another goal's" });
        }
        let mut effects = match what {
            What::RunJudged { run, judgement } => self.judged(run, judgement, at)?,
            What::BounceJudged { run, judgement } => {
                let mark = self.bounce_mark(run);
                self.follow(run, judgement, &mark, at)?
            }
            What::Undone { commit, .. } => self.undone(commit, at)?,
            What::UndoRefused { run, trouble } => self.not_undone(run, trouble)?,
            What::GoalOverdue { deadline } => self.overdue(*deadline)?,
            What::GoalTold { text } => self.tell(text, at)?,
            What::GoalNotQueued { why, id } => self.not_queued(why, *id)?,
            What::GoalMislabelled { labels } => self.mislabelled(labels)?,
            What::BaseFoundRed { since, refusal, .. } => self.base_found_red(since, refusal),
            What::RunFrozen { why, .. } => self.freeze(why, at)?,
            What::RunThawed { .. } => self.thaw(at)?,
            What::Landed { run, commit, known } => self.landed(run, commit, known)?,
            What::WorkOffered { offer, .. } => self.offered(offer)?,
            What::WorkShown { run, offer } => self.shown(run, offer.as_ref())?,
            What::LandingBounced { run, bounce } => self.bounced(run, bounce)?,
            What::LandingWithdrawn { .. } => self.withdraw()?,
            What::GoalCancelled => self.close(&GoalEvent::Cancelled)?,
            What::GoalResolved => self.close(&GoalEvent::Resolved)?,
            What::GoalApproved => self.approve()?,
            quiet => {
                self.fold(quiet, at)?;
                Vec::new()
            }
        };
        effects.extend(self.show(at));
        effects.extend(self.announce());
        Ok(Folded { case: self, effects })
    }

    /// Folds what calls for no effect of its own.
    fn fold(&mut self, what: &What, at: Timestamp) -> Result<(), IllegalEvent> {
        match what {
            What::GoalCreated { .. } => Err(self.refuse("created")),
            What::GoalEdited { edit } => self.edit(edit),
            What::GoalPrioritized { priority } => self.prioritize(*priority),
            What::GoalMoved { story } => self.move_to(*story),
            What::GoalLinked { depends } => self.link(depends),
            What::GoalHeld { reason } => self.hold(reason.clone(), at),
            What::GoalReleased => self.release(),
            What::GoalSeen { seen } => self.see(seen),
            What::GoalShown { shown, wrote } => self.showing(shown, wrote.as_ref()),
            What::GoalHeard { heard } => self.hear(heard),
            What::GoalAnnounced { phase, waits } => self.announced(phase, waits, at),
            What::GoalShelved { by } => self.shelve(by),
            What::GoalReopened => self.reopen(),
            What::GoalQueued => self.step(&GoalEvent::Queued(at)),
            What::GoalRetried => self.retry(at),
            What::GoalRejected { feedback } => self.reject(feedback, at),
            What::GoalAnswered { answer } => self.answer(answer, at),
            What::GoalQuarantined { error } => self.quarantine(error),
            What::GoalTaken { by } => self.take(by, at),
            What::RunHeld { .. } => self.step_run(&RunEvent::Held(at)),
            What::GoalGiven { run, end, say } => self.give(run, *end, say.as_deref()),
            What::UndoOrdered { run, undo } => self.order_undo(run, undo),
            What::RunOrdered { run, attempt } => self.order(run, *attempt, at),
            What::RunClaimed { .. } => self.claimed(),
            What::GoalElsewhere { run, owner, until } => self.elsewhere(run.as_ref(), (owner, *until), at),
            What::RunPrepared { base_branch, agent, .. } => self.prepared(base_branch, agent),
            What::RunLaunched { process, .. } => self.step_run(&RunEvent::Launched(process.clone())),
            What::RunReported { outcome, .. } => self.step_run(&RunEvent::Reported(outcome.clone())),
            What::RunCollected { harvest, .. } => self.step_run(&RunEvent::Collected(harvest.clone())),
            What::RunClosed { .. } => self.step_run(&RunEvent::Closed),
            What::LandingPostponed { until, why, .. } => self.postpone(*until, why),
            What::LandingSeen { standing, .. } => self.seen(standing),
            // A fact for the journal, from which it is counted.
            What::GateFlaked { .. } => Ok(()),
            What::RunJudged { .. }
            | What::BounceJudged { .. }
            | What::BaseFoundRed { .. }
            | What::WorkOffered { .. }
            | What::WorkShown { .. }
            | What::LandingBounced { .. }
            | What::LandingWithdrawn { .. }
            | What::GoalCancelled
            | What::GoalResolved
            | What::GoalApproved
            | What::Landed { .. } => Err(self.refuse("folded twice")),
            What::Undone { .. } | What::UndoRefused { .. } => Err(self.refuse("undone twice")),
            What::GoalTold { .. }
            | What::GoalOverdue { .. }
            | What::GoalNotQueued { .. }
            | What::GoalMislabelled { .. } => Err(self.refuse("told twice")),
            What::RunFrozen { .. } | What::RunThawed { .. } => Err(self.refuse("frozen twice")),
        }
    }
}
