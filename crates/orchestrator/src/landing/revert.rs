//! Revert: take landed work out of the base branch, by the way it came in. The trailer `Herder-Reverts` in the
//! base shows that it was done already. Where work lands by pull requests, it leaves by one, which is followed as the
//! one was that brought it in.

use herder_domain::event::{Event, What};
use herder_domain::forge::{Candidate, Errand};
use herder_domain::gate::Verdict;
use herder_domain::landing::{LandingState, Offer};
use herder_domain::undo::{Undo, UndoGate, UndoTrouble};
use herder_workspace::{CommitId, RevertMessage, RevertOrder, Squash};

use super::{Base, Landing, ROUNDS, Round, TRIES, postponed, pull};
use crate::act::{ActError, Acted};
use crate::context::{Case, Context};

/// How a round ended.
enum Ended {
    Undone(CommitId),
    /// A pull request takes it out.
    Offered(Offer),
    Refused(UndoTrouble),
    /// Somebody else's push came first.
    Lost,
}

/// What is to be undone.
struct Undoing<'a> {
    landing: Landing<'a>,
    landed: CommitId,
    undo: &'a Undo,
    /// The how-manieth request for it.
    request: u32,
}

/// One round of taking a run's landed work out again.
pub(crate) fn revert(context: &Context, case: &Case, (request, round): (u32, u32)) -> Acted {
    let run = case.run.id.clone();
    let mut found = Vec::new();
    let what = match try_rounds(context, case, request, &mut found) {
        Ok(Some(what)) => what,
        Ok(None) => put_off(context, case, round, format!("{ROUNDS} rounds were lost to others' pushes")),
        Err(error) => put_off(context, case, round, error.in_full()),
    };
    context.withdrawals.forget(&run);
    found.push(what);
    let events = found.into_iter().map(|what| Event::of(&case.goal.id, what)).collect();
    Acted { events, ..Acted::default() }
}

/// As a landing is put off; after some hours of that the work stays where it is.
fn put_off(context: &Context, case: &Case, round: u32, why: String) -> What {
    if round + 1 < TRIES {
        return postponed(context, case, round, why);
    }
    let why = context.redactor.line(&why).into_string();
    What::UndoRefused { run: case.run.id.clone(), trouble: UndoTrouble::Undeliverable { why } }
}

/// What came of it; `None` where every round was lost to somebody else's push. What the gate brought to light
/// on the way is `found`.
fn try_rounds(
    context: &Context,
    case: &Case,
    request: u32,
    found: &mut Vec<What>,
) -> Result<Option<What>, ActError> {
    let asked = case.landing.as_ref().map(|landing| &landing.state);
    let Some(LandingState::Reverting { commit, undo, .. }) = asked else {
        return Err(ActError::Missing("what is to be undone"));
    };
    if context.run_dir(&case.run.id).spec()?.is_none() {
        // Time alone does not bring it back.
        let why = "what was asked of the run is not kept any more (`retention.records`)".to_owned();
        let trouble = UndoTrouble::Undeliverable { why };
        return Ok(Some(What::UndoRefused { run: case.run.id.clone(), trouble }));
    }
    let landing = Landing::prepare(context, case)?;
    let undoing = Undoing { landing, landed: CommitId::parse(commit)?, undo, request };
    let run = case.run.id.clone();
    for _ in 0..ROUNDS {
        return Ok(Some(match undoing.round(found)? {
            Ended::Undone(commit) => What::Undone { run, commit: commit.to_string() },
            Ended::Offered(offer) => What::WorkOffered { run, offer },
            Ended::Refused(trouble) => What::UndoRefused { run, trouble },
            Ended::Lost => continue,
        }));
    }
    Ok(None)
}

