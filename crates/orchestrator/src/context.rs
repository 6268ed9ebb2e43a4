//! What every effect is carried out with.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use herder_config::{
    EnvironmentSettings, Flags, RepositoryConfig, Resolved, Review, Settings, UserConfig, environment,
    resolve, review,
};
use herder_domain::event::Repo;
use herder_domain::fnv;
use herder_domain::goal::{Goal, GoalOptions};
use herder_domain::landing::Landing;
use herder_domain::repo::RepoId;
use herder_domain::run::{Run, RunId, RunSpec};
use herder_executor::{Launcher, Room, Toolchains};
use herder_record::redact::assigned_values;
use herder_record::{Redactor, RunDir, StateDir};
use herder_workspace::{
    Bare, CommitId, Identity, Mirror, Place, PrivateGit, RunKey, Signature, Templates, UserEnvironment, Vault,
};
use jiff::Timestamp;

use crate::act::ActError;
use crate::forge_tokens::ForgeTokens;
use crate::github::{Clients, account_at};
use crate::landing::Trains;
use crate::swept::Swept;
use crate::withdrawals::Withdrawals;

/// The largest `.ralph/config.toml` that is read, in bytes.
const REPOSITORY_CONFIG_MAX: u64 = 256 << 10;

/// What every effect is carried out with. Shared by the threads that do.
pub(crate) struct Context {
    pub state: StateDir,
    pub config: UserConfig,
    pub flags: Flags,
    pub settings: Settings,
    /// The program that is herder, for ralphs.
    pub herder: PathBuf,
    pub launcher: Launcher,
    pub redactor: Arc<Redactor>,
    pub user: UserEnvironment,
    pub toolchains: Toolchains,
    pub host: String,
    pub withdrawals: Arc<Withdrawals>,
    pub clients: Arc<Clients>,
    pub swept: Arc<Swept>,
    pub trains: Arc<Trains>,
    repos: Arc<Mutex<BTreeMap<RepoId, Arc<Mutex<()>>>>>,
}

/// An effect's goal with what belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub goal: Goal,
    pub run: Run,
    pub repo: Repo,
    /// The run's landing, where it came to one.
    pub landing: Option<Landing>,
}

