//! The landing gate: the one verdict that counts, on a clean checkout, under the base tip's own
//! `.ralph/`, without anything that an agent wrote but the work itself.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use herder_config::EnvironmentSettings;
use herder_domain::event::What;
use herder_domain::gate::{Asked, BaseSaid, Flake, Refusal, Said, Verdict};
use herder_domain::run::RunId;
use herder_executor::{KeeperHandle, Limits, Room};
use herder_gate::{
    BaseKey, Cache, CacheKey, Environment, Findings, Gate, Inquirer, Question, Surroundings, ask_twice,
    contents, inquire,
};
use herder_record::Redactor;
use herder_record::redact::RedactingWriter;
use herder_workspace::{CommitId, History, make_parents, remove_tree, use_caches};

use super::{Base, Landing};
use crate::act::ActError;
use crate::context::CacheSet;
use crate::environment::{Furnishing, Jobs, allocate, landing_of, release, sources};

/// What is told of a base branch that its own gate refuses.
pub(crate) fn base_found_red(run: &RunId, base: &BaseSaid) -> Option<What> {
    match &base.said {
        Said::Yes => None,
        Said::No(refusal) => {
            let (run, since, refusal) = (run.clone(), base.since.clone(), refusal.clone());
            Some(What::BaseFoundRed { run, since, refusal })
        }
    }
}

impl Landing<'_> {
    /// What the base's gate says of a commit.
    pub(super) fn findings(&self, base: &Base, commit: &CommitId) -> Result<Findings, ActError> {
        let room = self.context.gate_room(&self.case.run.id, &self.case.repo.id);
        let findings = self.judged(&room, base, commit);
        // A checkout that cannot be removed now is removed with the run's other directories.
        let _ = remove_tree(self.context.root(), room.dir());
        release(&self.context.state, &landing_of(&self.case.run.id))?;
        findings
    }

    /// Whether a commit leaves the gate, and all else in `.ralph/`, as its base has it.
    pub(super) fn keeps_gate(&self, base: &Base, commit: &CommitId) -> Result<bool, ActError> {
        let bare = self.vault.bare();
        let gate_of =
            |commit| -> Result<_, ActError> { Ok(bare.entry(commit, ".ralph")?.map(|entry| entry.object)) };
        Ok(gate_of(commit)? == gate_of(&base.tip)?)
    }

    /// What a person is to hear of beside the verdict.
    pub(super) fn brought_to_light(&self, findings: &Findings) -> Vec<What> {
        let run = &self.case.run.id;
        let flaked = |flake: &Flake| {
            let (run, flake) = (run.clone(), flake.clone());
            What::GateFlaked { run, asked: Asked::ByLanding, flake }
        };
        let base = findings.base.as_ref().and_then(|base| base_found_red(run, base));
        findings.flake.as_ref().map(flaked).into_iter().chain(base).collect()
    }

    fn judged(&self, room: &Room, base: &Base, commit: &CommitId) -> Result<Findings, ActError> {
        // A gate of an earlier try may have outlived its keeper and the daemon together.
        self.context.swept.end_strays(&self.case.run, &self.context.run_dir(&self.case.run.id))?;
        remove_tree(self.context.root(), room.dir())?;
        make_parents(self.context.root(), room.dir())?;
        let _caches = use_caches(room.caches())?;
        room.create()?;
        let dir = room.dir().join("gate");
        let gate = match self.vault.bare().materialize_dir(&base.tip, ".ralph", &dir)? {
            true => Gate::at(&dir),
            false => None,
        };
        let Some(gate) = gate else {
            return Ok(Findings { verdict: Verdict::Missing, flake: None, base: None });
        };
        let (key, cache) = (self.key(&base.tip, commit)?, Cache::at(self.context.state.gates()));
        if cache.is_green(&key) {
            return Ok(Findings { verdict: Verdict::Green, flake: None, base: None });
        }
        let mut asking = Asking { landing: self, room, gate: &gate, cache: &cache, base, commit };
        let findings = inquire(&mut asking)?;
        if findings.verdict == Verdict::Green {
            cache.keep_green(&key);
        }
        asking.keep_for_the_base(&findings)?;
        Ok(findings)
    }

    /// What the gate runs with, as the base has it and the person's files are now.
    fn environment(&self, base_tip: &CommitId) -> Result<Environment, ActError> {
        let settings = self.context.environment(&self.case.repo.id, (self.vault.bare(), base_tip))?;
        let files = sources(&settings)?;
        let setup = contents(files.iter().map(|(name, source)| (name.as_path(), source.as_path())));
        Ok(Environment { pass: self.spec.setup.pass.clone(), setup })
    }

    fn key(&self, base_tip: &CommitId, commit: &CommitId) -> Result<CacheKey, ActError> {
        let bare = self.vault.bare();
        // The gate is part of the base: the base's tree stands for it.
        let gate = bare.tree_of(base_tip)?.to_string();
        let environment = self.environment(base_tip)?;
        Ok(CacheKey { tree: bare.tree_of(commit)?.to_string(), gate, environment })
    }

    fn base_key(&self, commit: &CommitId) -> Result<BaseKey, ActError> {
        let tree = self.vault.bare().tree_of(commit)?.to_string();
        // A commit that would change what the gate runs with is no base's before it has landed.
        let environment = self.environment(commit)?;
        Ok(BaseKey { tree, environment, surroundings: Surroundings::Landing })
    }

    fn furnishing<'f>(
        &'f self,
        room: &Room,
        settings: &'f EnvironmentSettings,
        base: &'f Base,
        began: &'f dyn Fn(KeeperHandle),
    ) -> Result<Furnishing<'f>, ActError> {
        let (context, run) = (self.context, &self.case.run.id);
        let ports = match settings.ports {
            0 => BTreeMap::new(),
            count => allocate(&context.state, &landing_of(run), count)?.env(),
        };
        let files: Vec<_> = sources(settings)?.into_iter().map(|(_, source)| source).collect();
        let jobs = Jobs {
            context,
            run,
            room: room.clone(),
            scripts: room.dir().join("gate"),
            setup: &self.spec.setup,
            ports,
            redactor: context.redactor_for(&files)?,
            began,
        };
        let (base, fetched) = ((self.spec.base_branch.as_str(), &base.tip), &base.fetched);
        let (mirror, vault, set) = (&self.mirror, &self.vault, CacheSet::Gates);
        Ok(Furnishing { context, case: self.case, settings, base, fetched, mirror, vault, set, jobs })
    }

    fn log(&self, path: PathBuf, redactor: &Arc<Redactor>) -> Result<Box<dyn Write + Send>, ActError> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        Ok(Box::new(RedactingWriter::new(Arc::clone(redactor), file)))
    }
}

