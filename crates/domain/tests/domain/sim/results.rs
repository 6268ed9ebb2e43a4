//! What becomes of effects in the simulated world.

use herder_domain::effect::Effect;
use herder_domain::event::What;
use herder_domain::gate::Refusal;
use herder_domain::landing::{Bounce, Merging};
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::repo::GoalRef;
use herder_domain::run::{Harvest, RunId, RunState};
use herder_domain::undo::UndoTrouble;
use jiff::SignedDuration;

use super::{Ending, Sim, forge};
use crate::samples;

impl Sim {
    /// The event that an effect comes to, where it comes to one.
    pub fn result(&self, effect: &Effect, ending: Ending) -> Option<(GoalRef, What)> {
        let is_well = ending == Ending::Well;
        let lost = |run: &RunId, cause| {
            let outcome = Outcome::Interrupted { cause, detail: "it failed".into() };
            What::RunReported { run: run.clone(), outcome }
        };
        let what = match effect {
            Effect::Claim { run, .. } if is_well => What::RunClaimed { run: run.clone() },
            Effect::Claim { goal, run } if ending == Ending::Oddly && self.is_on_forge(goal) => {
                let until = self.now + SignedDuration::from_mins(16);
                What::GoalElsewhere { run: Some(run.clone()), owner: "night-1a2b".into(), until }
            }
            Effect::Claim { run, .. } => lost(run, Interruption::Unreachable),
            Effect::Prepare { goal, run } if is_well => What::RunPrepared {
                run: run.clone(),
                base_branch: if goal.number.0 % 3 == 0 { "next".into() } else { "main".into() },
                agent: self.world.agent_of(&self.world.goals[goal]).to_owned(),
            },
            Effect::Prepare { run, .. } => lost(run, Interruption::Crashed),
            Effect::Launch { run, .. } if is_well => {
                What::RunLaunched { run: run.clone(), process: samples::process() }
            }
            Effect::Launch { run, .. } => lost(run, Interruption::Crashed),
            Effect::Stop { run, .. } => {
                // Its ralph may have ended by itself, and its run be closed, before the stop was done.
                let is_at_work = self
                    .world
                    .runs
                    .get(run)
                    .is_some_and(|run| matches!(run.state, RunState::Launched { .. }));
                return (is_well && is_at_work)
                    .then(|| (effect.goal().clone(), lost(run, Interruption::Stopped)));
            }
            Effect::Collect { run, .. } => What::RunCollected { run: run.clone(), harvest: harvest(ending) },
            Effect::Land { goal, run, .. } => self.landing_result(goal, run, ending),
            Effect::Revert { goal, run, .. } => self.revert_result(goal, run, ending),
            Effect::Clean { run, .. } => What::RunClosed { run: run.clone() },
            Effect::Tell { .. }
            | Effect::Freeze { .. }
            | Effect::Thaw { .. }
            | Effect::ShowState { .. }
            | Effect::Announce { .. }
            | Effect::Propose { .. }
            | Effect::WriteStats { .. }
            | Effect::Comment { .. }
            | Effect::FollowLanding { .. }
            | Effect::SumUp { .. }
            | Effect::Notify { .. } => return None,
        };
        Some((effect.goal().clone(), what))
    }

    fn landing_result(&self, goal: &GoalRef, run: &RunId, ending: Ending) -> What {
        let run = run.clone();
        let until = self.now + SignedDuration::from_secs(45);
        match ending {
            Ending::Well if self.is_on_forge(goal) => {
                What::WorkOffered { offer: forge::offer(&run, Merging::Forge), run }
            }
            Ending::Well => What::Landed { run, commit: "c0ffee".into(), known: Vec::new() },
            Ending::Badly => What::LandingBounced { run, bounce: Bounce::Red(Refusal::unnamed("no")) },
            Ending::Oddly => What::LandingPostponed { run, until, why: "a lost race".into() },
            Ending::Worse if self.numbers.is_multiple_of(3) => {
                What::LandingBounced { run, bounce: Bounce::Undecided(Refusal::unnamed("no")) }
            }
            Ending::Worse if self.numbers.is_multiple_of(2) => {
                What::LandingBounced { run, bounce: Bounce::Empty }
            }
            Ending::Worse => {
                What::LandingBounced { run, bounce: Bounce::Conflict { files: vec!["a".into()] } }
            }
        }
    }

    fn revert_result(&self, goal: &GoalRef, run: &RunId, ending: Ending) -> What {
        let run = run.clone();
        let until = self.now + SignedDuration::from_secs(45);
        let refused = |trouble| What::UndoRefused { run: run.clone(), trouble };
        match ending {
            Ending::Well if self.is_on_forge(goal) => {
                What::WorkOffered { offer: forge::offer(&run, Merging::Forge), run }
            }
            Ending::Well => What::Undone { run, commit: "decaff".into() },
            Ending::Badly => refused(UndoTrouble::Red { tail: "no".into() }),
            Ending::Oddly => What::LandingPostponed { run, until, why: "a lost race".into() },
            Ending::Worse => refused(UndoTrouble::Conflict { files: vec!["a".into()] }),
        }
    }
}

fn harvest(ending: Ending) -> Harvest {
    let good = samples::harvest();
    match ending {
        Ending::Well => good,
        Ending::Badly => Harvest { files_changed: 0, tip: None, ..good },
        Ending::Oddly => Harvest { protected: vec![".ralph/check".into()], ..good },
        Ending::Worse => Harvest { keeps_clone: true, ..good },
    }
}
