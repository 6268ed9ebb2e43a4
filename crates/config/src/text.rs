//! The shapes of the two files. Which keys there are is checked by the table of keys; here is what
//! their values are.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::{NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroUsize};

use herder_domain::agent::Reasoning;
use herder_domain::capacity::Slots;
use herder_domain::duration::Span;
use herder_domain::setup::{AgentKind, Sleep, TokenCount};
use serde::{Deserialize, Deserializer};

use crate::budgets::BudgetsText;
use crate::hours::{Clock, HoursText};
use crate::notify::WayText;

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct UserText {
    pub max: Option<Slots>,
    pub time_zone: Option<String>,
    pub hours: BTreeMap<String, HoursText>,
    pub agent: Option<String>,
    pub model: Option<String>,
    pub reasoning: Option<Reasoning>,
    pub duration: Option<Span>,
    pub max_age: Option<Span>,
    pub budget: BudgetText,
    pub budgets: BudgetsText,
    pub ceilings: CeilingsText,
    pub agents: BTreeMap<String, AgentText>,
    pub root: Option<String>,
    pub webhook: Option<SocketAddr>,
    pub sleep: Option<Sleep>,
    pub author: AuthorText,
    pub backoff: BackoffText,
    pub timeouts: TimeoutsText,
    pub notify: NotifyText,
    pub redact: RedactText,
    pub sandbox: SandboxText,
    pub limits: LimitsText,
    pub build_tokens: Option<TokenCount>,
    pub heavy: Option<Vec<String>>,
    pub retention: RetentionText,
    pub gate: GateText,
    pub test_globs: Option<Vec<String>>,
    pub ports: Option<NonZeroU16>,
    pub repo: BTreeMap<String, RepoText>,
    pub forge: BTreeMap<String, ForgeText>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct ForgeText {
    pub api: Option<String>,
    pub graphql: Option<String>,
    pub git: Option<String>,
    pub token: Option<String>,
    pub poll: Option<Span>,
    pub share: Option<NonZeroU8>,
    pub webhook_secret: Option<String>,
    pub webhook_secret_file: Option<String>,
    pub app: Option<String>,
    pub installation: Option<NonZeroU64>,
    pub app_key: Option<String>,
    pub app_key_file: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct RepositoryText {
    pub agent: Option<String>,
    pub model: Option<String>,
    pub reasoning: Option<Reasoning>,
    pub duration: Option<Span>,
    pub max_age: Option<Span>,
    pub budget: BudgetText,
    pub timeouts: TimeoutsText,
    pub gate: GateText,
    pub test_globs: Option<Vec<String>>,
    pub setup: SetupText,
    pub submodules: bool,
    pub heavy: Option<Vec<String>>,
    pub ports: Option<NonZeroU16>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct SetupText {
    pub key: Vec<String>,
    pub keep: Vec<String>,
    pub files: Vec<String>,
    pub seed: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct BudgetText {
    pub iterations: Option<NonZeroU32>,
    pub tokens: Option<NonZeroU64>,
    pub usd: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct CeilingsText {
    pub duration: Option<Span>,
    pub max_age: Option<Span>,
    pub iterations: Option<NonZeroU32>,
    pub tokens: Option<NonZeroU64>,
    pub usd: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct AgentText {
    pub kind: Option<AgentKind>,
    pub program: Option<String>,
    pub args: Vec<String>,
    pub base_url: Option<String>,
    pub credential: Option<String>,
    pub model: Option<String>,
    pub models_allowed: Option<Vec<String>>,
    pub summarizer: Option<String>,
    pub context_window: Option<NonZeroU64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct AuthorText {
    pub name: Option<String>,
    pub email: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct BackoffText {
    pub first: Option<Span>,
    pub longest: Option<Span>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct TimeoutsText {
    pub silence: Option<Span>,
    pub tool: Option<Span>,
    pub iteration: Option<Span>,
    pub gate: Option<Span>,
    pub setup: Option<Span>,
    pub wait: Option<Span>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct NotifyText {
    pub command: Vec<String>,
    pub post_url: Option<String>,
    pub post_topic: Option<String>,
    pub post_token_env: Option<String>,
    pub to: BTreeMap<String, WayText>,
    pub digest: Option<Clock>,
    pub escalate: Option<Span>,
    pub links: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct RedactText {
    pub env: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct SandboxText {
    pub read: Vec<String>,
    pub write: Vec<String>,
    pub env: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct RetentionText {
    pub runs: Option<Span>,
    pub snapshots: Option<Span>,
    pub records: Option<Span>,
    pub caches_gib: Option<NonZeroU64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct LimitsText {
    pub nice: Option<u8>,
    pub memory_mib: Option<NonZeroU32>,
    pub processes: Option<NonZeroU32>,
    pub cpu_weight: Option<NonZeroU16>,
    pub io_weight: Option<NonZeroU16>,
}

/// The only word that `gate` and `gate.check` take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GateWord {
    None,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GateText {
    pub check: Option<GateWord>,
    pub protect: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct RepoText {
    pub base: Option<String>,
    pub files_from: Option<String>,
    pub max: Option<NonZeroUsize>,
    pub weight: Option<NonZeroU32>,
    pub pause_on_red: Option<bool>,
    pub agent: Option<String>,
    pub model: Option<String>,
    pub reasoning: Option<Reasoning>,
    pub duration: Option<Span>,
    pub max_age: Option<Span>,
    pub budget: BudgetText,
    pub limits: LimitsText,
}

impl<'de> Deserialize<'de> for GateText {
    /// Takes `gate = "none"` and the table `[gate]`.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Table {
            check: Option<GateWord>,
            protect: Option<Vec<String>>,
        }
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = GateText;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("\"none\" or a table")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<GateText, E> {
                let check = GateWord::deserialize(serde::de::value::StrDeserializer::new(word))?;
                Ok(GateText { check: Some(check), protect: None })
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<GateText, A::Error> {
                let table = Table::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(GateText { check: table.check, protect: table.protect })
            }
        }
        from.deserialize_any(Either)
    }
}
