//! By what runs are told apart.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::line::Line;

/// What a run belongs to. A label is one of several; all others are one each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The repository, in full.
    Repo,
    /// The story, with its repository.
    Story,
    /// The coding agent.
    Agent,
    /// The model, as it was asked for.
    Model,
    /// The reasoning level.
    Reasoning,
    /// How the run ended: `exit_reason`.
    Outcome,
    /// The machine.
    Host,
    /// Lines changed, by magnitude: goals of one size.
    Size,
    /// One of the goal's labels.
    Label,
}

impl Dimension {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 9] = [
        Self::Repo,
        Self::Story,
        Self::Agent,
        Self::Model,
        Self::Reasoning,
        Self::Outcome,
        Self::Host,
        Self::Size,
        Self::Label,
    ];

    /// Its name in addresses and downloads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Repo => "repo",
            Self::Story => "story",
            Self::Agent => "agent",
            Self::Model => "model",
            Self::Reasoning => "reasoning",
            Self::Outcome => "outcome",
            Self::Host => "host",
            Self::Size => "size",
            Self::Label => "label",
        }
    }

    /// What a person calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Repo => "Repository",
            Self::Story => "Story",
            Self::Agent => "Agent",
            Self::Model => "Model",
            Self::Reasoning => "Reasoning",
            Self::Outcome => "Outcome",
            Self::Host => "Machine",
            Self::Size => "Size",
            Self::Label => "Label",
        }
    }

    /// The names that a row has in it, each given to `found`; none where the row does not say.
    pub(super) fn names_of(self, line: &Line<'_>, mut found: impl FnMut(&str)) {
        match self {
            Self::Repo => line.repo.iter().for_each(|name| found(name)),
            Self::Story => {
                if let Some(story) = line.story {
                    found(&format!("{}#{story}", line.repo.as_deref().unwrap_or_default()));
                }
            }
            Self::Agent => line.agent.iter().for_each(|name| found(name)),
            Self::Model => some(&line.model).into_iter().for_each(found),
            Self::Reasoning => some(&line.reasoning).into_iter().for_each(found),
            Self::Outcome => found(&line.exit_reason),
            Self::Host => line.host.iter().for_each(|name| found(name)),
            Self::Size => size(line).into_iter().for_each(found),
            Self::Label => line.labels.iter().flatten().for_each(|name| found(name)),
        }
    }
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The magnitude of what a run changed.
fn size(line: &Line<'_>) -> Option<&'static str> {
    let lines = super::Measure::Lines.of(line)?;
    Some(match lines {
        _ if lines < 10.0 => "under 10 lines",
        _ if lines < 100.0 => "10 to 99 lines",
        _ if lines < 1000.0 => "100 to 999 lines",
        _ => "1,000 lines and more",
    })
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dimension {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|dimension| dimension.name() == text).ok_or(())
    }
}
