//! What is said last: the ledger, what landed, what waits for a person, where to look next.

use herder_domain::ledger::Cost;

use super::report::{GoalItem, Report};
use super::stage::Stage;
use crate::output::Table;

/// Everything, in the order in which a person wants to know it.
pub fn text(report: &Report, stage: &Stage) -> String {
    let parts = [
        section("The ledger", &ledger(report)),
        section("Landed on main, the newest first", &landed(report)),
        section("On the way", &lines(&report.notes)),
        section("Stuck", &stuck(report)),
        section("Waiting for a person", &waiting(report, stage)),
    ];
    let next =
        if stage.dir.is_dir() { section("Where to look next", &next(report, stage)) } else { String::new() };
    format!("{}{next}{}", parts.concat(), end(report, stage))
}

fn section(heading: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("\n{heading}\n\n{}", indented(text)) }
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn ledger(report: &Report) -> String {
    let heading =
        ["goal", "title", "state", "runs", "iterations", "tokens", "cost", "llm", "tools", "waiting"];
    let mut table = Table::new(&heading);
    for goal in &report.goals {
        table.row([
            format!("#{}", goal.number),
            goal.title.clone(),
            goal.state.to_owned(),
            goal.runs.to_string(),
            goal.iterations.to_string(),
            tokens(goal.tokens),
            dollars(goal.cost_usd),
            seconds(goal.llm_seconds),
            seconds(goal.tools_seconds),
            seconds(goal.waiting_seconds),
        ]);
    }
    let sum = &report.totals;
    table.row([
        String::new(),
        "all".to_owned(),
        format!("{} done", report.goals.iter().filter(|goal| goal.state == "done").count()),
        sum.runs.to_string(),
        sum.iterations.to_string(),
        tokens(sum.known_tokens().map(|tokens| tokens.total())),
        dollars(sum.cost()),
        seconds(sum.time_seconds.llm),
        seconds(sum.time_seconds.tools),
        seconds(sum.waiting_seconds),
    ]);
    let lines = format!("+{} -{} lines", sum.lines_added, sum.lines_deleted);
    format!("{}{lines} in {:.0} s\n", table.or(""), report.seconds)
}

fn tokens(tokens: Option<u64>) -> String {
    tokens.map_or_else(|| "unknown".to_owned(), |count| count.to_string())
}

fn dollars(cost: Cost) -> String {
    cost.known().map_or_else(|| "unknown".to_owned(), |usd| format!("${usd:.3}"))
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.1} s")
}

fn landed(report: &Report) -> String {
    let of_herder = report.landed.iter().filter(|commit| !commit.trailers.is_empty());
    of_herder
        .map(|commit| format!("{} {}\n        {}\n", commit.commit, commit.subject, commit.trailers))
        .collect()
}

fn in_state<'r>(report: &'r Report, state: &'r str) -> impl Iterator<Item = &'r GoalItem> {
    report.goals.iter().filter(move |goal| goal.state == state)
}

fn named(goal: &GoalItem) -> String {
    format!("#{} {}: {}\n", goal.number, goal.title, goal.why.as_deref().unwrap_or("nobody says why"))
}

fn stuck(report: &Report) -> String {
    in_state(report, "stuck").map(named).collect()
}

fn waiting(report: &Report, stage: &Stage) -> String {
    let herder = stage.command();
    let one = |goal: &GoalItem| {
        let number = goal.number;
        let feedback = goal.answer.unwrap_or("...");
        let commands = [
            format!("    {herder} goal approve {number}\n"),
            format!("    {herder} goal reject {number} --feedback \"{feedback}\"\n"),
        ];
        // Without the directory there is nothing to call them on.
        let commands = if stage.dir.is_dir() { commands.concat() } else { String::new() };
        format!("{}{commands}", named(goal))
    };
    in_state(report, "spot-check").map(one).collect()
}

fn next(report: &Report, stage: &Stage) -> String {
    let herder = stage.command();
    let mut lines = vec![format!("{herder} goal list"), format!("{herder} stats")];
    for goal in in_state(report, "stuck") {
        lines.push(format!("{herder} goal show {}   # with the comment that says why", goal.number));
    }
    if let Some(goal) = in_state(report, "done").next() {
        lines.push(format!("{herder} logs {}", goal.number));
    }
    // Named, for otherwise the repository that somebody happens to stand in would be worked off as well.
    let repo = stage.repo.short();
    lines.push(format!(
        "{} up --once --repo {repo}   # after approve or reject",
        stage.command_with_settings()
    ));
    lines.push(format!("git -C {} log --stat main", stage.origin.display()));
    self::lines(&lines)
}

fn end(report: &Report, stage: &Stage) -> String {
    let adopted = match report.adopted.len() {
        0 => String::new(),
        count => format!(" The orchestrator was killed once; {count} ralphs outlived it and were adopted."),
    };
    let dir = stage.dir.display();
    let place = match stage.dir.is_dir() {
        true => format!("Everything is in {dir}; rm -r {dir} removes it."),
        false => format!("{dir} was removed."),
    };
    let verdict = match report.problems.as_slice() {
        [] => "All is as it should be.",
        [_, ..] => "Not all is as it should be.",
    };
    format!("\n{verdict}{adopted}\n{place}\n")
}