impl Undoing<'_> {
    fn round(&self, found: &mut Vec<What>) -> Result<Ended, ActError> {
        let landing = &self.landing;
        let base_tip = landing.refresh()?;
        let bare = landing.vault.bare();
        if !bare.contains(&self.landed)? || !bare.is_ancestor(&self.landed, &base_tip)? {
            return Ok(Ended::Refused(UndoTrouble::Gone));
        }
        if let Some(commit) = self.commit_in(&base_tip)? {
            return Ok(Ended::Undone(commit));
        }
        let candidate = match self.commit(&base_tip)? {
            Squash::Commit(commit) => commit,
            // Somebody has taken it out by hand.
            Squash::Empty => return Ok(Ended::Undone(base_tip)),
            Squash::Conflict { files } => {
                let files = files.iter().map(|path| path.display().to_string()).collect();
                return Ok(Ended::Refused(UndoTrouble::Conflict { files }));
            }
        };
        let word = match self.undo.gate {
            UndoGate::Skip => "skipped",
            UndoGate::Ask => {
                let findings = landing.findings(&Base::of(base_tip.clone(), None), &candidate)?;
                found.extend(landing.brought_to_light(&findings));
                match findings.verdict {
                    Verdict::Red(refusal) => {
                        return Ok(Ended::Refused(UndoTrouble::Red { tail: refusal.tail }));
                    }
                    // A person wants it, and the base branch is no better with it.
                    Verdict::Undecided(_) => "undecided, ordered by a person",
                    Verdict::NoNewFailure { .. } => "no new failure",
                    Verdict::Green => "green",
                    Verdict::Missing => "none",
                }
            }
        };
        // The same again, with the verdict in its message.
        let (message, signature) = (self.message(Some(word)), landing.context.signature());
        let commit = landing.vault.reword(&candidate, &message, &signature)?;
        match landing.hand_in(&self.candidate(&base_tip, &commit, word))? {
            Round::Landed(commit, _) => Ok(Ended::Undone(commit)),
            Round::Offered(offer) => Ok(Ended::Offered(offer)),
            Round::Lost => Ok(Ended::Lost),
            Round::Refused(why) => Err(ActError::Refused(why)),
            Round::Theirs { owner, .. } => Err(ActError::Refused(format!("{owner} is at work on it"))),
            Round::Bounced(_) | Round::CalledOff => Err(ActError::Missing("what came of a push")),
        }
    }

    /// The commit that the work left the base branch by, where it has.
    fn commit_in(&self, tip: &CommitId) -> Result<Option<CommitId>, ActError> {
        let Landing { case, vault, .. } = &self.landing;
        if let Some(commit) = vault.bare().reverted_run_in(&self.landed, tip, case.run.id.as_str())? {
            return Ok(Some(commit));
        }
        let merged = self.landing.way_home()?.undone(&case.goal.id, &case.run.id, self.request)?;
        Ok(merged.map(|commit| CommitId::parse(&commit)).transpose()?)
    }

    /// What is handed in, with what the gate said of it.
    fn candidate(&self, base_tip: &CommitId, commit: &CommitId, gate: &str) -> Candidate {
        let title = format!("Revert \"{}\"", self.landing.case.goal.title);
        let body = pull::undo_body(&self.landing, &self.landed, &self.because(), gate);
        let errand = Errand::Undo { request: self.request };
        self.landing.candidate((errand, &title, &body), base_tip, commit)
    }

    fn because(&self) -> String {
        let because = self.undo.say.as_ref().map(|say| format!(": {say}")).unwrap_or_default();
        format!("{} wanted it undone{because}", self.undo.by)
    }

    fn commit(&self, base_tip: &CommitId) -> Result<Squash, ActError> {
        Ok(self.landing.vault.revert(&RevertOrder {
            base_tip: base_tip.clone(),
            landed: self.landed.clone(),
            message: self.message(None),
            signature: self.landing.context.signature(),
        })?)
    }

    /// What the commit says, with what the gate said where that is known.
    fn message(&self, gate: Option<&str>) -> String {
        let case = self.landing.case;
        let message = RevertMessage {
            goal: case.goal.id.number.0,
            title: case.goal.title.clone(),
            commit: self.landed.to_string(),
            body: self.because(),
            goal_ref: case.goal.id.to_string(),
            run: case.run.id.to_string(),
            gate: gate.map(str::to_owned),
        };
        self.landing.context.redactor.line(&message.text()).into_string()
    }
}
