//! Work that is offered as a pull request: who merges it, and how it stands.

use serde::{Deserialize, Serialize};

use crate::repo::Number;

/// A pull request with the work of one run, or with what takes that out of the base branch again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its number, of the same sequence as goals.
    pub pull: Number,
    /// The commit that it offers: nothing else is merged in herder's name.
    pub head: String,
    /// Who merges it.
    pub merging: Merging,
}

/// Who merges a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Merging {
    /// The forge, when nothing is in its way any more: by automerge or by its queue.
    Forge,
    /// Herder, when it is green.
    Herder {
        /// Why the forge does not.
        why: String,
    },
    /// A person, who looks at it first.
    Person,
}

/// How a pull request stands that is neither merged nor refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// Something is awaited.
    Waiting {
        /// What, as a sentence without a full stop.
        why: String,
    },
    /// Nothing is in its way, and it is herder's to merge.
    Green,
    /// The base went on, and the branch has to follow before it may be merged.
    Behind,
    /// The forge brings the branch up to date; its tip will be another.
    Updating,
    /// Others have changed the same lines: it has to be put onto the base anew.
    Conflict,
}

impl Standing {
    /// Of a pull request that was opened, or moved, just now.
    pub(super) fn given() -> Self {
        Self::Waiting { why: "GitHub has just been given it".to_owned() }
    }

    /// One word, by which one standing is told from another.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Green => "green",
            Self::Behind => "behind",
            Self::Updating => "updating",
            Self::Conflict => "conflict",
        }
    }

    /// A sentence without a full stop, for `herder why`.
    pub fn sentence(&self) -> String {
        match self {
            Self::Waiting { why } => why.clone(),
            Self::Green => "nothing is in its way: herder merges it".into(),
            Self::Behind => "the base went on: its branch is to follow".into(),
            Self::Updating => "its branch is being brought up to date with the base".into(),
            Self::Conflict => "others changed the same lines: it is put onto the base anew".into(),
        }
    }
}

/// A deed about a pull request, once it was opened or in order to open it for a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Open it for a person's look, with nobody merging it.
    Show,
    /// Have the base merged into its branch.
    Update,
    /// Merge it.
    Merge,
    /// Have the forge merge it no more: its work goes back to a ralph.
    Halt,
    /// Close it: nobody wants it any more.
    Close,
}

impl Step {
    /// An imperative, for keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Show => "show",
            Self::Update => "update",
            Self::Merge => "merge",
            Self::Halt => "halt",
            Self::Close => "close",
        }
    }
}