/// A landing that asks.
struct Asking<'a> {
    landing: &'a Landing<'a>,
    room: &'a Room,
    gate: &'a Gate,
    cache: &'a Cache,
    base: &'a Base,
    commit: &'a CommitId,
}

impl Asking<'_> {
    fn ask_about(&self, commit: &CommitId, log: PathBuf) -> Result<Said, ActError> {
        let Landing { context, case, spec, mirror, vault, .. } = self.landing;
        let (checkout, base) = (self.room.dir().join("tree"), self.base);
        remove_tree(context.root(), &checkout)?;
        let templates = &context.templates(&case.repo.id);
        let (base_branch, fetched) = (spec.base_branch.as_str(), &base.fetched);
        let history = History { mirror, templates, base_branch, base: &base.tip, fetched };
        vault.bare().checkout_with_history(commit, &checkout, history)?;
        let began = |job| context.withdrawals.began(&case.run.id, job);
        let settings = context.environment(&case.repo.id, (vault.bare(), &base.tip))?;
        let furnishing = self.landing.furnishing(self.room, &settings, base, &began)?;
        furnishing.furnish(&checkout, commit)?;
        let (jobs, setup) = (&furnishing.jobs, &spec.setup);
        let mut env = self.room.env(&context.toolchains, &setup.pass);
        env.extend(jobs.ports.clone());
        let sandbox =
            setup.read.iter().fold(self.room.sandbox(&checkout), |sandbox, path| sandbox.reading(path));
        let question = Question {
            gate: self.gate,
            checkout: &checkout,
            run: &context.run_dir(&case.run.id).mark(),
            env,
            sandbox: setup.write.iter().fold(sandbox, |sandbox, path| sandbox.writing(path)),
            limits: Limits::of(setup),
            limit: setup.clocks.gate,
        };
        let answered = question.ask(&context.launcher, self.landing.log(log, &jobs.redactor)?, began)?;
        jobs.tear_down(&checkout);
        if answered.said == Said::Yes && commit == self.commit {
            furnishing.seed().put_aside(&case.run.id, &settings.seed, &checkout)?;
        }
        Ok(jobs.redactor.said(answered.said))
    }

    /// What was said of this work holds for the base branch once it has landed, as long as it does not
    /// change the gate.
    fn keep_for_the_base(&self, findings: &Findings) -> Result<(), ActError> {
        if !self.landing.keeps_gate(self.base, self.commit)? {
            return Ok(());
        }
        let key = self.landing.base_key(self.commit)?;
        let said = match (&findings.verdict, &findings.base) {
            (Verdict::Green, _) => BaseSaid { said: Said::Yes, since: key.tree.clone() },
            (Verdict::NoNewFailure { known }, Some(base)) => {
                let refusal = Refusal { failures: known.clone(), ..Refusal::default() };
                BaseSaid { said: Said::No(refusal), since: base.since.clone() }
            }
            (Verdict::Undecided(refusal), Some(base)) => {
                BaseSaid { said: Said::No(refusal.clone()), since: base.since.clone() }
            }
            (Verdict::NoNewFailure { .. } | Verdict::Undecided(_), None)
            | (Verdict::Red(_) | Verdict::Missing, _) => return Ok(()),
        };
        self.cache.keep_base(&key, &said);
        Ok(())
    }

    fn log_path(&self, name: &str) -> PathBuf {
        self.landing.context.run_dir(&self.landing.case.run.id).path().join("gate").join(name)
    }
}

impl Inquirer for Asking<'_> {
    type Error = ActError;

    fn ask(&mut self) -> Result<Said, ActError> {
        self.ask_about(self.commit, self.log_path("landing.log"))
    }

    fn known_base(&mut self) -> Option<BaseSaid> {
        self.cache.base(&self.landing.base_key(&self.base.tip).ok()?)
    }

    fn ask_base(&mut self) -> Result<Option<BaseSaid>, ActError> {
        let key = self.landing.base_key(&self.base.tip)?;
        let _turn = self.cache.turn(&key, || self.is_over());
        if let Some(known) = self.cache.base(&key) {
            return Ok(Some(known));
        }
        let ask = || self.ask_about(&self.base.tip, self.log_path("landing-base.log"));
        let (said, _) = ask_twice(ask, || self.is_over())?;
        if self.is_over() {
            // A gate that was stopped has said nothing.
            return Ok(None);
        }
        let base = BaseSaid { said, since: key.tree.clone() };
        self.cache.keep_base(&key, &base);
        Ok(Some(base))
    }

    fn is_over(&self) -> bool {
        self.landing.is_called_off()
    }
}
