//! What is asked: what stands in the address, and where it leads.

use std::str::FromStr;

use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::run::RunId;

use super::trouble::{Kind, Trouble};
use crate::numbers::Question;

/// What stands in an address: the parts of its path that have names, and its parameters.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The parts.
    pub parts: Vec<(String, String)>,
    /// The parameters, in order.
    pub parameters: Vec<(String, String)>,
}

impl Ask {
    /// A part of the path; empty where the address has none of the name.
    pub fn part(&self, name: &str) -> &str {
        find(&self.parts, name).unwrap_or_default()
    }

    /// A parameter that says something: forms send empty ones.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.parameters, name).filter(|value| !value.is_empty())
    }

    /// A parameter of a kind.
    pub fn parameter_as<T: FromStr>(&self, name: &str, kind: &str) -> Result<Option<T>, Trouble> {
        let Some(text) = self.parameter(name) else { return Ok(None) };
        let wrong = |_| Trouble::new(Kind::Usage, format!("`{name}={text}` is no {kind}"));
        text.parse().map(Some).map_err(wrong)
    }

    /// The repository that the path names.
    pub fn repo(&self) -> Result<RepoId, Trouble> {
        RepoId::new(self.part("host"), self.part("owner"), self.part("name"))
            .map_err(|error| Trouble::new(Kind::NotFound, error.to_string()))
    }

    /// The goal or the story that the path names.
    pub fn goal(&self) -> Result<GoalRef, Trouble> {
        let number = self.part("number");
        let wrong = |_| Trouble::new(Kind::NotFound, format!("{number:?} is no number of a goal"));
        Ok(GoalRef::new(self.repo()?, number.parse().map_err(wrong)?))
    }

    /// The run that the path names.
    pub fn run(&self) -> Result<RunId, Trouble> {
        run(self.part("run"))
    }

    /// The question about numbers that the parameters ask.
    pub fn question(&self) -> Result<Question, Trouble> {
        let pairs = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Ok(Question::of(pairs.filter(|(name, _)| *name != "table"))?)
    }
}

/// A run of this name.
pub fn run(text: &str) -> Result<RunId, Trouble> {
    let unknown = |_| {
        Trouble::new(Kind::NotFound, format!("there is no run {text:?}")).hint("a goal's page names its runs")
    };
    RunId::try_from(text.to_owned()).map_err(unknown)
}

fn find<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
