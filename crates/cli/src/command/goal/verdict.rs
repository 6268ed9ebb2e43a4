//! What a person decides about a goal: `approve`, `reject`, `retry`, `cancel`, `resolve`.

use herder_domain::event::What;
use serde_json::json;

use super::{load, record};
use crate::args::{Named, SpotCheck, Verdict};
use crate::call::{Call, refuse_control};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// Lets the work land.
pub fn approve(call: &Call, args: &Named) -> Result<Reply, Failure> {
    decide(call, args, What::GoalApproved, "is approved and lands when its gate is green")
}

/// Has the work done over.
pub fn reject(call: &Call, args: &Named, feedback: &str) -> Result<Reply, Failure> {
    refuse_control("the feedback", feedback)?;
    if feedback.trim().is_empty() {
        return Err(Failure::usage("the feedback is empty")
            .hint("say what is wrong: it stands first in the next prompt"));
    }
    decide(
        call,
        args,
        What::GoalRejected { feedback: feedback.trim().to_owned() },
        "is rejected and queued again",
    )
}

/// Approves or rejects.
pub fn spot_check(call: &Call, args: SpotCheck) -> Result<Reply, Failure> {
    match args.verdict {
        Verdict::Approve => approve(call, &args.goal),
        Verdict::Reject => reject(call, &args.goal, args.feedback.as_deref().unwrap_or_default()),
    }
}

/// Begins a new series of runs.
pub fn retry(call: &Call, args: &Named) -> Result<Reply, Failure> {
    decide(call, args, What::GoalRetried, "is queued again")
}

/// Closes it as not planned.
pub fn cancel(call: &Call, args: &Named) -> Result<Reply, Failure> {
    decide(call, args, What::GoalCancelled, "is cancelled")
}

/// Closes it as completed without herder.
pub fn resolve(call: &Call, args: &Named) -> Result<Reply, Failure> {
    decide(call, args, What::GoalResolved, "is closed as completed")
}

fn decide(call: &Call, args: &Named, what: What, said: &str) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let id = place::goal(call, &opened.store, &args.number)?;
    record(call, &mut opened, &id, what)?;
    let status = load(&opened, &id)?.state.word();
    let json = json!({ "number": id.number, "repo": id.repo, "status": status });
    Reply::one(&json, format!("{id} {said}\n"))
}
