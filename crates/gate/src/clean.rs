//! Asking about a commit: on its own clean files, with nothing around them that somebody left there.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use herder_domain::gate::Said;
use herder_domain::run::RunId;
use herder_domain::setup::Setup;
use herder_executor::{KeeperHandle, Launcher, Limits, Room, Toolchains};
use herder_workspace::{Bare, CommitId, History, remove_tree};

use crate::furnishing::{SetUp, furnish};
use crate::{Answered, Gate, GateError, Question, Script};

/// Where the history of a checkout comes from, for gates that ask git something.
#[derive(Clone, Copy, Debug)]
pub enum Past<'a> {
    /// From the repository's mirror.
    Mirrored(History<'a>),
    /// From the repository that has the commit.
    Own {
        /// The base branch, as `origin` is said to know it.
        base_branch: &'a str,
        /// Its tip.
        base: &'a CommitId,
    },
}

/// Where and with what a commit is judged.
#[derive(Clone, Debug)]
pub struct Clean<'a> {
    /// The repository that has the commit.
    pub bare: &'a Bare,
    /// The history that the checkout is given.
    pub past: Past<'a>,
    /// Where the checkout is made; what lies there is removed before and after.
    pub checkout: &'a Path,
    /// The directory that nothing is removed above.
    pub root: &'a Path,
    /// HOME, TMPDIR and package caches.
    pub room: &'a Room,
    /// What else is to be read, written and passed.
    pub setup: &'a Setup,
    /// The language installations of this machine.
    pub toolchains: &'a Toolchains,
    /// On whose behalf.
    pub run: &'a RunId,
    /// How long it may take.
    pub limit: Duration,
}

impl Clean<'_> {
    /// Asks the gate about a commit. The files get what the setup says that a clone was given; it holds for the
    /// run's base. What is not copied so, the `.ralph/setup` beside the gate makes, and `.ralph/teardown` ends that,
    /// where there are such. Output of the gate goes to `log`; `on_start` is
    /// given the means to stop each of them.
    ///
    /// # Errors
    /// [`GateError`], which is no verdict.
    pub fn ask(
        &self,
        gate: &Gate,
        commit: &CommitId,
        launcher: &Launcher,
        log: Box<dyn Write + Send>,
        mut on_start: impl FnMut(KeeperHandle),
    ) -> Result<Answered, GateError> {
        remove_tree(self.root, self.checkout)?;
        match self.past {
            Past::Mirrored(history) => self.bare.checkout_with_history(commit, self.checkout, history)?,
            Past::Own { base_branch, base } => {
                self.bare.checkout_with_own_history(commit, self.checkout, base_branch, base)?;
            }
        }
        let furnished = self.setup.furnished.as_ref();
        let set_up = furnished.map_or(Ok(SetUp::Due), |all| furnish(all, self.checkout, (self.bare, commit)));
        let answered = set_up.and_then(|set_up| self.answered(gate, set_up, launcher, log, &mut on_start));
        // One that cannot be removed now is removed before the next question, or with its room.
        let _ = remove_tree(self.root, self.checkout);
        answered
    }

    fn answered(
        &self,
        gate: &Gate,
        set_up: SetUp,
        launcher: &Launcher,
        log: Box<dyn Write + Send>,
        on_start: &mut impl FnMut(KeeperHandle),
    ) -> Result<Answered, GateError> {
        let limit = self.setup.clocks.setup;
        if set_up == SetUp::Due
            && let Some(script) = Gate::script(gate.dir(), Script::Setup)
        {
            let asked = self.question(&script, limit).ask(launcher, Box::new(io::sink()), &mut *on_start)?;
            if let Said::No(refusal) = asked.said {
                return Err(GateError::NotSetUp(refusal.tail));
            }
        }
        let answered = self.question(gate, self.limit).ask(launcher, log, &mut *on_start);
        if let Some(script) = Gate::script(gate.dir(), Script::Teardown) {
            // Whatever becomes of it, the gate has spoken.
            let _ = self.question(&script, limit).ask(launcher, Box::new(io::sink()), on_start);
        }
        answered
    }

    fn question<'q>(&'q self, gate: &'q Gate, limit: Duration) -> Question<'q> {
        let Setup { read, write, pass, .. } = self.setup;
        let sandbox =
            read.iter().fold(self.room.sandbox(self.checkout), |sandbox, path| sandbox.reading(path));
        let mut env = self.room.env(self.toolchains, pass);
        env.extend(self.setup.env.clone());
        Question {
            gate,
            checkout: self.checkout,
            run: self.run,
            env,
            sandbox: write.iter().fold(sandbox, |sandbox, path| sandbox.writing(path)),
            limits: Limits::of(self.setup),
            limit,
        }
    }
}
