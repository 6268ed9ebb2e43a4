//! Several changes of a backlog in one transaction.

use herder_domain::event::{Event, What};
use herder_domain::goal::Goal;
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::story::{Story, StoryState};
use jiff::Timestamp;

use crate::error::{AppendError, Missing, ReviseError};
use crate::goals::{self, NewGoal};
use crate::{Store, append, repos, stories};

/// Stories and goals to be written together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewBacklog {
    /// The stories.
    pub stories: Vec<NewStory>,
    /// The goals.
    pub goals: Vec<NewEntry>,
}

/// A story to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStory {
    /// One line.
    pub title: String,
    /// Its text.
    pub body: String,
}

/// A goal of a [`NewBacklog`].
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    /// It.
    pub goal: NewGoal,
    /// Its story among the new ones; goes before the goal's own.
    pub story: Option<usize>,
    /// Those of the new goals that it depends on, beside its own dependencies.
    pub after: Vec<usize>,
}

/// What became of a [`NewBacklog`], in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The stories.
    pub stories: Vec<GoalRef>,
    /// The goals.
    pub goals: Vec<GoalRef>,
}

impl Store {
    /// Takes several events: all of them, or none.
    ///
    /// # Errors
    /// The first refusal; nothing was changed then.
    pub fn append_all(&mut self, events: &[Event], at: Timestamp) -> Result<(), AppendError> {
        let tx = self.write()?;
        for event in events {
            append::append(&tx, event, at)?;
        }
        Ok(tx.commit()?)
    }

    /// Changes a goal that is still as somebody has seen it.
    ///
    /// # Errors
    /// [`ReviseError::Stale`] where somebody else changed it meanwhile, or the first refusal; nothing was changed.
    pub fn revise(&mut self, seen: &Goal, whats: Vec<What>, at: Timestamp) -> Result<(), ReviseError> {
        let tx = self.write()?;
        let unknown = || AppendError::Unknown(Missing::Goal(seen.id.clone()));
        let now = goals::load(&tx, &seen.id)?.ok_or_else(unknown)?;
        if !is_written_alike(seen, &now) {
            return Err(ReviseError::Stale(seen.id.clone()));
        }
        for what in whats {
            append::append(&tx, &Event::of(&seen.id, what), at)?;
        }
        Ok(tx.commit()?)
    }

    /// Gives a story that is still as somebody has seen it another title or text.
    ///
    /// # Errors
    /// [`ReviseError::Stale`] where somebody else changed it meanwhile; nothing was changed.
    pub fn revise_story(
        &mut self,
        seen: &Story,
        title: Option<String>,
        body: Option<String>,
        at: Timestamp,
    ) -> Result<(), ReviseError> {
        let tx = self.write()?;
        let now = stories::demand(&tx, &seen.id)?;
        if (&now.title, &now.body) != (&seen.title, &seen.body) {
            return Err(ReviseError::Stale(seen.id.clone()));
        }
        append::append(&tx, &Event::StoryEdited { story: seen.id.clone(), title, body }, at)?;
        Ok(tx.commit()?)
    }

    /// Writes stories and goals: all of them, or none.
    ///
    /// # Errors
    /// The first refusal; nothing was changed then.
    pub fn import(&mut self, repo: &RepoId, new: NewBacklog, at: Timestamp) -> Result<Written, AppendError> {
        let tx = self.write()?;
        repos::demand(&tx, repo)?;
        let first = repos::next_number(&tx, repo)?.0;
        let numbered = |place: usize| GoalRef::new(repo.clone(), first + place as u64);
        let stories: Vec<GoalRef> = (0..new.stories.len()).map(numbered).collect();
        let ids: Vec<GoalRef> = (0..new.goals.len()).map(|place| numbered(stories.len() + place)).collect();
        for (id, NewStory { title, body }) in stories.iter().zip(new.stories) {
            let story = Story { id: id.clone(), title, body, created_at: at, state: StoryState::Open };
            append::append(&tx, &Event::StoryCreated { story }, at)?;
        }
        for (id, NewEntry { goal, story, after }) in ids.iter().zip(new.goals) {
            let story = story.and_then(|place| stories.get(place)).map(|story| story.number).or(goal.story);
            let after = after.into_iter().filter_map(|place| ids.get(place).cloned());
            let depends = goal.depends.iter().cloned().chain(after).collect();
            goals::create(&tx, id, NewGoal { story, depends, ..goal }, at)?;
        }
        tx.commit()?;
        Ok(Written { stories, goals: ids })
    }

    /// Writes a draft once more in another repository, and cancels it where it was. Its story stays behind.
    ///
    /// # Errors
    /// [`ReviseError::Stale`] where somebody else changed it meanwhile, or the first refusal; nothing was changed.
    pub fn transfer(
        &mut self,
        seen: &Goal,
        to: &RepoId,
        story: Option<Number>,
        at: Timestamp,
    ) -> Result<GoalRef, ReviseError> {
        let tx = self.write()?;
        repos::demand(&tx, to)?;
        let id = GoalRef { repo: to.clone(), number: repos::next_number(&tx, to)? };
        if goals::load(&tx, &seen.id)?.as_ref() != Some(seen) {
            return Err(ReviseError::Stale(seen.id.clone()));
        }
        let draft = Goal { id: id.clone(), story, created_at: at, ..seen.clone() };
        append::append(&tx, &Event::of(&id, What::GoalCreated { draft: Box::new(draft) }), at)?;
        append::append(&tx, &Event::of(&seen.id, What::GoalCancelled), at)?;
        tx.commit()?;
        Ok(id)
    }
}

/// Whether what people write of a goal is the same, wherever it stands by now.
fn is_written_alike(one: &Goal, other: &Goal) -> bool {
    let written = |goal: &'_ Goal| {
        (goal.title.clone(), goal.body.clone(), goal.story, goal.depends.clone(), goal.options.clone())
    };
    written(one) == written(other) && one.wants_spot_check == other.wants_spot_check
}
