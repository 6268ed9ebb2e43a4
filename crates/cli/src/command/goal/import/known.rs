//! What of a backlog is there already, so that importing a file twice writes it once.

use herder_domain::backlog::Backlog;
use herder_domain::goal::{Goal, GoalState, Likeness, likeness};
use herder_domain::repo::{GoalRef, RepoId};
use herder_store::GoalFilter;

use crate::call::Opened;
use crate::failure::Failure;

/// By the places of the backlog: what is there already.
pub(super) struct Known {
    /// An open story of the same title.
    pub stories: Vec<Option<GoalRef>>,
    /// A goal of the same title and text that was not cancelled: it may be done by now.
    pub goals: Vec<Option<GoalRef>>,
    /// Open goals of the repository, to warn of.
    open: Vec<Goal>,
}

impl Known {
    pub(super) fn of(opened: &Opened, repo: &RepoId, backlog: &Backlog) -> Result<Self, Failure> {
        let there = opened.store.stories(Some(repo))?;
        let story =
            |title: &str| there.iter().find(|story| story.title == title).map(|story| story.id.clone());
        let filter = GoalFilter { repo: Some(repo.clone()), ..GoalFilter::default() };
        let mut goals = opened.store.goals(&filter)?;
        goals.retain(|goal| !matches!(goal.state, GoalState::Cancelled));
        let goal = |title: &str, body: &str| {
            let is_it =
                |goal: &&Goal| likeness((&goal.title, &goal.body), (title, body)) == Some(Likeness::Same);
            goals.iter().find(is_it).map(|goal| goal.id.clone())
        };
        Ok(Self {
            stories: backlog.stories.iter().map(|new| story(&new.title)).collect(),
            goals: backlog.goals.iter().map(|new| goal(&new.title, &new.body)).collect(),
            open: goals.into_iter().filter(|goal| !goal.state.is_settled()).collect(),
        })
    }

    /// New goals that an open one resembles.
    pub(super) fn warnings(&self, backlog: &Backlog) -> Vec<String> {
        let new = backlog.goals.iter().zip(&self.goals).filter(|(_, known)| known.is_none());
        let alike = |title: &str, body: &str| {
            self.open
                .iter()
                .find_map(|goal| Some((goal, likeness((&goal.title, &goal.body), (title, body))?)))
        };
        new.filter_map(|(new, _)| {
            let (goal, likeness) = alike(&new.title, &new.body)?;
            let what = match likeness {
                Likeness::Same | Likeness::SameTitle => "has the same title".to_owned(),
                Likeness::SimilarText { percent } => format!("says nearly the same ({percent} %)"),
            };
            let (id, state) = (&goal.id, goal.state.word());
            Some(format!("line {}: {:?}: {id}, which is {state}, {what}", new.line, new.title))
        })
        .collect()
    }
}
