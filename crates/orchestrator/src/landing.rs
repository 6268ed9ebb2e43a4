//! Land: rebase and squash, gate on a clean checkout, push with compare-and-swap; a few rounds where
//! others push in between. The trailer `Herder-Run` in the base shows that it was done already.
//!
//! A landing that follows another one closely is gated on top of that one's commit while that is pushed ([`train`]), and
//! nothing is concluded before that has arrived.

mod pull;
mod revert;
mod train;
mod verdict;

use std::sync::PoisonError;

use herder_domain::event::{Event, What};
use herder_domain::forge::{Candidate, Errand, Landing as WayHome, Submitted};
use herder_domain::gate::Verdict;
use herder_domain::landing::{Bounce, Offer, Warrant};
use herder_domain::repo::RepoId;
use herder_domain::run::RunSpec;
use herder_record::Ending;
use herder_workspace::{
    CommitId, LandingMessage, Mirror, Squash, SquashOrder, Vault, missing_contents, ready_contents,
};
use jiff::Timestamp;

use crate::act::{ActError, Acted, elsewhere};
use crate::context::{Case, Context};
use crate::environment::Seed;

pub(crate) use pull::show;
pub(crate) use revert::revert;
pub(crate) use train::Trains;
use train::{Coach, Coupled};
pub(crate) use verdict::base_found_red;

/// Rounds in a row that may be lost to others' pushes.
const ROUNDS: u32 = 5;

/// How often a landing is tried in all before it is given up: some three hours with the usual waits.
const TRIES: u32 = 12;

/// How many known failures are told of work that landed.
const KNOWN_MAX: usize = 50;

/// How a round ended.
enum Round {
    /// It is in, with these failures that were there before.
    Landed(CommitId, Vec<String>),
    /// A pull request offers it.
    Offered(Offer),
    Bounced(Bounce),
    /// Somebody else's push came first.
    Lost,
    /// Another orchestrator has the goal.
    Theirs {
        owner: String,
        until: Option<Timestamp>,
    },
    /// The remote said no.
    Refused(String),
    /// Its goal was closed meanwhile.
    CalledOff,
}

/// What came of squash and gate.
enum Judged {
    Over(Round),
    Passed(Passed),
}

/// Work that has passed the gate.
struct Passed {
    commit: CommitId,
    /// What the gate said, in a word.
    word: &'static str,
    /// Failures that were there before.
    known: Vec<String>,
}

/// What work is put onto.
struct Base {
    /// The commit it goes on top of: the branch's tip, or what a landing ahead is making of it.
    tip: CommitId,
    /// The branch's tip as the mirror has it, from which the other descends.
    fetched: CommitId,
}

/// A landing under way.
struct Landing<'a> {
    context: &'a Context,
    case: &'a Case,
    spec: RunSpec,
    ending: Option<Ending>,
    mirror: Mirror,
    vault: Vault,
    tip: CommitId,
    work_base: CommitId,
}

pub(crate) fn land(context: &Context, case: &Case, round: u32) -> Acted {
    // A landing that cannot be tried now is put off: an effect that stays open for its errors would hold
    // the lane against every other landing on the branch. What a lost push did is found by the trailer.
    let mut found = Vec::new();
    let what = try_rounds(context, case, &mut found)
        .unwrap_or_else(|error| Some(postponed(context, case, round, error.in_full())))
        .unwrap_or_else(|| {
            let why = format!("{ROUNDS} rounds were lost to others' pushes");
            postponed(context, case, round, why)
        });
    context.withdrawals.forget(&case.run.id);
    context.swept.forget(&case.run.id);
    found.push(what);
    let events = found.into_iter().map(|what| Event::of(&case.goal.id, what)).collect();
    Acted { events, ..Acted::default() }
}

/// What came of it; `None` where every round was lost to somebody else's push. What the gate brought to light
/// on the way is `found`.
fn try_rounds(context: &Context, case: &Case, found: &mut Vec<What>) -> Result<Option<What>, ActError> {
    let landing = Landing::prepare(context, case)?;
    let run = case.run.id.clone();
    for _ in 0..ROUNDS {
        return Ok(Some(match landing.round(found)? {
            Round::Landed(commit, known) => What::Landed { run, commit: commit.to_string(), known },
            Round::Offered(offer) => What::WorkOffered { run, offer },
            Round::Bounced(bounce) => What::LandingBounced { run, bounce },
            Round::Refused(why) => return Err(ActError::Refused(why)),
            Round::CalledOff => What::LandingWithdrawn { run },
            Round::Theirs { owner, until } => elsewhere(run, owner, until),
            Round::Lost => continue,
        }));
    }
    Ok(None)
}

