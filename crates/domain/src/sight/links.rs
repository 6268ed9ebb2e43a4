//! Links of a forge's own, and those that a goal's text names.

use super::Sighting;
use crate::event::What;
use crate::goal::{Goal, GoalText};
use crate::repo::GoalRef;

impl Sighting {
    /// What follows from the forge's own links: they are no part of the text, so that nothing has to be queued again.
    pub(super) fn linked(&self, goal: &Goal, found: &[What]) -> Vec<What> {
        let is_over = |what: &What| matches!(what, What::GoalCancelled | What::GoalResolved);
        if goal.state.is_settled() || found.iter().any(is_over) {
            return Vec::new();
        }
        let is_edited = found.iter().any(|what| matches!(what, What::GoalEdited { .. }));
        let text = GoalText::read(&goal.id.repo, &goal.title, &goal.body);
        let depends = self.links(&text.map(|text| text.depends).unwrap_or_default());
        let linked = (!is_edited && depends != goal.depends).then_some(What::GoalLinked { depends });
        let moved = self.story.filter(|story| goal.story != Some(*story));
        linked.into_iter().chain(moved.map(|story| What::GoalMoved { story: Some(story) })).collect()
    }

    /// The links of the text and those of the forge, as one.
    pub(super) fn links(&self, of_text: &[GoalRef]) -> Vec<GoalRef> {
        let mut all: Vec<GoalRef> = of_text.iter().chain(&self.depends).cloned().collect();
        all.sort();
        all.dedup();
        all
    }
}
