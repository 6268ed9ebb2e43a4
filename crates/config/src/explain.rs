//! Every option with its source, for `config explain`.

use herder_domain::duration::Span;
use herder_domain::purse::UnknownCost;

use crate::environment::Submodules;
use crate::error::ConfigError;
use crate::file::{RepositoryConfig, UserConfig};
use crate::policy;
use crate::resolve::{GatePolicy, Resolved};
use crate::settings::Settings;
use crate::source::{Source, Sourced};

/// One option as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The key, dotted.
    pub key: &'static str,
    /// The value; `-` where there is none.
    pub value: String,
    /// Who said so.
    pub source: Source,
}

fn line<T>(key: &'static str, of: &Sourced<T>, value: impl FnOnce(&T) -> String) -> Explained {
    Explained { key, value: value(&of.value), source: of.source.clone() }
}

fn or_dash<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map_or_else(|| "-".to_owned(), T::to_string)
}

impl Resolved {
    /// The options of one goal.
    pub fn explain(&self) -> Vec<Explained> {
        let mut all = vec![
            line("agent", &self.agent, String::clone),
            line("model", &self.model, String::clone),
            line("reasoning", &self.reasoning, ToString::to_string),
            line("duration", &self.duration, ToString::to_string),
            line("max_age", &self.max_age, or_dash),
            line("budget.iterations", &self.iterations, or_dash),
            line("budget.tokens", &self.tokens, or_dash),
            line("budget.usd", &self.usd, or_dash),
            line("gate", &self.gate, |policy| match policy {
                GatePolicy::Required => "required".to_owned(),
                GatePolicy::Waived => "none".to_owned(),
            }),
            line("gate.protect", &self.protect, |globs| globs.join(", ")),
            line("test_globs", &self.test_globs, |globs| globs.join(", ")),
        ];
        all.extend(self.base.as_ref().map(|base| line("base", base, String::clone)));
        all
    }
}

impl Settings {
    /// The settings of the orchestrator. Of secrets, only names are shown.
    pub fn explain(&self) -> Vec<Explained> {
        vec![
            line("max", &self.max, ToString::to_string),
            line("root", &self.root, |root| root.display().to_string()),
            line("webhook", &self.webhook, |at| at.map_or_else(|| "nowhere".to_owned(), |at| at.to_string())),
            line("sleep", &self.sleep, ToString::to_string),
            line("backoff.first", &self.backoff_first, ToString::to_string),
            line("backoff.longest", &self.backoff_longest, ToString::to_string),
        ]
    }
}

/// The settings that neither belong to one goal nor to the orchestrator's pace: limits, time-outs, environment,
/// surroundings. Those of agents and of the user's tables for repositories are not among them.
///
/// # Errors
/// [`UserConfig::retention`].
pub fn explain_surroundings(
    repository: &RepositoryConfig,
    user: &UserConfig,
) -> Result<Vec<Explained>, ConfigError> {
    let values = [
        limits(user),
        budgets(user),
        bounds(repository, user),
        timeouts(repository, user),
        environment(repository, user),
        own(user)?,
    ]
    .concat();
    let explained = |(key, value): (&'static str, String)| {
        let path: Vec<&str> = key.split('.').collect();
        let said = repository.lines.exactly(&path).or_else(|| user.lines.exactly(&path));
        Explained { key, value, source: said.unwrap_or(Source::Default) }
    };
    Ok(values.into_iter().map(explained).collect())
}

