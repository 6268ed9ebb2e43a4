//! The landing gate: the one verdict that counts, on a clean checkout, under the base tip's own
//! `.ralph/`, without anything that an agent wrote but the work itself.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;

use herder_config::EnvironmentSettings;
use herder_domain::gate::Verdict;
use herder_executor::{KeeperHandle, Room, end_strays};
use herder_gate::{Cache, CacheKey, Gate, Question};
use herder_record::Redactor;
use herder_record::redact::RedactingWriter;
use herder_workspace::{CommitId, History, make_parents, remove_tree};

use super::Landing;
use crate::act::ActError;
use crate::context::CacheSet;
use crate::environment::{Furnishing, Jobs, allocate, landing_of, release, sources};

impl Landing<'_> {
    /// What the base's gate says of a commit. A red one is asked once more: the weather must not
    /// bounce good work.
    pub(super) fn verdict(&self, base_tip: &CommitId, commit: &CommitId) -> Result<Verdict, ActError> {
        let room = self.context.gate_room(&self.case.run.id, &self.case.repo.id);
        let verdict = self.judged(&room, base_tip, commit);
        // A checkout that cannot be removed now is removed with the run's other directories.
        let _ = remove_tree(self.context.root(), room.dir());
        release(&self.context.state, &landing_of(&self.case.run.id))?;
        verdict
    }

    fn judged(&self, room: &Room, base_tip: &CommitId, commit: &CommitId) -> Result<Verdict, ActError> {
        // A gate of an earlier try may have outlived its keeper and the daemon together.
        end_strays(&self.context.run_dir(&self.case.run.id).mark())?;
        remove_tree(self.context.root(), room.dir())?;
        make_parents(self.context.root(), room.dir())?;
        room.create()?;
        let dir = room.dir().join("gate");
        let gate = match self.vault.bare().materialize_dir(base_tip, ".ralph", &dir)? {
            true => Gate::at(&dir),
            false => None,
        };
        let Some(gate) = gate else {
            return Ok(Verdict::Missing);
        };
        let key = self.key(base_tip, commit)?;
        let cache = Cache::at(self.context.state.root().join("gates"));
        if cache.is_green(&key) {
            return Ok(Verdict::Green);
        }
        let mut verdict = self.ask(room, &gate, (base_tip, commit))?;
        if matches!(verdict, Verdict::Red { .. }) && !self.is_called_off() {
            verdict = self.ask(room, &gate, (base_tip, commit))?;
        }
        if verdict == Verdict::Green {
            cache.keep_green(&key);
        }
        Ok(verdict)
    }

    fn key(&self, base_tip: &CommitId, commit: &CommitId) -> Result<CacheKey, ActError> {
        let bare = self.vault.bare();
        // The gate is part of the base: the base's tree stands for it.
        let gate = bare.tree_of(base_tip)?.to_string();
        let environment = format!("{} {}", env!("CARGO_PKG_VERSION"), self.spec.setup.pass.join(","));
        Ok(CacheKey { tree: bare.tree_of(commit)?.to_string(), gate, environment })
    }

    fn ask(
        &self,
        room: &Room,
        gate: &Gate,
        (base_tip, commit): (&CommitId, &CommitId),
    ) -> Result<Verdict, ActError> {
        let checkout = room.dir().join("tree");
        remove_tree(self.context.root(), &checkout)?;
        let history = History {
            mirror: &self.mirror,
            templates: &self.context.templates(&self.case.repo.id),
            base_branch: &self.spec.base_branch,
            base: base_tip,
        };
        self.vault.bare().checkout_with_history(commit, &checkout, history)?;
        let (withdrawals, run) = (&self.context.withdrawals, &self.case.run.id);
        let began = |job| withdrawals.gate_began(run, job);
        let settings = self.context.environment(&self.case.repo.id, (self.vault.bare(), base_tip))?;
        let furnishing = self.furnishing(room, &settings, base_tip, &began)?;
        furnishing.furnish(&checkout, commit)?;
        let jobs = &furnishing.jobs;
        let setup = &self.spec.setup;
        let mut env = room.env(&self.context.toolchains, &setup.pass);
        env.extend(jobs.ports.clone());
        let sandbox = setup.read.iter().fold(room.sandbox(&checkout), |sandbox, path| sandbox.reading(path));
        let question = Question {
            gate,
            checkout: &checkout,
            run: &self.context.run_dir(&self.case.run.id).mark(),
            env,
            sandbox: setup.write.iter().fold(sandbox, |sandbox, path| sandbox.writing(path)),
            limit: setup.clocks.gate,
        };
        let log = self.log(&jobs.redactor)?;
        let answered = question.ask(&self.context.launcher, log, began)?;
        jobs.tear_down(&checkout);
        if answered.verdict == Verdict::Green {
            furnishing.seed().put_aside(run, &settings.seed, &checkout)?;
        }
        Ok(clean(answered.verdict, &jobs.redactor))
    }

    fn furnishing<'f>(
        &'f self,
        room: &Room,
        settings: &'f EnvironmentSettings,
        base_tip: &'f CommitId,
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
        let base = (self.spec.base_branch.as_str(), base_tip);
        let (mirror, vault, set) = (&self.mirror, &self.vault, CacheSet::Gates);
        Ok(Furnishing { context, case: self.case, settings, base, mirror, vault, set, jobs })
    }

    fn log(&self, redactor: &Arc<Redactor>) -> Result<Box<dyn Write + Send>, ActError> {
        let path = self.context.run_dir(&self.case.run.id).path().join("gate").join("landing.log");
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        Ok(Box::new(RedactingWriter::new(Arc::clone(redactor), file)))
    }
}

/// A verdict without the secrets that the gate told: its words go into the journal.
fn clean(verdict: Verdict, redactor: &Redactor) -> Verdict {
    match verdict {
        Verdict::Red { tail } => Verdict::Red { tail: redactor.line(&tail).into_string() },
        Verdict::Green | Verdict::Missing => verdict,
    }
}