/// Puts the landing off: as long as a failed run would wait, twice as long with each time. After some
/// hours of that it is given up, so that a person hears of it.
fn postponed(context: &Context, case: &Case, round: u32, why: String) -> What {
    let (run, why) = (case.run.id.clone(), context.redactor.line(&why).into_string());
    if round + 1 >= TRIES {
        return What::LandingBounced { run, bounce: Bounce::Undeliverable { why } };
    }
    let settings = &context.settings;
    let (first, longest) = (settings.backoff_first.value.0, settings.backoff_longest.value.0);
    let wait = first.saturating_mul(1 << round.min(20)).min(longest);
    let until = Timestamp::now().checked_add(wait).unwrap_or(Timestamp::MAX);
    What::LandingPostponed { run, until, why }
}

impl Judged {
    fn passed(&self) -> Option<&Passed> {
        match self {
            Self::Passed(passed) => Some(passed),
            Self::Over(_) => None,
        }
    }
}

impl Base {
    fn of(fetched: CommitId, ahead: Option<&Coach>) -> Self {
        Self { tip: ahead.map_or_else(|| fetched.clone(), |ahead| ahead.commit().clone()), fetched }
    }
}

impl<'a> Landing<'a> {
    fn prepare(context: &'a Context, case: &'a Case) -> Result<Self, ActError> {
        let dir = context.run_dir(&case.run.id);
        let spec = dir.spec()?.ok_or(ActError::Missing("what was asked of the run"))?;
        let mirror = context.mirror(&case.repo)?;
        let vault = context.vault(&case.repo, &mirror)?;
        let harvest = case.run.result.as_ref().map(|result| &result.harvest);
        let tip =
            harvest.and_then(|harvest| harvest.tip.as_deref()).ok_or(ActError::Missing("the run's work"))?;
        Ok(Self {
            tip: CommitId::parse(tip)?,
            work_base: CommitId::parse(&spec.base_commit)?,
            ending: dir.ending()?,
            context,
            case,
            spec,
            mirror,
            vault,
        })
    }

    fn round(&self, found: &mut Vec<What>) -> Result<Round, ActError> {
        let coupled = self.context.trains.on(&self.track());
        let tip = self.refresh()?;
        if let Some(commit) = self.commit_in(&tip)? {
            return Ok(Round::Landed(commit, Vec::new()));
        }
        let ahead = Coach::ahead(&coupled, &tip);
        let base = Base::of(tip, ahead.as_deref());
        let mut told = Vec::new();
        let judged = self.judge(&base, &mut told);
        let passed = judged.as_ref().ok().and_then(Judged::passed);
        let coupled = passed.map(|passed| self.couple(&base, passed)).transpose()?.flatten();
        if !self.is_called_off() && ahead.is_some_and(|ahead| !ahead.has_arrived()) {
            // What was found on top of a commit that never came means nothing, errors included.
            self.seed().forget(&self.case.run.id)?;
            return Ok(Round::Lost);
        }
        let judged = judged?;
        if self.is_called_off() {
            self.seed().forget(&self.case.run.id)?;
            return Ok(Round::CalledOff);
        }
        found.extend(told);
        match judged {
            Judged::Over(round) => Ok(round),
            Judged::Passed(passed) => self.pass(&base, passed, coupled),
        }
    }

    fn seed(&self) -> Seed {
        Seed::of(&self.context.state.setups(&self.case.repo.id), &self.spec.base_branch)
    }

    /// The commit that the work is in the base branch as, where it is.
    fn commit_in(&self, tip: &CommitId) -> Result<Option<CommitId>, ActError> {
        let run = self.case.run.id.as_str();
        if let Some(commit) = self.mirror.bare().landed_run_in(Some(&self.work_base), tip, run)? {
            return Ok(Some(commit));
        }
        let merged = self.way_home()?.landed(&self.case.goal.id, self.work_base.as_str())?;
        Ok(merged.map(|commit| CommitId::parse(&commit)).transpose()?)
    }

