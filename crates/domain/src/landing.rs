//! The way of accepted work into the base branch.

mod offer;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gate::Refusal;
use crate::illegal::IllegalEvent;
use crate::repo::GoalRef;
use crate::run::RunId;
use crate::undo::Undo;

pub use offer::{Merging, Offer, Standing, Step};

/// The landing of one run's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landing {
    /// The run whose work it is.
    pub run: RunId,
    /// Its goal.
    pub goal: GoalRef,
    /// The branch that it is to land on.
    pub base_branch: String,
    /// Where it stands.
    pub state: LandingState,
    /// How often a person wanted it undone.
    #[serde(default)]
    pub undos: u32,
    /// Who answers for it.
    #[serde(default)]
    pub warrant: Warrant,
    /// How often this work set out before: it came back to a person who had it landed all the same, or its
    /// pull request met a conflict.
    #[serde(default)]
    pub returns: u32,
    /// Its pull request, where it lands by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// How often something was heard of the pull request; tells the deeds about it from each other.
    #[serde(default)]
    pub turns: u32,
}

/// Who answers for work that lands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warrant {
    /// The gate alone.
    #[default]
    Gate,
    /// A person, who knew that the gate cannot tell what is new from what fails on the base branch itself.
    Person,
}

/// Where a landing stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum LandingState {
    /// It may be tried, at once or from a time on.
    Submitted {
        /// How often it was tried.
        rounds: u32,
        /// Not before this.
        not_before: Option<Timestamp>,
        /// Why it was postponed.
        why: Option<String>,
    },
    /// A pull request offers it, and is followed until it is merged.
    Offered {
        /// How that stands.
        standing: Standing,
    },
    /// A pull request shows it to a person, who may have it landed.
    Shown,
    /// It is part of the base branch.
    Landed {
        /// The commit.
        commit: String,
    },
    /// It cannot land as it is.
    Bounced(Bounce),
    /// Its goal was closed in between.
    Withdrawn,
    /// It is part of the base branch and on its way out.
    Reverting {
        /// The commit that it landed as.
        commit: String,
        /// What was asked for.
        undo: Undo,
        /// How often it was tried.
        rounds: u32,
        /// Not before this.
        not_before: Option<Timestamp>,
        /// Why it was postponed.
        why: Option<String>,
    },
    /// It is part of the base branch, and a pull request, which is followed until it is merged, takes it out.
    Leaving {
        /// The commit that it landed as.
        commit: String,
        /// What was asked for.
        undo: Undo,
        /// How often it was tried before.
        rounds: u32,
        /// How the pull request stands.
        standing: Standing,
    },
    /// It was part of the base branch.
    Reverted {
        /// The commit that took it out.
        commit: String,
    },
}

/// Why work cannot land as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "bounce", rename_all = "snake_case")]
pub enum Bounce {
    /// The landing gate said no.
    Red(Refusal),
    /// The landing gate said no, and it says no of the base branch itself, and nothing tells the one from
    /// the other.
    Undecided(Refusal),
    /// Others changed the same lines.
    Conflict {
        /// Which files.
        files: Vec<String>,
    },
    /// Git LFS should keep files of it whose contents nobody has.
    NoContents {
        /// Which files.
        files: Vec<String>,
    },
    /// Checks of the pull request are red.
    ChecksRed(Refusal),
    /// Reviewers want it otherwise.
    ChangesRequested {
        /// In their words.
        words: String,
    },
    /// A person closed the pull request without merging it.
    ClosedUnmerged,
    /// Nothing is left of it after the rebase.
    Empty,
    /// It could not be brought there, however often it was tried.
    Undeliverable {
        /// What was said last.
        why: String,
    },
}

/// What can happen to a landing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LandingEvent {
    /// The round was lost to somebody else's push, or to the weather.
    Postponed {
        /// Until when.
        until: Timestamp,
        /// Why.
        why: String,
    },
    /// A pull request offers it.
    Offered,
    /// The pull request was looked at.
    Seen(Standing),
    /// It landed.
    Landed {
        /// The commit.
        commit: String,
    },
    /// It cannot land as it is.
    Bounced(Bounce),
    /// Its goal was closed.
    Withdrawn,
    /// A person wants it undone.
    Undoing(Undo),
    /// It was taken out.
    Reverted {
        /// The commit that did it.
        commit: String,
    },
    /// It could not be taken out.
    Kept,
}

impl LandingEvent {
    /// A participle.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Postponed { .. } => "postponed",
            Self::Offered => "offered",
            Self::Seen(_) => "seen",
            Self::Landed { .. } => "landed",
            Self::Bounced(_) => "bounced",
            Self::Withdrawn => "withdrawn",
            Self::Undoing(_) => "undone",
            Self::Reverted { .. } => "reverted",
            Self::Kept => "kept",
        }
    }
}

impl LandingState {
    /// A landing that may be tried at once.
    pub const FRESH: Self = Self::Submitted { rounds: 0, not_before: None, why: None };

    fn reverting(commit: &str, undo: &Undo, rounds: u32) -> Self {
        Self::Reverting { commit: commit.into(), undo: undo.clone(), rounds, not_before: None, why: None }
    }

