//! What a pull request says of the work that it offers, and opening one for a person's look.

use herder_domain::forge::Submitted;
use herder_domain::landing::Offer;
use herder_workspace::{CommitId, Squash};

use super::Landing;
use crate::act::ActError;
use crate::context::{Case, Context};

/// So many characters of a goal's text stand in a pull request.
const GOAL_MAX: usize = 20_000;

/// The body: the goal, what the agent said last, what the gate said, what it cost, and which issue it closes.
pub(super) fn body(landing: &Landing<'_>, gate: &str) -> String {
    let (case, spec) = (landing.case, &landing.spec);
    let goal = &case.goal;
    let summary = landing.summary();
    let summary = if summary.trim().is_empty() { String::new() } else { format!("{}\n\n", summary.trim()) };
    let text: String = goal.body.chars().take(GOAL_MAX).collect();
    let by = match &spec.by {
        Some(person) => person.clone(),
        None => [spec.agent.as_str(), spec.model.as_str()].join(" ").trim().to_owned(),
    };
    let cost = landing.ending.as_ref().and_then(|ending| ending.spend.cost.known());
    let cost = cost.map_or_else(|| "unknown".to_owned(), |usd| format!("${usd:.4}"));
    format!(
        "{summary}- gate: {gate}\n- run: `{}` (attempt {}), {by}\n- cost: {cost}\n\nCloses #{}\n\n<details><summary>The \
         goal</summary>\n\n{}\n\n</details>\n",
        case.run.id,
        case.run.attempt,
        goal.id.number,
        text.trim(),
    )
}

/// The same of what takes landed work out again, and why.
pub(super) fn undo_body(landing: &Landing<'_>, landed: &CommitId, because: &str, gate: &str) -> String {
    let (goal, run) = (&landing.case.goal, &landing.case.run);
    format!(
        "Takes out what {landed} brought, the work on #{}.\n\n{because}.\n\n- gate: {gate}\n- run: `{}` (attempt {})\n",
        goal.id.number, run.id, run.attempt,
    )
}

/// Opens a pull request with work that waits for a person's look, put onto the base where that goes without a conflict;
/// no gate is asked, for that is the landing's. `None` where there is nothing to be shown.
pub(crate) fn show(context: &Context, case: &Case) -> Result<Option<Offer>, ActError> {
    let landing = Landing::prepare(context, case)?;
    let base_tip = landing.refresh()?;
    let commit = match landing.squash(&base_tip)? {
        Squash::Commit(commit) => commit,
        Squash::Empty | Squash::Conflict { .. } => return Ok(None),
    };
    let candidate = landing.of_work(&base_tip, &commit, "not asked yet: a person looks first");
    match landing.way_home()?.show(&candidate)? {
        Submitted::Offered(offer) => Ok(Some(offer)),
        Submitted::Landed
        | Submitted::WasLanded { .. }
        | Submitted::Theirs { .. }
        | Submitted::Lost
        | Submitted::Refused { .. } => Ok(None),
    }
}
