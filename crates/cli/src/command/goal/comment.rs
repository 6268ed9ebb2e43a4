//! `herder goal comment`.

use serde_json::json;

use crate::args::Named;
use crate::call::{Call, refuse_control, stdin_text};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// Writes a comment.
pub fn comment(call: &Call, args: &Named) -> Result<Reply, Failure> {
    let example = format!("echo 'Mind the tests.' | herder goal comment {}", args.number.number);
    let text = stdin_text("a comment", &example)?;
    refuse_control("the comment", &text)?;
    if text.trim().is_empty() {
        return Err(Failure::usage("the comment is empty").hint(format!("for example: {example}")));
    }
    let mut opened = call.open()?;
    let id = place::goal(call, &opened.store, &args.number)?;
    opened.store.comment(&id, &call.author(), text.trim_end(), None, call.now)?;
    herder_orchestrator::wake(&opened.state);
    Reply::one(&json!({ "number": id.number, "repo": id.repo }), format!("commented on {id}\n"))
}
