//! What happens to a goal's runs and landings.

use jiff::Timestamp;

use super::{Case, messages};
use crate::effect::{Effect, Once};
use crate::frost::Frost;
use crate::gate::Refusal;
use crate::goal::{Goal, GoalEvent, GoalState, RunNote, SpotCheckReason};
use crate::illegal::IllegalEvent;
use crate::judge::Judgement;
use crate::landing::{Landing, LandingEvent, LandingState, Warrant};
use crate::level::Level;
use crate::run::{RetryContext, Run, RunEvent, RunId, RunResult, RunState};

impl Case {
    pub(super) fn step_run(&mut self, event: &RunEvent) -> Result<(), IllegalEvent> {
        let refusal = IllegalEvent { machine: "a run", state: "unknown", event: event.word() };
        let run = self.run.as_mut().ok_or(refusal)?;
        run.state = run.state.next(event)?;
        Ok(())
    }

    pub(super) fn step_landing(&mut self, event: &LandingEvent) -> Result<(), IllegalEvent> {
        let refusal = IllegalEvent { machine: "a landing", state: "unknown", event: event.word() };
        let landing = self.landing.as_mut().ok_or(refusal)?;
        landing.state = landing.state.next(event)?;
        Ok(())
    }

    pub(super) fn postpone(&mut self, until: Timestamp, why: &str) -> Result<(), IllegalEvent> {
        self.step_landing(&LandingEvent::Postponed { until, why: why.into() })
    }

    pub(super) fn order(&mut self, run: &RunId, attempt: u32, at: Timestamp) -> Result<(), IllegalEvent> {
        let since = self.goal.state.queued_since().ok_or_else(|| self.refuse("started"))?;
        if attempt != self.goal.runs + 1 {
            return Err(IllegalEvent { machine: "a goal", state: "at another attempt", event: "started" });
        }
        self.step(&GoalEvent::Started(run.clone()))?;
        self.goal.runs = attempt;
        self.goal.retry_at = None;
        self.run = Some(Run {
            id: run.clone(),
            goal: self.goal.id.clone(),
            attempt,
            ordered_at: at,
            queue_seconds: at.duration_since(since).as_secs_f64().max(0.0),
            base_branch: None,
            agent: None,
            by: self.goal.taken.as_ref().map(|hold| hold.by.clone()),
            frost: Frost::default(),
            result: None,
            state: RunState::Ordered,
        });
        self.landing = None;
        Ok(())
    }

    pub(super) fn prepared(&mut self, base_branch: &str, agent: &str) -> Result<(), IllegalEvent> {
        self.step_run(&RunEvent::Prepared)?;
        if let Some(run) = &mut self.run {
            run.base_branch = Some(base_branch.into());
            run.agent = Some(agent.into());
        }
        Ok(())
    }

    pub(super) fn judged(
        &mut self,
        run: &RunId,
        judgement: &Judgement,
        at: Timestamp,
    ) -> Result<Vec<Effect>, IllegalEvent> {
        let result = match self.run.as_ref().map(|r| &r.state) {
            Some(RunState::Collected { outcome, harvest }) => {
                Some(RunResult { outcome: outcome.clone(), harvest: harvest.clone() })
            }
            Some(
                RunState::Ordered
                | RunState::Claimed
                | RunState::Prepared
                | RunState::Launched { .. }
                | RunState::Held { .. }
                | RunState::Reported { .. }
                | RunState::Judged { .. }
                | RunState::Closed,
            )
            | None => None,
        };
        self.step_run(&RunEvent::Judged)?;
        if let Some(result) = result {
            self.goal.history.push(RunNote { run: run.clone(), outcome: result.outcome.clone() });
            let excess = self.goal.history.len().saturating_sub(Goal::HISTORY_MAX);
            self.goal.history.drain(..excess);
            self.run = self.run.take().map(|run| Run { result: Some(result), ..run });
        }
        let mut effects = self.follow(run, judgement, run.as_str(), at)?;
        if self.run.as_ref().is_some_and(|run| run.by.is_some()) {
            self.goal.taken = None;
        }
        effects.extend(self.propose(run, judgement));
        effects.push(Effect::WriteStats { goal: self.goal.id.clone(), run: run.clone() });
        Ok(effects)
    }

    /// Carries a judgement out. `mark` tells the messages of a run's end from those of its bounce: work that
    /// waited for a person once may have to wait again, and both times the person is told.
    pub(super) fn follow(
        &mut self,
        run: &RunId,
        judgement: &Judgement,
        mark: &str,
        at: Timestamp,
    ) -> Result<Vec<Effect>, IllegalEvent> {
        if !matches!(judgement, Judgement::Nothing) && self.goal.current_run() != Some(run) {
            return Err(self.refuse("judged by another run"));
        }
        match judgement {
            Judgement::Land => {
                self.submit(run, Warrant::Gate)?;
                Ok(Vec::new())
            }
            Judgement::SpotCheck { why } => {
                self.step(&GoalEvent::SentToSpotCheck(run.clone(), why.clone()))?;
                Ok(self.hand_over(run, mark, why))
            }
            Judgement::Requeue { charge, retry_at, context } => {
                self.step(&GoalEvent::Requeued(at))?;
                self.goal.series = self.goal.series.charged(*charge);
                self.goal.retry_at = *retry_at;
                self.goal.context = context.clone();
                Ok(Vec::new())
            }
            Judgement::Stuck { charge, cause, detail, context } => {
                self.step(&GoalEvent::GotStuck(*cause, detail.clone()))?;
                self.goal.series = self.goal.series.charged(*charge);
                self.goal.context = context.clone();
                Ok(self.post_mortem(mark))
            }
            Judgement::Draft { note } => {
                self.step(&GoalEvent::ReturnedToDraft(note.clone()))?;
                Ok(vec![self.notice(mark, "returned to draft", note.clone())])
            }
            Judgement::PutBack => self.put_back().map(|()| Vec::new()),
            Judgement::Nothing => Ok(Vec::new()),
        }
    }