    /// Puts the work onto the base and asks the gate. What that brings to light beside is `told`.
    fn judge(&self, base: &Base, told: &mut Vec<What>) -> Result<Judged, ActError> {
        let over = |bounce| Ok(Judged::Over(Round::Bounced(bounce)));
        let candidate = match self.squash(&base.tip)? {
            Squash::Commit(commit) => commit,
            Squash::Conflict { files } => {
                let files = files.iter().map(|path| path.display().to_string()).collect();
                return over(Bounce::Conflict { files });
            }
            Squash::Empty => return over(Bounce::Empty),
        };
        let lacking = self.lacking(&base.tip, &candidate)?;
        if !lacking.is_empty() {
            return over(Bounce::NoContents { files: lacking });
        }
        let findings = self.findings(base, &candidate);
        if self.is_called_off() {
            return Ok(Judged::Over(Round::CalledOff));
        }
        let findings = findings?;
        told.extend(self.brought_to_light(&findings));
        let (word, known) = match findings.verdict {
            Verdict::Red(refusal) => return over(Bounce::Red(refusal)),
            Verdict::Undecided(refusal) if !self.is_warranted() => {
                return over(Bounce::Undecided(refusal));
            }
            Verdict::Undecided(_) => ("undecided, approved by a person", Vec::new()),
            Verdict::NoNewFailure { known } => ("no new failure", known),
            Verdict::Green => ("green", Vec::new()),
            Verdict::Missing => ("none", Vec::new()),
        };
        let known = known.into_iter().map(|failure| failure.name).take(KNOWN_MAX).collect();
        // The same again, with the verdict in its message.
        let commit = self.vault.reword(&candidate, &self.message(Some(word)), &self.context.signature())?;
        Ok(Judged::Passed(Passed { commit, word, known }))
    }

