//! Asking the repository's gate for feedback, and the base branch's own word where it is red.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use herder_domain::gate::{BaseSaid, Flake, Said, Verdict};
use herder_domain::setup::GateSetup;
use herder_executor::{KeeperHandle, Limits};
use herder_gate::{
    Answered, BaseKey, Cache, Clean, Environment, Findings, Gate, Inquirer, Past, Question, Script,
    Surroundings, ask_twice, inquire,
};
use herder_record::Phase;
use herder_workspace::CommitId;

use super::Work;
use crate::error::RalphError;
use crate::stop::{Listening, Stop, pass_on};

/// Where in the room the base branch is laid out.
const BASE: &str = "base";

impl Work {
    /// How long the gate may take: its time is the run's, it gets no more than is left.
    fn gate_limit(&self) -> Duration {
        let left = self.account.working_left(&self.spec.budget);
        self.spec.setup.clocks.gate.min(left).min(self.age_left().unwrap_or(Duration::MAX))
    }

    /// What the gate says of the clone.
    pub(super) fn ask_gate(&mut self) -> Result<Findings, RalphError> {
        let Some(gate) = self.gate.clone() else {
            return Ok(Findings { verdict: Verdict::Missing, flake: None, base: None });
        };
        self.say(Phase::Gating, None)?;
        let findings = inquire(&mut Asking { work: self, gate: &gate })?;
        if let Some(base) = &findings.base {
            self.writer.base_said(base)?;
        }
        if let Some(flake) = &findings.flake {
            self.account.flaked(flake);
            self.writer.log(&format!("== gate: a flake: {flake}"))?;
        }
        self.writer.log(&format!("== gate: {}", in_words(&findings.verdict)))?;
        Ok(findings)
    }

    fn is_out_of_time(&self) -> bool {
        self.gate_limit().is_zero()
    }

    /// Where it is kept what gates say of base branches, for all runs.
    fn said_of_bases(&self) -> Option<Cache> {
        match &self.spec.setup.gate {
            GateSetup::At { said, .. } => said.as_ref().map(Cache::at),
            GateSetup::Missing => None,
        }
    }

    fn base_key(&self, surroundings: Surroundings) -> Result<BaseKey, RalphError> {
        let base = CommitId::parse(&self.spec.base_commit)?;
        let tree = self.git.bare().tree_of(&base)?.to_string();
        let environment = match surroundings {
            // What was said in the clean surroundings of a landing holds for whatever is like them.
            Surroundings::Landing => Environment::of_landing(&self.spec.setup),
            Surroundings::Run | Surroundings::ByHand { .. } => Environment::of_run(&self.spec.setup),
        };
        Ok(BaseKey { tree, environment, surroundings })
    }
}

fn in_words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Red(refusal) if !refusal.failures.is_empty() => format!("red: {}", refusal.in_a_line()),
        Verdict::NoNewFailure { known } => {
            let names = known.iter().map(|failure| failure.name.as_str());
            format!("no new failure; the base branch fails as well in {}", herder_domain::gate::listed(names))
        }
        Verdict::Undecided(_) => "red, and so is the base branch, which does not name what fails".into(),
        Verdict::Green | Verdict::Red(_) | Verdict::Missing => verdict.word().into(),
    }
}

/// A ralph that asks.
struct Asking<'w> {
    work: &'w mut Work,
    gate: &'w Gate,
}

