//! A story in one line.

use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::story::Story;
use herder_domain::world::StoryStanding;
use serde::Serialize;

use crate::output::Table;

/// A story in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoryItem {
    /// Its number within its repository.
    pub number: Number,
    /// Its repository, in full.
    pub repo: RepoId,
    /// Its title.
    pub title: String,
    /// Its state, one word.
    pub status: &'static str,
    /// How many goals it has.
    pub goals: usize,
    /// How many of them are not settled.
    pub unsettled: usize,
}

impl StoryItem {
    /// A story with what is left of it.
    pub fn of(story: &Story, standing: Option<&StoryStanding>) -> Self {
        Self {
            number: story.id.number,
            repo: story.id.repo.clone(),
            title: story.title.clone(),
            status: story.state.word(),
            goals: standing.map_or(0, |standing| standing.goals),
            unsettled: standing.map_or(0, |standing| standing.unsettled),
        }
    }
}

/// Stories as a table.
pub fn story_table(items: &[StoryItem]) -> String {
    let mut table = Table::new(&["story", "state", "goals", "open", "title"]);
    for item in items {
        let id = GoalRef { repo: item.repo.clone(), number: item.number };
        table.row([
            id.to_string(),
            item.status.to_owned(),
            item.goals.to_string(),
            item.unsettled.to_string(),
            item.title.clone(),
        ]);
    }
    table.or("no stories")
}
