//! What is seen of a goal that lives on a forge, and what people meant by what they did to it there.
//!
//! A difference alone means nothing: it may be our own write, a stale list, or an edit that was undone since. Only
//! what a person is known to have done, after all that was taken note of before, becomes an event.

mod announced;
mod command;
mod correction;
mod links;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use announced::Announced;
pub use command::{Command, Heard, Spoken};
pub use correction::{Correction, Reopening, Turn};

use crate::event::What;
use crate::goal::{Goal, GoalEdit, GoalState, GoalText, ProposedBy};
use crate::repo::{GoalRef, Number};
use crate::run::RunId;

/// What the forge shows of where a goal stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its labels `goal:...`, in the order of their names; one, where nobody has meddled.
    pub labels: Vec<String>,
    /// Whether it can be found among what is open.
    pub standing: Standing,
}

/// Open or closed, as the forge shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Open.
    #[default]
    Open,
    /// Closed as completed.
    Completed,
    /// Closed as not planned, or as a duplicate.
    NotPlanned,
}

/// What is known of a goal beside its own record, because it lives on a forge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnForge {
    /// The newest event of the forge that was taken note of.
    pub through: u64,
    /// The newest comment that was taken note of.
    #[serde(default)]
    pub heard: u64,
    /// What it was last seen to show.
    pub shown: Shown,
    /// How often that was noted; tells one correction from the next.
    #[serde(default)]
    pub looks: u64,
    /// Our last changes of it, newest last, at most [`OnForge::WROTE_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrote: Vec<Wrote>,
    /// The last orders that were heard in comments, newest last, at most [`OnForge::ANSWERED_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answered: Vec<Heard>,
    /// What its status comment said last.
    #[serde(default)]
    pub announced: Announced,
    /// Whether it is to be opened again in our name.
    #[serde(default)]
    pub reopening: Reopening,
}

/// A change of what a forge shows that was ours. A person may use the same account, so its time counts, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrote {
    /// The label that was put on it; none where all were taken off.
    pub label: Option<String>,
    /// Not before this, by the forge's clock.
    pub from: Timestamp,
    /// Not after this, by the forge's clock.
    pub until: Timestamp,
}

impl Wrote {
    /// Whether an act of our account was this one.
    fn is(&self, act: &Act) -> bool {
        let is_this = match &act.deed {
            Deed::Labeled(name) => self.label.as_deref() == Some(name),
            Deed::Unlabeled(name) => self.label.as_deref() != Some(name),
            Deed::Closed => true,
            Deed::Reopened => false,
        };
        is_this && self.from <= act.at && act.at <= self.until
    }
}

impl OnForge {
    /// How many of our own changes are remembered: a poll sees each within a minute or so.
    pub const WROTE_MAX: usize = 16;

    /// How many orders are remembered: what a status comment shows.
    pub const ANSWERED_MAX: usize = 5;

    /// Whether an act was one of our own changes, where we are called `me`.
    fn is_ours(&self, act: &Act, me: &str) -> bool {
        act.by.eq_ignore_ascii_case(me) && self.wrote.iter().any(|wrote| wrote.is(act))
    }

    /// Takes note of what was seen.
    pub(crate) fn see(&mut self, seen: &Seen) {
        self.through = self.through.max(seen.through);
        self.heard = self.heard.max(seen.heard);
        self.look_at(&seen.shown);
    }

    fn look_at(&mut self, shown: &Shown) {
        self.shown = shown.clone();
        self.looks += 1;
        if shown.standing == Standing::Open && self.reopening == Reopening::Due {
            self.reopening = Reopening::Never;
        }
    }

    /// Takes note of what was written.
    pub(crate) fn write(&mut self, shown: &Shown, wrote: Option<&Wrote>) {
        self.look_at(shown);
        self.wrote.extend(wrote.cloned());
        let surplus = self.wrote.len().saturating_sub(Self::WROTE_MAX);
        self.wrote.drain(..surplus);
    }

    /// Takes note of an order that was heard.
    pub(crate) fn hear(&mut self, heard: &Heard) {
        self.heard = self.heard.max(heard.id);
        self.answered.push(heard.clone());
        let surplus = self.answered.len().saturating_sub(Self::ANSWERED_MAX);
        self.answered.drain(..surplus);
    }
}

/// That something was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The newest event of the forge.
    pub through: u64,
    /// The newest comment.
    #[serde(default)]
    pub heard: u64,
    /// What it shows.
    pub shown: Shown,
}

/// Something that a person did to a goal on its forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The event's number on the forge; later ones have higher numbers.
    pub id: u64,
    /// Who.
    pub by: String,
    /// Whether that person may have work done.
    pub rank: Rank,
    /// When, by the forge's clock.
    pub at: Timestamp,
    /// What.
    pub deed: Deed,
}

