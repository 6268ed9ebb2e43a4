//! The environment of a repository: what its clones and checkouts need beyond the files that git has.
//!
//! Files of the person's, a block of ports, and whatever `.ralph/setup` of the base branch makes. All of it
//! is asked of the base, never of what an agent wrote.

mod files;
mod kept;
mod ports;
mod seed;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use herder_config::{EnvironmentSettings, Submodules};
use herder_domain::gate::Said;
use herder_domain::run::RunId;
use herder_domain::setup::{Furnished, Setup, SubmodulesFrom};
use herder_executor::{KeeperHandle, Limits, Room};
use herder_gate::{Gate, Question, Script};
use herder_record::redact::RedactingWriter;
use herder_record::{Redactor, RunDir};
use herder_workspace::{
    CommitId, History, Mirror, Vault, WorkspaceError, fill_submodules, remove_tree, use_caches,
};
use sha2::{Digest, Sha256};

use crate::act::ActError;
use crate::context::{CacheSet, Case, Context};
use kept::Wanted;

pub(crate) use files::sources;
pub(crate) use kept::Kept;
pub(crate) use ports::{allocate, landing_of, release};
pub(crate) use seed::Seed;

/// What furnishes the clone or the checkouts of one run.
pub(crate) struct Furnishing<'a> {
    pub context: &'a Context,
    pub case: &'a Case,
    pub settings: &'a EnvironmentSettings,
    /// The base: its branch and the commit whose `.ralph/` is followed.
    pub base: (&'a str, &'a CommitId),
    /// The branch's tip as the mirror has it: the base, or what that goes on top of.
    pub fetched: &'a CommitId,
    pub mirror: &'a Mirror,
    pub vault: &'a Vault,
    /// Whose caches are used.
    pub set: CacheSet,
    pub jobs: Jobs<'a>,
}

/// How the scripts of a repository are run for one run.
pub(crate) struct Jobs<'a> {
    pub context: &'a Context,
    pub run: &'a RunId,
    pub room: Room,
    /// The base's `.ralph/`, out of every agent's reach.
    pub scripts: PathBuf,
    /// Time limit, sandbox and variables: those of the run.
    pub setup: &'a Setup,
    /// What tells them of their ports.
    pub ports: BTreeMap<String, String>,
    pub redactor: Arc<Redactor>,
    /// Is given the means to stop each set-up.
    pub began: &'a dyn Fn(KeeperHandle),
}