impl Inquirer for Asking<'_> {
    type Error = RalphError;

    fn ask(&mut self) -> Result<Said, RalphError> {
        let work = &mut *self.work;
        work.stop.until_thawed();
        let clone = work.spec.setup.clone.clone();
        let question = Question {
            gate: self.gate,
            checkout: &clone,
            run: &work.writer.dir().mark(),
            env: work.env(),
            sandbox: work.sandbox(&clone),
            limits: Limits::of(&work.spec.setup),
            limit: work.gate_limit(),
        };
        let log = Box::new(work.writer.gate_log(work.account.gate_runs + 1)?);
        let mut listening = None;
        let asked = question.ask(&work.launcher, log, |handle| listening = Some(listen(&work.stop, handle)));
        drop(listening);
        let answered = asked?;
        work.account.gated(answered.elapsed);
        work.account.used(answered.ending.as_ref());
        let word = if answered.said == Said::Yes { "green" } else { "red" };
        work.writer.log(&format!("== gate: {word} after {:.1} s", answered.elapsed.as_secs_f64()))?;
        Ok(answered.said)
    }

    fn known_base(&mut self) -> Option<BaseSaid> {
        if self.work.base.is_none() {
            let cache = self.work.said_of_bases()?;
            // What a landing was told, nobody else had a hand in.
            let known = [Surroundings::Landing, Surroundings::Run]
                .into_iter()
                .find_map(|surroundings| cache.base(&self.work.base_key(surroundings).ok()?));
            self.work.base = known;
        }
        self.work.base.clone()
    }

    fn ask_base(&mut self) -> Result<Option<BaseSaid>, RalphError> {
        let key = self.work.base_key(Surroundings::Run)?;
        let cache = self.work.said_of_bases();
        // Whoever asks may stand still. To ask beside it takes longer, and does no harm.
        let (begun, patience) = (Instant::now(), self.work.gate_limit());
        let is_late = || self.is_over() || begun.elapsed() >= patience;
        let _turn = cache.as_ref().map(|cache| cache.turn(&key, is_late));
        if let Some(known) = self.known_base() {
            return Ok(Some(known));
        }
        // A person's own checkout was made ready by them: what the base would need is theirs to know.
        if self.work.spec.setup.furnished.is_none() && Gate::script(self.gate.dir(), Script::Setup).is_some()
        {
            return Ok(None);
        }
        self.work.writer.log("== gate: asking about the base branch itself")?;
        match self.ask_base_twice() {
            // One that was stopped, or had no time left, has said nothing.
            Ok(_) if self.is_over() => Ok(None),
            Ok((said, flake)) => {
                if let Some(flake) = flake {
                    self.work.writer.log(&format!("== gate: a flake of the base branch: {flake}"))?;
                }
                let base = BaseSaid { said: self.work.writer.redactor().said(said), since: key.tree.clone() };
                if let Some(cache) = &cache {
                    cache.keep_base(&key, &base);
                }
                self.work.base = Some(base.clone());
                Ok(Some(base))
            }
            Err(error) => {
                self.work.writer.log(&format!("== gate: not learnt of the base: {}", error.in_full()))?;
                Ok(None)
            }
        }
    }

    fn is_over(&self) -> bool {
        self.work.stop.is_ordered() || self.work.is_out_of_time()
    }
}

impl Asking<'_> {
    fn ask_base_twice(&mut self) -> Result<(Said, Option<Flake>), RalphError> {
        // One asks and the other looks whether there is a point in it, never both at once.
        let this = RefCell::new(self);
        ask_twice(|| this.borrow_mut().ask_base_once(), || this.borrow().is_over())
    }

    fn ask_base_once(&mut self) -> Result<Said, RalphError> {
        let work = &mut *self.work;
        work.stop.until_thawed();
        let base = CommitId::parse(&work.spec.base_commit)?;
        // A checkout may be at no branch.
        let branch = Some(work.spec.base_branch.as_str()).filter(|branch| !branch.is_empty());
        let clean = Clean {
            bare: work.git.bare(),
            past: Past::Own { base_branch: branch.unwrap_or("HEAD"), base: &base },
            checkout: &work.room.dir().join(BASE),
            root: work.room.dir(),
            room: &work.room,
            setup: &work.spec.setup,
            toolchains: &work.toolchains,
            run: &work.writer.dir().mark(),
            limit: work.gate_limit(),
        };
        let log = Box::new(work.writer.base_log()?);
        let mut listening = None;
        let (begun, frozen) = (Instant::now(), work.stop.frozen_for());
        let asked = clean.ask(self.gate, &base, &work.launcher, log, |handle| {
            // The end of the last one's guard would end this one's, too.
            drop(listening.take());
            listening = Some(listen(&work.stop, handle));
        });
        drop(listening);
        // Its set-up takes of the run's time as well; to stand still does not.
        let frozen = work.stop.frozen_for().saturating_sub(frozen);
        work.account.gated_base(begun.elapsed().saturating_sub(frozen));
        let Answered { said, ending, .. } = asked?;
        work.account.used(ending.as_ref());
        Ok(said)
    }
}

/// Has a gate stopped when the ralph is told to stop, and stand still with it, as long as the guard lives.
pub(crate) fn listen(stop: &Stop, gate: KeeperHandle) -> Listening<'_> {
    stop.listen(pass_on(gate))
}
