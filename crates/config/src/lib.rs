//! Settings, each with its source.
//!
//! *Invariant:* a value comes out of here with the place that said so. Nothing is guessed: an unknown
//! key, an unknown agent or a malformed value is an error that names its line and what to write.
//!
//! The order, the strongest first: a goal's front matter, flags, the user's table for the repository
//! (`[repo."owner/name"]`), the repository's `.ralph/config.toml`, the user's `config.toml`, the defaults.
//! What a goal or a repository asks for is bounded by `[ceilings]` and by the allowed models. A repository
//! can set only what cannot reach outside of its own runs.

mod agents;
mod budgets;
mod ceilings;
mod change;
mod check;
mod document;
mod edit;
mod environment;
mod error;
mod explain;
mod file;
mod forge;
mod hours;
mod keys;
mod layers;
mod limits;
mod notify;
mod policy;
mod resolve;
mod retention;
mod settings;
mod source;
mod template;
mod text;
mod values;

pub use agents::credential;
pub use change::Change;
pub use check::check;
pub use edit::{set, unset};
pub use environment::{EnvironmentSettings, Submodules, environment};
pub use error::ConfigError;
pub use explain::{Explained, explain_surroundings};
pub use file::{RepositoryConfig, UserConfig};
pub use forge::{AppSettings, ForgeSettings, Kept, KeptError};
pub use keys::{Holds, KEYS, Key, Place};
pub use layers::{Voice, voices};
pub use policy::{Review, review};
pub use resolve::{Flags, GatePolicy, Resolved, SandboxSettings, resolve};
pub use retention::Retention;
pub use settings::Settings;
pub use source::{Source, Sourced};
pub use template::repository_template;
