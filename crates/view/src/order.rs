//! What a person may want of a goal: the same orders on the dashboard, in the terminal view and by a link.

use std::fmt;

use herder_domain::goal::GoalState;
use herder_domain::run::Run;
use serde::{Deserialize, Serialize};

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
    /// That its run stands still.
    Freeze,
    /// That its run goes on.
    Thaw,
}

/// Which orders there are, without their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// [`Order::Freeze`].
    Freeze,
    /// [`Order::Thaw`].
    Thaw,
}

impl OrderKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Queue,
        Self::Approve,
        Self::Reject,
        Self::Answer,
        Self::Retry,
        Self::Freeze,
        Self::Thaw,
        Self::Cancel,
    ];

    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Answer => "answer",
            Self::Retry => "retry",
            Self::Cancel => "cancel",
            Self::Freeze => "freeze",
            Self::Thaw => "thaw",
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
            Self::Freeze => "Freeze",
            Self::Thaw => "Thaw",
        }
    }

    /// What its words are called, where it needs any.
    pub fn asks(self) -> Option<&'static str> {
        match self {
            Self::Reject => Some("What is wrong"),
            Self::Answer => Some("The answer"),
            Self::Queue | Self::Approve | Self::Retry | Self::Cancel | Self::Freeze | Self::Thaw => None,
        }
    }

    /// Those that a goal in this state takes, with its run where one is at work.
    pub fn fitting(state: &GoalState, run: Option<&Run>) -> Vec<Self> {
        match state {
            GoalState::Draft { .. } => vec![Self::Queue, Self::Cancel],
            GoalState::Running { .. } => {
                let at_work = run.filter(|run| run.state.process().is_some());
                let of = |run: &Run| if run.frozen().is_some() { Self::Thaw } else { Self::Freeze };
                at_work.map(of).into_iter().chain([Self::Cancel]).collect()
            }
            GoalState::Queued { .. } | GoalState::Offered { .. } => vec![Self::Cancel],
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
    /// Which it is.
    pub fn kind(&self) -> OrderKind {
        match self {
            Self::Queue => OrderKind::Queue,
            Self::Approve => OrderKind::Approve,
            Self::Reject { .. } => OrderKind::Reject,
            Self::Answer { .. } => OrderKind::Answer,
            Self::Retry => OrderKind::Retry,
            Self::Cancel => OrderKind::Cancel,
            Self::Freeze => OrderKind::Freeze,
            Self::Thaw => OrderKind::Thaw,
        }
    }

    /// The order of this name with these words.
    ///
    /// # Errors
    /// There is no such order.
    pub fn named(name: &str, text: &str) -> Result<Self, UnknownOrder> {
        let kind = OrderKind::ALL.into_iter().find(|kind| kind.name() == name);
        kind.map(|kind| Self::of(kind, text)).ok_or_else(|| UnknownOrder(name.to_owned()))
    }

    /// The order of this kind with these words, which most orders do without.
    pub fn of(kind: OrderKind, text: &str) -> Self {
        let text = text.to_owned();
        match kind {
            OrderKind::Queue => Self::Queue,
            OrderKind::Approve => Self::Approve,
            OrderKind::Reject => Self::Reject { feedback: text },
            OrderKind::Answer => Self::Answer { text },
            OrderKind::Retry => Self::Retry,
            OrderKind::Cancel => Self::Cancel,
            OrderKind::Freeze => Self::Freeze,
            OrderKind::Thaw => Self::Thaw,
        }
    }
}

/// A name that no order has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownOrder(String);

impl fmt::Display for UnknownOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = OrderKind::ALL.map(OrderKind::name).join(", ");
        write!(f, "`order={}` is no order; there is {names}", self.0)
    }
}

impl std::error::Error for UnknownOrder {}
