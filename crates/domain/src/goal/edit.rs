//! How a goal changes while it is curated: its text, and what stands beside its text.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BadGoalText, Goal, GoalOptions, GoalText};
use crate::repo::{GoalRef, Number};

/// What an edit changed; what is absent stayed as it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GoalEdit {
    /// The new title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The new text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// All dependencies from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depends: Option<Vec<GoalRef>>,
    /// Whether a look is wanted from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wants_spot_check: Option<bool>,
    /// All options from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<GoalOptions>,
}

/// A person's word that a goal is not to be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    /// Since when.
    pub since: Timestamp,
    /// Why, in the person's words.
    pub reason: Option<String>,
}

/// What a person wants of a goal that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The whole text, read.
    pub text: GoalText,
    /// Dependencies beside those of the text, where they were named; otherwise those that stood beside the
    /// old text stay.
    pub depends: Option<Vec<GoalRef>>,
    /// Whether a look is wanted, where that was said.
    pub wants_spot_check: Option<bool>,
}

/// A goal as it is wanted, beside what it is: nothing, if nothing differs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Revision {
    /// The changes of the text and of what it asks for.
    pub edit: GoalEdit,
    /// The story of the new text, where the text names another one than before.
    pub story: Option<Option<Number>>,
}

impl GoalEdit {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The names of what it changes, for people.
    pub fn words(&self) -> Vec<&'static str> {
        let Self { title, body, depends, wants_spot_check, options } = self;
        [
            title.is_some().then_some("title"),
            body.is_some().then_some("text"),
            depends.is_some().then_some("dependencies"),
            wants_spot_check.is_some().then_some("spot-check"),
            options.is_some().then_some("options"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Writes the changes into a goal.
    pub(crate) fn apply(&self, goal: &mut Goal) {
        let Self { title, body, depends, wants_spot_check, options } = self.clone();
        goal.title = title.unwrap_or_else(|| std::mem::take(&mut goal.title));
        goal.body = body.unwrap_or_else(|| std::mem::take(&mut goal.body));
        goal.depends = depends.unwrap_or_else(|| std::mem::take(&mut goal.depends));
        goal.wants_spot_check = wants_spot_check.unwrap_or(goal.wants_spot_check);
        goal.options = options.unwrap_or_else(|| goal.options.clone());
    }
}

impl Revision {
    /// What has to change. Of priority, story and dependencies, which can be set beside the text, the newest word
    /// counts: the text's own, where that is another one than before, else what was set.
    ///
    /// # Errors
    /// The goal's old text cannot be read.
    pub fn of(goal: &Goal, wanted: Wanted) -> Result<Self, BadGoalText> {
        let old = GoalText::read(&goal.id.repo, &goal.title, &goal.body)?;
        let Wanted { text, depends, wants_spot_check } = wanted;
        let mut options = text.options.clone();
        if text.options.priority == old.options.priority {
            options.priority = goal.options.priority;
        }
        let beside = depends.unwrap_or_else(|| without(&goal.depends, &old.depends));
        let mut depends: Vec<GoalRef> = text.depends.iter().chain(&beside).cloned().collect();
        depends.sort();
        depends.dedup();
        let story = (text.story != old.story).then_some(text.story).filter(|story| *story != goal.story);
        let edit = GoalEdit {
            title: differing(text.title, &goal.title),
            body: differing(text.body, &goal.body),
            depends: differing(depends, &goal.depends),
            wants_spot_check: wants_spot_check.and_then(|wants| differing(wants, &goal.wants_spot_check)),
            options: differing(options, &goal.options),
        };
        Ok(Self { edit, story })
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn without(all: &[GoalRef], some: &[GoalRef]) -> Vec<GoalRef> {
    all.iter().filter(|one| !some.contains(one)).cloned().collect()
}

fn differing<T: PartialEq>(new: T, old: &T) -> Option<T> {
    (new != *old).then_some(new)
}