/// What somebody may do in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// Push to it, and so have goals run.
    Writer,
    /// Less.
    Other,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A label was put on it.
    Labeled(String),
    /// A label was taken off it.
    Unlabeled(String),
    /// It was closed.
    Closed,
    /// It was opened again.
    Reopened,
}

/// A goal as its forge shows it, with all that people did to it since it was last taken note of.
#[derive(Clone, Debug, PartialEq)]
pub struct Sighting {
    /// Which.
    pub goal: GoalRef,
    /// The title.
    pub title: String,
    /// The text.
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When title or text were last changed, where they ever were.
    pub edited_at: Option<Timestamp>,
    /// Its story, where a link of the forge's own says so.
    pub story: Option<Number>,
    /// What it waits for by links of the forge's own.
    pub depends: Vec<GoalRef>,
    /// Whose proposal it is, where our own marker says so.
    pub proposed_by: Option<ProposedBy>,
    /// Whether a look is wanted before it lands.
    pub wants_spot_check: bool,
    /// What is taken note of.
    pub seen: Seen,
    /// What was done to it, oldest first, by people and by us.
    pub acts: Vec<Act>,
    /// What was ordered in comments, oldest first.
    pub spoken: Vec<Spoken>,
    /// Our own account there.
    pub me: String,
    /// Where it is closed and a person merged a pull request of it that had come back, or was only shown: the run whose
    /// work that offered, and the commit that it became.
    pub merged: Option<(RunId, String)>,
}

/// Why somebody's queueing was not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Unfit {
    #[error("{by} may not write to the repository, and only who may has goals run")]
    Rank { by: String },
    #[error(
        "title or text were edited when it was queued or later, so it is not clear what was meant: queue it again"
    )]
    Edited,
    #[error("its text is no goal's: {0}")]
    Text(crate::goal::BadGoalText),
}

impl Sighting {
    /// The draft of a goal that was not known before.
    pub fn draft(&self) -> Goal {
        let read = GoalText::read(&self.goal.repo, &self.title, &self.body);
        let note = read.as_ref().err().map(|error| Unfit::Text(error.clone()).to_string());
        let text = read.unwrap_or_else(|_| GoalText {
            title: self.title.clone(),
            body: self.body.clone(),
            story: None,
            depends: Vec::new(),
            options: crate::goal::GoalOptions::default(),
        });
        let mut goal = Goal::draft(self.goal.clone(), text, self.created_at);
        goal.state = GoalState::Draft { note };
        goal.story = self.story.or(goal.story);
        goal.depends = self.links(&goal.depends);
        goal.wants_spot_check = self.wants_spot_check;
        goal.proposed_by = self.proposed_by.clone();
        goal.on_forge = Some(OnForge::default());
        goal
    }

    /// What is to be recorded of a goal that stands so: that it was taken note of, and what people meant.
    ///
    /// Nothing where there is nothing new.
    pub fn fold(&self, goal: &Goal) -> Vec<What> {
        let Some(known) = &goal.on_forge else { return Vec::new() };
        let is_news = |act: &&Act| act.id > known.through && !known.is_ours(act, &self.me);
        let acts: Vec<&Act> = self.acts.iter().filter(is_news).collect();
        let mut found = Vec::new();
        let is_open = self.seen.shown.standing == Standing::Open;
        if is_open && goal.state.is_settled() && acts.iter().any(|act| act.deed == Deed::Reopened) {
            found.push(What::GoalReopened);
        }
        // While its work is taken out again it is as closed as its landing left it.
        let stays_closed = known.reopening != Reopening::Never;
        if !is_open && !stays_closed && acts.iter().any(|act| act.deed == Deed::Closed) {
            found.extend(self.closed(&goal.state));
        } else if is_open {
            let is_settled = goal.state.is_settled() && found.is_empty();
            found.extend((!is_settled).then(|| self.labelled(goal, known, &acts)).into_iter().flatten());
            let is_followed = found.iter().any(|what| !matches!(what, What::GoalEdited { .. }));
            if !is_followed && !is_settled && !acts.is_empty() && self.seen.shown.labels.len() != 1 {
                found.push(What::GoalMislabelled { labels: self.seen.shown.labels.clone() });
            }
        }
        found.extend(self.linked(goal, &found));
        let is_news = self.seen.through > known.through
            || self.seen.heard > known.heard
            || self.seen.shown != known.shown;
        if is_news || !found.is_empty() {
            // First: what follows is held against what the forge shows now, so that one correction is open at most.
            found.insert(0, What::GoalSeen { seen: self.seen.clone() });
        }
        found
    }

