//! A person's questions to the gate, each on clean files.

use std::cell::RefCell;
use std::time::Duration;

use herder_domain::fnv;
use herder_domain::gate::{BaseSaid, Said};
use herder_executor::Toolchains;
use herder_gate::{BaseKey, Cache, Clean, Environment, Gate, Inquirer, Past, Surroundings, ask_twice};
use herder_workspace::CommitId;

use super::{About, Logs, Manner, Question, Thoroughness};
use crate::error::RalphError;
use crate::work::listen;

/// A person's questions.
pub(super) struct Asking<'a> {
    question: &'a Question,
    manner: &'a Manner<'a>,
    logs: &'a Logs<'a>,
    gate: &'a Gate,
    cache: Option<Cache>,
    key: BaseKey,
    /// Whether what is asked about is the base branch's tip: then there is nothing to hold it against.
    is_base: bool,
    toolchains: Toolchains,
    count: u32,
    elapsed: Duration,
}

impl<'a> Asking<'a> {
    pub(super) fn new(
        question: &'a Question,
        manner: &'a Manner<'a>,
        logs: &'a Logs<'a>,
        (gate, cache): (&'a Gate, Option<Cache>),
    ) -> Result<Self, RalphError> {
        let scene = &question.scene;
        let tree = scene.git.bare().tree_of(&scene.base)?;
        let is_base = scene.git.bare().tree_of(&scene.subject)? == tree;
        let environment = Environment::of_run(manner.setup);
        let key = BaseKey { tree: tree.to_string(), environment, surroundings: by_hand() };
        let toolchains = Toolchains::detect();
        let (count, elapsed) = (0, Duration::ZERO);
        Ok(Self { question, manner, logs, gate, cache, key, is_base, toolchains, count, elapsed })
    }

    /// How often the gate was asked, and how long that took.
    pub(super) fn spent(&self) -> (u32, Duration) {
        (self.count, self.elapsed)
    }

    fn ask_about(&mut self, commit: &CommitId, about: About) -> Result<Said, RalphError> {
        let Question { run, root, lodging, stop, scene, .. } = self.question;
        let (setup, room) = (self.manner.setup, lodging.room());
        let clean = Clean {
            bare: scene.git.bare(),
            past: Past::Own { base_branch: &scene.base_branch, base: &scene.base },
            checkout: &room.dir().join("tree"),
            root,
            room,
            setup,
            toolchains: &self.toolchains,
            run,
            limit: setup.clocks.gate,
        };
        let mut listening = None;
        let asked = clean.ask(self.gate, commit, &self.manner.launcher, (self.logs)(about), |handle| {
            // The end of the last one's guard would end this one's, too.
            drop(listening.take());
            listening = Some(listen(stop, handle));
        });
        drop(listening);
        let answered = asked?;
        self.count += 1;
        self.elapsed += answered.elapsed;
        Ok(self.manner.redactor.said(answered.said))
    }
}

impl Inquirer for Asking<'_> {
    type Error = RalphError;

    fn ask(&mut self) -> Result<Said, RalphError> {
        self.ask_about(&self.question.scene.subject, About::Work)
    }

    fn known_base(&mut self) -> Option<BaseSaid> {
        // Neither what a run nor what a landing was told: their files, PATH and variables are others.
        self.cache.as_ref().filter(|_| !self.is_base)?.base(&self.key)
    }

    fn ask_base(&mut self) -> Result<Option<BaseSaid>, RalphError> {
        if self.is_base {
            return Ok(None);
        }
        let (base, since) = (&self.question.scene.base, self.key.tree.clone());
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
        self.question.stop.is_ordered() || self.manner.thoroughness == Thoroughness::Once
    }
}

/// What a person's programs are depends on their PATH.
fn by_hand() -> Surroundings {
    let path = std::env::var_os("PATH").unwrap_or_default();
    Surroundings::ByHand { path: fnv::hash(path.as_encoded_bytes()) }
}
