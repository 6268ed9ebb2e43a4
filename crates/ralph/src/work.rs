//! The loop itself.

mod age;
mod breakers;
mod fitting;
mod fold;
mod frost;
mod fullness;
mod gating;
mod iterate;
mod listening;
mod oscillation;
mod repetition;
mod stillness;
mod verdict;
mod waiting;

use std::fs::File;
use std::sync::Arc;
use std::time::Instant;

use herder_agent::{Agent, Credential, Ending};
use herder_domain::follow_up::FollowUp;
use herder_domain::gate::{BaseSaid, Refusal, Verdict};
use herder_domain::goal::Told;
use herder_domain::iteration::{Iteration, Progress};
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::run::RunSpec;
use herder_domain::usage_window::UsageWindow;
use herder_executor::{Launcher, ProcessId, Room, Toolchains};
use herder_gate::Gate;
use herder_record::{LiveStatus, Phase, RunWriter};
use herder_workspace::{Identity, PrivateGit, Signature, Snapshot, SnapshotLimits, SnapshotOrder};
use jiff::Timestamp;

use crate::account::Account;
use crate::call::Called;
use crate::error::RalphError;
use crate::memory::Memory;
use crate::prompt::Layout;
use crate::start::cannot_work;
use crate::stop::Stop;
pub(crate) use breakers::Breakers;
use breakers::Evidence;
pub(crate) use gating::listen;
use stillness::Said;
pub(crate) use verdict::Doubt;
use verdict::Step;

/// A ralph at work.
pub(crate) struct Work {
    pub writer: RunWriter,
    pub spec: RunSpec,
    pub goal: String,
    /// How a prompt is laid out.
    pub layout: Layout,
    /// What people said to the goal, oldest first.
    pub told: Vec<Told>,
    /// What the agent proposed until now.
    pub proposed: Vec<FollowUp>,
    pub agent: Arc<dyn Agent>,
    pub credential: Option<Credential>,
    pub launcher: Launcher,
    pub git: PrivateGit,
    pub room: Room,
    /// Keeps its package caches from being cleared away.
    pub _caches: File,
    pub toolchains: Toolchains,
    pub memory: Memory,
    pub gate: Option<Gate>,
    pub stop: Stop,
    pub process: ProcessId,
    pub account: Account,
    /// What a red gate said that no iteration has answered yet.
    pub refusal: Option<Refusal>,
    /// Whether an iteration was told that the gate cannot tell.
    pub doubt: Doubt,
    /// What the gate says of the base branch itself, once that was learnt.
    pub base: Option<BaseSaid>,
    /// What ends the run on evidence.
    pub breakers: Breakers,
    /// What the agent reported of its account's usage windows.
    pub windows: Vec<UsageWindow>,
    /// Iterations in a row that the agent failed.
    pub failures: u32,
    /// Waits in a row for a provider that is overloaded or away.
    pub waits: u32,
}

impl Work {
    /// Tells that this ralph has taken over.
    pub(crate) fn report_start(&self) -> Result<(), RalphError> {
        let spec = &self.spec;
        self.writer.log(&format!(
            "== {} attempt {}: {} ({}, {}, {})",
            spec.run, spec.attempt, spec.title, spec.agent, spec.model, spec.reasoning
        ))?;
        self.say(Phase::Starting, None)
    }

    /// Iterates until something ends the run.
    pub(crate) fn until_outcome(&mut self) -> Result<Outcome, RalphError> {
        loop {
            if self.stop.is_ordered() {
                return Ok(stopped());
            }
            if let Some(outcome) = self.exhausted() {
                return Ok(outcome);
            }
            if let Some(outcome) = self.too_old() {
                return Ok(outcome);
            }
            if let Some(outcome) = self.stand_still()? {
                return Ok(outcome);
            }
            match self.turn()? {
                Step::Again => self.fold_history(self.breakers.depth())?,
                Step::WaitUntil(until, what) => {
                    if let Some(outcome) = self.wait_until(until, &what)? {
                        return Ok(outcome);
                    }
                }
                Step::End(outcome) => return Ok(outcome),
            }
        }
    }

    /// One iteration: prompt, agent, snapshot, gate, bookkeeping.
    fn turn(&mut self) -> Result<Step, RalphError> {
        let number = self.next_number();
        let (started_at, begun, frozen_before) = (Timestamp::now(), Instant::now(), self.stop.frozen_for());
        let prompt = match self.fitting_prompt(number)? {
            Ok(prompt) => prompt,
            Err(outcome) => return Ok(Step::End(outcome)),
        };
        let called = self.iterate(number, &prompt)?;
        let before = self.account.snapshot.clone();
        let taken = self.snapshot(number)?;
        let snapshot = taken.commit.to_string();
        let has_changed = before.as_ref() != Some(&snapshot);
        let gated_before = self.account.gate_time;
        let (step, findings) = match self.conclude(&called) {
            Ok(concluded) => concluded,
            Err(error) => {
                // What the agent said is not lost with the gate.
                self.remember(number, &called, None)?;
                return Err(error);
            }
        };
        let mut spend = called.spend;
        spend.time.tools += self.account.gate_time.saturating_sub(gated_before);
        spend.time.waiting += self.stood_still(frozen_before)?;
        // Snapshots and bookkeeping are working time, too.
        let overhead = begun.elapsed().saturating_sub(spend.time.working() + spend.time.waiting);
        spend.time.other += overhead;
        self.account.spend.time.other += overhead;
        let (gate, flake) = findings.map_or((None, None), |found| (Some(found.verdict), found.flake));
        // An iteration that was answered is one, even if the order to stop came at its end.
        if step.counts() || matches!(called.ending, Ending::Answered(_)) {
            self.account.iterations += 1;
            self.remember(number, &called, gate.as_ref())?;
        }
        let broken = step.may_break().then(|| self.evidence(&called, gate.as_ref(), &taken, has_changed));
        let follow_ups = self.proposals(&called)?;
        self.writer.iteration(&Iteration {
            iteration: number,
            started_at,
            ended_at: Timestamp::now(),
            status: verdict::status(&called.ending),
            ending: called.ending.word().into(),
            gate,
            flake,
            spend,
            snapshot: Some(snapshot),
            follow_ups,
        })?;
        Ok(broken.flatten().map_or(step, Step::End))
    }

