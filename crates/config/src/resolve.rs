//! What holds for one goal: all layers, the strongest first, within the ceilings.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

use herder_domain::agent::Reasoning;
use herder_domain::capacity::Slots;
use herder_domain::duration::Span;
use herder_domain::goal::GoalOptions;
use herder_domain::repo::RepoId;
use herder_domain::run::Budget;
use herder_domain::setup::{AgentSetup, Author, Bounds, Clocks, TokenCount};

use crate::error::ConfigError;
use crate::file::{RepositoryConfig, UserConfig};
use crate::layers::Layers;
use crate::source::Sourced;
use crate::{ceilings, policy};

/// What the flags of a command say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flags {
    /// `--max`.
    pub max: Option<Slots>,
    /// `--root`, absolute.
    pub root: Option<PathBuf>,
    /// `--webhook`.
    pub webhook: Option<SocketAddr>,
    /// `--agent`.
    pub agent: Option<String>,
    /// `--model`.
    pub model: Option<String>,
    /// `--reasoning`.
    pub reasoning: Option<Reasoning>,
    /// `--duration`.
    pub duration: Option<Span>,
    /// `--max-age`.
    pub max_age: Option<Span>,
    /// `--max-iterations`.
    pub iterations: Option<NonZeroU32>,
    /// `--max-tokens`.
    pub tokens: Option<NonZeroU64>,
    /// `--budget`, US dollars, above 0.
    pub usd: Option<f64>,
}

/// What is to happen where a repository has no gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatePolicy {
    /// A person looks at every success.
    Required,
    /// The repository said `gate = "none"`: work lands without.
    Waived,
}

/// What the sandbox lets jobs see beyond the usual.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SandboxSettings {
    /// Paths to read.
    pub read: Vec<PathBuf>,
    /// Paths to write.
    pub write: Vec<PathBuf>,
    /// Variables to pass, by name.
    pub env: Vec<String>,
}

/// All settings of one goal's run.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The coding agent's name.
    pub agent: Sourced<String>,
    /// The coding agent.
    pub agent_setup: AgentSetup,
    /// The model.
    pub model: Sourced<String>,
    /// How much to think.
    pub reasoning: Sourced<Reasoning>,
    /// Working time of a run.
    pub duration: Sourced<Span>,
    /// Wall time of a run.
    pub max_age: Sourced<Option<Span>>,
    /// Iterations of a run.
    pub iterations: Sourced<Option<u32>>,
    /// Tokens of a run.
    pub tokens: Sourced<Option<u64>>,
    /// US dollars of a run.
    pub usd: Sourced<Option<f64>>,
    /// Time-outs.
    pub clocks: Clocks,
    /// What happens without a gate.
    pub gate: Sourced<GatePolicy>,
    /// Globs of paths whose change sends work to spot-check.
    pub protect: Sourced<Vec<String>>,
    /// Globs of tests whose deletion sends work to spot-check.
    pub test_globs: Sourced<Vec<String>>,
    /// The branch that work lands on, where the user says one.
    pub base: Option<Sourced<String>>,
    /// What the sandbox lets through.
    pub sandbox: SandboxSettings,
    /// What jobs may take of the machine.
    pub bounds: Bounds,
    /// How many build tokens all runs share.
    pub build_tokens: TokenCount,
    /// Programs that get all of them before they begin.
    pub heavy: Vec<String>,
    /// Who makes the commits.
    pub author: Author,
}

impl Resolved {
    /// What bounds the run.
    pub fn budget(&self) -> Budget {
        Budget {
            duration: self.duration.0,
            iterations: self.iterations.value,
            tokens: self.tokens.value,
            usd: self.usd.value,
            max_age: self.max_age.value,
        }
    }
}

/// Settles every option of one goal. `repo` names the repository for the user's own table; `env` looks a
/// variable up (for `~/`).
///
/// # Errors
/// An unknown agent, a model that is not allowed, or more than a ceiling from a goal or a repository.
pub fn resolve(
    goal: &GoalOptions,
    flags: &Flags,
    repo: Option<&RepoId>,
    repository: &RepositoryConfig,
    user: &UserConfig,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<Resolved, ConfigError> {
    let layers = Layers::of(goal, flags, repo, repository, user);
    let agent = layers.agent();
    let agent_setup = user.agent(&agent, &env)?;
    let model = layers.model(&agent).unwrap_or_else(|| user.own_model(&agent, agent_setup.kind));
    user.allow_model(&agent, &model)?;
    let reasoning = layers.first(|layer| layer.reasoning.clone());
    Ok(Resolved {
        agent_setup,
        model,
        reasoning: reasoning.unwrap_or(Sourced::by_default(Reasoning::default())),
        duration: ceilings::duration(user, layers.first(|layer| layer.duration.clone()))?,
        max_age: ceilings::max_age(user, layers.first(|layer| layer.max_age.clone()))?,
        iterations: ceilings::iterations(user, layers.first(|layer| layer.iterations.clone()))?,
        tokens: ceilings::tokens(user, layers.first(|layer| layer.tokens.clone()))?,
        usd: ceilings::usd(user, layers.first(|layer| layer.usd.clone()))?,
        clocks: policy::clocks(repository, user),
        gate: policy::gate(repository),
        protect: policy::protect(repository, user),
        test_globs: policy::test_globs(repository, user),
        base: policy::base(repo, user),
        sandbox: policy::sandbox(user, &env)?,
        bounds: user.bounds(repo),
        build_tokens: user.build_tokens(),
        heavy: policy::heavy(repository, user),
        author: user.author().value,
        agent,
    })
}
