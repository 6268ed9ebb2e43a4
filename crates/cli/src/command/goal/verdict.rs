//! What a person decides about a goal: `approve`, `reject`, `retry`, `cancel`, `resolve`.

use herder_config::Flags;
use herder_domain::event::What;
use herder_domain::goal::Told;
use serde_json::json;

use super::{load, record};
use crate::args::{Named, SpotCheck, Verdict};
use crate::call::{Call, env, refuse_control};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;
use crate::secrets::redactor;

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

/// Answers the agent's question; the work goes on.
pub fn answer(call: &Call, args: &Named, text: &str) -> Result<Reply, Failure> {
    let answer = words(call, "the answer", text)?;
    decide(call, args, What::GoalAnswered { answer }, "is answered and queued again")
}

/// Says something to a goal.
pub fn tell(call: &Call, args: &Named, text: &str) -> Result<Reply, Failure> {
    let text = words(call, "the text", text)?;
    let mut opened = call.open()?;
    let id = place::goal(call, &opened.store, &args.number)?;
    record(call, &mut opened, &id, What::GoalTold { text })?;
    let goal = load(&opened, &id)?;
    let run = opened.store.active_runs()?.into_iter().find(|run| goal.is_running(&run.id));
    let is_heard = run.as_ref().is_some_and(|run| run.state.takes_slot());
    let when = if is_heard { "its next iteration hears it" } else { "its next run hears it" };
    let json = json!({
        "number": id.number,
        "repo": id.repo,
        "status": goal.state.word(),
        "heard_by": if is_heard { "iteration" } else { "run" },
    });
    Reply::one(&json, format!("{id} is told; {when}\n"))
}

/// A person's words as a prompt may have them: not empty, not endless, and without secrets.
fn words(call: &Call, what: &str, text: &str) -> Result<String, Failure> {
    refuse_control(what, text)?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::usage(format!("{what} is empty")).hint("say something: it stands in the prompt"));
    }
    if text.len() > Told::TEXT_MAX {
        let message =
            format!("{what} has {} bytes, more than the {} that are taken", text.len(), Told::TEXT_MAX);
        return Err(
            Failure::usage(message).hint("put what is long into a file of the repository and name it")
        );
    }
    let settings = call.config()?.settings(&Flags::default(), env)?;
    Ok(redactor(&settings)?.line(text).into_string())
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