/// Looks a variable of this process's environment up.
pub(crate) fn lookup(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

impl Context {
    pub(crate) fn new(
        state: StateDir,
        config: UserConfig,
        flags: Flags,
        settings: Settings,
        herder: PathBuf,
    ) -> Result<Self, herder_record::RecordError> {
        let clients = Arc::new(Clients::new(state.database()));
        Ok(Self {
            launcher: Launcher::at(&herder),
            redactor: redactor(&settings, &[])?,
            user: user(&state, &clients, &config),
            toolchains: Toolchains::detect(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            withdrawals: Arc::default(),
            clients,
            swept: Arc::default(),
            trains: Arc::default(),
            repos: Arc::default(),
            state,
            config,
            flags,
            settings,
            herder,
        })
    }

    /// The same with another configuration. What is under way keeps its own; both share their locks.
    pub(crate) fn with(
        &self,
        config: UserConfig,
        settings: Settings,
    ) -> Result<Self, herder_record::RecordError> {
        Ok(Self {
            redactor: redactor(&settings, &[])?,
            config,
            settings,
            withdrawals: Arc::clone(&self.withdrawals),
            clients: Arc::clone(&self.clients),
            swept: Arc::clone(&self.swept),
            trains: Arc::clone(&self.trains),
            repos: Arc::clone(&self.repos),
            state: self.state.clone(),
            flags: self.flags.clone(),
            herder: self.herder.clone(),
            launcher: self.launcher.clone(),
            user: self.user.clone(),
            toolchains: self.toolchains.clone(),
            host: self.host.clone(),
        })
    }

    /// The lock under which a repository's mirror and vault are written: git's own locks refuse a
    /// second writer instead of letting it wait.
    pub(crate) fn repo_lock(&self, repo: &RepoId) -> Arc<Mutex<()>> {
        let mut repos = self.repos.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(repos.entry(repo.clone()).or_default())
    }

    pub(crate) fn mirror(&self, repo: &Repo) -> Result<Mirror, ActError> {
        Ok(Mirror::open_or_create(&self.state.mirror(&repo.id), &repo.url, &self.user)?)
    }

    pub(crate) fn vault(&self, repo: &Repo, mirror: &Mirror) -> Result<Vault, ActError> {
        Ok(Vault::open_or_create(&self.state.vault(&repo.id), mirror)?)
    }

    pub(crate) fn templates(&self, repo: &RepoId) -> Templates {
        Templates::at(self.state.templates(repo))
    }

    pub(crate) fn run_dir(&self, run: &RunId) -> RunDir {
        RunDir::of(&self.state, run.clone())
    }

    /// All settings of a goal, with the repository's own of a commit of its base branch.
    pub(crate) fn resolved(
        &self,
        options: &GoalOptions,
        repo: &RepoId,
        base: (&Bare, &CommitId),
    ) -> Result<Resolved, ActError> {
        let repository = repository_config(base)?;
        let resolve = |flags| resolve(options, flags, Some(repo), &repository, &self.config, lookup);
        let resolved = resolve(&self.flags)?;
        let hours = self.config.hours(&self.flags)?;
        let hour = hours.at(Timestamp::now());
        match hour.window().filter(|window| !window.allows(&resolved.model.value)) {
            // A goal that names another model waits for its hour and is not here.
            Some(window) if options.model.is_none() => {
                let flags = Flags { model: window.models.first().cloned(), ..self.flags.clone() };
                Ok(resolve(&flags)?)
            }
            Some(_) | None => Ok(resolved),
        }
    }

    /// What decides whether work on a commit of the base branch needs a person's look.
    pub(crate) fn review(&self, base: (&Bare, &CommitId)) -> Result<Review, ActError> {
        Ok(review(&repository_config(base)?, &self.config))
    }

    /// What clones and checkouts need beyond their files, as a commit of the base branch has it.
    pub(crate) fn environment(
        &self,
        repo: &RepoId,
        base: (&Bare, &CommitId),
    ) -> Result<EnvironmentSettings, ActError> {
        Ok(environment(&repository_config(base)?, &self.config, repo, lookup)?)
    }

    /// The redactor with the assignments in some files as further secrets.
    pub(crate) fn redactor_for(&self, files: &[PathBuf]) -> Result<Arc<Redactor>, ActError> {
        if files.is_empty() {
            return Ok(Arc::clone(&self.redactor));
        }
        Ok(redactor(&self.settings, files)?)
    }

    /// The directory that clones lie below.
    pub(crate) fn root(&self) -> &Path {
        &self.settings.root.value
    }

    /// Where a run's clone lies, or would lie.
    pub(crate) fn clone_dir(&self, case: &Case) -> PathBuf {
        let id = &case.repo.id;
        let place = Place::new(id.host(), id.owner(), id.name());
        place.clone_dir(self.root(), case.goal.id.number.0, case.run.attempt)
    }

    /// A directory with a short path for HOME, TMPDIR, gates and checkouts of a run: a socket's path
    /// has 108 bytes.
    pub(crate) fn short_dir(&self, run: &RunId) -> PathBuf {
        self.root().join(".run").join(fnv::short_name(run.as_str().as_bytes()))
    }

    /// Package caches of a repository, one set for its runs and another for its gates: what an agent
    /// writes must never reach a gate.
    pub(crate) fn caches(&self, repo: &RepoId, set: CacheSet) -> PathBuf {
        self.root().join(".cache").join(fnv::short_name(repo.to_string().as_bytes())).join(set.word())
    }

    /// Where a run's work is judged. Not below the run's own short directory: that one is removed while
    /// the work is landing.
    pub(crate) fn gate_room(&self, run: &RunId, repo: &RepoId) -> Room {
        let dir = self.root().join(".run").join(fnv::short_name(format!("{run}/landing").as_bytes()));
        Room::new(dir, self.caches(repo, CacheSet::Gates))
    }

    pub(crate) fn signature(&self) -> Signature {
        let author = &self.settings.author.value;
        Signature {
            who: Identity { name: author.name.clone(), email: author.email.clone() },
            at: Timestamp::now(),
        }
    }
}

/// The person's environment for git, with the tokens of the repositories whose goals live on a host.
fn user(state: &StateDir, clients: &Arc<Clients>, config: &UserConfig) -> UserEnvironment {
    let (database, clients, config) = (state.database(), Arc::clone(clients), config.clone());
    let tokens = ForgeTokens::new(move |url| account_at(url, &database, &clients, &config));
    UserEnvironment::of_this_process().with_tokens(Arc::new(tokens))
}

/// The redactor of all secrets that the settings name.
fn redactor(settings: &Settings, files: &[PathBuf]) -> Result<Arc<Redactor>, herder_record::RecordError> {
    let secrets = settings.secrets.iter().filter_map(|name| std::env::var(name).ok());
    let alone = settings.secret_files.iter().filter_map(|file| fs_err::read_to_string(file).ok());
    let secrets = secrets.chain(alone.map(|text| text.trim().to_owned()));
    let texts = files.iter().filter_map(|file| fs_err::read(file).ok());
    let assigned = texts.flat_map(|text| assigned_values(&String::from_utf8_lossy(&text)));
    let secrets = secrets.chain(assigned);
    let long = secrets.filter(|value| value.len() >= herder_record::redact::SHORTEST);
    Ok(Arc::new(Redactor::new(long)?))
}

/// The repository's own settings, as a commit of its base branch has them.
pub(crate) fn repository_config((bare, base): (&Bare, &CommitId)) -> Result<RepositoryConfig, ActError> {
    Ok(match bare.read_file(base, ".ralph/config.toml", REPOSITORY_CONFIG_MAX)? {
        Some(bytes) => RepositoryConfig::parse(&String::from_utf8_lossy(&bytes))?,
        None => RepositoryConfig::empty(),
    })
}

/// Who uses a set of package caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheSet {
    Runs,
    Gates,
}

impl CacheSet {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Runs, Self::Gates];

    /// The name of its directory.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Gates => "gates",
        }
    }
}

/// A run as refs name it.
pub(crate) fn run_key(run: &Run) -> Result<RunKey, ActError> {
    Ok(RunKey::new(run.goal.number.0, run.id.as_str())?)
}

/// The private git directory of a run.
pub(crate) fn private_git(dir: &RunDir, spec: &RunSpec, run: &Run) -> Result<PrivateGit, ActError> {
    Ok(PrivateGit::at(&dir.git_dir(), &spec.setup.clone, run_key(run)?))
}