type Values = Vec<(&'static str, String)>;

fn limits(user: &UserConfig) -> Values {
    let said = &user.raw.ceilings;
    vec![
        ("ceilings.duration", or_dash(&said.duration)),
        ("ceilings.max_age", or_dash(&said.max_age)),
        ("ceilings.iterations", or_dash(&said.iterations)),
        ("ceilings.tokens", or_dash(&said.tokens)),
        ("ceilings.usd", or_dash(&said.usd)),
    ]
}

fn bounds(repository: &RepositoryConfig, user: &UserConfig) -> Values {
    let all = user.bounds(None);
    vec![
        ("build_tokens", user.build_tokens().to_string()),
        ("heavy", listed(&policy::heavy(repository, user))),
        ("limits.nice", all.nice.to_string()),
        ("limits.memory_mib", or_dash(&all.memory.map(|bytes| bytes >> 20))),
        ("limits.processes", or_dash(&all.processes)),
        ("limits.cpu_weight", or_dash(&all.cpu_weight)),
        ("limits.io_weight", or_dash(&all.io_weight)),
    ]
}

fn budgets(user: &UserConfig) -> Values {
    let said = &user.raw.budgets;
    let unknown = match said.unknown_cost.unwrap_or_default() {
        UnknownCost::Allow => "allow",
        UnknownCost::Hold => "hold",
    };
    vec![
        ("budgets.goal.usd", or_dash(&said.goal.usd)),
        ("budgets.goal.tokens", or_dash(&said.goal.tokens)),
        ("budgets.goal.time", or_dash(&said.goal.time)),
        ("budgets.story.usd", or_dash(&said.story.usd)),
        ("budgets.story.tokens", or_dash(&said.story.tokens)),
        ("budgets.story.time", or_dash(&said.story.time)),
        ("budgets.repo.usd", or_dash(&said.repo.usd)),
        ("budgets.repo.tokens", or_dash(&said.repo.tokens)),
        ("budgets.repo.time", or_dash(&said.repo.time)),
        ("budgets.day.usd", or_dash(&said.day.usd)),
        ("budgets.day.tokens", or_dash(&said.day.tokens)),
        ("budgets.day.time", or_dash(&said.day.time)),
        ("budgets.unknown_cost", unknown.to_owned()),
        ("budgets.reserve", user.reserve().get().to_string()),
    ]
}

fn timeouts(repository: &RepositoryConfig, user: &UserConfig) -> Values {
    let clocks = policy::clocks(repository, user);
    let all = [
        ("timeouts.silence", clocks.silence),
        ("timeouts.tool", clocks.tool),
        ("timeouts.iteration", clocks.iteration),
        ("timeouts.gate", clocks.gate),
        ("timeouts.setup", clocks.setup),
        ("timeouts.wait", clocks.wait),
    ];
    all.into_iter().map(|(key, value)| (key, Span(value).to_string())).collect()
}

fn environment(repository: &RepositoryConfig, user: &UserConfig) -> Values {
    let (setup, sandbox) = (&repository.raw.setup, &user.raw.sandbox);
    let submodules = Submodules::of(repository) == Submodules::Filled;
    vec![
        ("setup.key", listed(&setup.key)),
        ("setup.keep", listed(&setup.keep)),
        ("setup.files", listed(&setup.files)),
        ("setup.seed", listed(&setup.seed)),
        ("submodules", submodules.to_string()),
        ("ports", or_dash(&repository.raw.ports.or(user.raw.ports))),
        ("sandbox.read", listed(&sandbox.read)),
        ("sandbox.write", listed(&sandbox.write)),
        ("sandbox.env", listed(&sandbox.env)),
    ]
}

fn own(user: &UserConfig) -> Result<Values, ConfigError> {
    let (kept, notify, author) = (user.retention()?, &user.raw.notify, user.author().value);
    Ok(vec![
        ("time_zone", user.raw.time_zone.clone().unwrap_or_else(|| "this machine's".to_owned())),
        ("author.name", author.name),
        ("author.email", author.email),
        ("redact.env", listed(&user.raw.redact.env)),
        ("retention.runs", Span(kept.runs).to_string()),
        ("retention.snapshots", Span(kept.snapshots).to_string()),
        ("retention.records", Span(kept.records).to_string()),
        ("retention.caches_gib", (kept.caches_max >> 30).to_string()),
        ("notify.command", listed(&notify.command)),
        ("notify.post_url", or_dash(&notify.post_url)),
        ("notify.post_topic", or_dash(&notify.post_topic)),
        ("notify.post_token_env", or_dash(&notify.post_token_env)),
        ("notify.digest", notify.digest.map_or_else(|| "-".to_owned(), |clock| clock.to_string())),
        ("notify.escalate", or_dash(&notify.escalate)),
        ("notify.links", or_dash(&notify.links)),
    ])
}

fn listed(values: &[String]) -> String {
    if values.is_empty() { "-".to_owned() } else { values.join(", ") }
}
