//! GitHub as the home of goals: one client for each host, what it remembers in the database, and goals as issues.

mod checks;
mod claims;
mod clients;
mod entrust;
mod git_tokens;
mod goals;
mod health;
mod issues;
mod look;
mod pen;
mod prepare;
mod pulls;
mod register;
mod reviews;
mod sight;
mod steps;
mod watch;

pub(crate) use claims::Kept;
pub use clients::ConnectError;
pub(crate) use clients::{Clients, connect};
pub(crate) use git_tokens::account_at;
pub(crate) use goals::GithubGoals;
pub(crate) use issues::propose;
pub(crate) use look::look as look_at;
pub use pen::{Pen, PenError};
pub(crate) use prepare::{check as check_hosts, prepare};
pub(crate) use pulls::PullHome;
pub(crate) use register::{look, outside};
pub(crate) use steps::follow;
pub(crate) use watch::{Asked, Saw, watch};

use herder_domain::cause::with_causes;
use herder_domain::forge::Trouble;
use herder_forge::{Undone, Why};
use herder_workspace::WorkspaceError;

/// Git did not do it, or nobody knows.
pub(crate) fn passing(error: WorkspaceError) -> Trouble {
    Trouble::Passing { why: with_causes(&error), until: None }
}

/// What a look-up that found nothing out, or a write that is not known to be done, means here.
pub(crate) fn trouble(why: &Why) -> Trouble {
    Trouble::Passing { why: why.to_string(), until: why.until() }
}

/// The same of a write.
pub(crate) fn undone(undone: &Undone) -> Trouble {
    match undone {
        Undone::Refused(refusal) => Trouble::Refused { why: refusal.to_string() },
        Undone::NotSent(why) | Undone::Unknown(why) => {
            Trouble::Passing { why: undone.to_string(), until: why.until() }
        }
    }
}