impl Furnishing<'_> {
    /// Furnishes `tree`, which has the files of `commit` and in which nobody works.
    ///
    /// # Errors
    /// A file of the person's is missing, the set-up failed, or the run is called off.
    pub(crate) fn furnish(&self, tree: &Path, commit: &CommitId) -> Result<(), ActError> {
        self.jobs.unless_called_off()?;
        self.fill_submodules(tree, commit)?;
        self.set_up(tree, commit)?;
        self.seed().plant(&self.settings.seed, tree)
    }

    /// What clean files of the base are to be given besides, for a gate to say of them what it says of a tree that
    /// was furnished here.
    ///
    /// # Errors
    /// A file of the person's is missing, or git cannot be run.
    pub(crate) fn furnished(&self) -> Result<Furnished, ActError> {
        let submodules = match self.settings.submodules {
            Submodules::Empty => None,
            Submodules::Filled => {
                let (url, mirrors) = (self.case.repo.url.clone(), self.context.state.submodules());
                Some(SubmodulesFrom { url, mirrors })
            }
        };
        let is_kept =
            !self.settings.keep.is_empty() && Gate::script(&self.jobs.scripts, Script::Setup).is_some();
        let made = match is_kept {
            true => Some(self.kept().entry(&self.key()?, &self.settings.keep)),
            false => None,
        };
        let seed = self.settings.seed.as_slice();
        let seed = (!seed.is_empty()).then(|| self.seed().ready(seed));
        let files = files::sources(self.settings)?.into_iter().collect();
        Ok(Furnished { files, submodules, made, seed })
    }

    fn kept(&self) -> Kept {
        Kept { dir: self.context.state.setups(&self.case.repo.id).join(self.set.word()) }
    }

    /// Where the branch's seed lies.
    pub(crate) fn seed(&self) -> Seed {
        Seed::of(&self.context.state.setups(&self.case.repo.id), self.base.0)
    }

    /// Fills the submodules of the base that the commit has, too. What an agent makes of `.gitmodules` is
    /// not followed: it could name any address.
    fn fill_submodules(&self, tree: &Path, commit: &CommitId) -> Result<(), ActError> {
        match self.settings.submodules {
            Submodules::Empty => return Ok(()),
            Submodules::Filled => {}
        }
        let (bare, base) = (self.vault.bare(), self.base.1);
        let mut there = Vec::new();
        for submodule in bare.submodules(base, &self.case.repo.url)? {
            let path = submodule.path.to_string_lossy();
            if bare.object_at(commit, &path)? == bare.object_at(base, &path)? {
                there.push(submodule);
            }
        }
        let mirrors = self.context.state.submodules();
        fill_submodules(&there, tree, &mirrors, &self.context.user).map_err(|error| match error {
            WorkspaceError::Git { .. } => ActError::Origin(error),
            other => other.into(),
        })
    }

    fn set_up(&self, tree: &Path, commit: &CommitId) -> Result<(), ActError> {
        files::copy(&files::sources(self.settings)?, tree, (self.vault.bare(), commit))?;
        let Some(script) = Gate::script(&self.jobs.scripts, Script::Setup) else {
            return Ok(());
        };
        if self.settings.keep.is_empty() || !self.is_like_base(commit)? {
            return self.jobs.set_up(&script, tree);
        }
        let wanted = Wanted { key: &self.key()?, keep: &self.settings.keep };
        let go_on = || self.jobs.unless_called_off();
        if self.base.1 != self.fetched {
            // Nothing is kept of a base that the branch may never come to; what was kept of one like it will do.
            let is_there = self.kept().plant(&wanted, tree, go_on)?;
            return if is_there { Ok(()) } else { self.jobs.set_up(&script, tree) };
        }
        self.kept().furnish(&wanted, tree, go_on, || self.made(&script))?;
        Ok(remove_tree(self.context.root(), &self.scratch())?)
    }

    /// Whether a commit asks for the same as the base. One whose lock files an agent has changed is set up
    /// by itself, and nothing of that is kept.
    fn is_like_base(&self, commit: &CommitId) -> Result<bool, ActError> {
        let bare = self.vault.bare();
        for file in &self.settings.key {
            if bare.object_at(commit, file)? != bare.object_at(self.base.1, file)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What decides what the set-up of the base makes: its scripts, the named files, the files of the
    /// person's, the directories that are kept, and the variables.
    fn key(&self) -> Result<String, ActError> {
        let bare = self.vault.bare();
        let mut parts = vec!["1".to_owned(), self.settings.keep.join("\n")];
        for file in std::iter::once(".ralph").chain(self.settings.key.iter().map(String::as_str)) {
            let object = bare.object_at(self.base.1, file)?;
            parts.push(format!("{file} {}", object.as_deref().unwrap_or("absent")));
        }
        for (name, source) in files::sources(self.settings)? {
            parts.push(format!("{} {}", name.display(), hex(&Sha256::digest(fs_err::read(source)?))));
        }
        let passed = self.jobs.setup.pass.iter().map(String::as_str);
        for name in passed.chain(["PATH"]) {
            parts.push(format!("{name}={}", std::env::var(name).unwrap_or_default()));
        }
        Ok(hex(&Sha256::digest(parts.join("\0"))))
    }

    /// Sets clean files of the base up, and gives where they are.
    fn made(&self, script: &Gate) -> Result<PathBuf, ActError> {
        let (scratch, (base_branch, base)) = (self.scratch(), self.base);
        remove_tree(self.context.root(), &scratch)?;
        let templates = &self.context.templates(&self.case.repo.id);
        let history = History { mirror: self.mirror, templates, base_branch, base, fetched: self.fetched };
        self.vault.bare().checkout_with_history(base, &scratch, history)?;
        self.fill_submodules(&scratch, base)?;
        files::copy(&files::sources(self.settings)?, &scratch, (self.vault.bare(), base))?;
        self.jobs.set_up(script, &scratch)?;
        Ok(scratch)
    }

    fn scratch(&self) -> PathBuf {
        self.jobs.room.dir().join("setup")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Jobs<'_> {
    fn set_up(&self, script: &Gate, tree: &Path) -> Result<(), ActError> {
        self.unless_called_off()?;
        match self.run(script, tree, self.began)? {
            Said::Yes => Ok(()),
            Said::No(refusal) => {
                self.tear_down(tree);
                // One that was stopped has said nothing.
                self.unless_called_off()?;
                Err(ActError::Setup(self.redactor.line(&refusal.tail).into_string()))
            }
        }
    }

    fn unless_called_off(&self) -> Result<(), ActError> {
        match self.context.withdrawals.is_called_off(self.run) {
            true => Err(ActError::CalledOff),
            false => Ok(()),
        }
    }

    /// Runs `.ralph/teardown` of the base, if there is one, in what was furnished. What becomes of it is
    /// only told in the log: the work is safe whatever it does.
    pub(crate) fn tear_down(&self, tree: &Path) {
        let Some(script) = Gate::script(&self.scripts, Script::Teardown) else { return };
        // What is called off is torn down all the same.
        let word = match self.run(&script, tree, &drop) {
            Ok(Said::Yes) => return,
            Ok(Said::No(_)) => "it failed".to_owned(),
            Err(error) => error.in_full(),
        };
        if let Ok(mut log) = self.log() {
            let _ = writeln!(log, "(.ralph/teardown: {word})");
        }
    }

    fn run(&self, script: &Gate, tree: &Path, began: &dyn Fn(KeeperHandle)) -> Result<Said, ActError> {
        let _caches = use_caches(self.room.caches())?;
        self.room.create()?;
        let setup = self.setup;
        let mut env = self.room.env(&self.context.toolchains, &setup.pass);
        env.extend(self.ports.clone());
        let sandbox = setup.read.iter().fold(self.room.sandbox(tree), |sandbox, path| sandbox.reading(path));
        let question = Question {
            gate: script,
            checkout: tree,
            run: &self.dir().mark(),
            env,
            sandbox: setup.write.iter().fold(sandbox, |sandbox, path| sandbox.writing(path)),
            limits: Limits::of(setup),
            limit: setup.clocks.setup,
        };
        Ok(question.ask(&self.context.launcher, self.log()?, began)?.said)
    }

    fn dir(&self) -> RunDir {
        self.context.run_dir(self.run)
    }

    fn log(&self) -> Result<Box<dyn Write + Send>, ActError> {
        let path = self.dir().path().join("setup.log");
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        Ok(Box::new(RedactingWriter::new(Arc::clone(&self.redactor), file)))
    }
}