    /// Shows an iteration to the breakers.
    fn evidence(
        &mut self,
        called: &Called,
        gate: Option<&Verdict>,
        taken: &Snapshot,
        has_changed: bool,
    ) -> Option<Outcome> {
        let error = verdict::error(called, gate);
        self.breakers.note(&Evidence {
            said: verdict::status(&called.ending).map(|status| Said::of(status, gate)),
            tree: &taken.tree.to_string(),
            has_changed,
            error: error.as_deref(),
            context: called.context,
            overflowed: called.ending == Ending::ContextFull,
        })
    }

    fn next_number(&self) -> u32 {
        self.account.iterations + 1
    }

    /// Records the clone as a commit, whatever the iteration came to.
    fn snapshot(&mut self, number: u32) -> Result<Snapshot, RalphError> {
        let author = &self.spec.setup.author;
        let taken = self.git.snapshot(&SnapshotOrder {
            iteration: number,
            message: format!("{} iteration {number}\n\n{}", self.spec.run, self.spec.title),
            signature: Signature {
                who: Identity { name: author.name.clone(), email: author.email.clone() },
                at: Timestamp::now(),
            },
            limits: SnapshotLimits::default(),
        })?;
        for skipped in &taken.skipped {
            self.writer.log(&format!("left out of the snapshot: {:?}: {}", skipped.path, skipped.why))?;
        }
        if self.spec.goal.is_some() {
            // A courtesy to the agent; what it did to its own .git is its own business. A person's own
            // checkout is left alone.
            let _ = self.git.refresh_clone_git();
        }
        self.account.snapshot = Some(taken.commit.to_string());
        Ok(taken)
    }

    fn remember(&mut self, number: u32, called: &Called, gate: Option<&Verdict>) -> Result<(), RalphError> {
        let text = verdict::progress(called, gate);
        let entry = Progress { iteration: number, timestamp: Timestamp::now(), progress: text };
        self.writer.progress(&entry)?;
        self.memory.add(entry);
        Ok(())
    }

    /// What an iteration proposed that the run had not proposed before, as far as one run may.
    fn proposals(&mut self, called: &Called) -> Result<Vec<FollowUp>, RalphError> {
        let known = self.proposed.len();
        let said = verdict::answer(&called.ending).map(|answer| answer.follow_ups.clone());
        let all = std::mem::take(&mut self.proposed).into_iter().chain(said.unwrap_or_default());
        self.proposed = FollowUp::gathered(all);
        let new = self.proposed[known..].to_vec();
        new.iter().try_for_each(|one| self.writer.log(&format!("== proposes: {}", one.title)))?;
        Ok(new)
    }

    /// Replaces `status.json`.
    pub(crate) fn say(&self, state: Phase, waiting: Option<(Timestamp, &str)>) -> Result<(), RalphError> {
        Ok(self.writer.status(&self.status(state, waiting))?)
    }

    fn status(&self, state: Phase, waiting: Option<(Timestamp, &str)>) -> LiveStatus {
        LiveStatus {
            schema: LiveStatus::SCHEMA,
            state,
            iteration: self.next_number(),
            pid: self.process.pid,
            start_time: self.process.start_time,
            boot_id: self.process.boot_id.clone(),
            heartbeat: Timestamp::now(),
            waiting_until: waiting.map(|(until, _)| until),
            waiting_for: waiting.map(|(_, what)| what.to_owned()),
            spend: self.account.spend,
            windows: self.windows.clone(),
            detail: None,
            run_key: Some(self.writer.dir().mark().to_string()),
            cgroup: None,
        }
    }
}

impl Work {
    /// The outcome of an error. Where an order to stop came first, it may well have caused it.
    pub(crate) fn gave_up(&self, error: &RalphError) -> Outcome {
        if !self.stop.is_ordered() {
            return match cannot_work(error) {
                // What has worked is set up well: an agent that is being replaced is away for a moment.
                Outcome::Misconfigured { detail } if self.account.iterations > 0 => {
                    Outcome::Interrupted { cause: Interruption::Crashed, detail }
                }
                outcome => outcome,
            };
        }
        // The order is the outcome; the log keeps what went wrong on the way.
        let _ = self.writer.log(&format!("== while it stopped: {}", error.in_full()));
        stopped()
    }
}

/// The outcome of an order to stop.
pub(crate) fn stopped() -> Outcome {
    Outcome::Interrupted { cause: Interruption::Stopped, detail: "it was told to stop".into() }
}
