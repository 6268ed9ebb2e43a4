//! `herder goal priority`.

use herder_domain::event::What;
use serde_json::json;

use super::record;
use crate::args::Priority;
use crate::call::Call;
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// Says when a goal's turn comes.
pub fn priority(call: &Call, args: &Priority) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let id = place::goal(call, &opened.store, &args.goal.number)?;
    let priority = args.priority;
    record(call, &mut opened, &id, What::GoalPrioritized { priority })?;
    let json = json!({ "number": id.number, "repo": id.repo, "priority": priority });
    Reply::one(&json, format!("{id} has priority {priority}\n"))
}
