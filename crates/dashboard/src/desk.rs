//! What the dashboard cannot know or do by itself: settings, the planner's picture, a person's orders.

use std::fmt;

use herder_domain::goal::GoalState;
use herder_domain::repo::GoalRef;
use herder_domain::why::Answer;
use herder_domain::world::World;
use herder_store::Store;
use jiff::Timestamp;

use crate::http::{Kind, Trouble};

/// Whoever started the dashboard, as it is asked by it. Orders take the way that they take on the command line.
pub trait Desk: Send + Sync + fmt::Debug {
    /// The whole picture, as the planner would see it now.
    ///
    /// # Errors
    /// The database or the settings cannot be read.
    fn world(&self, store: &Store, now: Timestamp) -> Result<World, Trouble>;

    /// Why a goal is where it is: the answer of `herder why`.
    ///
    /// # Errors
    /// The same, or there is no such goal.
    fn why(&self, store: &Store, world: &World, goal: &GoalRef) -> Result<Answer, Trouble>;

    /// What is to be known of the orchestrator, in a sentence; `None` where it simply is at work.
    fn orchestrator(&self) -> Option<String>;

    /// Records what a person wants of a goal, and wakes the orchestrator.
    ///
    /// # Errors
    /// The goal's state forbids it, or it cannot be recorded.
    fn order(&self, goal: &GoalRef, order: &Order) -> Result<(), Trouble>;
}

/// What a person may want of a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// That it is worked on.
    Queue,
    /// That its work lands.
    Approve,
    /// That its work is done over.
    Reject {
        /// What is wrong.
        feedback: String,
    },
    /// That the agent's question is answered.
    Answer {
        /// The answer.
        text: String,
    },
    /// That a new series of runs begins.
    Retry,
    /// That it is closed as not planned.
    Cancel,
}

/// Which orders there are, without their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// [`Order::Queue`].
    Queue,
    /// [`Order::Approve`].
    Approve,
    /// [`Order::Reject`].
    Reject,
    /// [`Order::Answer`].
    Answer,
    /// [`Order::Retry`].
    Retry,
    /// [`Order::Cancel`].
    Cancel,
}

impl OrderKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Queue, Self::Approve, Self::Reject, Self::Answer, Self::Retry, Self::Cancel];

    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Answer => "answer",
            Self::Retry => "retry",
            Self::Cancel => "cancel",
        }
    }

    /// What stands on its button.
    pub fn title(self) -> &'static str {
        match self {
            Self::Queue => "Queue",
            Self::Approve => "Approve",
            Self::Reject => "Reject",
            Self::Answer => "Answer",
            Self::Retry => "Retry",
            Self::Cancel => "Cancel",
        }
    }

    /// What its words are called, where it needs any.
    pub fn asks(self) -> Option<&'static str> {
        match self {
            Self::Reject => Some("What is wrong"),
            Self::Answer => Some("The answer"),
            Self::Queue | Self::Approve | Self::Retry | Self::Cancel => None,
        }
    }

    /// Those that a goal in this state takes.
    pub fn fitting(state: &GoalState) -> Vec<Self> {
        match state {
            GoalState::Draft { .. } => vec![Self::Queue, Self::Cancel],
            GoalState::Queued { .. } | GoalState::Running { .. } | GoalState::Offered { .. } => {
                vec![Self::Cancel]
            }
            GoalState::SpotCheck { .. } if state.question().is_some() => {
                vec![Self::Answer, Self::Approve, Self::Reject, Self::Cancel]
            }
            GoalState::SpotCheck { .. } => vec![Self::Approve, Self::Reject, Self::Cancel],
            GoalState::Stuck { .. } => vec![Self::Retry, Self::Cancel],
            GoalState::Done { .. } | GoalState::Cancelled | GoalState::Resolved => Vec::new(),
        }
    }
}

impl Order {
    /// The order of this name with these words.
    ///
    /// # Errors
    /// There is no such order.
    pub fn of(name: &str, text: &str) -> Result<Self, Trouble> {
        let kind = OrderKind::ALL.into_iter().find(|kind| kind.name() == name);
        let unknown = || {
            let names = OrderKind::ALL.map(OrderKind::name).join(", ");
            Trouble::new(Kind::Usage, format!("`order={name}` is no order; there is {names}"))
        };
        let text = text.to_owned();
        Ok(match kind.ok_or_else(unknown)? {
            OrderKind::Queue => Self::Queue,
            OrderKind::Approve => Self::Approve,
            OrderKind::Reject => Self::Reject { feedback: text },
            OrderKind::Answer => Self::Answer { text },
            OrderKind::Retry => Self::Retry,
            OrderKind::Cancel => Self::Cancel,
        })
    }
}
