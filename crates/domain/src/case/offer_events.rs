//! What happens to pull requests that work lands by.

use super::Case;
use crate::effect::Effect;
use crate::goal::{GoalEvent, GoalState, StuckCause};
use crate::illegal::IllegalEvent;
use crate::judge::CLOSED_UNMERGED;
use crate::landing::{Bounce, Landing, LandingEvent, LandingState, Merging, Offer, Standing, Step, Warrant};
use crate::run::RunId;

impl Case {
    /// A pull request offers the work, or takes it out again, which is the business of a goal that runs. Where the
    /// goal was closed meanwhile, nobody wants it.
    pub(super) fn offered(&mut self, offer: &Offer) -> Result<Vec<Effect>, IllegalEvent> {
        self.step_landing(&LandingEvent::Offered)?;
        self.keep_offer(offer);
        if self.landing.as_ref().is_some_and(|landing| landing.state.undoing().is_some()) {
            return Ok(Vec::new());
        }
        if self.goal.state.is_settled() {
            return self.withdraw();
        }
        self.step(&GoalEvent::Offered(offer.pull))?;
        Ok(Vec::new())
    }

    /// A pull request shows the work to a person; `None` where there is nothing to be shown.
    pub(super) fn shown(&mut self, run: &RunId, offer: Option<&Offer>) -> Result<Vec<Effect>, IllegalEvent> {
        let base_branch = self.run.as_ref().and_then(|run| run.base_branch.clone());
        if self.landing.is_none() {
            self.landing = Some(Landing {
                run: run.clone(),
                goal: self.goal.id.clone(),
                base_branch: base_branch.unwrap_or_default(),
                state: LandingState::Shown,
                undos: 0,
                warrant: Warrant::Gate,
                returns: 0,
                offer: None,
                turns: 0,
            });
        }
        offer.into_iter().for_each(|offer| self.keep_offer(offer));
        if self.goal.state.is_settled() { self.withdraw() } else { Ok(Vec::new()) }
    }

    fn keep_offer(&mut self, offer: &Offer) {
        if let Some(landing) = &mut self.landing {
            landing.offer = Some(offer.clone());
            landing.turns += 1;
        }
    }

    /// A look at the pull request that settles nothing. One that has to set out again has deeds with keys of
    /// their own.
    pub(super) fn seen(&mut self, standing: &Standing) -> Result<(), IllegalEvent> {
        self.step_landing(&LandingEvent::Seen(standing.clone()))?;
        if let Some(landing) = &mut self.landing {
            landing.turns += 1;
            landing.returns += u32::from(matches!(standing, Standing::Conflict));
        }
        Ok(())
    }

    /// The work cannot land as it is; what the forge was to merge by itself it must not merge any more.
    pub(super) fn bounced(&mut self, run: &RunId, bounce: &Bounce) -> Result<Vec<Effect>, IllegalEvent> {
        let had_bounced =
            self.landing.as_ref().is_some_and(|landing| matches!(landing.state, LandingState::Bounced(_)));
        self.step_landing(&LandingEvent::Bounced(bounce.clone()))?;
        if had_bounced {
            return self.closed_after_bounce(run);
        }
        let is_open = !matches!(bounce, Bounce::ClosedUnmerged);
        let is_forges =
            self.offer().is_some_and(|(_, offer)| matches!(offer.merging, Merging::Forge) && is_open);
        Ok(if is_forges { self.deed(Step::Halt) } else { Vec::new() })
    }

    /// A person closed the pull request of work that had come back: whoever does wants no further try. A goal that
    /// another orchestrator or a person has is theirs, and a bounce that was not judged yet is judged as this one.
    fn closed_after_bounce(&mut self, run: &RunId) -> Result<Vec<Effect>, IllegalEvent> {
        let is_tried_again = match &self.goal.state {
            GoalState::Queued { .. } => self.goal.elsewhere.is_none(),
            GoalState::Running { .. } => !self.goal.is_landing(run),
            GoalState::Draft { .. }
            | GoalState::SpotCheck { .. }
            | GoalState::Offered { .. }
            | GoalState::Done { .. }
            | GoalState::Stuck { .. }
            | GoalState::Cancelled
            | GoalState::Resolved => false,
        };
        if !is_tried_again || self.goal.taken.is_some() {
            return Ok(Vec::new());
        }
        self.step(&GoalEvent::GotStuck(StuckCause::ClosedUnmerged, CLOSED_UNMERGED.to_owned()))?;
        Ok(self.post_mortem(&format!("{run}/closed")))
    }

    /// Nobody wants the work any more: its pull request is closed.
    pub(super) fn withdraw(&mut self) -> Result<Vec<Effect>, IllegalEvent> {
        self.step_landing(&LandingEvent::Withdrawn)?;
        Ok(self.deed(Step::Close))
    }

    /// A goal that is closed takes back what it has offered or shown.
    pub(super) fn withdraw_offer(&mut self) -> Result<Vec<Effect>, IllegalEvent> {
        match self.landing.as_ref().map(|landing| &landing.state) {
            Some(LandingState::Offered { .. } | LandingState::Shown) => self.withdraw(),
            // The planner withdraws it when no round is under way.
            Some(LandingState::Submitted { .. }) => Ok(Vec::new()),
            Some(
                LandingState::Landed { .. }
                | LandingState::Bounced(_)
                | LandingState::Withdrawn
                | LandingState::Reverting { .. }
                | LandingState::Leaving { .. }
                | LandingState::Reverted { .. },
            )
            | None => Ok(Vec::new()),
        }
    }

    fn offer(&self) -> Option<(&Landing, &Offer)> {
        let landing = self.landing.as_ref()?;
        Some((landing, landing.offer.as_ref()?))
    }

    pub(super) fn deed(&self, step: Step) -> Vec<Effect> {
        let effect = |(landing, _): (&Landing, &Offer)| Effect::FollowLanding {
            goal: self.goal.id.clone(),
            run: landing.run.clone(),
            step,
            turn: landing.turns,
        };
        self.offer().map(effect).into_iter().collect()
    }
}
