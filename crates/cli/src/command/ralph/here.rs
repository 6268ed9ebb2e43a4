//! What a command that works in a person's own checkout needs: the repository's settings, rooms, a set-up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use herder_config::{RepositoryConfig, Resolved, Settings};
use herder_domain::run::RunId;
use herder_domain::setup::{GateSetup, Setup};
use herder_executor::cores;
use herder_record::StateDir;
use herder_workspace::{UserEnvironment, inspect_remote};

use crate::failure::Failure;

/// The current directory.
pub fn here() -> Result<PathBuf, Failure> {
    std::env::current_dir()
        .map_err(|error| Failure::environment(format!("failed to find the current directory: {error}")))
}

/// What the repository itself says, as the person has it checked out before any agent comes.
pub fn repository(checkout: &Path) -> Result<RepositoryConfig, Failure> {
    let facts = inspect_remote(&checkout.display().to_string(), &UserEnvironment::of_this_process())?;
    let Some(top) = facts.top else { return Ok(RepositoryConfig::empty()) };
    let path = top.join(".ralph/config.toml");
    if !path.is_file() {
        return Ok(RepositoryConfig::empty());
    }
    let text = fs_err::read_to_string(&path).map_err(|error| Failure::environment(error.to_string()))?;
    Ok(RepositoryConfig::parse(&text)?)
}

/// Directories of a run beside the checkout.
pub struct Rooms {
    /// What they all lie below.
    pub root: PathBuf,
    /// For HOME, TMPDIR and the gate.
    pub room: PathBuf,
    /// For package caches.
    pub caches: PathBuf,
}

impl Rooms {
    /// Those of a run in a checkout.
    pub fn of(settings: &Settings, run: &RunId, checkout: &Path) -> Self {
        let root = settings.root.value.clone();
        let room = root.join(".run").join(herder_domain::fnv::short_name(run.as_str().as_bytes()));
        let place = herder_domain::fnv::short_name(checkout.as_os_str().as_encoded_bytes());
        let caches = root.join(".cache").join(place).join("runs");
        Self { root, room, caches }
    }

    /// How a job in them is to be carried out.
    pub fn setup(&self, resolved: &Resolved, settings: &Settings, state: &StateDir) -> Setup {
        let tokens = resolved.build_tokens.pool(cores(), state.tokens(), resolved.heavy.clone());
        Setup {
            clone: PathBuf::new(),
            room: self.room.clone(),
            caches: self.caches.clone(),
            agent: resolved.agent_setup.clone(),
            clocks: resolved.clocks,
            gate: GateSetup::Missing,
            read: resolved.sandbox.read.clone(),
            write: resolved.sandbox.write.clone(),
            pass: resolved.sandbox.env.clone(),
            secrets: settings.secrets.clone(),
            author: resolved.author.clone(),
            env: BTreeMap::new(),
            secret_files: Vec::new(),
            furnished: None,
            sleep: settings.sleep.value,
            bounds: resolved.bounds,
            tokens,
        }
    }
}