    /// Tells the messages of a bounce from those of the run's end and of earlier bounces.
    pub(super) fn bounce_mark(&self, run: &RunId) -> String {
        match self.landing.as_ref().map_or(0, |landing| landing.returns) {
            0 => format!("{run}/bounce"),
            returns => format!("{run}/bounce/{returns}"),
        }
    }

    /// Opens the landing of a run's work, on the branch that the run was prepared for.
    pub(super) fn submit(&mut self, run: &RunId, warrant: Warrant) -> Result<(), IllegalEvent> {
        if !self.goal.is_running(run) {
            return Err(self.refuse("submitted"));
        }
        let of = self.run.as_ref();
        let state = of.map_or("unknown", |run| run.state.word());
        let unprepared = IllegalEvent { machine: "a run without a base branch", state, event: "submitted" };
        let base_branch = of.and_then(|run| run.base_branch.clone()).ok_or(unprepared)?;
        let goal = self.goal.id.clone();
        // The deeds of a landing that bounced are done for ever; this one's need keys of their own.
        let before = self.landing.as_ref().filter(|landing| landing.run == *run);
        let (returns, undos, turns) =
            before.map_or((0, 0, 0), |landing| (landing.returns + 1, landing.undos, landing.turns));
        let offer = before.and_then(|landing| landing.offer.clone());
        let (run, state) = (run.clone(), LandingState::FRESH);
        self.landing = Some(Landing { run, goal, base_branch, state, undos, warrant, returns, offer, turns });
        Ok(())
    }

    /// The landing is a fact even where its goal was closed in between.
    pub(super) fn landed(
        &mut self,
        run: &RunId,
        commit: &str,
        known: &[String],
    ) -> Result<Vec<Effect>, IllegalEvent> {
        self.step_landing(&LandingEvent::Landed { commit: commit.into() })?;
        // What a person merges of an earlier run does not pull away another's workspace.
        let is_in_hand = self.goal.taken.is_some() && !self.goal.is_landing(run);
        if !self.goal.state.is_settled() && !is_in_hand {
            self.step(&GoalEvent::Landed(run.clone(), commit.into()))?;
            self.goal.context = RetryContext::default();
        }
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let text = messages::no_new_failure(commit, known);
        Ok(vec![self.comment(run.as_str(), "no-new-failure", text)])
    }

    /// A base branch that is red is reported once, not with every goal that comes upon it.
    pub(super) fn base_found_red(&self, since: &str, refusal: &Refusal) -> Vec<Effect> {
        let base_branch = self.run.as_ref().and_then(|run| run.base_branch.as_deref()).unwrap_or("base");
        let (goal, once) = (self.goal.id.clone(), Once::Repo);
        let (key, text) = (format!("base-red/{since}"), messages::base_red(base_branch, since, refusal));
        let title = format!("{} is red itself on {base_branch}", goal.repo);
        vec![
            Effect::Comment { goal: goal.clone(), key: key.clone(), text: text.clone(), once },
            Effect::Notify { goal, key, title, message: text, level: Level::Attention, once },
        ]
    }

    /// What the run's agent proposed becomes drafts, unless the goal was closed meanwhile.
    fn propose(&self, run: &RunId, judgement: &Judgement) -> Option<Effect> {
        let follow_ups = &self.run.as_ref()?.result.as_ref()?.harvest.follow_ups;
        let is_wanted = !follow_ups.is_empty() && !matches!(judgement, Judgement::Nothing);
        is_wanted.then(|| Effect::Propose {
            goal: self.goal.id.clone(),
            run: run.clone(),
            follow_ups: follow_ups.clone(),
        })
    }

    fn hand_over(&self, run: &RunId, mark: &str, why: &[SpotCheckReason]) -> Vec<Effect> {
        let reasons: Vec<String> = why.iter().map(|reason| format!("- {reason}")).collect();
        let text = format!(
            "Work of run `{run}` waits for a person:\n\n{}\n\n{}",
            reasons.join("\n"),
            messages::ways_on(&self.goal),
        );
        vec![
            self.comment(mark, "spot-check", text.clone()),
            self.notice(mark, "waits for a spot-check", text),
        ]
    }

    pub(super) fn post_mortem(&self, mark: &str) -> Vec<Effect> {
        let GoalState::Stuck { cause, detail } = &self.goal.state else {
            return Vec::new();
        };
        let text = messages::post_mortem(&self.goal, cause.as_str(), detail);
        vec![self.comment(mark, "post-mortem", text.clone()), self.notice(mark, "is stuck", text)]
    }

    fn comment(&self, mark: &str, kind: &str, text: String) -> Effect {
        Effect::Comment { goal: self.goal.id.clone(), key: format!("{kind}/{mark}"), text, once: Once::Goal }
    }

    pub(super) fn notice(&self, mark: &str, what: &str, message: String) -> Effect {
        let title = format!("{} {what}: {}", self.goal.id, self.goal.title);
        Effect::Notify {
            goal: self.goal.id.clone(),
            key: format!("{what}/{mark}"),
            title,
            message,
            level: Level::Attention,
            once: Once::Goal,
        }
    }
}