    /// Orders in comments that were not heard before, of people who may give them. Others are not answered.
    pub fn orders<'a>(&'a self, goal: &'a Goal) -> impl Iterator<Item = &'a Spoken> {
        let heard = goal.on_forge.as_ref().map(|known| known.heard);
        self.spoken
            .iter()
            .filter(move |spoken| spoken.rank == Rank::Writer && heard.is_some_and(|heard| spoken.id > heard))
    }

    fn closed(&self, state: &GoalState) -> Option<What> {
        match (state, self.seen.shown.standing) {
            (state, _) if state.is_settled() => None,
            // Merging closes it; that the work landed is known from its pull request.
            (GoalState::Offered { .. }, Standing::Completed) => None,
            (_, Standing::Completed) => Some(match &self.merged {
                Some((run, commit)) => {
                    What::Landed { run: run.clone(), commit: commit.clone(), known: Vec::new() }
                }
                None => What::GoalResolved,
            }),
            (_, Standing::NotPlanned) => Some(What::GoalCancelled),
            (_, Standing::Open) => None,
        }
    }

    /// Whether a label that a person put on is gone only because we replaced all of them before we had seen it: GitHub has
    /// no compare-and-swap for labels. One that was there before that write was ordered is no word on the state that was
    /// to be shown by it.
    fn is_overwritten(&self, known: &OnForge, act: &Act, name: &str) -> bool {
        let is_off = |one: &&Act| {
            one.id > act.id && matches!(&one.deed, Deed::Unlabeled(label) if label.eq_ignore_ascii_case(name))
        };
        let Some(off) = self.acts.iter().find(is_off) else { return false };
        // One request takes labels off and puts ours on; who only takes one off may be the person, by our account.
        known.wrote.iter().filter(|wrote| wrote.is(off) && wrote.from <= act.at).any(|wrote| {
            let is_ours_on =
                |one: &Act| matches!(&one.deed, Deed::Labeled(label) if wrote.label.as_ref() == Some(label));
            let is_with_it = |one: &&Act| one.at.duration_since(off.at).abs() <= TOGETHER;
            off.by.eq_ignore_ascii_case(&self.me)
                && self.acts.iter().filter(is_with_it).any(|one| one.by == off.by && is_ours_on(one))
        })
    }

    /// What follows from labels, and from a text that is another than before.
    fn labelled(&self, goal: &Goal, known: &OnForge, acts: &[&Act]) -> Vec<What> {
        let own = goal.state.label();
        let mut found = Vec::new();
        match self.wish((own, known), acts) {
            Some((Wish::LeaveTo(owner), act)) => {
                // Who sees a goal for the first time when another has it already has to see it queued first.
                let queued = acts.iter().rev().find(|act| act.deed == Deed::Labeled(QUEUED.to_owned()));
                match queued.map(|queued| self.queue(goal, queued)) {
                    Some(Ok(queued)) => found.extend(queued),
                    Some(Err(_)) | None => found.extend(self.edit(goal)),
                }
                if goal.state.queued_since().is_some() || found.contains(&What::GoalQueued) {
                    let until = act.at.checked_add(ELSEWHERE).unwrap_or(act.at);
                    found.push(What::GoalElsewhere { run: None, owner, until });
                }
            }
            Some((Wish::Queue, act)) => match self.queue(goal, act) {
                Ok(queued) => found.extend(queued),
                Err(unfit) => {
                    found.extend(self.edit(goal));
                    found.push(What::GoalNotQueued { why: unfit.to_string(), id: act.id });
                }
            },
            Some((Wish::Shelve, act)) => {
                found.push(What::GoalShelved { by: act.by.clone() });
                found.extend(self.edit(goal));
            }
            None => found.extend(self.edit(goal)),
        }
        found
    }

