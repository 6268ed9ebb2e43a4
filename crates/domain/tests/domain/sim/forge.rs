//! A forge beside the simulated orchestrator: it is given pull requests, and people and checks decide about them.

use herder_domain::event::{Event, What};
use herder_domain::gate::Refusal;
use herder_domain::landing::{Bounce, Landing, LandingState, Merging, Offer, Standing, Step};
use herder_domain::repo::{GoalRef, Number};
use herder_domain::run::RunId;
use herder_domain::undo::UndoTrouble;
use jiff::Timestamp;

use super::{Ending, Sim};

/// The pull request of a run's work.
pub fn offer(run: &RunId, merging: Merging) -> Offer {
    Offer { pull: Number(1_000), head: format!("head of {run}"), merging }
}

/// What is heard of a pull request, by the place of the op.
fn heard(landing: &Landing, place: u8) -> What {
    let run = landing.run.clone();
    if landing.state.undoing().is_some() {
        return heard_of_undoing(run, place);
    }
    if matches!(landing.state, LandingState::Bounced(_)) {
        return match place % 2 {
            0 => What::LandingBounced { run, bounce: Bounce::ClosedUnmerged },
            _ => What::Landed { run, commit: "c0ffee".into(), known: Vec::new() },
        };
    }
    let seen = |standing| What::LandingSeen { run: run.clone(), standing };
    let bounced = |bounce| What::LandingBounced { run: run.clone(), bounce };
    match place % 10 {
        0 => seen(Standing::Waiting { why: "a check is under way".into() }),
        1 => seen(Standing::Green),
        2 => seen(Standing::Behind),
        3 => seen(Standing::Conflict),
        4 => bounced(Bounce::ChecksRed(Refusal::unnamed("no"))),
        5 => bounced(Bounce::ChangesRequested { words: "name it better".into() }),
        6 => bounced(Bounce::ClosedUnmerged),
        7 => What::WorkOffered { run: run.clone(), offer: offer(&run, Merging::Forge) },
        9 => What::GoalElsewhere { run: Some(run), owner: "night-1a2b".into(), until: Timestamp::MIN },
        _ => What::Landed { run, commit: "c0ffee".into(), known: Vec::new() },
    }
}

/// The same of one that takes landed work out.
fn heard_of_undoing(run: RunId, place: u8) -> What {
    let refused = |trouble| What::UndoRefused { run: run.clone(), trouble };
    let seen = |standing| What::LandingSeen { run: run.clone(), standing };
    match place % 10 {
        0 => seen(Standing::Waiting { why: "a check is under way".into() }),
        1 => seen(Standing::Green),
        2 => seen(Standing::Behind),
        3 => seen(Standing::Conflict),
        4 => refused(UndoTrouble::Red { tail: "no".into() }),
        5 => refused(UndoTrouble::Unwanted { words: "keep it".into() }),
        6 => refused(UndoTrouble::Closed),
        7 => What::WorkOffered { run: run.clone(), offer: offer(&run, Merging::Forge) },
        _ => What::Undone { run, commit: "decaff".into() },
    }
}

impl Sim {
    /// The second of the two repositories lives on a forge.
    pub fn with_forge(self) -> Self {
        Self { forge: Some(super::repo(1)), ..self }
    }

    pub fn is_on_forge(&self, goal: &GoalRef) -> bool {
        self.forge.as_ref() == Some(&goal.repo)
    }

    /// Something is heard of a pull request that is open. Of one that is only shown, no more than that it was merged.
    pub fn see(&mut self, place: u8, what: u8) {
        let is_heard_of = |landing: &&Landing| is_open(landing) || self.has_come_back(landing);
        let open: Vec<&Landing> = self.world.landings.values().filter(is_heard_of).collect();
        let Some(landing) = open.get(usize::from(place) % open.len().max(1)) else {
            return;
        };
        let is_shown = matches!(landing.state, LandingState::Shown);
        let still_waits = self.world.goals[&landing.goal].current_run() == Some(&landing.run);
        if is_shown && !still_waits {
            return;
        }
        let heard = heard(landing, if is_shown { 8 } else { what });
        let goal = landing.goal.clone();
        self.record(Event::of(&goal, heard)).unwrap();
    }

    /// The last pull request of a goal came back, and is open still.
    fn has_come_back(&self, landing: &Landing) -> bool {
        let attempt = |landing: &Landing| self.world.runs[&landing.run].attempt;
        let is_last = self.world.landings.values().all(|other| {
            other.goal != landing.goal || other.offer.is_none() || attempt(other) <= attempt(landing)
        });
        let is_back =
            matches!(&landing.state, LandingState::Bounced(bounce) if *bounce != Bounce::ClosedUnmerged);
        let is_live = !self.world.goals[&landing.goal].state.is_settled();
        is_back && is_last && is_live && landing.offer.is_some()
    }

    /// Every open pull request is merged; false where there is none to wait for.
    pub fn merge_all(&mut self) -> bool {
        let offered = |landing: &&Landing| landing.state.standing().is_some();
        let offered: Vec<Landing> = self.world.landings.values().filter(offered).cloned().collect();
        for landing in &offered {
            self.record(Event::of(&landing.goal, heard(landing, 8))).unwrap();
        }
        !offered.is_empty()
    }

    /// What a deed about a pull request tells. It may have been overtaken by what was seen meanwhile.
    pub fn follow_result(&self, run: &RunId, step: Step, ending: Ending) -> Option<What> {
        let run = run.clone();
        let waiting = Standing::Waiting { why: "GitHub works it out".into() };
        match (step, ending) {
            (Step::Show, Ending::Well) => {
                let offer = Some(offer(&run, Merging::Person));
                Some(What::WorkShown { run, offer })
            }
            (Step::Show, Ending::Badly | Ending::Oddly | Ending::Worse) => {
                Some(What::WorkShown { run, offer: None })
            }
            (Step::Update, _) => Some(What::LandingSeen { run, standing: Standing::Updating }),
            (Step::Merge, Ending::Well) => Some(heard(&self.world.landings[&run], 8)),
            (Step::Merge, _) => Some(What::LandingSeen { run, standing: waiting }),
            (Step::Halt | Step::Close, _) => None,
        }
    }
}

fn is_open(landing: &Landing) -> bool {
    matches!(landing.state, LandingState::Offered { .. } | LandingState::Shown | LandingState::Leaving { .. })
}
