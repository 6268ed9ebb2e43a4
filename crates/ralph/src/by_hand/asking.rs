//! A person's questions to the gate, each on clean files.

use std::cell::RefCell;
use std::time::Duration;

use herder_domain::gate::{BaseSaid, Said};
use herder_executor::{Room, Toolchains};
use herder_gate::{BaseKey, Cache, Clean, Environment, Gate, Inquirer, Past, Surroundings, ask_twice};
use herder_workspace::{Bare, CommitId};

use super::{About, ByHand, Logs, Thoroughness};
use crate::error::RalphError;
use crate::stop::Stop;
use crate::work::{listen, without_secrets};

/// A person's questions.
pub(super) struct Asking<'a> {
    by_hand: &'a ByHand<'a>,
    room: &'a Room,
    stop: &'a Stop,
    logs: &'a Logs<'a>,
    bare: &'a Bare,
    gate: &'a Gate,
    cache: Option<Cache>,
    subject: &'a CommitId,
    base: &'a CommitId,
    key: BaseKey,
    /// Whether what is asked about is the base branch's tip: then there is nothing to hold it against.
    is_base: bool,
    toolchains: Toolchains,
    count: u32,
    elapsed: Duration,
}

impl<'a> Asking<'a> {
    pub(super) fn new(
        by_hand: &'a ByHand<'a>,
        (room, stop, logs): (&'a Room, &'a Stop, &'a Logs<'a>),
        (bare, gate, cache): (&'a Bare, &'a Gate, Option<Cache>),
        (subject, base): (&'a CommitId, &'a CommitId),
    ) -> Result<Self, RalphError> {
        let tree = bare.tree_of(base)?;
        let is_base = bare.tree_of(subject)? == tree;
        let environment = Environment { pass: by_hand.setup.pass.clone(), setup: String::new() };
        let key = BaseKey { tree: tree.to_string(), environment, surroundings: Surroundings::Run };
        let toolchains = Toolchains::detect();
        let (count, elapsed) = (0, Duration::ZERO);
        Ok(Self {
            by_hand,
            room,
            stop,
            logs,
            bare,
            gate,
            cache,
            subject,
            base,
            key,
            is_base,
            toolchains,
            count,
            elapsed,
        })
    }

    /// How often the gate was asked, and how long that took.
    pub(super) fn spent(&self) -> (u32, Duration) {
        (self.count, self.elapsed)
    }

    fn ask_about(&mut self, commit: &CommitId, about: About) -> Result<Said, RalphError> {
        let setup = self.by_hand.setup;
        let clean = Clean {
            bare: self.bare,
            past: Past::Own { base_branch: "HEAD", base: self.base },
            checkout: &self.room.dir().join("tree"),
            root: self.by_hand.root,
            room: self.room,
            setup,
            toolchains: &self.toolchains,
            run: &self.by_hand.run,
            limit: setup.clocks.gate,
        };
        let mut listening = None;
        let asked = clean.ask(self.gate, commit, &self.by_hand.launcher, (self.logs)(about), |handle| {
            // The end of the last one's guard would end this one's, too.
            drop(listening.take());
            listening = Some(listen(self.stop, handle));
        });
        drop(listening);
        let answered = asked?;
        self.count += 1;
        self.elapsed += answered.elapsed;
        Ok(without_secrets(answered.said, self.by_hand.redactor))
    }
}

impl Inquirer for Asking<'_> {
    type Error = RalphError;

    fn ask(&mut self) -> Result<Said, RalphError> {
        self.ask_about(self.subject, About::Work)
    }

    fn known_base(&mut self) -> Option<BaseSaid> {
        let cache = self.cache.as_ref().filter(|_| !self.is_base)?;
        // What a landing was told, nobody else had a hand in.
        let landings = BaseKey { surroundings: Surroundings::Landing, ..self.key.clone() };
        [&landings, &self.key].into_iter().find_map(|key| cache.base(key))
    }

    fn ask_base(&mut self) -> Result<Option<BaseSaid>, RalphError> {
        if self.is_base {
            return Ok(None);
        }
        let (base, since) = (self.base, self.key.tree.clone());
        // One asks and the other looks whether there is a point in it, never both at once.
        let this = RefCell::new(&mut *self);
        let ask = || this.borrow_mut().ask_about(base, About::Base);
        let (said, _) = ask_twice(ask, || this.borrow().is_over())?;
        if self.is_over() {
            // A gate that was stopped has said nothing.
            return Ok(None);
        }
        let said = BaseSaid { said, since };
        if let Some(cache) = &self.cache {
            cache.keep_base(&self.key, &said);
        }
        Ok(Some(said))
    }

    fn is_over(&self) -> bool {
        self.stop.is_ordered() || self.by_hand.thoroughness == Thoroughness::Once
    }
}
