//! What machines say of a commit: check runs and statuses.

use jiff::Timestamp;

use super::Id;

/// How a check run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// All well.
    Success,
    /// Not well.
    Failure,
    /// Neither.
    Neutral,
    /// Stopped.
    Cancelled,
    /// Not asked.
    Skipped,
    /// Took too long.
    TimedOut,
    /// A person has to do something.
    ActionRequired,
    /// GitHub gave it up.
    Stale,
}

impl Conclusion {
    /// All of them.
    pub const ALL: [Conclusion; 8] = [
        Conclusion::Success,
        Conclusion::Failure,
        Conclusion::Neutral,
        Conclusion::Cancelled,
        Conclusion::Skipped,
        Conclusion::TimedOut,
        Conclusion::ActionRequired,
        Conclusion::Stale,
    ];

    /// The word of REST; GraphQL has it in capitals.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Conclusion::Success => "success",
            Conclusion::Failure => "failure",
            Conclusion::Neutral => "neutral",
            Conclusion::Cancelled => "cancelled",
            Conclusion::Skipped => "skipped",
            Conclusion::TimedOut => "timed_out",
            Conclusion::ActionRequired => "action_required",
            Conclusion::Stale => "stale",
        }
    }

    /// What it means for a merge: success, neutral and skipped let it pass.
    #[must_use]
    pub fn health(self) -> Health {
        match self {
            Conclusion::Success | Conclusion::Neutral | Conclusion::Skipped => Health::Good,
            Conclusion::Failure
            | Conclusion::Cancelled
            | Conclusion::TimedOut
            | Conclusion::ActionRequired
            | Conclusion::Stale => Health::Bad,
        }
    }
}

/// What a check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It passed.
    Good,
    /// It is not over.
    Open,
    /// It failed.
    Bad,
}

/// One run of one check at one commit.
#[derive(Debug, Clone)]
pub struct CheckRun {
    /// Its id.
    pub id: Id,
    /// What it is called; branch protection asks for it by this name.
    pub name: String,
    /// The commit.
    pub head_sha: String,
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    /// How it ended; `None` while it goes on.
    pub conclusion: Option<Conclusion>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// What its app says of it: title, summary, text.
    pub output: [Option<String>; 3],
    /// Where more is to be read.
    pub details_url: Option<String>,
    /// The app's own name for it.
    pub external_id: String,
    /// What it printed; `GET .../actions/jobs/{id}/logs` gives it.
    pub log: String,
}

impl CheckRun {
    /// What it comes to.
    #[must_use]
    pub fn health(&self) -> Health {
        self.conclusion.map_or(Health::Open, Conclusion::health)
    }
}

/// A commit status.
#[derive(Debug, Clone)]
pub struct Status {
    /// Its id.
    pub id: Id,
    /// The commit.
    pub sha: String,
    /// What it is called.
    pub context: String,
    /// `pending`, `success`, `failure` or `error`.
    pub state: String,
    /// What is said of it.
    pub description: Option<String>,
    /// Where more is to be read.
    pub target_url: Option<String>,
    /// Who said so.
    pub creator: String,
    /// When.
    pub created_at: Timestamp,
}

impl Status {
    /// What it comes to.
    #[must_use]
    pub fn health(&self) -> Health {
        match self.state.as_str() {
            "success" => Health::Good,
            "pending" => Health::Open,
            _ => Health::Bad,
        }
    }
}