    /// Lets the next landing be gated on top of this one, where what is handed in is the branch's next tip. Not where
    /// it brings another gate: that one judges nobody before it has landed.
    fn couple(&self, base: &Base, passed: &Passed) -> Result<Option<Coupled<'a>>, ActError> {
        let is_next = self.way_home()?.lands_at_once() && self.keeps_gate(base, &passed.commit)?;
        let run = &self.case.run.id;
        Ok(is_next.then(|| self.context.trains.couple(self.track(), run, &base.tip, &passed.commit)))
    }

    /// Where this landing's train runs.
    fn track(&self) -> (RepoId, String) {
        (self.case.repo.id.clone(), self.spec.base_branch.clone())
    }

    /// What has passed the gate is handed in.
    fn pass(&self, base: &Base, passed: Passed, coupled: Option<Coupled<'_>>) -> Result<Round, ActError> {
        let pushed = self.hand_in(&self.of_work(&base.tip, &passed.commit, passed.word))?;
        let seed = self.seed();
        Ok(match pushed {
            Round::Landed(commit, _) => {
                coupled.iter().for_each(Coupled::arrive);
                seed.ripen(&self.case.run.id)?;
                // A cache: what it does not get here is brought when it is needed.
                let _ = self.keep_up(&commit);
                Round::Landed(commit, passed.known)
            }
            Round::Offered(_)
            | Round::Bounced(_)
            | Round::Theirs { .. }
            | Round::Lost
            | Round::Refused(_)
            | Round::CalledOff => {
                seed.forget(&self.case.run.id)?;
                pushed
            }
        })
    }

    /// Whether a person answers for what the gate cannot tell.
    fn is_warranted(&self) -> bool {
        self.case.landing.as_ref().is_some_and(|landing| landing.warrant == Warrant::Person)
    }

    fn is_called_off(&self) -> bool {
        self.context.withdrawals.is_called_off(&self.case.run.id)
    }

    /// Brings the base branch's tip into the vault.
    fn refresh(&self) -> Result<CommitId, ActError> {
        let lock = self.context.repo_lock(&self.case.repo.id);
        let _writing = lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.mirror.fetch(&self.context.user).map_err(ActError::Origin)?;
        let base_tip = self.mirror.tip(&self.spec.base_branch)?;
        self.vault.take(&self.mirror, &base_tip)?;
        ready_contents(&self.mirror, &self.vault, &base_tip, &self.context.user)?;
        Ok(base_tip)
    }

    /// The files whose contents nobody has: it would be in vain to gate and to push them.
    fn lacking(&self, base_tip: &CommitId, candidate: &CommitId) -> Result<Vec<String>, ActError> {
        let user = &self.context.user;
        let files = missing_contents(&self.mirror, &self.vault, (base_tip, candidate), user)?;
        Ok(files.iter().map(|path| path.display().to_string()).collect())
    }

    fn squash(&self, base_tip: &CommitId) -> Result<Squash, ActError> {
        Ok(self.vault.squash(&SquashOrder {
            base_tip: base_tip.clone(),
            work_base: self.work_base.clone(),
            tip: self.tip.clone(),
            message: self.message(None),
            signature: self.context.signature(),
        })?)
    }

    /// What the landed commit says, with what the gate said where that is known.
    fn message(&self, gate: Option<&str>) -> String {
        let spend = self.ending.as_ref().map(|ending| ending.spend);
        let cost = spend.and_then(|spend| spend.cost.known());
        let message = LandingMessage {
            goal: self.case.goal.id.number.0,
            title: self.case.goal.title.clone(),
            body: self.summary(),
            goal_ref: Some(self.case.goal.id.to_string()),
            run: self.case.run.id.to_string(),
            agent: Some(self.spec.agent.clone()),
            model: Some(self.spec.model.clone()).filter(|model| !model.is_empty()),
            gate: gate.map(str::to_owned),
            cost: match &self.spec.by {
                // A person's work has no price that herder knows of.
                Some(_) => None,
                None => Some(cost.map_or_else(|| "unknown".to_owned(), |usd| format!("${usd:.4}"))),
            },
        };
        self.context.redactor.line(&message.text()).into_string()
    }

    /// What the agent said last of its work.
    fn summary(&self) -> String {
        let harvest = self.case.run.result.as_ref().map(|result| &result.harvest);
        harvest.and_then(|harvest| harvest.last_progress.clone()).unwrap_or_default()
    }

    fn way_home(&self) -> Result<Box<dyn WayHome + '_>, ActError> {
        Ok(self.context.way_home(&self.case.repo, &self.vault)?)
    }

    /// The run's work as it is handed in, with what the gate said of it.
    fn of_work(&self, base_tip: &CommitId, commit: &CommitId, gate: &str) -> Candidate {
        let body = pull::body(self, gate);
        self.candidate((Errand::Land, &self.case.goal.title, &body), base_tip, commit)
    }

    /// A commit as it is handed in: what for, with a title and more about it.
    fn candidate(
        &self,
        (errand, title, body): (Errand, &str, &str),
        base_tip: &CommitId,
        commit: &CommitId,
    ) -> Candidate {
        let redactor = &self.context.redactor;
        let redacted =
            |text: &str| text.lines().map(|line| redactor.line(line).into_string() + "\n").collect();
        Candidate {
            errand,
            goal: self.case.goal.id.clone(),
            run: self.case.run.id.clone(),
            base_branch: self.spec.base_branch.clone(),
            base_tip: base_tip.to_string(),
            began_at: self.work_base.to_string(),
            commit: commit.to_string(),
            title: redactor.line(title).into_string(),
            body: redacted(body),
        }
    }

    /// Has the next run find what has landed where clones are made from. The last landing of a train does it for all.
    fn keep_up(&self, commit: &CommitId) -> Result<(), ActError> {
        let branch = &self.spec.base_branch;
        let is_last = self.context.trains.on(&self.track()).iter().all(|coach| coach.commit() == commit);
        if is_last && self.mirror.tip(branch)? == *commit {
            self.context.templates(&self.case.repo.id).keep_up(&self.mirror, branch, commit)?;
        }
        Ok(())
    }

    /// The last step, which the repository's home takes.
    fn hand_in(&self, candidate: &Candidate) -> Result<Round, ActError> {
        Ok(match self.way_home()?.submit(candidate)? {
            Submitted::Landed => {
                let (base_tip, commit) =
                    (CommitId::parse(&candidate.base_tip)?, CommitId::parse(&candidate.commit)?);
                // The mirror is a cache: what it does not get here the next fetch brings.
                let _ = self.mirror.take_pushed(&self.vault, &self.spec.base_branch, &base_tip, &commit);
                Round::Landed(commit, Vec::new())
            }
            Submitted::WasLanded { commit } => Round::Landed(CommitId::parse(&commit)?, Vec::new()),
            Submitted::Offered(offer) => Round::Offered(offer),
            Submitted::Theirs { owner, until } => Round::Theirs { owner, until },
            Submitted::Lost => Round::Lost,
            Submitted::Refused { why } => Round::Refused(why),
        })
    }
}
