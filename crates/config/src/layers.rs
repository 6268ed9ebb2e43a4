//! Several voices, the strongest first.

use std::num::{NonZeroU32, NonZeroU64};

use herder_domain::agent::Reasoning;
use herder_domain::duration::Span;
use herder_domain::goal::GoalOptions;
use herder_domain::repo::RepoId;

use crate::agents;
use crate::document::Lines;
use crate::file::{RepositoryConfig, UserConfig};
use crate::resolve::Flags;
use crate::source::{Source, Sourced};
use crate::text::BudgetText;

/// What one of those who may say it says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// The value.
    pub value: String,
    /// Who says so.
    pub source: Source,
}

/// What everybody says of the keys that more than one may set, the strongest first.
pub fn voices(
    goal: &GoalOptions,
    flags: &Flags,
    repo: Option<&RepoId>,
    repository: &RepositoryConfig,
    user: &UserConfig,
) -> Vec<(&'static str, Voice)> {
    fn voice<T: ToString>(key: &'static str, said: &Option<Sourced<T>>) -> Option<(&'static str, Voice)> {
        let said = said.as_ref()?;
        Some((key, Voice { value: said.value.to_string(), source: said.source.clone() }))
    }
    let layers = Layers::of(goal, flags, repo, repository, user).0;
    let of_layer = |layer: &Layer| {
        [
            voice("agent", &layer.agent),
            voice("model", &layer.model),
            voice("reasoning", &layer.reasoning),
            voice("duration", &layer.duration),
            voice("budget.iterations", &layer.iterations),
            voice("budget.tokens", &layer.tokens),
            voice("budget.usd", &layer.usd),
        ]
    };
    layers.iter().flat_map(of_layer).flatten().collect()
}

/// One voice.
#[derive(Default)]
pub(crate) struct Layer {
    pub agent: Option<Sourced<String>>,
    pub model: Option<Sourced<String>>,
    pub reasoning: Option<Sourced<Reasoning>>,
    pub duration: Option<Sourced<Span>>,
    pub max_age: Option<Sourced<Span>>,
    pub iterations: Option<Sourced<u32>>,
    pub tokens: Option<Sourced<u64>>,
    pub usd: Option<Sourced<f64>>,
}

/// What a voice says of the agent and its work, before it is known who speaks.
struct Words<'w> {
    agent: &'w Option<String>,
    model: &'w Option<String>,
    reasoning: Option<Reasoning>,
    duration: Option<Span>,
    max_age: Option<Span>,
    iterations: Option<NonZeroU32>,
    tokens: Option<NonZeroU64>,
    usd: Option<f64>,
}

impl Words<'_> {
    fn said_by(self, source: impl Fn(&[&str]) -> Source) -> Layer {
        Layer {
            agent: self.agent.clone().map(|agent| Sourced::new(agent, source(&["agent"]))),
            model: self.model.clone().map(|model| Sourced::new(model, source(&["model"]))),
            reasoning: self.reasoning.map(|level| Sourced::new(level, source(&["reasoning"]))),
            duration: self.duration.map(|span| Sourced::new(span, source(&["duration"]))),
            max_age: self.max_age.map(|span| Sourced::new(span, source(&["max_age"]))),
            iterations: self.iterations.map(|n| Sourced::new(n.get(), source(&["budget", "iterations"]))),
            tokens: self.tokens.map(|n| Sourced::new(n.get(), source(&["budget", "tokens"]))),
            usd: self.usd.map(|usd| Sourced::new(usd, source(&["budget", "usd"]))),
        }
    }
}

/// All voices.
pub(crate) struct Layers(Vec<Layer>);

impl Layers {
    pub(crate) fn of(
        goal: &GoalOptions,
        flags: &Flags,
        repo: Option<&RepoId>,
        repository: &RepositoryConfig,
        user: &UserConfig,
    ) -> Self {
        let mut layers = vec![of_goal(goal), of_flags(flags)];
        layers.extend(of_own_table(repo, user));
        layers.push(of_repository(repository));
        layers.push(of_user(user));
        Self(layers)
    }

    /// The strongest voice that says something.
    pub(crate) fn first<T>(&self, pick: impl FnMut(&Layer) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(pick)
    }

    /// The agent's name.
    pub(crate) fn agent(&self) -> Sourced<String> {
        agent_of(&self.0)
    }

    /// The model for an agent. A voice that had another agent in mind is not heard: `model = "opus"`
    /// beside `agent = "claude"` says nothing of the agent that a goal asks for.
    pub(crate) fn model(&self, agent: &str) -> Option<Sourced<String>> {
        let meant = |index: usize| agent_of(&self.0[index..]).value == agent;
        self.0.iter().enumerate().find_map(|(index, layer)| layer.model.clone().filter(|_| meant(index)))
    }
}

fn agent_of(layers: &[Layer]) -> Sourced<String> {
    let said = layers.iter().find_map(|layer| layer.agent.clone());
    said.unwrap_or_else(|| Sourced::by_default(agents::DEFAULT.to_owned()))
}

fn of_goal(goal: &GoalOptions) -> Layer {
    let words = Words {
        agent: &goal.agent,
        model: &goal.model,
        reasoning: goal.reasoning,
        duration: goal.duration,
        max_age: goal.max_age,
        iterations: None,
        tokens: None,
        usd: goal.budget,
    };
    words.said_by(|_| Source::Goal)
}

fn of_flags(flags: &Flags) -> Layer {
    let words = Words {
        agent: &flags.agent,
        model: &flags.model,
        reasoning: flags.reasoning,
        duration: flags.duration,
        max_age: flags.max_age,
        iterations: flags.iterations,
        tokens: flags.tokens,
        usd: flags.usd,
    };
    words.said_by(|_| Source::Flag)
}

fn of_own_table(repo: Option<&RepoId>, user: &UserConfig) -> Option<Layer> {
    let (name, table) = user.repo(repo)?;
    let words = Words {
        agent: &table.agent,
        model: &table.model,
        reasoning: table.reasoning,
        duration: table.duration,
        max_age: table.max_age,
        iterations: table.budget.iterations,
        tokens: table.budget.tokens,
        usd: table.budget.usd,
    };
    Some(words.said_by(|key| user.lines.source(&[&["repo", name], key].concat())))
}

fn of_repository(repository: &RepositoryConfig) -> Layer {
    let raw = &repository.raw;
    of_file(
        &raw.agent,
        &raw.model,
        (raw.reasoning, raw.duration, raw.max_age),
        &raw.budget,
        &repository.lines,
    )
}

fn of_user(user: &UserConfig) -> Layer {
    let raw = &user.raw;
    of_file(&raw.agent, &raw.model, (raw.reasoning, raw.duration, raw.max_age), &raw.budget, &user.lines)
}

fn of_file(
    agent: &Option<String>,
    model: &Option<String>,
    (reasoning, duration, max_age): (Option<Reasoning>, Option<Span>, Option<Span>),
    budget: &BudgetText,
    lines: &Lines,
) -> Layer {
    let BudgetText { iterations, tokens, usd } = *budget;
    Words { agent, model, reasoning, duration, max_age, iterations, tokens, usd }
        .said_by(|key| lines.source(key))
}
