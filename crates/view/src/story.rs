//! A story in one line.

use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::story::Story;
use herder_domain::world::StoryStanding;
use herder_record::StateDir;
use herder_store::{GoalFilter, Store, StoreError};
use serde::Serialize;

use super::comment::CommentItem;
use super::goal::{Costs, GoalItem};

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

/// A story whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WholeStory {
    /// It, in one line.
    #[serde(flatten)]
    pub item: StoryItem,
    /// Its text.
    pub body: String,
    /// Its goals.
    pub items: Vec<GoalItem>,
    /// What was said of it, oldest first.
    pub comments: Vec<CommentItem>,
}

impl StoryItem {
    /// The stories of a repository, or of all.
    pub fn all(store: &Store, repo: Option<&RepoId>) -> Result<Vec<Self>, StoreError> {
        let standings = store.story_standings()?;
        let stories = store.stories(repo)?;
        Ok(stories.iter().map(|story| Self::of(story, standings.get(&story.id))).collect())
    }

    /// Its whole name.
    pub fn id(&self) -> GoalRef {
        GoalRef { repo: self.repo.clone(), number: self.number }
    }
}

impl WholeStory {
    /// Gathers it.
    pub fn of(story: Story, state: &StateDir, store: &Store) -> Result<Self, StoreError> {
        let standings = store.story_standings()?;
        let repo = &story.id.repo;
        let filter =
            GoalFilter { repo: Some(repo.clone()), story: Some(story.id.number), ..GoalFilter::default() };
        let goals = store.goals(&filter)?;
        let (costs, runs) = (Costs::of_goals(state, store, &goals)?, store.active_runs()?);
        Ok(Self {
            item: StoryItem::of(&story, standings.get(&story.id)),
            items: goals.iter().map(|goal| GoalItem::of(goal, &costs).among(&runs)).collect(),
            comments: store.comments(&story.id)?.into_iter().map(CommentItem::of).collect(),
            body: story.body,
        })
    }
}
