//! What a gate said, and what that means beside what it says of the base branch itself.

mod beside;

use serde::{Deserialize, Serialize};

/// The answer to the question whether work is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The gate is green.
    Green,
    /// It is red, and the work is what it is about.
    Red(Refusal),
    /// It is red, and nothing fails that does not fail on the base branch itself: accepted.
    NoNewFailure {
        /// What fails here and there.
        known: Vec<Failure>,
    },
    /// It is red, and so it is on the base branch itself, and nothing tells the one from the other: a
    /// person has to.
    Undecided(Refusal),
    /// The repository has no gate.
    Missing,
}

impl Verdict {
    /// One word, for logs and tables.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Red(_) => "red",
            Self::NoNewFailure { .. } => "no new failure",
            Self::Undecided(_) => "undecided",
            Self::Missing => "missing",
        }
    }

    /// What the gate had against the work, where that is still open.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Red(refusal) | Self::Undecided(refusal) => Some(refusal),
            Self::Green | Self::NoNewFailure { .. } | Self::Missing => None,
        }
    }

    /// Whether a gate was asked at all.
    pub fn is_of_a_gate(&self) -> bool {
        match self {
            Self::Green | Self::Red(_) | Self::NoNewFailure { .. } | Self::Undecided(_) => true,
            Self::Missing => false,
        }
    }
}

/// What one asking of a gate came to, about work or about the base branch's own tip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub enum Said {
    /// It exited with 0, and no report of its own contradicts that.
    Yes,
    /// It exited otherwise, or was killed, or ran out of time, or reported that it is not well.
    No(Refusal),
}

/// What the gate says of a commit of the base branch itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseSaid {
    /// Yes or no, asked twice where it is no.
    #[serde(flatten)]
    pub said: Said,
    /// The tree at which the branch was first found so. Work that lands without repairing it keeps this, so
    /// that one thing is not reported again with each landing.
    pub since: String,
}

/// What a gate has against what it was asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The end of its output, bounded, for the next prompt.
    pub tail: String,
    /// What fails, by name, at most [`Refusal::NAMED_MAX`]; empty where the gate names nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
    /// How many more fail than are named.
    #[serde(default, skip_serializing_if = "is_none_more")]
    pub more: u32,
    /// Names of what fails on the base branch, too; not among the failures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<String>,
}

/// One thing that fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Its name, the same whenever it fails, for example `parser::tests::an_empty_line`.
    pub name: String,
    /// Why, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Whose question to the gate it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// A run's own, for feedback.
    ByRun,
    /// The landing's, for the verdict.
    ByLanding,
}

/// A gate that said one thing and then another of the same files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flake {
    /// What failed one time only, at most [`Flake::NAMED_MAX`]; empty where the gate names nothing.
    pub items: Vec<String>,
}

impl Flake {
    /// How many items are kept of one.
    pub const NAMED_MAX: usize = 50;

    /// All of several as one, each name once.
    pub fn merged<'a>(flakes: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut items: Vec<String> = flakes.into_iter().flat_map(|flake| flake.items.clone()).collect();
        items.sort();
        items.dedup();
        Self::of(items)
    }

    /// The flake of some names.
    pub fn of(names: impl IntoIterator<Item = String>) -> Self {
        Self { items: names.into_iter().take(Self::NAMED_MAX).collect() }
    }
}

impl std::fmt::Display for Flake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.items.is_empty() {
            return f.write_str("red once and green once");
        }
        write!(f, "failed one time of two: {}", listed(self.items.iter().map(String::as_str)))
    }
}

impl Refusal {
    /// How many failures are kept by name.
    pub const NAMED_MAX: usize = 500;

    /// A refusal that names nothing.
    pub fn unnamed(tail: impl Into<String>) -> Self {
        Self { tail: tail.into(), ..Self::default() }
    }

    /// The names of what fails, a dozen of them, for one line.
    pub fn in_a_line(&self) -> String {
        listed(self.failures.iter().map(|failure| failure.name.as_str()))
    }

    /// Passes every text in it through `change`, for example to hide secrets.
    #[must_use]
    pub fn map_texts(self, mut change: impl FnMut(&str) -> String) -> Self {
        Self {
            tail: change(&self.tail),
            failures: self.failures.into_iter().map(|failure| failure.map_texts(&mut change)).collect(),
            more: self.more,
            known: self.known.iter().map(|name| change(name)).collect(),
        }
    }
}

impl Failure {
    /// A failure of which nothing but the name is known.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), message: None }
    }

    /// Passes both texts through `change`.
    #[must_use]
    pub fn map_texts(self, mut change: impl FnMut(&str) -> String) -> Self {
        Self { name: change(&self.name), message: self.message.map(|message| change(&message)) }
    }
}

/// How many names stand in one line.
const IN_A_LINE: usize = 12;

/// Some names in one line, the first dozen and how many more there are.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names[..names.len().min(IN_A_LINE)].join(", ");
    match names.len().saturating_sub(IN_A_LINE) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn is_none_more(count: &u32) -> bool {
    *count == 0
}