    fn leaving(commit: &str, undo: &Undo, rounds: u32, standing: Standing) -> Self {
        Self::Leaving { commit: commit.into(), undo: undo.clone(), rounds, standing }
    }

    /// What a person asked for of landed work that is on its way out, with the commit that it landed as.
    pub fn undoing(&self) -> Option<(&Undo, &str)> {
        match self {
            Self::Reverting { undo, commit, .. } | Self::Leaving { undo, commit, .. } => Some((undo, commit)),
            Self::Submitted { .. }
            | Self::Offered { .. }
            | Self::Shown
            | Self::Landed { .. }
            | Self::Bounced(_)
            | Self::Withdrawn
            | Self::Reverted { .. } => None,
        }
    }

    /// How its pull request stands, where one is to be merged.
    pub fn standing(&self) -> Option<&Standing> {
        match self {
            Self::Offered { standing } | Self::Leaving { standing, .. } => Some(standing),
            Self::Submitted { .. }
            | Self::Shown
            | Self::Landed { .. }
            | Self::Bounced(_)
            | Self::Withdrawn
            | Self::Reverting { .. }
            | Self::Reverted { .. } => None,
        }
    }

    /// A participle.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Submitted { .. } => "submitted",
            Self::Offered { .. } => "offered",
            Self::Shown => "shown",
            Self::Landed { .. } => "landed",
            Self::Bounced(_) => "bounced",
            Self::Withdrawn => "withdrawn",
            Self::Reverting { .. } => "reverting",
            Self::Leaving { .. } => "leaving",
            Self::Reverted { .. } => "reverted",
        }
    }

    /// The state after `event`; the only place that makes one from another.
    pub fn next(&self, event: &LandingEvent) -> Result<Self, IllegalEvent> {
        match (self, event) {
            (Self::Submitted { rounds, .. }, LandingEvent::Postponed { until, why }) => {
                Ok(Self::Submitted { rounds: rounds + 1, not_before: Some(*until), why: Some(why.clone()) })
            }
            (Self::Submitted { .. } | Self::Offered { .. }, LandingEvent::Offered) => {
                Ok(Self::Offered { standing: Standing::given() })
            }
            (Self::Offered { .. }, LandingEvent::Seen(Standing::Conflict)) => Ok(Self::FRESH),
            (Self::Offered { .. }, LandingEvent::Seen(standing)) => {
                Ok(Self::Offered { standing: standing.clone() })
            }
            // A push whose answer was lost may be found in the base after the goal was closed, and a person may
            // merge what is shown to them, or what has come back.
            (
                Self::Submitted { .. }
                | Self::Offered { .. }
                | Self::Shown
                | Self::Bounced(_)
                | Self::Withdrawn,
                LandingEvent::Landed { commit },
            ) => Ok(Self::Landed { commit: commit.clone() }),
            // A person may also close what has come back.
            (Self::Bounced(before), LandingEvent::Bounced(Bounce::ClosedUnmerged))
                if *before != Bounce::ClosedUnmerged =>
            {
                Ok(Self::Bounced(Bounce::ClosedUnmerged))
            }
            (Self::Submitted { .. } | Self::Offered { .. }, LandingEvent::Bounced(bounce)) => {
                Ok(Self::Bounced(bounce.clone()))
            }
            (Self::Submitted { .. } | Self::Offered { .. } | Self::Shown, LandingEvent::Withdrawn) => {
                Ok(Self::Withdrawn)
            }
            (state, event) => state.next_on_the_way_out(event),
        }
    }

    /// The part of [`LandingState::next`] that is about work that leaves the base branch.
    fn next_on_the_way_out(&self, event: &LandingEvent) -> Result<Self, IllegalEvent> {
        match (self, event) {
            (
                Self::Reverting { commit, undo, rounds, .. } | Self::Leaving { commit, undo, rounds, .. },
                LandingEvent::Offered,
            ) => Ok(Self::leaving(commit, undo, *rounds, Standing::given())),
            // It is made anew on top of what came in between, which is another round.
            (Self::Leaving { commit, undo, rounds, .. }, LandingEvent::Seen(Standing::Conflict)) => {
                Ok(Self::reverting(commit, undo, rounds + 1))
            }
            (Self::Leaving { commit, undo, rounds, .. }, LandingEvent::Seen(standing)) => {
                Ok(Self::leaving(commit, undo, *rounds, standing.clone()))
            }
            (Self::Landed { commit }, LandingEvent::Undoing(undo)) => Ok(Self::reverting(commit, undo, 0)),
            (Self::Reverting { commit, undo, rounds, .. }, LandingEvent::Postponed { until, why }) => {
                Ok(Self::Reverting {
                    commit: commit.clone(),
                    undo: undo.clone(),
                    rounds: rounds + 1,
                    not_before: Some(*until),
                    why: Some(why.clone()),
                })
            }
            (Self::Reverting { .. } | Self::Leaving { .. }, LandingEvent::Reverted { commit }) => {
                Ok(Self::Reverted { commit: commit.clone() })
            }
            (Self::Reverting { commit, .. } | Self::Leaving { commit, .. }, LandingEvent::Kept) => {
                Ok(Self::Landed { commit: commit.clone() })
            }
            (state, event) => {
                Err(IllegalEvent { machine: "a landing", state: state.word(), event: event.word() })
            }
        }
    }
}
