//! The text of a goal's status comment. What an agent, a gate or a person wrote stands in it as code, which it cannot
//! end.

use std::fmt::Write;

use herder_domain::forge::Status;
use herder_domain::goal::{Goal, GoalState};
use herder_domain::ledger::Cost;
use herder_domain::repo::Number;
use herder_domain::run::Run;
use herder_domain::why::Answer;

/// A run that takes a slot.
pub(crate) struct AtWork {
    pub run: Run,
    pub host: String,
    /// From 1; 0 before the first.
    pub iteration: u32,
    pub doing: &'static str,
}

/// What is told in numbers.
#[derive(Default)]
pub(crate) struct Figures {
    pub at_work: Option<AtWork>,
    /// By all runs of the goal.
    pub spent: Cost,
    /// What it said last.
    pub gate: Option<&'static str>,
    pub pull: Option<Number>,
}

/// Says where a goal stands, for people and for machines.
pub(crate) fn status(goal: &Goal, answer: Option<&Answer>, figures: &Figures) -> Status {
    let mut text = standing(goal, answer);
    text.push_str(&numbers(goal, figures));
    text.push_str(&heard(goal));
    text.push_str(&orders(goal));
    Status { text, facts: for_machines(goal, figures) }
}

fn standing(Goal { id, state, .. }: &Goal, answer: Option<&Answer>) -> String {
    let Some(answer) = answer else { return format!("This goal is **{}**.\n", state.word()) };
    let name = format!("{id} ");
    let standing = answer.standing.strip_prefix(&name).unwrap_or(&answer.standing);
    let mut text = format!("This goal **{}**.\n", one_line(standing));
    if !answer.reasons.is_empty() {
        let reasons = answer.reasons.iter().flat_map(|reason| reason.lines());
        text.push('\n');
        text.extend(reasons.map(|line| format!("    {line}\n")));
    }
    text
}

fn numbers(goal: &Goal, figures: &Figures) -> String {
    let mut rows = Vec::new();
    if let Some(AtWork { run, host, iteration, doing }) = &figures.at_work {
        rows.push(("run", format!("`{}`, attempt {}, on {host}", run.id, run.attempt)));
        rows.push(("iteration", format!("{iteration}, {doing}")));
    }
    rows.extend(figures.gate.map(|gate| ("gate", gate.to_owned())));
    if goal.runs > 0 {
        let runs = if goal.runs == 1 { "1 run".to_owned() } else { format!("{} runs", goal.runs) };
        rows.push(("spent", format!("{} in {runs}", money(figures.spent))));
    }
    rows.extend(figures.pull.map(|pull| ("pull request", format!("#{pull}"))));
    if rows.is_empty() {
        return String::new();
    }
    let mut text = "\n| | |\n|---|---|\n".to_owned();
    rows.iter().for_each(|(name, value)| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {name} | {value} |");
    });
    text
}

/// What was ordered in comments, so that whoever did sees that it was heard.
fn heard(goal: &Goal) -> String {
    let answered = goal.on_forge.as_ref().map_or(&[][..], |known| &known.answered);
    if answered.is_empty() {
        return String::new();
    }
    let lines = answered.iter().map(|heard| {
        let answer = match &heard.refusal {
            None => "done".to_owned(),
            Some(why) => format!("not done: {}", one_line(why)),
        };
        format!("- `{}` by {}: {answer}\n", heard.said, heard.by)
    });
    format!("\nHeard:\n\n{}", lines.collect::<String>())
}

/// What can be ordered in comments as it stands.
fn orders(goal: &Goal) -> String {
    let usual = "`/priority N` or `/cancel`";
    let orders = match &goal.state {
        GoalState::SpotCheck { .. } if goal.state.question().is_some() => {
            format!("`/answer` and words, `/approve`, `/reject` and a reason, {usual}")
        }
        GoalState::SpotCheck { .. } => format!("`/approve`, `/reject` and a reason, {usual}"),
        GoalState::Stuck { .. } => format!("`/retry`, {usual}"),
        GoalState::Draft { .. }
        | GoalState::Queued { .. }
        | GoalState::Running { .. }
        | GoalState::Offered { .. } => usual.to_owned(),
        GoalState::Done { .. } | GoalState::Cancelled | GoalState::Resolved => return String::new(),
    };
    format!("\n<sub>Who may write to this repository can order by a comment: {orders}.</sub>\n")
}

fn for_machines(goal: &Goal, figures: &Figures) -> Vec<(&'static str, String)> {
    let mut all = vec![("state", goal.state.word().to_owned()), ("runs", goal.runs.to_string())];
    if let Some(AtWork { run, iteration, .. }) = &figures.at_work {
        all.push(("run", run.id.to_string()));
        all.push(("iteration", iteration.to_string()));
    }
    all.extend(figures.gate.map(|gate| ("gate", gate.to_owned())));
    all.extend(figures.spent.known().map(|usd| ("cost_usd", format!("{usd:.2}"))));
    all.extend(figures.pull.map(|pull| ("pull", pull.to_string())));
    all
}

fn money(cost: Cost) -> String {
    cost.known().map_or_else(|| "unknown cost".to_owned(), |usd| format!("${usd:.2}"))
}

/// Words that stay in their line, and call nobody by name.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('@', "@\u{200b}")
}