    /// What the newest label that a person moved asks for, where it asks for anything.
    fn wish<'a>(&self, (own, known): (Option<&str>, &OnForge), acts: &[&'a Act]) -> Option<(Wish, &'a Act)> {
        let labels = &self.seen.shown.labels;
        let is_there = |name: &str| labels.iter().any(|label| label.eq_ignore_ascii_case(name));
        let is_meant = |act: &Act, name: &str| {
            is_there(name) || ([QUEUED, DRAFT].contains(&name) && self.is_overwritten(known, act, name))
        };
        let is_own = |name: &str| own.is_some_and(|own| own.eq_ignore_ascii_case(name));
        let put_on = acts.iter().rev().find_map(|act| match &act.deed {
            Deed::Labeled(name) if is_meant(act, &name.to_ascii_lowercase()) && !is_own(name) => {
                Some((name.to_ascii_lowercase(), *act))
            }
            Deed::Labeled(_) | Deed::Unlabeled(_) | Deed::Closed | Deed::Reopened => None,
        });
        // Herder replaces all labels of states at once; a person mostly puts another one beside.
        let is_alone = labels.len() == 1;
        let is_free = is_alone && own.is_none_or(|own| own == QUEUED || own == DRAFT);
        match put_on {
            Some((name, act)) if name == QUEUED => return Some((Wish::Queue, act)),
            Some((name, act)) if name == DRAFT => return Some((Wish::Shelve, act)),
            Some((name, act)) if is_free && TAKEN.contains(&name.as_str()) => {
                return Some((Wish::LeaveTo(act.by.clone()), act));
            }
            Some((name, act)) if name == STUCK && is_alone && is_own(QUEUED) => {
                return Some((Wish::Shelve, act));
            }
            Some(_) | None => {}
        }
        // To take off what says that it is queued or worked at is to stop it; anything else is put back.
        let stops = |name: &str| is_own(name) && [QUEUED, "goal:running"].contains(&name);
        acts.iter().rev().find_map(|act| match &act.deed {
            Deed::Unlabeled(name) if stops(&name.to_ascii_lowercase()) && !is_there(name) => {
                Some((Wish::Shelve, *act))
            }
            Deed::Labeled(_) | Deed::Unlabeled(_) | Deed::Closed | Deed::Reopened => None,
        })
    }

    fn queue(&self, goal: &Goal, act: &Act) -> Result<Vec<What>, Unfit> {
        let queued = match &goal.state {
            GoalState::Draft { .. } | GoalState::Cancelled | GoalState::Resolved | GoalState::Done { .. } => {
                What::GoalQueued
            }
            GoalState::Stuck { .. } => What::GoalRetried,
            GoalState::Queued { .. }
            | GoalState::Running { .. }
            | GoalState::SpotCheck { .. }
            | GoalState::Offered { .. } => return Ok(Vec::new()),
        };
        if act.rank == Rank::Other {
            return Err(Unfit::Rank { by: act.by.clone() });
        }
        // Times are whole seconds: equal is not before.
        if self.edited_at.is_some_and(|edited| edited >= act.at) {
            return Err(Unfit::Edited);
        }
        GoalText::read(&self.goal.repo, &self.title, &self.body).map_err(Unfit::Text)?;
        Ok(self.edit_anyway(goal).into_iter().chain([queued]).collect())
    }

    /// The text as it is now, where what was pinned does not hold against it.
    fn edit(&self, goal: &Goal) -> Option<What> {
        match &goal.state {
            GoalState::Draft { .. } | GoalState::Queued { .. } => self.edit_anyway(goal),
            // What runs, or waits for a person, is what was queued.
            GoalState::Running { .. }
            | GoalState::SpotCheck { .. }
            | GoalState::Offered { .. }
            | GoalState::Stuck { .. }
            | GoalState::Done { .. }
            | GoalState::Cancelled
            | GoalState::Resolved => None,
        }
    }

    fn edit_anyway(&self, goal: &Goal) -> Option<What> {
        let draft = self.draft();
        let mut edit = GoalEdit {
            title: differing(draft.title, &goal.title),
            body: differing(draft.body, &goal.body),
            depends: differing(draft.depends, &goal.depends),
            wants_spot_check: differing(draft.wants_spot_check, &goal.wants_spot_check),
            options: differing(draft.options.clone(), &goal.options),
        };
        if edit.body.is_none() {
            // The text asks for what it asked for before: its priority may have been given beside it since, and what
            // it waits for has changed by links alone.
            edit = GoalEdit { depends: None, options: None, ..edit };
        } else if let Some(options) = &mut edit.options {
            options.priority = options.priority.or(goal.options.priority);
        }
        (!edit.is_empty()).then(|| What::GoalEdited { edit: Box::new(edit) })
    }
}

/// What a person wants of a goal by its label.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wish {
    Queue,
    Shelve,
    /// Another orchestrator, of this account, has it: it alone puts such a label there.
    LeaveTo(String),
}

const QUEUED: &str = "goal:queued";
const DRAFT: &str = "goal:draft";
const STUCK: &str = "goal:stuck";

/// What one request changes has times that are so far apart at most: they are whole seconds.
const TOGETHER: SignedDuration = SignedDuration::from_secs(1);

/// What an orchestrator labels a goal that it has.
const TAKEN: [&str; 3] = ["goal:running", "goal:spot-check", "goal:done"];

/// When a goal that another orchestrator was seen to have is asked for at the earliest: its lease holds for as long.
const ELSEWHERE: SignedDuration = SignedDuration::from_mins(15);

fn differing<T: PartialEq>(new: T, old: &T) -> Option<T> {
    (new != *old).then_some(new)
}
